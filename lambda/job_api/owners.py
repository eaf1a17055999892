"""Identify the owner of a job. Pure.

    key:team-a                                        the holder of an API key, by the key's name
    iam:arn:aws:sts::123456789012:assumed-role/…/…    the principal that signed the request, with its session name
    cognito:https://cognito-idp.…/…|<sub>             a user of one pool

The authentication method is part of the owner, so that names of different methods cannot collide. A key is identified
by its name, which stays when value and id are rotated. The method follows from the resource that API Gateway matched,
which a caller cannot choose without passing that method's own check.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from inference_common.errors import Forbidden


def owner_of(event: Mapping[str, Any]) -> str:
    """Return the owner of a caller's jobs. Raises `Forbidden` if the caller is not identified."""
    resource = str(event.get("resource") or "")
    context = event.get("requestContext") or {}
    authorizer, identity = context.get("authorizer") or {}, context.get("identity") or {}
    if resource.startswith("/iam/"):
        return _owner("iam", identity.get("userArn"))
    if resource.startswith("/cognito/"):
        # A subject is unique only within its pool, and there may be several pools.
        claims = authorizer.get("claims") or {}
        return _owner("cognito", claims.get("iss"), claims.get("sub"))
    return _owner("key", authorizer.get("principal"))


def _owner(method: str, *names: Any) -> str:
    if not all(isinstance(name, str) and name for name in names):
        raise Forbidden("a job belongs to its caller, and this request does not identify one")
    return f"{method}:{'|'.join(names)}"
