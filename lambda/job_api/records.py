"""Parse route records for the job API. Pure.

{
  "blueprint": "chat-async", "kind": "async", "source": "bedrock",
  "targets": [{"name": "primary", "model_id": "…"}],     (SageMaker: "endpoint_name")
  "parameters": {"max_tokens": 200}, "limits": {…},
  "job": {"queue_url": "…", "ttl_seconds": 21600, "invocation_timeout_seconds": 60, "max_input_mb": 5}
}

Of a batch record only `submitter` matters here, the function that runs the blueprint's jobs.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol

from inference_common.errors import InternalError, UnknownBlueprint
from inference_common.json_input import loads
from inference_routing.routes import NAME, Target, parse_route


@dataclass(frozen=True)
class AsyncRecord:
    """The route record of an asynchronous blueprint."""

    blueprint: str
    source: str
    target: Target
    """Includes the blueprint's own parameters and limits."""
    ttl_seconds: int
    invocation_timeout_seconds: int
    max_input_bytes: int
    endpoint_name: str = ""
    queue_url: str = ""


@dataclass(frozen=True)
class BatchRecord:
    """The route record of a batch blueprint."""

    blueprint: str
    submitter: str


Record = AsyncRecord | BatchRecord


class RecordStore(Protocol):
    def read(self, name: str, timeout_seconds: float) -> str | None:
        """Return the text of a record, or None if it does not exist."""


def parse(name: str, text: str) -> Record | str:
    """Parse a record; for blueprints without jobs return the kind. Raises `InternalError` for malformed records."""
    try:
        document = loads(text)
        kind = str(document["kind"])
        if kind == "batch":
            return BatchRecord(name, str(document["submitter"]))
        return _async(name, text, document) if kind == "async" else kind
    except (ValueError, KeyError, TypeError, IndexError) as error:
        raise InternalError(f"the route record of '{name}' is broken: {type(error).__name__} {error}") from error


def _async(name: str, text: str, document: Mapping[str, Any]) -> AsyncRecord:
    route, job = parse_route(name, text), document["job"]
    source = route.source
    if route.guardrail and source == "sagemaker":
        raise ValueError("a guardrail that nothing applies: the endpoint reads its requests itself")
    return AsyncRecord(
        blueprint=name,
        source=source,
        target=route.targets[0],
        ttl_seconds=int(job["ttl_seconds"]),
        invocation_timeout_seconds=int(job["invocation_timeout_seconds"]),
        max_input_bytes=int(job["max_input_mb"]) * 1024 * 1024,
        endpoint_name=route.targets[0].address if source == "sagemaker" else "",
        queue_url=str(job["queue_url"]) if source == "bedrock" else "",
    )


@dataclass
class RecordTable:
    """A cache of records by name. Unknown names are not cached."""

    store: RecordStore
    seconds: float
    clock: Callable[[], float]
    patience: float = 5.0
    _known: dict[str, tuple[float, Record]] = field(default_factory=dict)

    def get(self, name: str, kind: str) -> Record:
        """Return the record of a blueprint of this kind."""
        known = self._known.get(name)
        if known is None or known[0] <= self.clock():
            known = (self.clock() + self.seconds, self._read(name, kind))
            self._known[name] = known
        record = known[1]
        actual = "batch" if isinstance(record, BatchRecord) else "async"
        if actual != kind:
            raise UnknownBlueprint(f"the blueprint '{name}' is of kind '{actual}', not {kind}")
        return record

    def _read(self, name: str, kind: str) -> Record:
        if not NAME.fullmatch(name):
            raise UnknownBlueprint(f"there is no blueprint '{name[:64]}'")
        text = self.store.read(name, self.patience)
        if text is None:
            raise UnknownBlueprint(f"there is no blueprint '{name}'")
        record = parse(name, text)
        if isinstance(record, str):
            raise UnknownBlueprint(f"the blueprint '{name}' is of kind '{record}', not {kind}")
        return record
