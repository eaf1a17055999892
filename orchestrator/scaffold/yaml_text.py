"""Write values as YAML on one line. Pure."""

from __future__ import annotations

import math
import re
from typing import Any

import yaml

_PLAIN = re.compile(r"[A-Za-z_][A-Za-z0-9_ ./-]*")
"""Texts that need no quotes, unless they are words with a meaning, which PyYAML knows."""


def flow(value: Any) -> str:
    """Return a value in YAML's flow style: `{age: 59, sex: female}`."""
    text: str = yaml.dump(
        value, Dumper=_Dumper, default_flow_style=True, width=math.inf, allow_unicode=True, sort_keys=False
    )
    return text.removesuffix("\n").removesuffix("\n...")


class _Dumper(yaml.SafeDumper):
    """Writes each value out where it stands: the reader of environment files accepts no aliases."""

    def ignore_aliases(self, data: Any) -> bool:
        return True


def _number(dumper: yaml.SafeDumper, value: float) -> yaml.ScalarNode:
    # PyYAML would write 1e+20 as a text of other parsers, and 0.1 + 0.2 in full either way.
    return dumper.represent_scalar(
        "tag:yaml.org,2002:float", repr(value) if "e" not in repr(value) else f"{value:.17g}"
    )


def _text(dumper: yaml.SafeDumper, value: str) -> yaml.ScalarNode:
    # In quotes if parsers could read it as anything else: PyYAML leaves 02049 as it is.
    return dumper.represent_scalar("tag:yaml.org,2002:str", value, style=None if _PLAIN.fullmatch(value) else '"')


_Dumper.add_representer(float, _number)
_Dumper.add_representer(str, _text)
