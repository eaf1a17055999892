"""Which target answers, and which ones stand in for it. Pure: no AWS, no clock, no randomness of its own."""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Sequence
from dataclasses import dataclass

from inference_routing.routes import Target


@dataclass(frozen=True)
class Decision:
    """Targets in the order in which to try them, and why the first one is first."""

    order: tuple[Target, ...]
    reason: str


def draw_for(request_id: str) -> float:
    """A number in [0, 1) that belongs to the request: the same request always draws the same."""
    digest = hashlib.sha256(request_id.encode()).digest()
    # 53 bits, as many as a float holds: 64 would round up to 1.0 now and then.
    return (int.from_bytes(digest[:8], "big") >> 11) / 2**53


def choose(targets: Sequence[Target], unhealthy: Collection[str], draw: float) -> Decision:
    """One target by weight among the healthy ones; then the other healthy ones, in the record's order.

    Targets of weight 0 get no traffic of their own and serve as fallback only. When nothing is healthy, one
    target is tried all the same: an answer may come, a refusal is certain.
    """
    healthy = [t for t in targets if t.name not in unhealthy]
    if not healthy:
        return Decision((pick(targets, draw),), "nothing healthy")
    first = pick([t for t in healthy if t.weight > 0] or healthy, draw)
    rest = [t for t in healthy if t is not first]
    if len(targets) == 1:
        return Decision((first,), "only target")
    return Decision((first, *rest), "weight" if first.weight > 0 or not any(t.weight for t in targets) else "fallback")


def pick(candidates: Sequence[Target], draw: float) -> Target:
    """The candidate in whose share of the total weight the draw falls."""
    total = sum(t.weight for t in candidates)
    passed = 0.0
    for target in candidates:
        passed += target.weight
        if draw * total < passed:
            return target
    return candidates[0]  # every weight is 0
