"""Send a request to a deployed blueprint through its API, as its clients do, with key, URL and headers."""

from __future__ import annotations

import json
import shlex
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from orchestrator.core.types import Fidelity, Json
from orchestrator.errors import Interrupted, PlatformError, RequestFailed
from orchestrator.smoke import base
from orchestrator.smoke.base import SYNCHRONOUS, Observation, Target
from orchestrator.smoke.gateway import Answer, Gateway, api_key

WAIT_SECONDS = 900.0
"""The limit for an asynchronous request; on AWS its endpoint may have to start an instance first."""
PAUSE_SECONDS = {"aws": 5.0, "local": 0.3}
SHOWN = 500


@dataclass(frozen=True)
class Reply:
    """The answer of a model.

    Attributes:
        outputs: one per input: `{"text": …}` of a language model, else the return value of the model's code.
        document: the whole response of the API.
        latency_ms: the latency of the slowest request.
        fidelity: how real the answer is.
    """

    outputs: list[Any]
    document: Json
    latency_ms: float
    fidelity: Fidelity


def ask(target: Target, given: Any, *, stopping: Callable[[], bool]) -> Reply:
    """Send an input (a text, or any JSON value that the model takes) to a blueprint and wait for its answer.

    Raises:
        RequestFailed: the API refused the request, or the model failed.
        PlatformError: this kind of blueprint takes no single inputs.
    """
    _refuse_files(target)
    seen = Observation(target)
    key = api_key(target, seen)
    seen.latency_ms = 0.0  # of the request, not of reading the key
    gateway = Gateway(seen)
    answer = gateway.post({"inputs": [given]}, key=key)
    if target.blueprint.kind in SYNCHRONOUS:
        document = _document(answer, 200)
        return Reply(_outputs(document), document, seen.latency_ms, seen.fidelity)
    document = _ended(gateway, str(_document(answer, 202)["request_id"]), key, seen, stopping)
    return Reply(_outputs(document.get("result", {})), document, seen.latency_ms, seen.fidelity)


def curl(target: Target, env: str, given: Any) -> str:
    """Write the same request for a shell. The key is read when the line runs, so that it is not in the history."""
    _refuse_files(target)
    url = Gateway(Observation(target)).url
    key = f"$(orchestrator keys show {shlex.quote(env)} default)"
    body = shlex.quote(json.dumps({"inputs": [given]}, ensure_ascii=False))
    return f"curl -sS {shlex.quote(url)} -H \"x-api-key: {key}\" -H 'content-type: application/json' -d {body}"


def _refuse_files(target: Target) -> None:
    if target.blueprint.kind == "batch":
        raise PlatformError(
            f"`{target.blueprint.name}` is a batch blueprint, which takes files instead of single inputs",
            hint="see docs/guides/nightly-reports.md; `ask` is for real-time, serverless and async blueprints",
        )


def _ended(gateway: Gateway, request_id: str, key: str, seen: Observation, stopping: Callable[[], bool]) -> Json:
    pause = PAUSE_SECONDS["aws" if seen.target.cloud.endpoint is None else "local"]
    waited = 0.0
    while waited < WAIT_SECONDS and not stopping():
        document = _document(gateway.below("GET", request_id, None, key=key), 200)
        if document.get("status") == "completed":
            return document
        if document.get("status") == "failed":
            raise RequestFailed(f"the request {request_id} failed: {_shown(document.get('error', document))}")
        base.sleep(pause)
        waited += pause
    later = f"it continues; read its result later: GET {gateway.url}/{request_id}"
    if stopping():
        raise Interrupted(f"interrupted while the request {request_id} was pending", hint=later)
    raise RequestFailed(f"the request {request_id} is still pending after {waited:.0f} s", hint=later)


def _document(answer: Answer, expected: int) -> Json:
    status, _, content = answer
    try:
        document = json.loads(content)
    except ValueError:
        document = None
    if status != expected or not isinstance(document, dict):
        raise RequestFailed(f"the API answered {status}: {_shown(document if document else content)}")
    return document


def _outputs(document: Json) -> list[Any]:
    outputs = document.get("outputs")
    if not isinstance(outputs, list):
        raise RequestFailed(f"the answer has no outputs: {_shown(document)}")
    return outputs


def _shown(value: Any) -> str:
    if isinstance(value, bytes):
        value = value.decode(errors="replace")
    text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
    return text if len(text) <= SHOWN else f"{text[:SHOWN]}…"
