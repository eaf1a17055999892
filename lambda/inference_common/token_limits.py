"""Enforce the `limits` of a blueprint on one request. Pure.

"limits": {"max_tokens": 4096, "max_inputs": 100, "max_total_tokens": 409600}

All fields are optional; defaults apply to missing ones, as in records of older deployments.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from inference_common.errors import BadRequest
from inference_common.parameters import MAX_TOKENS, Takes, counts_answers, limits_tokens

DEFAULT_TOKENS = 4096
DEFAULT_INPUTS = {"realtime": 100, "serverless": 100, "async": 1000}
FULL_ANSWERS = 100
"""Default number of answers of full length per request."""
NAMES = ("max_tokens", "max_inputs", "max_total_tokens")


@dataclass(frozen=True)
class Limits:
    """Limits of one request; None means unlimited.

    Args:
        max_tokens: per answer; higher values in a request are lowered to this.
        max_inputs: answers per request, counting `n` and similar parameters.
        max_total_tokens: answers times tokens per answer.
    """

    max_tokens: int = DEFAULT_TOKENS
    max_inputs: int | None = 100
    max_total_tokens: int | None = DEFAULT_TOKENS * FULL_ANSWERS

    def tightened(self, other: Limits) -> Limits:
        """Return the stricter of both limits."""
        return Limits(
            min(self.max_tokens, other.max_tokens),
            _least(self.max_inputs, other.max_inputs),
            _least(self.max_total_tokens, other.max_total_tokens),
        )

    def bound(self, takes: Takes, parameters: Mapping[str, Any], inputs: int) -> dict[str, Any]:
        """Lower token parameters to the maximum. Raises `BadRequest` if the request is too large."""
        bounded = {name: self._cut(name, value) if limits_tokens(name) else value for name, value in parameters.items()}
        stated = [value for name, value in bounded.items() if limits_tokens(name)]
        if not stated and takes.unstated_tokens is not None:
            bounded[MAX_TOKENS] = min(takes.unstated_tokens, self.max_tokens)
            stated = [bounded[MAX_TOKENS]]
        self.check(inputs * _answers_per_input(parameters), max(stated, default=0))
        return bounded

    def check(self, answers: int, tokens: int = 0) -> None:
        """Raise `BadRequest` if the request exceeds the limits on answers or total tokens."""
        if self.max_inputs is not None and answers > self.max_inputs:
            raise BadRequest(
                f"the request requires {answers} answers, more than the {self.max_inputs} that this blueprint allows: "
                "send fewer inputs",
                "inputs",
            )
        if self.max_total_tokens is not None and answers * tokens > self.max_total_tokens:
            raise BadRequest(
                f"the request requires {answers} answers of up to {tokens} tokens, more than the "
                f"{self.max_total_tokens} tokens that this blueprint allows: send fewer inputs or a smaller max_tokens",
                MAX_TOKENS,
            )

    def _cut(self, name: str, value: Any) -> int:
        if isinstance(value, bool) or not isinstance(value, int | float):
            raise BadRequest(f"'{name[:64]}' must be an integer from 1", name[:64])
        return int(min(value, self.max_tokens))


def _least(one: int | None, other: int | None) -> int | None:
    return min((each for each in (one, other) if each is not None), default=None)


def _answers_per_input(parameters: Mapping[str, Any]) -> int:
    return math.prod(
        max(1, int(value))
        for name, value in parameters.items()
        if counts_answers(name) and isinstance(value, int | float) and not isinstance(value, bool)
    )


def read(record: Mapping[str, Any], kind: str) -> Limits:
    """Read the limits of a route record. Raises `ValueError` unless they are positive integers.

    A blueprint's own `max_tokens` is set by its operator, so the default limit does not lower it.
    """
    given = record.get("limits") or {}
    unknown = sorted(set(given) - set(NAMES))
    if unknown:
        raise ValueError(f"unknown limit {unknown[0]}")
    for name, value in given.items():
        if isinstance(value, bool) or not isinstance(value, int) or value < 1:
            raise ValueError(f"limit {name} {value}")
    own = [
        value for name, value in (record.get("parameters") or {}).items() if limits_tokens(name) and type(value) is int
    ]
    tokens = given.get("max_tokens", max([DEFAULT_TOKENS, *own]))
    total = given.get("max_total_tokens", None if kind == "batch" else tokens * FULL_ANSWERS)
    return Limits(tokens, given.get("max_inputs", DEFAULT_INPUTS.get(kind)), total)
