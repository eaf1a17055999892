"""Resolve targets that name another blueprint instead of an address. The look-up is injected.

`{"name": "chat", "blueprint": "chat"}` stands for the first target in the record of `chat` that is not itself a
reference, with that record's parameters. Blueprints thus stay independently deployable: missing ones are skipped, and
the response says so. References in the other record are not followed, so there are no cycles.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

from inference_common.errors import ServiceError
from inference_routing.route_table import Found
from inference_routing.routes import WAITED_FOR, Route, Target


@dataclass(frozen=True)
class Resolved:
    """A route without references, the skipped blueprints with reasons, and whether a record was stale."""

    route: Route
    skipped: tuple[str, ...] = ()
    stale: bool = False


def resolve(route: Route, find: Callable[[str], Found]) -> Resolved:
    """Resolve all references. A failing look-up costs a stand-in, not the request."""
    skipped: list[str] = []
    stale = False

    def followed(target: Target) -> Target | None:
        nonlocal stale
        if not target.is_reference:
            return target
        try:
            referred = find(target.address)
        except ServiceError as error:
            skipped.append(f"{target.name}:{error.type}")
            return None
        refusal = refused(route, referred.route)
        if refusal:
            skipped.append(f"{target.name}:{refusal}")
            return None
        stale = stale or referred.stale
        return lead_to(target, referred.route)

    targets = tuple(own for target in route.targets if (own := followed(target)) is not None)
    shadow = route.shadow
    if shadow:
        target = followed(shadow.target)
        shadow = replace(shadow, target=target) if target else None
    return Resolved(replace(route, targets=targets, shadow=shadow), tuple(skipped), stale)


def refused(route: Route, other: Route) -> str | None:
    """Return why a blueprint cannot be the fallback of this one, or None."""
    if other.kind not in WAITED_FOR:
        return "NotSynchronous"
    if other.guardrail not in (None, route.guardrail):
        return "Guarded"  # only the requested blueprint's guardrail is applied
    return None


def lead_to(reference: Target, other: Route) -> Target:
    """Return the other blueprint's first target with the reference's name, weight and timeout, within both limits."""
    own = next(target for target in other.targets if not target.is_reference)
    seconds = own.timeout_seconds if reference.timeout_seconds is None else reference.timeout_seconds
    limits = own.limits.tightened(reference.limits)
    return replace(own, name=reference.name, weight=reference.weight, timeout_seconds=seconds, limits=limits)
