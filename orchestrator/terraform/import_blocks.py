"""Write import blocks for a root, and read their results from a plan. Pure.

An `import` block makes a plan read the resource, so attributes that other resources use are known in the same plan.
Missing resources can thus be found over several plans, without an apply.
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
"""Terraform's message about a resource that does not exist."""
_NAMELESS = "couldn't find resource"
"""A provider's message about such a resource, without its address."""
_TYPE = re.compile(r"(?:^|\.)(aws_\w+)\.")


@dataclass(frozen=True)
class Missing:
    """A resource that a plan would create."""

    address: str
    type: str
    planned: Mapping[str, Any]
    """Attributes as far as the plan knows them."""


@dataclass(frozen=True)
class Imported:
    """A resource that a plan would import."""

    address: str
    type: str
    tags: Mapping[str, str] | None
    """The tags of the existing resource; `None` if the code sets no tags."""
    replaced_for: tuple[str, ...] = ()
    """The attributes for which it would be replaced."""
    entry: Json | None = None
    """Its entry in a state, if it would be replaced only for attributes that AWS does not return."""


def text(imports: Mapping[str, str]) -> str:
    """Write import blocks for these addresses and their import IDs."""
    return "\n".join(f"import {{\n  to = {to}\n  id = {quoted(known)}\n}}\n" for to, known in imports.items())


def missing(document: Json) -> Iterator[Missing]:
    """Yield the resources that this plan creates without deleting another one."""
    for each in document.get("resource_changes", ()):
        change = each["change"]
        if each.get("mode") == "managed" and change["actions"] == ["create"] and not each.get("deposed"):
            planned = {name: value for name, value in (change.get("after") or {}).items() if value is not None}
            yield Missing(each["address"], each["type"], planned)


def imported(document: Json) -> Iterator[Imported]:
    """Yield the resources that this plan imports."""
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
    """Return a resource's entry for a state: the values read, or the code's where AWS does not return them."""
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
    """Map the addresses of failed imports to terraform's messages, which are empty if the resource does not exist."""
    failures, nameless, read = dict[str, str](), False, set[str]()
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
            failures[address] = "" if named else " ".join(words.split())
        elif words.startswith(_NAMELESS):
            nameless = True
    # Dependents of a failed import are not read either, so failures with an address take precedence.
    return failures or (dict.fromkeys(_unread(imports, read), "") if nameless else {})


def _unread(imports: Mapping[str, str], read: Collection[str]) -> list[str]:
    """List the imports that were not read, of the types whose errors do not name the resource."""
    return [each for each in imports if each not in read and (_TYPE.findall(each) or [""])[-1] in READ_FIRST]


def _by_id(words: str, imports: Mapping[str, str]) -> str:
    """Find the address of an import by the quoted ID: a provider's error before any read has no address."""
    named = [address for address, known in imports.items() if f"({known})" in words]
    return named[0] if len(named) == 1 else ""
