"""Choose the target of a request and its stand-ins. Pure."""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Sequence
from dataclasses import dataclass

from inference_routing.routes import Target


@dataclass(frozen=True)
class Decision:
    """Targets in the order to try them, and the reason for the first."""

    order: tuple[Target, ...]
    reason: str


def draw_for(request_id: str) -> float:
    """Return a number in [0, 1) that is the same for the same request."""
    digest = hashlib.sha256(request_id.encode()).digest()
    # 53 bits, the precision of a float: 64 bits would sometimes round up to 1.0.
    return (int.from_bytes(digest[:8], "big") >> 11) / 2**53


def choose(targets: Sequence[Target], unhealthy: Collection[str], draw: float) -> Decision:
    """Choose a healthy target by weight, followed by the other healthy ones in the record's order.

    Targets of weight 0 get no share of the traffic and serve as fallback only. If none is healthy, one target is tried
    anyway: it may respond.
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
    """Return the candidate in whose share of the total weight the draw falls."""
    total = sum(t.weight for t in candidates)
    passed = 0.0
    for target in candidates:
        passed += target.weight
        if draw * total < passed:
            return target
    return candidates[0]  # all weights are 0
