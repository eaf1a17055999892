"""Model registry: stages of a version, and updates that keep other members.

AWS keeps `ModelLifeCycle` and `SecurityConfig` of a version and changes only what an update names. Moto drops
both, and an update of one member removes the approval, its description and the metadata.
"""

from __future__ import annotations

from typing import Any

from moto.core.responses import ActionResult
from moto.sagemaker.models import ModelPackage, SageMakerModelBackend
from moto.sagemaker.responses import SageMakerResponse

from emulator.core.settings import Settings
from emulator.moto.patching import wrap

KEPT = ("ModelLifeCycle", "SecurityConfig")


def apply(settings: Settings) -> None:
    _keep_what_an_update_leaves_out()
    _stages()


def _keep_what_an_update_leaves_out() -> None:
    @wrap(SageMakerModelBackend, "update_model_package")
    def update_model_package(original: Any, self: Any, model_package_arn: str, **request: Any) -> str:
        """Merge metadata, and keep approval and its description unless the request names them."""
        package = self.model_packages.get(self.model_package_name_mapping.get(model_package_arn, model_package_arn))
        if package is not None:
            for name in ("model_approval_status", "approval_description"):
                if request.get(name) is None:
                    request[name] = getattr(package, name)
            added = request.get("customer_metadata_properties") or {}
            request["customer_metadata_properties"] = {**(package.customer_metadata_properties or {}), **added}
        return str(original(self, model_package_arn=model_package_arn, **request))


def _stages() -> None:
    for operation in ("create_model_package", "update_model_package"):
        _remember(operation)

    @wrap(ModelPackage, "gen_response_object")
    def gen_response_object(original: Any, self: Any) -> dict[str, Any]:
        return {**original(self), **getattr(self, "emulator_kept", {})}


def _remember(operation: str) -> None:
    @wrap(SageMakerResponse, operation)
    def remember(original: Any, self: Any) -> ActionResult:
        answer: ActionResult = original(self)
        result: Any = answer.result
        package = self.sagemaker_backend.describe_model_package(result["ModelPackageArn"])
        given = {name: self._get_param(name) for name in KEPT}
        kept = {name: value for name, value in given.items() if value is not None}
        package.emulator_kept = {**getattr(package, "emulator_kept", {}), **kept}
        return answer
