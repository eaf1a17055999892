"""Call targets until one responds in time. Backend, pause and randomness are injected."""

from __future__ import annotations

import math
from collections.abc import Callable, Collection
from dataclasses import dataclass, field
from typing import Any, NamedTuple, Protocol

from inference_common.errors import DeadlineExceeded, NotReady, ServiceError
from inference_common.requests import InferenceRequest
from inference_routing.circuit_breaker import CircuitBreaker
from inference_routing.deadline import Deadline
from inference_routing.retry import Step, ends, next_step
from inference_routing.routes import Route, Target
from inference_routing.selection import Decision

PartialResponses = dict[int, Any]
"""Responses of a target to single inputs, by position; a retry sends only the rest."""


@dataclass(frozen=True)
class Reply:
    """A backend's response. Only the emulator sets `fidelity`."""

    outputs: list[dict[str, Any]]
    model: dict[str, Any]
    usage: dict[str, int] | None = None
    fidelity: str | None = None
    stops: tuple[str, ...] = ()
    """Stop reason of each output in Converse's terms; empty if the model gives none."""


class Backend(Protocol):
    def invoke(self, target: Target, request: InferenceRequest, deadline: Deadline, kept: PartialResponses) -> Reply:
        """Call one target. Raises `ServiceError`."""


class Attempt(NamedTuple):
    """One call of a target. `error` is None for a response."""

    target: Target
    seconds: float
    error: ServiceError | None


@dataclass
class Outcome:
    """The attempts of one request, recorded as they happen, so that failures report them too."""

    reason: str = "none"
    attempts: list[Attempt] = field(default_factory=list)
    skipped: tuple[str, ...] = ()
    """Referenced blueprints that could not stand in, each with the reason."""

    @property
    def answered_by(self) -> Target | None:
        last = self.attempts[-1] if self.attempts else None
        return last.target if last and last.error is None else None

    @property
    def route_decision(self) -> str:
        """Return `primary`, or for example `spare; after=primary:Throttled; skipped=chat:UnknownBlueprint`."""
        tried = ",".join(f"{a.target.name}:{a.error.type}" for a in self.attempts if a.error)
        name = self.answered_by.name if self.answered_by else "none"
        details = {"after": tried, "skipped": ",".join(self.skipped)}
        return "; ".join([name, *(f"{word}={what}" for word, what in details.items() if what)])


@dataclass(frozen=True)
class Dispatcher:
    """Calls the targets of a route.

    Args:
        call_target: calls one target once, within the given deadline.
        breaker: knows which targets to skip.
        pause: waits for a number of seconds.
        draw: returns a number in [0, 1) for the length of a pause.
    """

    call_target: Callable[[Target, InferenceRequest, Deadline, PartialResponses], Reply]
    breaker: CircuitBreaker
    pause: Callable[[float], None]
    draw: Callable[[], float]

    def dispatch(
        self, route: Route, decision: Decision, request: InferenceRequest, deadline: Deadline, outcome: Outcome
    ) -> Reply:
        """Return the first response, or raise the error that describes the request's own targets best.

        A refusal (permanent error) counts only from a target with its own share of traffic that was tried first. A
        stand-in or another version may refuse a request that the first target accepts, and its 400 would wrongly tell
        the caller not to retry while the first target is only starting.
        """
        targets = {t.name: t for t in decision.order}
        own = {t.name for t in route.targets if t.weight > 0} or {t.name for t in route.targets}
        forced = decision.reason == "nothing healthy"
        kept: dict[str, PartialResponses] = {name: {} for name in targets}
        given_up: set[str] = set()
        tried: set[str] = set()
        retries = 0
        first: ServiceError | None = None
        refusal: ServiceError | None = None
        step = next_step(list(targets), tried, given_up)
        while step is not None:
            pause = route.retry.pause(retries, self.draw()) if step.is_retry else 0.0
            if not deadline.leaves(pause) or (step.is_retry and retries >= route.retry.retries):
                break
            if step.is_retry:
                retries += 1
                self.pause(pause)
            name = step.target
            tried.add(name)
            if not self.breaker.begin(targets[name].key, forced=forced):
                given_up.add(name)  # another request is probing it
                step = next_step(list(targets), tried, given_up)
                continue
            try:
                return self._attempt(route, targets[name], request, deadline, kept[name], outcome)
            except ServiceError as error:
                if ends(error, partly_answered=bool(kept[name])):
                    if error.charged or (first is None and name in own):
                        first = first or error
                        break
                    refusal = refusal or error
                else:
                    first = first or error
                if not error.same_target or not self.breaker.admits(targets[name].key):
                    given_up.add(name)
                step = next_step(list(targets), tried, given_up)
                if kept[name]:  # partly paid for: stay with this target
                    step = None if name in given_up else Step(name, is_retry=True)
        if first is None and refusal is not None and own <= tried:
            raise refusal
        raise first or self._unavailable(route, decision, own, deadline)

    def _unavailable(self, route: Route, decision: Decision, own: Collection[str], deadline: Deadline) -> ServiceError:
        """Return the error for a request whose own targets could not be called."""
        if not deadline.leaves(0):
            return DeadlineExceeded("no time is left to call the model")
        first = next(t for t in (*decision.order[:1], *route.targets) if t.name in own)
        wait = max(1, math.ceil(self.breaker.seconds_until_probe(first.key)))
        return NotReady(f"the target '{first.name}' is skipped after repeated failures", wait)

    def _attempt(
        self,
        route: Route,
        target: Target,
        request: InferenceRequest,
        deadline: Deadline,
        kept: PartialResponses,
        outcome: Outcome,
    ) -> Reply:
        """Call a target once, and record the attempt in `outcome` and in the circuit breaker."""
        started = deadline.clock()
        try:
            reply = self.call_target(target, request, deadline.sooner(target.timeout_seconds), kept)
        except ServiceError as raised:
            error = starting(target, raised)
            outcome.attempts.append(Attempt(target, deadline.clock() - started, error))
            self._update_breaker(route, target, error)
            raise error from raised
        except BaseException:
            self.breaker.released(target.key)
            raise
        outcome.attempts.append(Attempt(target, deadline.clock() - started, None))
        self.breaker.succeeded(target.key)
        return reply

    def _update_breaker(self, route: Route, target: Target, error: ServiceError) -> None:
        if error.transient:
            self.breaker.failed(target.key, route.cooldown)
        else:
            self.breaker.released(target.key)


def starting(target: Target, error: ServiceError) -> ServiceError:
    """Turn a timeout of a serverless endpoint into `NotReady`: it is starting."""
    if target.serverless and isinstance(error, DeadlineExceeded):
        return NotReady(f"the endpoint behind '{target.name}' is starting", 10)
    return error
