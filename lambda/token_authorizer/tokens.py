"""The token in a request's headers. Pure."""

from __future__ import annotations

from collections.abc import Mapping

SCHEME = "bearer "


class NoToken(Exception):
    """Neither header carries one."""


class TwoTokens(Exception):
    """The headers carry two that differ: nobody can tell whose request it is."""


def presented(headers: Mapping[str, str | None]) -> str:
    """The one token of a request; API Gateway hands headers on in the caller's upper and lower case."""
    found = {name.lower(): (value or "").strip() for name, value in headers.items()}
    tokens = {token for token in (found.get("x-api-key", ""), _bearer(found.get("authorization", ""))) if token}
    if not tokens:
        raise NoToken
    if len(tokens) > 1:
        raise TwoTokens
    return tokens.pop()


def _bearer(header: str) -> str:
    """Schemes are told apart without regard to case (RFC 9110); another one carries no token of ours."""
    return header[len(SCHEME) :].strip() if header.lower().startswith(SCHEME) else ""
