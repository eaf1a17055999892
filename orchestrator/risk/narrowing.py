"""Decide whether a condition restricts access: some hold for nearly every request, even if they look strict.

The rules in `policies/checks` decide the same and may not import this module; a test compares both with one table.
"""

from __future__ import annotations

from collections.abc import Iterable

_LEAST_SPELLED = 3
"""Letters and digits that a pattern has to spell out; with fewer it matches nearly everything."""


def narrows(operator: str, values: Iterable[str]) -> bool:
    """Whether a condition holds only for requests that have its key with one of certain values.

    `…IfExists` and `ForAllValues:` hold for requests without the key, `Null` checks no value, and negated operators
    admit all other values.
    """
    quantifier, _, plain = operator.lower().rpartition(":")
    if quantifier == "forallvalues" or plain.endswith("ifexists") or plain == "null" or "not" in plain:
        return False
    values = list(values)
    return bool(values) and not any(_matches_nearly_all(value) for value in values)


def _matches_nearly_all(value: str) -> bool:
    """Whether a value matches nearly everything: in an ARN, account and resource name have to be spelled out."""
    if value.endswith("/0"):
        return True  # every address
    if "*" not in value and "?" not in value:
        return False
    fields = value.split(":", 5)
    if fields[0] != "arn" or len(fields) < 6:
        return _letters(value.removeprefix("arn:")) < _LEAST_SPELLED
    return _letters(fields[4]) < _LEAST_SPELLED and _letters(_name(fields[5], fields[2])) < _LEAST_SPELLED


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
