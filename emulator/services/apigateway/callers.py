"""Admitted callers of a deployed API, as the function behind it receives them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True)
class Caller:
    """One caller of one request.

    Attributes:
        authorizer: `requestContext.authorizer`, `None` if no authorizer was called.
        identity: members of `requestContext.identity` besides the request's source.
        usage_key: the API key that the authorizer names, for usage plans.
    """

    authorizer: Mapping[str, Any] | None = None
    identity: Mapping[str, Any] = field(default_factory=dict)
    usage_key: str = ""


ANYBODY = Caller()
