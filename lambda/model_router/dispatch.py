"""Ask the targets in order until one answers in time. Pure but for the backend that it is given."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol

from deadline import Deadline
from inference_common.errors import BadRequest, DeadlineExceeded, ServiceError
from inference_common.requests import InferenceRequest
from routes import Target
from routing import Decision


@dataclass(frozen=True)
class Reply:
    """What a backend said. `fidelity` is the emulator's word on it; on AWS there is none."""

    outputs: list[dict[str, Any]]
    model: Mapping[str, Any]
    usage: Mapping[str, int] | None = None
    fidelity: str | None = None


class Backend(Protocol):
    def invoke(self, target: Target, request: InferenceRequest, deadline: Deadline) -> Reply:
        """The answer of one target, or a ServiceError."""


@dataclass
class Outcome:
    """Who was asked, and how it went; filled in as it happens, so that a failure tells it too."""

    failed: list[tuple[str, str]] = field(default_factory=list)
    answered_by: str | None = None

    @property
    def route_decision(self) -> str:
        """`primary`, or `secondary; after=primary:Throttled` when others failed first."""
        tried = ",".join(f"{name}:{error}" for name, error in self.failed)
        if self.answered_by is None:
            return f"none; after={tried}" if tried else "none"
        return f"{self.answered_by}; after={tried}" if tried else self.answered_by


def dispatch(
    decision: Decision,
    backend: Backend,
    request: InferenceRequest,
    deadline: Deadline,
    outcome: Outcome,
    on_failure: Callable[[Target, ServiceError], None],
) -> Reply:
    """The first answer; else the first target's error, which says more than that of a stand-in."""
    first: ServiceError | None = None
    for target in decision.order:
        try:
            reply = backend.invoke(target, request, deadline)
        except BadRequest:
            raise  # wrong for every target
        except ServiceError as error:
            on_failure(target, error)
            outcome.failed.append((target.name, error.type))
            first = first or error
        else:
            outcome.answered_by = target.name
            return reply
    raise first or DeadlineExceeded("no target could be asked")
