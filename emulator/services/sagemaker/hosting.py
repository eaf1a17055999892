"""SageMaker endpoints: servers of variants, routing, shadow traffic and data capture."""

from __future__ import annotations

import random
import threading
from dataclasses import dataclass, field

from emulator.core.aws import Aws
from emulator.services.sagemaker.capture import Capture, Capturing
from emulator.services.sagemaker.model_server import INVOKE_SECONDS, Answer, HostingFailed, OnDeath, Request
from emulator.services.sagemaker.variants import Serving, Variant, serving


class NoSuchVariant(Exception):
    """The request names a variant that the endpoint does not have."""


@dataclass(frozen=True)
class Plan:
    """The parts of an endpoint configuration that are served."""

    variants: tuple[Variant, ...]
    shadow: Variant | None = None
    shadow_share: float = 0.0
    """Share of the requests that are copied to the shadow variant, whose answers are dropped."""
    capture: Capture | None = None


@dataclass
class Deployed:
    """The servers of one configuration."""

    plan: Plan
    servings: dict[str, Serving] = field(default_factory=dict)
    shadow: Serving | None = None
    capturing: Capturing | None = None
    pending: int = 0
    """Requests in progress."""

    def stop(self, reason: str) -> None:
        for each in [*self.servings.values(), *([self.shadow] if self.shadow else [])]:
            each.stop(reason)
        if self.capturing:
            self.capturing.flush()


class Hosting:
    """The servers of every endpoint, by the endpoint's ARN."""

    def __init__(self, aws: Aws) -> None:
        self._aws = aws
        self._lock = threading.Condition()
        self._deployed: dict[str, Deployed] = {}

    def deploy(
        self, arn: str, name: str, plan: Plan, on_death: OnDeath, cause: str | None = None, *, turn_back: bool = False
    ) -> None:
        """Start servers for all variants, then swap them in; the old ones finish their requests.

        On failure the old ones stay, and with `turn_back` they stay even though the new ones have started.
        """
        fresh = Deployed(plan, capturing=Capturing(self._aws, name, plan.capture) if plan.capture else None)
        try:
            for variant in plan.variants:
                fresh.servings[variant.name] = serving(self._aws, name, variant, on_death, cause)
                fresh.servings[variant.name].start()
            if plan.shadow:
                fresh.shadow = serving(self._aws, name, plan.shadow, on_death, cause)
                fresh.shadow.start()
        except HostingFailed as error:
            fresh.stop(str(error))
            raise
        if turn_back:
            fresh.stop("rolled back")
            return
        with self._lock:
            old = self._deployed.get(arn)
            self._deployed[arn] = fresh
            if old:
                self._lock.wait_for(lambda: not old.pending, timeout=INVOKE_SECONDS)
        if old:
            old.stop("replaced by a new configuration")

    def remove(self, arn: str) -> None:
        with self._lock:
            deployed = self._deployed.pop(arn, None)
        if deployed:
            deployed.stop("endpoint deleted")

    def invoke(self, arn: str, request: Request, weights: dict[str, float]) -> Answer:
        """Invoke the named variant, or one drawn by weight. Raise `NoSuchVariant`, `Refused` or `Busy`."""
        with self._lock:
            deployed = self._deployed.get(arn)
            if deployed is None:
                raise NoSuchVariant(request.variant or "")
            deployed.pending += 1
        try:
            return _ask(deployed, request, weights)
        finally:
            with self._lock:
                deployed.pending -= 1
                self._lock.notify_all()

    def serving(self, arn: str, variant: str) -> Serving | None:
        """Return the current server of a variant."""
        with self._lock:
            deployed = self._deployed.get(arn)
        return deployed.servings.get(variant) if deployed else None

    def shutdown(self) -> None:
        for arn in list(self._deployed):
            self.remove(arn)


def _ask(deployed: Deployed, request: Request, weights: dict[str, float]) -> Answer:
    servings = deployed.servings
    name = request.variant or _draw({name: weights.get(name, 1.0) for name in servings})
    if name not in servings:
        raise NoSuchVariant(name)
    if deployed.shadow and random.random() < deployed.plan.shadow_share:
        threading.Thread(target=_mirror, args=(deployed, request), name="shadow", daemon=True).start()
    answer = servings[name].invoke(request)
    if deployed.capturing:
        deployed.capturing.take(request, answer)
    return answer


def _mirror(deployed: Deployed, request: Request) -> None:
    """Send a copy to the shadow variant without waiting; its answers are captured, if any are, under its name."""
    assert deployed.shadow is not None
    answer = deployed.shadow.invoke(request)
    if deployed.capturing:
        deployed.capturing.take(request, answer)


def _draw(weights: dict[str, float]) -> str:
    names = list(weights)
    if not any(weights.values()):
        return names[0] if names else ""
    return random.choices(names, [weights[name] for name in names])[0]
