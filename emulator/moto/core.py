"""Moto's settings, set before the services that read them are imported."""

from __future__ import annotations

import os
import threading
from functools import lru_cache
from typing import Any

from emulator.core.administrator import ADMIN
from emulator.core.settings import OWN_APP, Settings
from emulator.moto.patching import replace, wrap

PROXIES = ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "http_proxy", "https_proxy", "all_proxy")


def apply(settings: Settings) -> None:
    _environment(settings)
    from moto.core.config import default_user_config

    default_user_config["lambda"]["use_docker"] = False
    default_user_config["batch"]["use_docker"] = False
    # Moto's default is to accept StartExecution and never interpret the state machine.
    default_user_config["stepfunctions"]["execute_state_machine"] = True
    # The account has AWS's managed policies, as every real account does.
    default_user_config["iam"]["load_aws_managed_policies"] = True
    _remember()
    _own_state()


def _own_state() -> None:
    """Give each response its own table of result members; moto shares one among all responses of a service."""
    from moto.core.responses import BaseResponse

    @wrap(BaseResponse, "__init__")
    def init(original: Any, self: Any, *args: Any, **given: Any) -> None:
        original(self, *args, **given)
        self.RESPONSE_KEY_PATH_TO_TRANSFORMER = dict(type(self).RESPONSE_KEY_PATH_TO_TRANSFORMER)


def _remember() -> None:
    """Cache what moto computes again each time.

    It lists the methods of a class for every request, and a service's errors for every error. It gets a service's data
    under a global lock, and compares all services to see whether this one is registered. It searches the folders of all
    of botocore's services for each model, and reads a model twice if two requests are first.
    """
    from moto.core import base_backend, errors, responses, utils
    from moto.core.loaders import create_loader

    names = lru_cache(maxsize=None)(responses.method_names_from_class)  # type: ignore[attr-defined]
    wrap(responses, "method_names_from_class")(lambda original, owner: names(owner))
    factory = errors.ErrorLookupFactory()
    replace(errors, "ErrorLookupFactory", lambda: factory)

    loader, loading = create_loader(), threading.Lock()

    def load(service: str, model: str) -> Any:
        with loading:
            return loader.load_service_model(service, model)

    replace(utils, "_load_service_model", load)
    # Moto's packages are named as services, without hyphens.
    services = {name.replace("-", ""): name for name in loader.list_available_services("service-2")}
    replace(utils, "service_name_from_moto_package_name", lambda name: services.get(name, name))

    @wrap(base_backend.BackendDict, "_create_account_specific_backend")
    def create(original: Any, self: Any, account_id: str) -> None:
        # It is registered with its first account, and removed together with its accounts.
        if account_id not in self:
            original(self, account_id)


def _environment(settings: Settings) -> None:
    """Set what moto, and boto3 inside this process, read from the environment.

    A profile, a proxy or an endpoint of the user's shell must not apply here: a client of the emulator could
    otherwise send requests to other machines, with real credentials.
    """
    for name in list(os.environ):
        if name.startswith(("AWS_", "MOTO_")) or name in PROXIES:
            del os.environ[name]
    os.environ.update(
        AWS_ACCESS_KEY_ID=ADMIN.access_key_id,
        AWS_SECRET_ACCESS_KEY=ADMIN.secret_access_key,
        AWS_REGION=settings.region,
        AWS_DEFAULT_REGION=settings.region,
        AWS_ENDPOINT_URL=settings.endpoint,
        AWS_EC2_METADATA_DISABLED="true",
        AWS_SDK_UA_APP_ID=OWN_APP,
        AWS_CONFIG_FILE=os.devnull,
        AWS_SHARED_CREDENTIALS_FILE=os.devnull,
        MOTO_PORT=str(settings.port),
        # Moto would answer any page's preflight with the page's own origin.
        MOTO_DISABLE_GLOBAL_CORS="true",
        MOTO_IAM_LOAD_MANAGED_POLICIES="true",
        # Seconds until an ACM certificate counts as validated; a plan must not wait for it.
        MOTO_ACM_VALIDATION_WAIT="0",
        MOTO_LAMBDA_DATA_DIR=str(settings.data_dir / "lambda"),
        NO_PROXY="*",
    )
