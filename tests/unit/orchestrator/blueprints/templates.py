"""Reads strings of Terraform's JSON as Terraform does, as far as what `synth` writes needs it."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

_PIECE = re.compile(r"\$\$\{|%%\{|\$\{|%\{|.", re.DOTALL)
_WHOLE = re.compile(r"\$\{(?:var|module)\.[a-z0-9_.]+(?:\[\"[a-z0-9_-]+\"\])?\}|\$\{(?:merge|format)\(.+\)\}")
LITERALS = {"$${": "${", "%%{": "%{"}


def read(text: str) -> str:
    """What a template without code stands for."""
    pieces = _PIECE.findall(text)
    code = [piece for piece in pieces if piece in ("${", "%{")]
    assert not code, f"Terraform would evaluate {text!r}"
    return "".join(LITERALS.get(piece, piece) for piece in pieces)


def read_all(value: Any) -> Any:
    """The same for a whole value, keys included."""
    if isinstance(value, dict):
        return {read(key): read_all(each) for key, each in value.items()}
    if isinstance(value, list):
        return [read_all(each) for each in value]
    return read(value) if isinstance(value, str) else value


def strings(value: Any) -> Iterator[str]:
    """Every string of a document as written, except complete expressions of the kind that stacks write."""
    if isinstance(value, dict):
        for key, each in value.items():
            yield key
            yield from strings(each)
    elif isinstance(value, list):
        for each in value:
            yield from strings(each)
    elif isinstance(value, str) and not _WHOLE.fullmatch(value):
        yield value
