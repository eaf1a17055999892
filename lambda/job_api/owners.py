"""Whose a job is. Pure.

    key:team-a                                        the holder of an API key, by the key's name
    iam:arn:aws:sts::123456789012:assumed-role/…/…    who signed the request, with the session's name
    cognito:https://cognito-idp.…/…|<sub>             a user of one pool

The door is part of it: nothing proves that a role and a key are the same person, and no name that one door gives can be
read as another door's. A key is known by its name, which stays while its value and its id are replaced. Which door it
was says the resource that API Gateway matched; a caller cannot choose that without passing the door's own check.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from inference_common.errors import Forbidden


def owner_of(event: Mapping[str, Any]) -> str:
    """Name the caller that a job belongs to. Raises `Forbidden` where the door has not said who that is."""
    resource = str(event.get("resource") or "")
    context = event.get("requestContext") or {}
    authorizer, identity = context.get("authorizer") or {}, context.get("identity") or {}
    if resource.startswith("/iam/"):
        return _owner("iam", identity.get("userArn"))
    if resource.startswith("/cognito/"):
        # A subject is unique within its pool, and there may be several pools.
        claims = authorizer.get("claims") or {}
        return _owner("cognito", claims.get("iss"), claims.get("sub"))
    return _owner("key", authorizer.get("principal"))


def _owner(door: str, *names: Any) -> str:
    if not all(isinstance(name, str) and name for name in names):
        raise Forbidden("a job belongs to whoever asks for it, and nothing says who that is")
    return f"{door}:{'|'.join(names)}"
