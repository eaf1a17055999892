"""Read the caller and its permitted blueprints from an API Gateway event. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from inference_common.errors import Forbidden


@dataclass(frozen=True)
class Access:
    """The caller's access. `blueprints` is None, meaning all, for callers that IAM or a user pool authorized."""

    principal: str | None = None
    blueprints: frozenset[str] | None = None

    def allows(self, blueprint: str) -> bool:
        return self.blueprints is None or blueprint in self.blueprints

    def check(self, blueprint: str) -> None:
        """Raise `Forbidden` for other blueprints. Check before any look-up, so as not to reveal which exist."""
        if not self.allows(blueprint):
            raise Forbidden(f"this token is not valid for the blueprint '{blueprint[:64]}'")

    def allowed(self, blueprints: Iterable[str]) -> list[str]:
        return [name for name in blueprints if self.allows(name)]


AUTH_PREFIXES = ("/iam", "/cognito")
"""Path prefixes of the same resources for callers that authenticate without an API key."""


def resource_of(event: Mapping[str, Any]) -> str:
    """Return the resource without its authentication prefix: `/iam/v1/models` becomes `/v1/models`."""
    resource = str(event.get("resource") or "")
    for prefix in AUTH_PREFIXES:
        if resource.startswith(f"{prefix}/"):
            return resource.removeprefix(prefix)
    return resource


def principal_of(context: Mapping[str, Any]) -> str | None:
    """Return the principal for the log: the holder of a token, a user of a pool, or a role."""
    authorizer, identity = context.get("authorizer") or {}, context.get("identity") or {}
    principal = authorizer.get("principal") or (authorizer.get("claims") or {}).get("sub") or identity.get("userArn")
    return str(principal) if principal else None


def access_of(event: Mapping[str, Any]) -> Access:
    """Read the authorizer's `{"principal": "…", "blueprints": "chat,reviews" or "*"}`; no names permit no blueprint."""
    context = event.get("requestContext") or {}
    authorizer = context.get("authorizer") or {}
    principal = principal_of(context)
    if not {"blueprints", "principal"} & set(authorizer):
        return Access(principal)
    names = [name.strip() for name in str(authorizer.get("blueprints") or "").split(",")]
    granted = None if "*" in names else frozenset(name for name in names if name)
    return Access(principal, granted)
