"""Import blocks: what is written into a root, and what terraform says of it. Pure.

An `import` block makes a plan read the resource, so the attributes that others take from it are known in that very
plan: what is missing can be found round by round without anything being applied.
"""

from __future__ import annotations

import json
import re
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from orchestrator.core.terraform_json import quoted
from orchestrator.core.types import Json
from orchestrator.terraform.import_ids import READ_FIRST, UNREADABLE

FILE = "imports.tf"
_QUOTED = re.compile(r'existing object to ("(?:[^"\\]|\\.)*")')
"""In terraform's own words about something that does not exist."""
_NAMELESS = "couldn't find resource"
"""A provider's, with nothing else."""
_TYPE = re.compile(r"(?:^|\.)(aws_\w+)\.")


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
    replaced_for: tuple[str, ...] = ()
    """Attributes for which it would be removed and another made."""
    entry: Json | None = None
    """What a state would hold of it, where it is replaced only for what AWS does not tell."""


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
        paths = [".".join(map(str, path)) for path in change.get("replace_paths", ())]
        replaced = tuple(paths or ["?"]) if "delete" in change["actions"] else ()
        yield Imported(each["address"], each["type"], tags, replaced, _entry(each) if replaced else None)


def _entry(each: Json) -> Json | None:
    """As a state's `resources` have it: what was read, with the code's word for what cannot be."""
    before, after = each["change"].get("before") or {}, each["change"].get("after") or {}
    roots = {str(path[0]) for path in each["change"].get("replace_paths", ()) if path}
    unreadable = UNREADABLE.get(each["type"], ())
    if not roots or not roots <= {name for name in unreadable if not before.get(name)}:
        return None
    # Both types have the first version of their schema (provider 5.100).
    instance: Json = {"schema_version": 0, "attributes": {**before, **{name: after[name] for name in roots}}}
    if "index" in each:
        instance["index_key"] = each["index"]
    place = {"module": each["module_address"]} if "module_address" in each else {}
    provider = f'provider["{each["provider_name"]}"]'
    named = {"mode": "managed", "type": each["type"], "name": each["name"], "provider": provider}
    return {**place, **named, "instances": [instance]}


def failed(events: Iterable[Json], imports: Mapping[str, str]) -> dict[str, str]:
    """Which of these imports terraform refused, with its words; without any where the thing does not exist."""
    found, nameless, read = dict[str, str](), False, set[str]()
    for event in events:
        if event.get("type") == "refresh_complete":
            read.add(event["hook"]["resource"]["addr"])
        diagnostic = event.get("diagnostic")
        if event.get("type") != "diagnostic" or not diagnostic or diagnostic.get("severity") != "error":
            continue
        words = f"{diagnostic.get('summary', '')}: {diagnostic.get('detail', '')}"
        named = _QUOTED.search(words)
        address = json.loads(named.group(1)) if named else diagnostic.get("address", "") or _by_id(words, imports)
        if address in imports:
            found[address] = "" if named else " ".join(words.split())
        elif words.startswith(_NAMELESS):
            nameless = True
    # What depends on something that failed is not read either: so those whose names are told go first.
    return found or (dict.fromkeys(_unread(imports, read), "") if nameless else {})


def _unread(imports: Mapping[str, str], read: Collection[str]) -> list[str]:
    """Of the types of which a provider does not say what it could not find, those that it has not read."""
    return [each for each in imports if each not in read and (_TYPE.findall(each) or [""])[-1] in READ_FIRST]


def _by_id(words: str, imports: Mapping[str, str]) -> str:
    """What a provider refuses before it reads anything has no address; but it quotes the ID."""
    named = [address for address, known in imports.items() if f"({known})" in words]
    return named[0] if len(named) == 1 else ""
