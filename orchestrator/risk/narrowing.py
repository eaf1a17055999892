"""Whether a condition keeps anybody out: some hold for nearly every request, however they look.

The rules in `policies/checks` ask the same and may not import this; a test holds both to one table.
"""

from __future__ import annotations

from collections.abc import Iterable

_TOLD = 3
"""Letters and digits that a pattern has to spell out; fewer match nearly everything."""


def narrows(operator: str, values: Iterable[str]) -> bool:
    """Whether a condition holds only for requests that carry its key with one of some values.

    `…IfExists` and `ForAllValues:` hold for requests without the key, `Null` asks for no value, and what excludes
    some values admits all others.
    """
    quantifier, _, plain = operator.lower().rpartition(":")
    if quantifier == "forallvalues" or plain.endswith("ifexists") or plain == "null" or "not" in plain:
        return False
    given = list(values)
    return bool(given) and not any(_anything(value) for value in given)


def _anything(value: str) -> bool:
    """Whether a value stands for nearly all: of an ARN the account counts, or what it names at the end."""
    if value.endswith("/0"):
        return True  # every address
    if "*" not in value and "?" not in value:
        return False
    fields = value.split(":", 5)
    if fields[0] != "arn" or len(fields) < 6:
        return _letters(value.removeprefix("arn:")) < _TOLD
    return _letters(fields[4]) < _TOLD and _letters(_name(fields[5], fields[2])) < _TOLD


def _name(own: str, service: str) -> str:
    if service in ("s3", "sns", "sqs", "execute-api", "codecommit"):
        return own
    for position, char in enumerate(own):
        if char in "*?":
            return own[position + 1 :]
        if char in "/:" and position:
            return own[position + 1 :]
    return own


def _letters(text: str) -> int:
    return sum(char.isalnum() for char in text)
