"""Evaluate patterns and conditions of IAM policies (shared code, no rule; independent of checkov).

`*` is any text and `?` one character; actions are case-insensitive. Before a plan a value may be an expression
(`var.x`, `${local.y}-*`); such a text counts as a name, because the plan is checked too.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from functools import cache

_TOLD = 3
"""Fewest literal characters of a pattern: with fewer (`s3:G*`, `role/*a*`) it matches nearly everything."""
_EXPRESSION = re.compile(r"\$\{|(?:^|[^\w.])(?:var|local|module|data|each|count|path|self|aws_\w+)[.\[]|\w\(")
_WITHOUT_TYPE = frozenset({"s3", "sns", "sqs", "execute-api", "codecommit"})
"""Services whose ARNs end in the bare name; in all others the type precedes it (`role/`, `function:`)."""

_TARGETS = {"sts": ("iam",), "ssm": ("ssm", "ec2"), "ec2-instance-connect": ("ec2",)}
"""Services whose actions apply to ARNs of another service."""


@cache
def _glob(pattern: str) -> re.Pattern[str]:
    return re.compile("".join({"*": ".*", "?": "."}.get(char) or re.escape(char) for char in pattern), re.DOTALL)


def matches(pattern: str, name: str, *, ignore_case: bool = False) -> bool:
    """Tell whether a pattern of a policy matches a name."""
    if ignore_case:
        pattern, name = pattern.lower(), name.lower()
    return _glob(pattern).fullmatch(name) is not None


def acts(pattern: str, action: str) -> bool:
    """Tell whether a pattern of actions includes an action, ignoring case as IAM does."""
    return matches(pattern, action, ignore_case=True)


def is_expression(text: str) -> bool:
    """Tell whether Terraform, or IAM at request time, still fills in part of a text."""
    return _EXPRESSION.search(text) is not None


def whole_service(action: str) -> bool:
    """Tell whether a pattern of actions is wider than one group of actions of one service."""
    if "*" not in action and "?" not in action:
        return False
    service, _, name = action.partition(":")
    return "*" in service or "?" in service or (_letters(name) < _TOLD and not is_expression(name))


def everything(resource: str) -> bool:
    """Tell whether a pattern of resources matches everything, a whole service or a whole type."""
    if "*" not in resource and "?" not in resource:
        return False
    fields = resource.split(":", 5)
    if fields[0] != "arn" and is_expression(resource):
        return False
    if len(fields) == 6:
        own = _without_type(fields[5], fields[2])
    elif is_expression(resource):
        own = _without_type(fields[-1], "")  # `arn:aws:iam:${region and account in one}:role/name`
    else:
        own = _without_type(_after_wildcard(resource).lstrip(":/"), "")
    return _letters(own) < _TOLD and not is_expression(own)


def everything_for(action: str, resources: Iterable[str]) -> bool:
    """Tell whether a pattern of resources matches everything that an action applies to."""
    service = action.partition(":")[0].lower()
    targets = _TARGETS.get(service, (service,))
    for resource in resources:
        fields = resource.split(":", 5)
        other = len(fields) == 6 and not any(matches(fields[2], target) for target in targets)
        if everything(resource) and not (other and not is_expression(fields[2])):
            return True
    return False


def anything(value: str) -> bool:
    """Tell whether a condition value matches nearly every request."""
    fields = value.split(":", 5)
    if fields[0] == "arn":
        of_an_account = len(fields) == 6 and (_letters(fields[4]) >= _TOLD or is_expression(fields[4]))
        return everything(value) and not of_an_account
    if value.endswith("/0"):
        return True  # every address
    return ("*" in value or "?" in value) and _letters(value) < _TOLD and not is_expression(value)


def narrows(operator: str, values: Iterable[str]) -> bool:
    """Tell whether a condition only holds for requests that have its key with one of some values.

    `…IfExists` and `ForAllValues:` also hold for requests without the key, `Null` compares no value, and a condition
    that excludes some values admits all others.
    """
    quantifier, _, plain = operator.lower().rpartition(":")
    if quantifier == "forallvalues" or plain.endswith("ifexists") or plain == "null" or "not" in plain:
        return False
    given = list(values)
    return bool(given) and not any(anything(value) for value in given)


def _letters(text: str) -> int:
    return sum(char.isalnum() for char in text)


def _after_wildcard(text: str) -> str:
    return re.split(r"[*?]", text, maxsplit=1)[1]


def _without_type(own: str, service: str) -> str:
    """Return the last part of an ARN without the type in front of the name."""
    if service in _WITHOUT_TYPE:
        return own
    kind, separator, name = re.match(r"/?([^/:]*)([/:]?)(.*)", own, re.DOTALL).groups()  # type: ignore[union-attr]
    if "*" in kind or "?" in kind:
        return _after_wildcard(own)  # `r?le/*`, `*`
    return name if separator else kind
