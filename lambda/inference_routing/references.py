"""Targets of other blueprints, which a record names instead of their address. Pure but for the look-up it is given.

`{"name": "chat", "blueprint": "chat"}` is the first target of its own that the record of `chat` has, with that
record's parameters. Blueprints so stay deployable one by one: what is not there is left out, and said so.

One step deep: references of the other record are not followed, so there are no circles.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

from inference_common.errors import ServiceError
from inference_routing.route_table import Found
from inference_routing.routes import WAITED_FOR, Route, Target


@dataclass(frozen=True)
class Resolved:
    """A route without references; who was left out and why; whether a record was an old one."""

    route: Route
    skipped: tuple[str, ...] = ()
    stale: bool = False


def resolve(route: Route, find: Callable[[str], Found]) -> Resolved:
    """The route with the targets that its references lead to. A failing look-up costs a stand-in, not the request."""
    skipped: list[str] = []
    stale = False

    def followed(target: Target) -> Target | None:
        nonlocal stale
        if not target.is_reference:
            return target
        try:
            found = find(target.address)
        except ServiceError as error:
            skipped.append(f"{target.name}:{error.type}")
            return None
        refusal = refused(route, found.route)
        if refusal:
            skipped.append(f"{target.name}:{refusal}")
            return None
        stale = stale or found.stale
        return lead_to(target, found.route)

    targets = tuple(found for target in route.targets if (found := followed(target)) is not None)
    shadow = route.shadow
    if shadow:
        target = followed(shadow.target)
        shadow = replace(shadow, target=target) if target else None
    return Resolved(replace(route, targets=targets, shadow=shadow), tuple(skipped), stale)


def refused(route: Route, other: Route) -> str | None:
    """Why a blueprint cannot stand in for this one."""
    if other.kind not in WAITED_FOR:
        return "NotSynchronous"
    if other.guardrail not in (None, route.guardrail):
        return "Guarded"  # only the asked blueprint's guardrail judges: the other's would be passed by
    return None


def lead_to(reference: Target, other: Route) -> Target:
    """The other blueprint's own first target, under the reference's name, weight and time, and both records' limits."""
    own = next(target for target in other.targets if not target.is_reference)
    seconds = own.timeout_seconds if reference.timeout_seconds is None else reference.timeout_seconds
    limits = own.limits.tightened(reference.limits)
    return replace(own, name=reference.name, weight=reference.weight, timeout_seconds=seconds, limits=limits)
