"""SageMaker Studio: moto creates domains at once, cannot delete them, and has none of their parts.

The rules are in `emulator.services.sagemaker.studio`. A domain's home file system is one of moto's, so that a leftover
is found. Apps are rejected, as there is no JupyterLab to run behind them.
"""

from __future__ import annotations

import threading
from typing import Any

from moto.core.responses import ActionResult
from moto.efs.models import efs_backends
from moto.sagemaker.exceptions import SagemakerClientError
from moto.sagemaker.models import SageMakerModelBackend
from moto.sagemaker.responses import SageMakerResponse

from emulator.core.settings import Settings
from emulator.moto.patching import add, wrap
from emulator.services.sagemaker.studio import OPERATIONS, Studio, StudioRefused

KINDS = ("domain", "user-profile", "space", "studio-lifecycle-config")

_lock = threading.RLock()
_studios: dict[tuple[str, str], Studio] = {}


def apply(settings: Settings) -> None:
    for name in OPERATIONS:
        _answer(name)
    _refuse_apps()
    _tags()


class _MotoHomes:
    """Home folders in moto's EFS."""

    def __init__(self, account: str, region: str) -> None:
        self._backend = efs_backends[account][region]

    def make(self, domain_id: str, domain_arn: str, kms_key_id: str | None) -> str:
        system = self._backend.create_file_system(
            creation_token=domain_id,
            performance_mode="generalPurpose",
            encrypted=True,
            kms_key_id=kms_key_id or "alias/aws/elasticfilesystem",
            throughput_mode="bursting",
            provisioned_throughput_in_mibps=0,
            availability_zone_name="",
            backup=False,
            tags=[{"Key": "ManagedByAmazonSageMakerResource", "Value": domain_arn}],
        )
        return str(system.file_system_id)

    def remove(self, file_system_id: str) -> None:
        self._backend.delete_file_system(file_system_id)


def _studio(account: str, region: str) -> Studio:
    if (account, region) not in _studios:
        _studios[account, region] = Studio(account, region, _MotoHomes(account, region))
    return _studios[account, region]


def _answer(name: str) -> None:
    def method(self: Any) -> ActionResult:
        parameters = {key: value for key, value in dict(self.params).items() if value is not None}
        with _lock:
            try:
                return ActionResult(OPERATIONS[name](_studio(self.current_account, self.region), parameters))
            except StudioRefused as refused:
                raise _error(refused) from refused

    method.__name__ = name
    if name in vars(SageMakerResponse):
        wrap(SageMakerResponse, name)(lambda original, self: method(self))
    else:
        add(SageMakerResponse)(method)


def _error(refused: StudioRefused) -> SagemakerClientError:
    error = SagemakerClientError(refused.message)
    error.code = refused.code
    return error


def _refuse_apps() -> None:
    @add(SageMakerResponse)
    def create_app(self: Any) -> Any:
        raise NotImplementedError(f"{self._get_action()} (not emulated: there is no JupyterLab)")


def _tags() -> None:
    @wrap(SageMakerModelBackend, "_get_resource_from_arn", after="emulator.services.sagemaker.moto_feature_store")
    def get_resource_from_arn(original: Any, self: Any, arn: str) -> Any:
        if arn.split(":")[-1].partition("/")[0] not in KINDS:
            return original(self, arn)
        with _lock:
            record = _studio(self.account_id, self.region_name).tagged(arn)
        if record is None:
            raise _error(StudioRefused("ResourceNotFound", f"{arn} does not exist."))
        return record
