"""InvokeEndpoint, answered by the endpoint's model server. Moto returns a constant, also for missing endpoints."""

from __future__ import annotations

import json
from typing import Any
from urllib.parse import unquote

from moto.core.responses import BaseResponse
from moto.sagemaker.models import FakeEndpoint
from moto.sagemakerruntime.responses import SageMakerRuntimeResponse

from emulator.core.evidence import STORE
from emulator.core.settings import Settings
from emulator.moto.patching import replace
from emulator.services.sagemaker import moto_compute
from emulator.services.sagemaker.hosting import NoSuchVariant
from emulator.services.sagemaker.model_server import Answer, Request
from emulator.services.sagemaker.variants import Busy, Refused

Reply = tuple[int, dict[str, str], bytes | str]


def apply(settings: Settings) -> None:
    # A request body may be anything; moto would decode it as text.
    SageMakerRuntimeResponse.use_raw_body = True
    replace(SageMakerRuntimeResponse, "invoke_endpoint", _invoke_endpoint)


def _invoke_endpoint(self: Any) -> Reply:
    name = unquote(self.path.split("/")[2])
    endpoint = in_service(self, name)
    if endpoint is None:
        return error(400, "ValidationError", f"Endpoint {name} of account {self.current_account} not found.")
    if moto_compute.queued(self.current_account, self.region, endpoint):
        message = f"Endpoint {name} is configured for asynchronous inference: it takes InvokeEndpointAsync only."
        return error(400, "ValidationError", message)
    header = "X-Amzn-SageMaker-"
    target = self.headers.get(f"{header}Target-Variant")
    request = Request(
        raw_body(self),
        content_type=self.headers.get("Content-Type") or "application/octet-stream",
        accept=self.headers.get("Accept") or "application/json",
        variant=target,
        model=self.headers.get(f"{header}Target-Model"),
        container=self.headers.get(f"{header}Target-Container-Hostname"),
        inference_id=self.headers.get(f"{header}Inference-Id"),
    )
    try:
        answer = moto_compute.invoke(endpoint, request)
    except Refused as refused:
        return error(400, "ValidationError", str(refused))
    except Busy as busy:
        return error(400, "ThrottlingException", str(busy))
    except NoSuchVariant:
        if target is None:  # this endpoint has no server: it never came into service
            return error(400, "ValidationError", f"Endpoint {name} of account {self.current_account} not found.")
        message = f"Variant {target} not found for Endpoint {name} of account {self.current_account}."
        return error(400, "ValidationError", message)
    if answer.status != 200:
        return _model_error(self, name, answer)
    headers = {
        **STORE.headers(answer.evidence_id),
        "Content-Type": answer.content_type,
        "x-Amzn-Invoked-Production-Variant": answer.variant,
    }
    if answer.cold_start_ms:
        # The start of a local process; AWS takes seconds to a minute.
        headers["x-emulator-cold-start-ms"] = f"{answer.cold_start_ms:.0f}"
    return 200, headers, answer.body


def raw_body(self: Any) -> bytes:
    return self.raw_body if isinstance(self.raw_body, bytes) else str(self.raw_body).encode()


def in_service(self: BaseResponse, name: str) -> FakeEndpoint | None:
    """Return the endpoint if it can be invoked. AWS answers `not found` also while it is being created."""
    endpoint = moto_compute.backend_for(self.current_account, self.region).endpoints.get(name)
    # A failed endpoint whose server died can be invoked: the answer is a model error with the reason.
    return endpoint if endpoint and endpoint.endpoint_status in ("InService", "Updating", "Failed") else None


def _model_error(self: BaseResponse, name: str, answer: Answer) -> Reply:
    """Return the container's error, wrapped as AWS wraps it."""
    original = answer.body.decode(errors="replace")
    kind = "client" if 400 <= answer.status < 500 else "server"
    group = f"/aws/sagemaker/Endpoints/{name}"
    arn = f"arn:aws:logs:{self.region}:{self.current_account}:log-group:{group}"
    message = f'Received {kind} error ({answer.status}) from {answer.variant} with message "{original}". See {group}'
    more = {"OriginalStatusCode": answer.status, "OriginalMessage": original, "LogStreamArn": arn}
    status, headers, body = error(424, "ModelError", message, **more)
    return status, {**headers, **STORE.headers(answer.evidence_id)}, body


def error(status: int, code: str, message: str, **more: Any) -> Reply:
    headers = {"status": str(status), "Content-Type": "application/json", "x-amzn-ErrorType": code}
    return status, headers, json.dumps({"Message": message, "message": message, **more})
