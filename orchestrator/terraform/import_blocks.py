"""Import blocks: what is written into a root, and what terraform says of it. Pure.

An `import` block makes a plan read the resource, so the attributes that others take from it are known in that very
plan: what is missing can be found round by round without anything being applied.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from orchestrator.blueprints.terraform_json import quoted
from orchestrator.tools.interfaces import Json

FILE = "imports.tf"
_QUOTED = re.compile(r'existing object to ("(?:[^"\\]|\\.)*")')
"""In terraform's own words about something that does not exist."""


@dataclass(frozen=True)
class Missing:
    """What a plan would create."""

    address: str
    type: str
    planned: Mapping[str, Any]
    """Attributes as far as the plan knows them."""


@dataclass(frozen=True)
class Imported:
    """What a plan would import."""

    address: str
    type: str
    tags: Mapping[str, str] | None
    """Of the thing that exists; `None` where the code gives it none of our own."""
    replaced: bool
    """Whether the next apply would remove it and make another: it cannot become what the code says."""


def text(imports: Mapping[str, str]) -> str:
    """Blocks for these addresses, each with its import ID."""
    return "\n".join(f"import {{\n  to = {to}\n  id = {quoted(known)}\n}}\n" for to, known in imports.items())


def missing(document: Json) -> Iterator[Missing]:
    """Everything that this plan creates without removing something for it."""
    for each in document.get("resource_changes", ()):
        change = each["change"]
        if each.get("mode") == "managed" and change["actions"] == ["create"] and not each.get("deposed"):
            planned = {name: value for name, value in (change.get("after") or {}).items() if value is not None}
            yield Missing(each["address"], each["type"], planned)


def imported(document: Json) -> Iterator[Imported]:
    """Everything that this plan imports."""
    for each in document.get("resource_changes", ()):
        change = each["change"]
        if not change.get("importing"):
            continue
        before, after = change.get("before") or {}, change.get("after") or {}
        tagged = after.get("tags_all") or {}
        tags = before.get("tags_all") or {} if tagged else None
        yield Imported(each["address"], each["type"], tags, "delete" in change["actions"])


def failed(events: Iterable[Json], imports: Mapping[str, str]) -> dict[str, str]:
    """Which of these imports terraform refused, with its words; without any where the thing does not exist."""
    found = {}
    for event in events:
        diagnostic = event.get("diagnostic")
        if event.get("type") != "diagnostic" or not diagnostic or diagnostic.get("severity") != "error":
            continue
        words = f"{diagnostic.get('summary', '')}: {diagnostic.get('detail', '')}"
        named = _QUOTED.search(words)
        address = json.loads(named.group(1)) if named else diagnostic.get("address", "") or _by_id(words, imports)
        if address in imports:
            found[address] = "" if named else " ".join(words.split())
    return found


def _by_id(words: str, imports: Mapping[str, str]) -> str:
    """What a provider refuses before it reads anything has no address; but it quotes the ID."""
    named = [address for address, known in imports.items() if f"({known})" in words]
    return named[0] if len(named) == 1 else ""
