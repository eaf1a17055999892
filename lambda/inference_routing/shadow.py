"""Shadow traffic: a copy of some requests for a target whose answers nobody waits for.

Lambda freezes a function that has answered, so the copy runs beside the real call and is awaited a moment at
most; what is not there by then is counted as unfinished, and its answer is dropped. It never delays, never
fails, never is retried, and says nothing about a target's health.
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
    """How the shadow did beside the answer that was given."""

    target: Target
    verdict: Literal["agrees", "differs", "failed", "unfinished"]
    seconds: float | None = None
    error: str | None = None


def is_shadowed(route: Route, request_id: str) -> bool:
    """The request's own draw, other than the one that chose its target."""
    return route.shadow is not None and draw_for(f"{request_id}/shadow") < route.shadow.share


@dataclass(frozen=True)
class ShadowCall:
    """A copy that is under way."""

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
    """The same labels; where there are none, the same texts but for case and spaces; else the same outputs."""
    return [essence(output) for output in one.outputs] == [essence(output) for output in other.outputs]


def essence(output: dict[str, Any]) -> Any:
    if "label" in output:
        return output["label"]
    text = output.get("text")
    return " ".join(text.casefold().split()) if isinstance(text, str) else output
