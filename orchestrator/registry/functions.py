"""Call the function `model_artifacts`, which alone knows and writes the archives that may be served."""

from __future__ import annotations

import json

from orchestrator.aws.client import explained
from orchestrator.aws.model import Cloud
from orchestrator.core.types import Json
from orchestrator.errors import PlatformError
from orchestrator.registry.model import Group


def call(cloud: Cloud, group: Group, **event: str) -> Json:
    """Invoke the function and return its result. Raises `PlatformError` with the message of its error."""
    name = f"{group.prefix}-model-artifacts"
    with explained(cloud, f"call the function {name}"):
        answer = cloud.client("lambda").invoke(FunctionName=name, Payload=json.dumps(event).encode())
        payload = json.loads(answer["Payload"].read() or "null")
    if answer.get("FunctionError"):
        kind, message = payload.get("errorType", "error"), payload.get("errorMessage", "no message")
        raise PlatformError(f"{kind}: {message}", hint=f"the log of the function {name} has more")
    return dict(payload)
