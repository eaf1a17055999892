"""Keep the warm provider away from real accounts; client and server both check this."""

from __future__ import annotations

from collections.abc import Mapping

from orchestrator.system.loopback_guard import NOTHING_OF_THIS_MACHINE, is_loopback

LOCAL_KEY = "LOCAL"
"""The prefix of the local AWS's keys; AWS issues no such keys."""
_ALLOWED = frozenset({"PATH", "HOME", "LANG", *NOTHING_OF_THIS_MACHINE})
_LOCAL = frozenset(
    {"AWS_ENDPOINT_URL", "AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_REGION", "AWS_DEFAULT_REGION"}
)


def provider_environment(environment: Mapping[str, str]) -> dict[str, str]:
    """Return the part of a process environment that a warm provider receives, without any profile's files."""
    return {key: value for key, value in environment.items() if key in _ALLOWED | _LOCAL} | NOTHING_OF_THIS_MACHINE


def check_environment(environment: Mapping[str, str]) -> None:
    """Refuse any environment that could reach a real account.

    Without any AWS variable the provider has no credentials at all (mocked tests). With them, the endpoint must be
    loopback and the key one of the local AWS.

    Raises:
        ValueError: with the variable and its value (never a secret).
    """
    extra = set(environment) - _ALLOWED - _LOCAL
    if extra:
        raise ValueError(f"the warm provider does not accept {', '.join(sorted(extra))}")
    for name, nothing in NOTHING_OF_THIS_MACHINE.items():
        if environment.get(name) != nothing:
            raise ValueError(f"the warm provider must not read this machine's AWS files: {name} must be {nothing}")
    if not _LOCAL & set(environment):
        return
    endpoint = environment.get("AWS_ENDPOINT_URL", "")
    if not is_loopback(endpoint):
        raise ValueError(f"the warm provider is for the local environment only: AWS_ENDPOINT_URL is {endpoint!r}")
    if not environment.get("AWS_ACCESS_KEY_ID", "").startswith(LOCAL_KEY):
        raise ValueError("the warm provider is for the local environment: AWS_ACCESS_KEY_ID is a real key")
