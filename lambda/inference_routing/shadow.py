"""Send a copy of some requests to a shadow target and compare its answers.

Lambda freezes a function after its response, so the copy runs beside the real call and is awaited only briefly; later
answers are dropped and counted as unfinished. A shadow call never delays or fails the request, is never retried, and
does not affect circuit breakers.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Literal

from inference_routing.dispatch import Reply
from inference_routing.routes import Route, Target
from inference_routing.selection import draw_for
from inference_routing.timeouts import Running


@dataclass(frozen=True)
class Comparison:
    """The result of a shadow call, compared with the real answer."""

    target: Target
    verdict: Literal["agrees", "differs", "failed", "unfinished"]
    seconds: float | None = None
    error: str | None = None


def is_shadowed(route: Route, request_id: str) -> bool:
    """Return whether the request is copied, by a draw independent of target selection."""
    return route.shadow is not None and draw_for(f"{request_id}/shadow") < route.shadow.share


@dataclass(frozen=True)
class ShadowCall:
    """A running shadow call."""

    target: Target
    running: Running[tuple[Reply, float]]

    def compare(self, reply: Reply, wait_seconds: float) -> Comparison:
        if not self.running.ended(wait_seconds):
            return Comparison(self.target, "unfinished")
        try:
            shadowed, seconds = self.running.result(0)
        except Exception as error:
            return Comparison(self.target, "failed", error=type(error).__name__)
        return Comparison(self.target, "agrees" if agree(reply, shadowed) else "differs", seconds)


def start_shadow(target: Target, call_target: Callable[[], Reply], clock: Callable[[], float]) -> ShadowCall:
    started = clock()

    def timed() -> tuple[Reply, float]:
        reply = call_target()
        return reply, clock() - started

    return ShadowCall(target, Running(timed))


def agree(one: Reply, other: Reply) -> bool:
    """Return whether both have the same labels or, without labels, the same texts ignoring case and spaces."""
    return [essence(output) for output in one.outputs] == [essence(output) for output in other.outputs]


def essence(output: dict[str, Any]) -> Any:
    if "label" in output:
        return output["label"]
    text = output.get("text")
    return " ".join(text.casefold().split()) if isinstance(text, str) else output
