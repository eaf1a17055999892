"""How values become Terraform's JSON: text is data, and code only what says so itself.

Terraform reads every string of a `.tf.json` file, keys of maps among them, as a template: `${…}` is evaluated by the
machine that deploys, and `%{…}` is an instruction. What people write into an environment file must arrive as they wrote
it, so each `str` is escaped here, and nowhere else. Code of our own is an `Expression`; whoever forgets that gets text.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

REQUIRED_TERRAFORM = ">= 1.11, < 2"
REQUIRED_AWS = {"source": "hashicorp/aws", "version": "~> 5.100"}
"""Of the roots that are written here, as of all others."""
_UNWRITABLE = re.compile(r'["\\\x00-\x1f\x7f-\x9f\u2028\u2029]')
"""What a string literal of HCL cannot hold as it is, or should not."""


@dataclass(frozen=True)
class Expression:
    """Code that Terraform evaluates, without the `${…}` around it. Made by `code` only."""

    text: str


def code(template: str, *values: str) -> Expression:
    """Write an expression; each `{}` in it becomes one of `values`, as a quoted string.

    The template is a literal of our own, never put together from anything: a test sees to that.
    """
    first, *parts = template.split("{}")
    if len(parts) != len(values):
        raise ValueError(f"{template!r} has {len(parts)} places for {len(values)} values")
    return Expression(first + "".join(quoted(value) + part for value, part in zip(values, parts, strict=True)))


def escaped(text: str) -> str:
    """Make Terraform read a text as itself."""
    return text.replace("${", "$${").replace("%{", "%%{")


def quoted(text: str) -> str:
    """A text as a string literal of HCL, in an expression or a file."""
    return '"' + escaped(_UNWRITABLE.sub(_character, text)) + '"'


def _character(match: re.Match[str]) -> str:
    found = match.group()
    return f"\\{found}" if found in '"\\' else f"\\u{ord(found):04x}"


def rendered(value: Any) -> Any:
    """A value as Terraform's JSON.

    Raises:
        TypeError: for what Terraform's JSON has no form for.
    """
    match value:
        case Expression():
            return f"${{{value.text}}}"
        case str():
            return escaped(value)
        case None | bool() | int() | float():
            return value
        case Mapping():
            return {_key(key): rendered(each) for key, each in value.items()}
        case list() | tuple():
            return [rendered(each) for each in value]
    raise TypeError(f"a {type(value).__name__} has no form in Terraform's JSON")


def _key(key: Any) -> str:
    if not isinstance(key, str):
        raise TypeError(f"a {type(key).__name__} cannot be a key in Terraform's JSON")
    return escaped(key)
