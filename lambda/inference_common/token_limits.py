"""How much one request may ask of a model: the section `limits` of a blueprint, in its route record. Pure.

"limits": {"max_tokens": 4096, "max_inputs": 100, "max_total_tokens": 409600}

All of it may be absent, as in records of older deployments; then the defaults hold.
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
"""Answers of full length that a request may ask for where its record does not say."""
NAMES = ("max_tokens", "max_inputs", "max_total_tokens")


@dataclass(frozen=True)
class Limits:
    """Ceilings of one request; None is none.

    Args:
        max_tokens: of one answer; a caller who asks for more gets as much as this.
        max_inputs: answers of one request, `n` and its like counted.
        max_total_tokens: answers times the tokens of each.
    """

    max_tokens: int = DEFAULT_TOKENS
    max_inputs: int | None = 100
    max_total_tokens: int | None = DEFAULT_TOKENS * FULL_ANSWERS

    def tightened(self, other: Limits) -> Limits:
        """What both allow."""
        return Limits(
            min(self.max_tokens, other.max_tokens),
            _least(self.max_inputs, other.max_inputs),
            _least(self.max_total_tokens, other.max_total_tokens),
        )

    def bound(self, takes: Takes, parameters: Mapping[str, Any], inputs: int) -> dict[str, Any]:
        """The parameters with all numbers of tokens cut to the ceiling. Raises `BadRequest` for too large a request."""
        bounded = {name: self._cut(name, value) if limits_tokens(name) else value for name, value in parameters.items()}
        stated = [value for name, value in bounded.items() if limits_tokens(name)]
        if not stated and takes.unstated_tokens is not None:
            bounded[MAX_TOKENS] = min(takes.unstated_tokens, self.max_tokens)
            stated = [bounded[MAX_TOKENS]]
        self.check(inputs * _answers_per_input(parameters), max(stated, default=0))
        return bounded

    def check(self, answers: int, tokens: int = 0) -> None:
        """Raise `BadRequest` unless a request may have so many answers of up to so many tokens."""
        if self.max_inputs is not None and answers > self.max_inputs:
            raise BadRequest(
                f"the request asks for {answers} answers, more than the {self.max_inputs} that this blueprint allows: "
                "send fewer inputs",
                "inputs",
            )
        if self.max_total_tokens is not None and answers * tokens > self.max_total_tokens:
            raise BadRequest(
                f"the request asks for {answers} answers of up to {tokens} tokens, more than the "
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
    """The limits in a route record. Raises `ValueError` where they are no positive integers.

    A blueprint's own `max_tokens` is its operator's word: where no limit is given it is not cut.
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
