"""Parse a YAML file to plain data and the line of each key.

The file is read event by event, without recursion and with limits on depth and number of values. Features that can
expand a short text (aliases of aliases) or create objects (tags) are rejected.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any

import yaml

from orchestrator.config import scalars
from orchestrator.config.problems import NO_VALUE, Problem
from orchestrator.system.text_files import control_character

Location = Sequence[int | str]
DEEPEST = 32
MOST = 20_000
"""Maximum number of values in a file, keys included."""


@dataclass
class Branch:
    """A mapping or list, with the line of each entry, and the entries that are mappings or lists."""

    of: dict[str, Any] | list[Any]
    lines: dict[int | str, int] = field(default_factory=dict)
    branches: dict[int | str, Branch] = field(default_factory=dict)


@dataclass(frozen=True)
class Document:
    """A parsed file: `data` in plain Python types, `tree` with the line of each entry."""

    file: str
    tree: Branch
    data: dict[str, Any]

    def key(self, location: Location) -> str:
        """Format a location as in the file: `("model", "sagemaker", "group")` → `model.group`.

        pydantic adds the tag of a union to its locations; a part that the file does not have is dropped, unless it is
        the last one (a missing key).
        """
        parts: list[str] = []
        node: Branch | None = self.tree
        for position, part in enumerate(location):
            exists = node is not None and part in node.lines
            if not exists and position < len(location) - 1:
                continue
            parts.append(f"[{part}]" if isinstance(part, int) else (f".{part}" if parts else str(part)))
            node = node.branches.get(part) if exists and node is not None else None
        return "".join(parts)

    def problem(self, location: Location, rule: str, value: object, suggestion: str | None = None) -> Problem:
        """Create a problem at a location in the file."""
        return Problem(self.file, self.line(location), self.key(location), rule, value, suggestion)

    def line(self, location: Location) -> int:
        """Find the line of the deepest part of `location` that the file has (1-based)."""
        node: Branch | None = self.tree
        line = 1
        for part in location:
            if node is not None and part in node.lines:
                line = node.lines[part]
                node = node.branches.get(part)
        return line


@lru_cache(maxsize=128)
def _read(text: str) -> _Reader:
    """Parse a text once per process; callers do not change the result."""
    reader = _Reader()
    reader.read(text)
    return reader


def parse(file: str, text: str) -> Document | tuple[Problem, ...]:
    """Parse a file; return its problems, each with its line, if it is invalid."""
    read = _read(text)
    problems = [Problem(file, *each) for each in read.problems]
    if not problems and read.root is None:
        problems.append(Problem(file, 1, "", "is empty: it must have keys"))
    if not problems and isinstance(read.root, Branch) and isinstance(read.root.of, dict):
        return Document(file=file, tree=read.root, data=read.root.of)
    if not problems:
        received = read.root.of if isinstance(read.root, Branch) else read.root
        problems.append(Problem(file, 1, "", "must be a mapping of keys to values", received))
    return tuple(problems)


class _Stop(Exception):
    """Stop reading, because the rest cannot be interpreted; the problem has been recorded."""


@dataclass
class _Open:
    """A mapping or list that has not ended; `key` is the key of the next value."""

    branch: Branch
    key: str | None = None
    has_key: bool = False


class _Reader:
    """Builds the data of a text, event by event."""

    def __init__(self) -> None:
        self.problems: list[tuple[int, str, str, Any]] = []
        self.root: Any = None
        self._open: list[_Open] = []
        self._count = 0
        self._documents = 0

    def read(self, text: str) -> None:
        try:
            for event in yaml.parse(text, Loader=yaml.CSafeLoader):
                self._take(event)
        except yaml.MarkedYAMLError as error:
            mark = error.problem_mark or error.context_mark
            why = " ".join(filter(None, (error.context, error.problem)))
            if mark and text[mark.index : mark.index + 1] == "\t":
                why += " (a tab: YAML is indented with spaces)"
            # A missing end is reported behind the last line.
            line = min(mark.line, text.rstrip("\n").count("\n")) + 1 if mark else 1
            self.problems.append((line, "", f"is not valid YAML: {why}", NO_VALUE))
        except _Stop:
            pass

    def _take(self, event: Any) -> None:
        match event:
            case yaml.DocumentStartEvent():
                self._document(event)
            case yaml.AliasEvent():
                self._stop(event, f"`*{event.anchor}` is an alias, which is not supported: write the value out")
            case yaml.ScalarEvent():
                self._begin(event)
                self._put(event, self._scalar(event))
            case yaml.MappingStartEvent() | yaml.SequenceStartEvent():
                self._begin(event)
                branch = Branch({} if isinstance(event, yaml.MappingStartEvent) else [])
                self._put(event, branch)
                self._open.append(_Open(branch))
            case yaml.MappingEndEvent() | yaml.SequenceEndEvent():
                self._open.pop()

    def _document(self, event: Any) -> None:
        self._documents += 1
        if self._documents > 1:
            self._stop(event, "begins a second document (`---`): a file must hold one")
        if event.version or event.tags:
            self._stop(event, "has a directive (`%`), which is not supported: remove it")

    def _begin(self, event: Any) -> None:
        """Reject anchors, tags, and too many or too deeply nested values."""
        self._count += 1
        if event.anchor is not None:
            self._stop(event, f"`&{event.anchor}` is an anchor, which is not supported: write the value out")
        if event.tag is not None:
            tag = event.tag.replace("tag:yaml.org,2002:", "!!")
            self._stop(event, f"`{tag}` is a tag, which is not supported: remove it, and put a text in quotes")
        if self._count > MOST:
            self._stop(event, f"exceeds the limit of {MOST} values per file")
        if len(self._open) >= DEEPEST and not isinstance(event, yaml.ScalarEvent):
            self._stop(event, f"nests deeper than {DEEPEST} levels")

    def _scalar(self, event: Any) -> scalars.Value:
        """Convert a scalar, which can be a key."""
        if character := control_character(event.value):
            self._note(event, f"contains {character}, which is not allowed: remove it", event.value)
            return ""
        if not event.implicit[0] or (event.value == "<<" and self._expects_key()):
            return str(event.value)
        try:
            return scalars.read(event.value)
        except scalars.NoValue as error:
            self._note(event, error.rule, event.value)
            return ""

    def _expects_key(self) -> bool:
        return bool(self._open) and isinstance(self._open[-1].branch.of, dict) and not self._open[-1].has_key

    def _put(self, event: Any, value: Any) -> None:
        """Add a value to the current mapping or list, or keep it as the key of the next value."""
        if not self._open:
            self.root = value if self.root is None else self.root
            return
        inner = self._open[-1]
        of, line = inner.branch.of, event.start_mark.line + 1
        part: int | str
        if isinstance(of, list):
            part = len(of)
            of.append(value.of if isinstance(value, Branch) else value)
        elif not inner.has_key:
            inner.key, inner.has_key = self._key(event, value, inner.branch), True
            return
        else:
            part, inner.has_key = inner.key or "", False
            of[part] = value.of if isinstance(value, Branch) else value
            # The line of a value is that of its key.
            line = inner.branch.lines[part]
        inner.branch.lines[part] = line
        if isinstance(value, Branch):
            inner.branch.branches[part] = value

    def _key(self, event: Any, value: Any, branch: Branch) -> str:
        line = event.start_mark.line + 1
        if isinstance(value, Branch):
            self._stop(event, "is a list or mapping used as a key: a key must be text")
        if value == "<<" and event.implicit[0]:
            self._stop(event, "`<<` merges another mapping, which is not supported: write its keys out")
        if not isinstance(value, str):
            self._note(event, "must be text, as a key: put it in quotes", value)
        key = value if isinstance(value, str) else str(event.value)
        if key in branch.lines:
            self._note(event, f"is a duplicate key: it is already on line {branch.lines[key]}", NO_VALUE, key)
        branch.lines[key] = line
        return key

    def _note(self, event: Any, rule: str, value: Any, key: str | None = None) -> None:
        path = self._path() if key is None else ".".join(filter(None, (self._path(), key)))
        self.problems.append((event.start_mark.line + 1, path, rule, value))

    def _stop(self, event: Any, rule: str) -> None:
        self._note(event, rule, NO_VALUE)
        raise _Stop

    def _path(self) -> str:
        return "".join(self._parts()).removeprefix(".")

    def _parts(self) -> Iterator[str]:
        for each in self._open:
            if isinstance(each.branch.of, list):
                yield f"[{len(each.branch.of) - (each is not self._open[-1])}]"
            elif each.has_key or each is not self._open[-1]:
                yield f".{each.key}"
