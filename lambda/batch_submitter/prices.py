"""Estimate the cost of a request from the prices in its blueprint. Pure.

A missing price is not 0, and missing token usage is not 0 tokens: then the cost is unknown and omitted, with a reason.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

INSTANCE = "instance_usd_per_hour"
TOKENS = ("usd_per_million_input_tokens", "usd_per_million_output_tokens")


def unknown_cost(blueprint: Mapping[str, Any], uncounted: int = 0) -> str | None:
    """Return why the estimate is missing; None if it exists or the blueprint has no prices."""
    prices = _given(blueprint)
    if not prices:
        return None
    missing = [name for name in _needed(blueprint, prices) if name not in prices]
    if missing:
        return f"the blueprint gives no price {' and no price '.join(missing)}"
    if uncounted and prices.keys() & set(TOKENS):
        return f"the model did not report the tokens of {uncounted} answers"
    return None


def cost_of(blueprint: Mapping[str, Any], seconds: float, tokens: Sequence[int], uncounted: int = 0) -> float | None:
    """Return an estimate in USD, or None if prices are missing."""
    prices = _given(blueprint)
    if not prices or unknown_cost(blueprint, uncounted):
        return None
    hours = seconds / 3600 * int(blueprint.get("instance_count", 0))
    cost = hours * prices.get(INSTANCE, 0.0)
    cost += sum(count / 1e6 * prices.get(name, 0.0) for name, count in zip(TOKENS, tokens, strict=True))
    return round(cost, 6)


def _given(blueprint: Mapping[str, Any]) -> dict[str, float]:
    return {name: float(usd) for name, usd in (blueprint.get("prices") or {}).items() if usd is not None}


def _needed(blueprint: Mapping[str, Any], prices: Mapping[str, float]) -> tuple[str, ...]:
    """Return the prices that are needed: instances per hour, Bedrock models per input and output token."""
    if "instance_count" in blueprint:
        return (INSTANCE,)
    return TOKENS if prices.keys() & set(TOKENS) or "model_id" in blueprint else ()
