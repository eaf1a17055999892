"""Which blueprints a caller may ask for, from what the token authorizer put into the request. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from inference_common.errors import Forbidden


@dataclass(frozen=True)
class Access:
    """`blueprints` is None for callers without a token of ours (API key, IAM): the gateway let them in, to all."""

    principal: str | None = None
    blueprints: frozenset[str] | None = None

    def allows(self, blueprint: str) -> bool:
        return self.blueprints is None or blueprint in self.blueprints

    def check(self, blueprint: str) -> None:
        """Asked before the route is looked up, so that a refusal does not tell what exists."""
        if not self.allows(blueprint):
            raise Forbidden(f"this token is not valid for the blueprint '{blueprint[:64]}'")

    def allowed(self, blueprints: Iterable[str]) -> list[str]:
        return [name for name in blueprints if self.allows(name)]


DOORS = ("/iam", "/cognito")
"""Prefixes under which the API has the same resources for callers with other proofs than an API key."""


def resource_of(event: Mapping[str, Any]) -> str:
    """What is asked for, whichever door it came through: `/iam/v1/models` is `/v1/models`."""
    resource = str(event.get("resource") or "")
    for door in DOORS:
        if resource.startswith(f"{door}/"):
            return resource.removeprefix(door)
    return resource


def principal_of(context: Mapping[str, Any]) -> str | None:
    """Who asks, for the log: a token's holder, a user of a pool, or a role."""
    authorizer, identity = context.get("authorizer") or {}, context.get("identity") or {}
    found = authorizer.get("principal") or (authorizer.get("claims") or {}).get("sub") or identity.get("userArn")
    return str(found) if found else None


def access_of(event: Mapping[str, Any]) -> Access:
    """{"principal": "…", "blueprints": "chat,reviews" or "*"}; a token that names no blueprint is good for none."""
    context = event.get("requestContext") or {}
    authorizer = context.get("authorizer") or {}
    principal = principal_of(context)
    if not {"blueprints", "principal"} & set(authorizer):
        return Access(principal)
    names = [name.strip() for name in str(authorizer.get("blueprints") or "").split(",")]
    granted = None if "*" in names else frozenset(name for name in names if name)
    return Access(principal, granted)
