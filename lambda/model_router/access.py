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


def access_of(event: Mapping[str, Any]) -> Access:
    """{"principal": "…", "blueprints": "chat,reviews" or "*"}; a token that names no blueprint is good for none."""
    context = (event.get("requestContext") or {}).get("authorizer") or {}
    if not {"blueprints", "principal"} & set(context):
        return Access()
    names = [name.strip() for name in str(context.get("blueprints") or "").split(",")]
    granted = None if "*" in names else frozenset(name for name in names if name)
    return Access(context.get("principal"), granted)
