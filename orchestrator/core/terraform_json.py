"""Convert values to Terraform's JSON: strings are data, and only an `Expression` is code.

Terraform reads every string of a `.tf.json` file, keys of maps among them, as a template: `${…}` is evaluated by the
machine that deploys, and `%{…}` is an instruction. Values of an environment file must arrive
unchanged, so each `str` is escaped here, and nowhere else. Code is passed as an `Expression`; anything else is text.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

REQUIRED_TERRAFORM = ">= 1.11, < 2"
REQUIRED_AWS = {"source": "hashicorp/aws", "version": "~> 5.100"}
"""The same in generated roots as in all others."""
_UNWRITABLE = re.compile(r'["\\\x00-\x1f\x7f-\x9f\u2028\u2029]')
"""What a string literal of HCL cannot hold as it is, or should not."""


@dataclass(frozen=True)
class Expression:
    """Code that Terraform evaluates, without the `${…}` around it. Made by `code` only."""

    text: str

    def item(self, key: str) -> Expression:
        """Refer to an item of a map."""
        return Expression(f"{self.text}[{quoted(key)}]")


def code(template: str, *values: str) -> Expression:
    """Write an expression; each `{}` in it becomes one of `values`, as a quoted string.

    The template must be a literal, never composed at run time: a test checks that.
    """
    first, *parts = template.split("{}")
    if len(parts) != len(values):
        raise ValueError(f"{template!r} has {len(parts)} places for {len(values)} values")
    return Expression(first + "".join(quoted(value) + part for value, part in zip(values, parts, strict=True)))


def escaped(text: str) -> str:
    """Escape a text so that Terraform reads it literally."""
    return text.replace("${", "$${").replace("%{", "%%{")


def quoted(text: str) -> str:
    """Return a text as a string literal of HCL."""
    return '"' + escaped(_UNWRITABLE.sub(_character, text)) + '"'


def _character(match: re.Match[str]) -> str:
    character = match.group()
    return f"\\{character}" if character in '"\\' else f"\\u{ord(character):04x}"


def rendered(value: Any) -> Any:
    """Convert a value to Terraform's JSON.

    Raises:
        TypeError: Terraform's JSON cannot represent the type.
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
