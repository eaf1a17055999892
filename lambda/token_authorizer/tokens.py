"""Read the token from request headers. Pure."""

from __future__ import annotations

from collections.abc import Mapping

SCHEME = "bearer "


class NoToken(Exception):
    """The request carries no token."""


class TwoTokens(Exception):
    """The headers carry two different tokens, so the caller is ambiguous."""


def presented(headers: Mapping[str, str | None]) -> str:
    """Return the token of a request. Header names have the caller's upper and lower case."""
    values = {name.lower(): (value or "").strip() for name, value in headers.items()}
    tokens = {token for token in (values.get("x-api-key", ""), _bearer(values.get("authorization", ""))) if token}
    if not tokens:
        raise NoToken
    if len(tokens) > 1:
        raise TwoTokens
    return tokens.pop()


def _bearer(header: str) -> str:
    """Return the token of a bearer scheme, compared case-insensitively (RFC 9110); other schemes carry none."""
    return header[len(SCHEME) :].strip() if header.lower().startswith(SCHEME) else ""
