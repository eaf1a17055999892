"""Validate request parameters: names, types, and which of them a model accepts. Pure.

Other parameters are refused by name. So no caller text can bypass the guardrail, and no limit can be bypassed by
another spelling.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from typing import Any

from inference_common.errors import BadRequest, InternalError

SYSTEM, MAX_TOKENS, STOPS = "system", "max_tokens", "stop_sequences"
GENERATION = (MAX_TOKENS, "temperature", "top_p", STOPS, SYSTEM)
"""Parameters that every text model accepts."""

TOKEN_SPELLINGS = frozenset(
    {
        "maxtokens",
        "maxcompletiontokens",
        "maxnewtokens",
        "maxoutputtokens",
        "maxtokenstosample",
        "maxtokenstogenerate",
        "maxtokencount",
        "maxgenlen",
        "numpredict",
    }
)
"""Spellings of `max_tokens`, without case, hyphens and underscores."""
COUNT_SPELLINGS = frozenset({"n", "bestof", "numreturnsequences", "numgenerations", "numresults", "candidatecount"})
"""Number of answers per input; sent to a model only if the blueprint itself sets it."""
ALIASES = {"stop": STOPS, "stopSequences": STOPS, "topP": "top_p"}
MAX_STOPS = 100
LARGEST_NUMBER = 2**63


def canonical(name: str) -> str:
    """Return the platform's name of a parameter, given any spelling."""
    return MAX_TOKENS if _squashed(name) in TOKEN_SPELLINGS else ALIASES.get(name, name)


def limits_tokens(name: str) -> bool:
    return _squashed(name) in TOKEN_SPELLINGS | {"maxlength"}


def counts_answers(name: str) -> bool:
    return _squashed(name) in COUNT_SPELLINGS


def _squashed(name: str) -> str:
    return name.lower().replace("_", "").replace("-", "")


@dataclass(frozen=True)
class Takes:
    """The parameters that a model accepts.

    Args:
        names: the parameters, under the platform's names.
        unstated_tokens: maximum answer length if neither caller nor blueprint limits it; None if answers have no
            tokens or only the container knows.
        open: the container also accepts the parameters that the blueprint itself sets.
    """

    names: tuple[str, ...] = ()
    unstated_tokens: int | None = None
    open: bool = False

    def allowed(self, own: Collection[str]) -> tuple[str, ...]:
        return (*self.names, *sorted(set(own) - set(self.names))) if self.open else self.names

    def merged(self, own: Mapping[str, Any], given: Mapping[str, Any]) -> dict[str, Any]:
        """Merge the caller's parameters over the blueprint's own, whose system prompt stays in front.

        Names become the platform's, except that an open container gets its blueprint's spelling.
        """
        check(given, self.allowed(own))
        kept = own if self.open else {}
        spelling = {canonical(name): name for name in kept}

        def place(name: str) -> str:
            return name if name in kept else spelling.get(canonical(name), canonical(name))

        foreign = [] if self.open else sorted(name for name in own if canonical(name) not in self.names)
        if foreign:
            raise InternalError(f"the blueprint's own parameter '{foreign[0]}' is none that its model takes")
        merged_values: dict[str, Any] = {}
        for name, value in given.items():
            if place(name) in merged_values:
                raise BadRequest(f"'{name[:64]}' is given twice, under different names", name[:64])
            merged_values[place(name)] = value
        if own.get(SYSTEM) and merged_values.get(SYSTEM):
            merged_values[SYSTEM] = f"{own[SYSTEM]}\n{merged_values[SYSTEM]}"
        result = {**{place(name): value for name, value in own.items()}, **merged_values}
        if isinstance(result.get(STOPS), str) and STOPS not in kept:
            result[STOPS] = [result[STOPS]]
        return result


def check(given: Mapping[str, Any], allowed: Collection[str]) -> None:
    """Refuse parameters that are not allowed, and values of a wrong type."""
    for name, value in given.items():
        if name not in allowed and canonical(name) not in allowed:
            known = f"known are {', '.join(allowed)}" if allowed else "this model takes none"
            raise BadRequest(f"unknown parameter '{name[:32]}'; {known}", name)
        holds, rule = TYPES.get(canonical(name), (_is_plain, "a number, a string, true or false"))
        if limits_tokens(name) or counts_answers(name):
            holds, rule = TYPES[MAX_TOKENS]
        if not holds(value):
            raise BadRequest(f"'{name[:64]}' must be {rule}", name[:64])


def _is_number(value: Any) -> bool:
    if isinstance(value, bool) or not isinstance(value, int | float):
        return False
    return math.isfinite(value) if isinstance(value, float) else abs(value) <= LARGEST_NUMBER


def _is_integer(value: Any) -> bool:
    return isinstance(value, int) and _is_number(value)


def _is_positive(value: Any) -> bool:
    return _is_integer(value) and value >= 1


def _is_text(value: Any) -> bool:
    return isinstance(value, str)


def _is_flag(value: Any) -> bool:
    return isinstance(value, bool)


def _is_stops(value: Any) -> bool:
    texts = [value] if isinstance(value, str) else value
    return isinstance(texts, list) and len(texts) <= MAX_STOPS and all(isinstance(s, str) and s for s in texts)


def _is_plain(value: Any) -> bool:
    return isinstance(value, str | bool) or _is_number(value)


INPUT_TYPES = ("search_document", "search_query", "classification", "clustering")
Rule = tuple[Callable[[Any], bool], str]
NUMBER: Rule = (_is_number, "a number")
INTEGER: Rule = (_is_integer, "an integer")
FLAG: Rule = (_is_flag, "true or false")
TYPES: dict[str, Rule] = {
    SYSTEM: (_is_text, "a string"),
    MAX_TOKENS: (_is_positive, "an integer from 1"),
    STOPS: (_is_stops, f"a string or a list of up to {MAX_STOPS} strings that are not empty"),
    **dict.fromkeys(("temperature", "top_p", "typical_p", "min_p", "repetition_penalty"), NUMBER),
    **dict.fromkeys(("frequency_penalty", "presence_penalty"), NUMBER),
    **dict.fromkeys(("top_k", "seed", "truncate", "dimensions"), INTEGER),
    **dict.fromkeys(("do_sample", "return_full_text"), FLAG),
    "input_type": (lambda value: value in INPUT_TYPES, f"one of {', '.join(INPUT_TYPES)}"),
}
