"""Invocations of Lambda functions. Moto needs Docker for that, or else echoes the event.

Every trigger in moto (Invoke, SQS, SNS, S3, logs) ends in `LambdaFunction.invoke`, which is replaced here.
Also corrected: `Event` invocations are asynchronous and retried, `DryRun` runs nothing, a function's
error is `Unhandled`, a reserved concurrency of 0 throttles.
"""

from __future__ import annotations

import base64
import json
import logging
import time
import uuid
from typing import Any

from moto.awslambda.models import LambdaBackend, LambdaFunction
from moto.awslambda.responses import LambdaResponse
from moto.awslambda.utils import get_backend
from moto.core.config import default_user_config
from moto.core.exceptions import JsonRESTError
from moto.core.utils import unix_time_millis

from emulator.core.aws import Aws
from emulator.core.evidence import STORE, caused_by, current_cause
from emulator.core.settings import Settings
from emulator.moto.patching import replace, wrap
from emulator.services.iam.moto_identities import may_log, may_open_environment
from emulator.services.lambda_ import moto_async
from emulator.services.lambda_.runtime import Function, LambdaRuntime, Outcome, Package, Throttled, in_background

LOG = logging.getLogger(__name__)
RETRY_DELAYS = (1.0, 2.0)
"""Seconds before the two retries of an asynchronous invocation, scaled; AWS waits one and two minutes."""
RESPONSE_LIMIT = 6_291_556

_runtime: LambdaRuntime | None = None
_aws: Aws | None = None


def apply(settings: Settings) -> None:
    global _runtime, _aws
    # Without Docker moto picks a backend whose `invoke` returns canned answers. The full backend never reaches
    # Docker once `invoke` is replaced.
    default_user_config["lambda"]["use_docker"] = True
    _aws = Aws(settings)
    _runtime = LambdaRuntime(_aws)
    replace(LambdaFunction, "invoke", _invoke)
    replace(LambdaResponse, "invoke", _invoke_response)
    _retire_deleted()


def shutdown() -> None:
    if _runtime:
        _runtime.shutdown()


class TooManyRequests(JsonRESTError):
    code = 429

    def __init__(self) -> None:
        super().__init__("TooManyRequestsException", "Rate Exceeded.")


class InvalidRequestContent(JsonRESTError):
    def __init__(self, error: ValueError) -> None:
        super().__init__("InvalidRequestContentException", f"Could not parse request body into json: {error}")


class KeyDenied(JsonRESTError):
    """AWS's error if the function's role may not decrypt its environment; an asynchronous invocation fails with it."""

    code = 502

    def __init__(self) -> None:
        super().__init__(
            "KMSAccessDeniedException",
            "Lambda was unable to decrypt the environment variables because KMS access was denied. "
            "Please check the function's KMS key settings.",
        )


class CannotRun(JsonRESTError):
    """A function that no interpreter on this machine can run."""

    def __init__(self, message: str) -> None:
        super().__init__("InvalidRuntimeException", message)


def _invoke(self: LambdaFunction, body: Any, request_headers: Any, response_headers: Any) -> str | bytes:
    """Invoke a function by the contract of `LambdaFunction.invoke`: fill in the headers, return the payload."""
    payload = _checked(body)
    kind = request_headers.get("x-amz-invocation-type") or request_headers.get("X-Amz-Invocation-Type")
    if kind == "DryRun":
        return b""
    function = _function(self)
    if kind == "Event":
        cause = current_cause()
        in_background(lambda: _run_event(self, function, payload, cause), f"event-{function.name}")
        return b""
    outcome = _run(self, function, payload)
    response_headers.update(STORE.headers(outcome.evidence_id))
    response_headers["x-amz-executed-version"] = function.version
    if outcome.failed:
        response_headers["x-amz-function-error"] = "Unhandled"
    # The last 4 KiB, as AWS returns them.
    response_headers["x-amz-log-result"] = base64.b64encode(outcome.log.encode()[-4096:]).decode()
    return outcome.payload.encode()


def _invoke_response(self: LambdaResponse) -> Any:
    """Answer Invoke; moto answers `Event` and `DryRun` with a body and a result header."""
    name = self.path.rsplit("/", 2)[-2].replace("%3A", ":").replace("%3a", ":")
    headers: dict[str, str] = {}
    function = self.backend.get_function(name, self._get_param("Qualifier") or self._get_param("qualifier"))
    payload = function.invoke(self.body, self.headers, headers)
    kind = self.headers.get("X-Amz-Invocation-Type", "RequestResponse")
    status = {"Event": 202, "DryRun": 204}.get(kind, 200)
    if self.headers.get("X-Amz-Log-Type") != "Tail":
        headers.pop("x-amz-log-result", None)
    if len(payload) > RESPONSE_LIMIT:
        message = f"Response payload size exceeded maximum allowed payload size ({RESPONSE_LIMIT} bytes)."
        payload = json.dumps({"errorMessage": message, "errorType": "Function.ResponseSizeTooLarge"}).encode()
        headers["x-amz-function-error"] = "Unhandled"
    headers |= {"content-type": "application/json", "status": str(status)}
    return status, headers, payload


def _checked(body: Any) -> str:
    """Return the event as JSON text."""
    text = body.decode() if isinstance(body, bytes) else body
    if not text:
        return "{}"
    try:
        json.loads(text)
    except ValueError as error:
        raise InvalidRequestContent(error) from error
    return str(text)


def _function(stored: LambdaFunction) -> Function:
    """Return moto's record of a function as the runtime needs it."""
    runtime = stored.run_time or ""
    if stored.package_type != "Zip" or not runtime.startswith("python"):
        what = f"runtime {runtime}" if stored.package_type == "Zip" else f"package type {stored.package_type}"
        raise CannotRun(f"The local emulator runs Python functions from zip packages only, not {what}")
    reserved = stored.reserved_concurrency
    return Function(
        name=stored.function_name,
        arn=stored.function_arn,
        version=str(stored.version),
        region=stored.region,
        role_arn=stored.role,
        handler=stored.handler or "",
        runtime=runtime,
        memory_mb=int(stored.memory_size),
        timeout_seconds=int(stored.timeout),
        variables=tuple(sorted((name, str(value)) for name, value in (stored.environment_vars or {}).items())),
        package=_package(stored.code_sha_256, stored.code_bytes),
        layers=tuple(_layer(stored, layer["Arn"]) for layer in stored.layers),
        reserved_concurrency=None if reserved is None else int(reserved),
    )


def _layer(stored: LambdaFunction, arn: str) -> Package:
    layer = get_backend(stored.account_id, stored.region).layers_versions_by_arn(arn)
    if layer is None:
        raise CannotRun(f"Layer version {arn} no longer exists")
    return _package(layer.code_sha_256, layer.code_bytes)


def _package(sha256_base64: str, content: bytes) -> Package:
    return Package(base64.b64decode(sha256_base64).hex(), content)


def _run(stored: LambdaFunction, function: Function, payload: str, request_id: str | None = None) -> Outcome:
    assert _runtime is not None
    assert _aws is not None
    if function.variables and not may_open_environment(
        _aws.settings, stored.role, function.arn, stored.kms_key_arn, stored.region
    ):
        raise KeyDenied
    try:
        outcome = _runtime.invoke(function, payload, request_id or str(uuid.uuid4()))
    except Throttled as error:
        raise TooManyRequests from error
    _log(stored, outcome)
    return outcome


def _run_event(stored: LambdaFunction, function: Function, payload: str, cause: str | None) -> None:
    """Run an asynchronous invocation with the retries that the function's event configuration allows."""
    assert _aws is not None
    request_id = str(uuid.uuid4())
    attempts = 1 + moto_async.maximum_retries(stored, len(RETRY_DELAYS))
    outcome: Outcome | None = None
    with caused_by(cause):
        for attempt in range(1, attempts + 1):
            try:
                outcome = _run(stored, function, payload, request_id)
            except (TooManyRequests, KeyDenied) as error:
                outcome = None
                LOG.warning("asynchronous invocation of %s did not begin: %s", function.name, error.message)
            if outcome and not outcome.failed:
                break
            if attempt < attempts:
                time.sleep(RETRY_DELAYS[min(attempt, len(RETRY_DELAYS)) - 1] * _aws.settings.time_scale)
        moto_async.ended(_aws, stored, payload, request_id, attempt, outcome)


def _log(stored: LambdaFunction, outcome: Outcome) -> None:
    """Write to CloudWatch Logs in moto's backend: an HTTP call would double the time of a warm invocation."""
    assert _aws is not None
    logs, group, stream = stored.logs_backend, stored.logs_group_name, outcome.log_stream
    # As on AWS, a role without permission to write logs leaves none, and the invocation succeeds.
    if not may_log(_aws.settings, stored.role, stored.function_name, group, stream, stored.region):
        return
    logs.ensure_log_group(group)
    if outcome.log_stream not in logs.groups[group].streams:
        logs.create_log_stream(group, outcome.log_stream)
    now = int(unix_time_millis())
    events = [{"timestamp": now, "message": line or " "} for line in outcome.log.splitlines()]
    logs.put_log_events(group, outcome.log_stream, events)


def _retire_deleted() -> None:
    @wrap(LambdaBackend, "delete_function")
    def delete_function(original: Any, self: Any, function_name: str, qualifier: str | None = None) -> None:
        arn = self.get_function(function_name, qualifier).function_arn
        original(self, function_name, qualifier)
        if _runtime:
            _runtime.retire(arn)
