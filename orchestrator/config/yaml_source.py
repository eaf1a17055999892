"""A YAML file as plain data that still knows on which line each key stands."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from ruamel.yaml import YAML
from ruamel.yaml.comments import CommentedMap, CommentedSeq
from ruamel.yaml.error import MarkedYAMLError

from orchestrator.config.problems import Problem

Location = Sequence[int | str]


@dataclass(frozen=True)
class Document:
    """One parsed file. `tree` keeps ruamel's line marks, `data` is the same in plain Python types."""

    file: str
    tree: CommentedMap
    data: dict[str, Any]

    def key(self, location: Location) -> str:
        """`("model", "sagemaker", "group")` → `model.group`: names as they stand in the file.

        pydantic puts the tag of a union into its location; a part that the file does not have is
        dropped unless it is the last one (a missing key).
        """
        parts: list[str] = []
        node: Any = self.tree
        for position, part in enumerate(location):
            child = _child(node, part)
            last = position == len(location) - 1
            if child is _MISSING and not last:
                continue
            parts.append(f"[{part}]" if isinstance(part, int) else (f".{part}" if parts else str(part)))
            node = None if child is _MISSING else child
        return "".join(parts)

    def problem(self, location: Location, rule: str, value: object, suggestion: str | None = None) -> Problem:
        """A broken rule at its place in the file."""
        return Problem(self.file, self.line(location), self.key(location), rule, value, suggestion)

    def line(self, location: Location) -> int:
        """Line of the deepest part of `location` that the file has (1-based)."""
        node: Any = self.tree
        line = 1
        for part in location:
            child = _child(node, part)
            if child is _MISSING:
                continue
            line = _line_of(node, part)
            node = child
        return line


class _Missing:
    """Marks a key that the file does not have (`None` is a value)."""


_MISSING = _Missing()


def _child(node: Any, part: int | str) -> Any:
    if isinstance(node, CommentedMap) and part in node:
        return node[part]
    if isinstance(node, CommentedSeq) and isinstance(part, int) and part < len(node):
        return node[part]
    return _MISSING


def _line_of(node: Any, part: int | str) -> int:
    position = node.lc.key(part) if isinstance(node, CommentedMap) else node.lc.item(part)
    return int(position[0]) + 1


@lru_cache(maxsize=128)
def _tree(text: str) -> Any:
    """Nobody changes it. Reading YAML with its lines takes longer than all that is then made of it."""
    return YAML(typ="rt").load(text)


def parse(file: str, text: str) -> Document | Problem:
    """Read one file; broken YAML (a duplicate key included) comes back as a problem with its line."""
    try:
        tree = _tree(text)
    except MarkedYAMLError as error:
        line = error.problem_mark.line + 1 if error.problem_mark else 1
        return Problem(file=file, line=line, key="", rule=f"is not valid YAML: {error.problem or error}")
    if tree is None:
        tree = CommentedMap()
    if not isinstance(tree, CommentedMap):
        return Problem(file=file, line=1, key="", rule="must be a mapping of keys to values", value=_plain(tree))
    return Document(file=file, tree=tree, data=_plain(tree))


def _plain(value: Any) -> Any:
    """ruamel's round-trip types as the plain types below them."""
    if isinstance(value, Mapping):
        return {str(key): _plain(item) for key, item in value.items()}
    if isinstance(value, list):
        return [_plain(item) for item in value]
    if value is None or isinstance(value, (bool, dt.date)):
        return value
    for plain in (int, float, str):
        if isinstance(value, plain):
            return plain(value)
    return value
