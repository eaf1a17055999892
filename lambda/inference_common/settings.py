"""Read environment variables at cold start; a missing one fails there, by name."""

from __future__ import annotations

from collections.abc import Mapping, Sequence


class SettingsError(Exception):
    """An environment variable is missing or invalid."""


def text(environ: Mapping[str, str], name: str, default: str | None = None) -> str:
    value = environ.get(name, default)
    if not value:
        raise SettingsError(f"environment variable {name} is not set")
    return value


def number(environ: Mapping[str, str], name: str, default: float, low: float, high: float) -> float:
    raw = environ.get(name)
    if raw is None:
        return default
    try:
        value = float(raw)
    except ValueError:
        raise SettingsError(f"environment variable {name} must be a number, got '{raw}'") from None
    if not low <= value <= high:
        raise SettingsError(f"environment variable {name} must lie between {low:g} and {high:g}, got {raw}")
    return value


def choice(environ: Mapping[str, str], name: str, default: str, known: Sequence[str]) -> str:
    value = environ.get(name, default)
    if value not in known:
        raise SettingsError(f"environment variable {name} must be one of {', '.join(known)}, got '{value}'")
    return value
