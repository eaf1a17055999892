"""The nouns, read from `nouns/*.yaml`.

service: xray                     # botocore's name
signing: xray                     # the service in the request's signature, when it differs
tags: {add: …, remove: …, list: …, arn: …, tags: …, keys: …}    # operations and members of tagging
nouns:
  Group:
    create: CreateGroup           # fails when the name is taken
    put: PutQueryDefinition       # instead of create: creates or replaces
    get: GetGroup
    update: UpdateGroup           # merges what it is given …
    replace: UpdateGuardrail      # … or replaces everything
    delete: DeleteGroup
    list: {operation: GetGroups, member: Groups}
    versions: {operation: CreateGuardrailVersion, member: guardrailVersion, field: version}   # numbered snapshots
    name: GroupName               # input member that names it
    ids: uuid                     # how AWS writes its ids, where it is not twelve letters and digits
    found_by: [GroupName, GroupARN]   # input members that select it; name, id and ARN all match
    input: SamplingRule           # the member of the input that holds the record, when nested
    wrap: Group                   # the member of the output that holds the record
    arn: "arn:aws:…/{name}"
    missing: {code: …, message: …}    # AWS's error when there is none
    taken: {code: …, message: …}      # AWS's error when the name is taken
    fields: {GroupARN: "{arn}"}       # what the output has besides the input, see `template`
"""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

import yaml

from emulator.core.errors import BadNoun

FOLDER = Path(__file__).parent / "nouns"
_LOADER = getattr(yaml, "CSafeLoader", yaml.SafeLoader)  # equivalent and seven times as fast, if PyYAML has libyaml


@dataclass(frozen=True)
class Failure:
    code: str
    message: str


@dataclass(frozen=True)
class Listing:
    operation: str
    member: str
    prefix: str | None = None
    """Input member that filters names."""


@dataclass(frozen=True)
class Versions:
    """Numbered snapshots of a record: `operation` takes one, the input's `member` selects one."""

    operation: str
    member: str
    field: str
    """Output member that names the version."""


@dataclass(frozen=True)
class Noun:
    name: str
    found_by: tuple[str, ...]
    arn: str
    missing: Failure
    taken: Failure | None = None
    create: str | None = None
    put: str | None = None
    get: str | None = None
    update: str | None = None
    replace: str | None = None
    delete: str | None = None
    list: Listing | None = None
    versions: Versions | None = None
    names: str | None = None
    """Input member that names it (`name` in the file)."""
    input: str | None = None
    update_input: str | None = None
    wrap: str | None = None
    ids: Literal["short", "uuid"] = "short"
    fields: dict[str, Any] = field(default_factory=dict)

    def operations(self) -> dict[str, str]:
        """Map operation names to verbs."""
        verbs = ("create", "put", "get", "update", "replace", "delete")
        operations = {getattr(self, verb): verb for verb in verbs if getattr(self, verb)}
        if self.list:
            operations[self.list.operation] = "list"
        if self.versions:
            operations[self.versions.operation] = "snapshot"
        return operations


@dataclass(frozen=True)
class Tagging:
    """The tag operations of a service and the members they use."""

    add: str
    remove: str
    list: str
    arn: str
    tags: str
    keys: str


@dataclass(frozen=True)
class Service:
    name: str
    signing: str
    nouns: tuple[Noun, ...]
    tagging: Tagging | None


@dataclass(frozen=True)
class Catalogue:
    services: tuple[Service, ...]

    def signed_as(self, signing: str) -> Service | None:
        return next((service for service in self.services if service.signing == signing), None)


def load(folder: Path = FOLDER) -> Catalogue:
    """Read every file. Raises `BadNoun` for an unknown key."""
    return Catalogue(tuple(_service(path) for path in sorted(folder.glob("*.yaml"))))


def _service(path: Path) -> Service:
    document = yaml.load(path.read_text(), _LOADER)
    try:
        return Service(
            name=document["service"],
            signing=document.get("signing", document["service"]),
            nouns=tuple(_noun(name, entry) for name, entry in document["nouns"].items()),
            tagging=Tagging(**document["tags"]) if "tags" in document else None,
        )
    except (KeyError, TypeError) as error:
        raise BadNoun(f"{path.name}: {error}") from error


def _noun(name: str, entry: dict[str, Any]) -> Noun:
    entry = dict(entry)
    found_by = entry.pop("found_by", ())
    return Noun(
        name=name,
        names=entry.pop("name", None),
        found_by=(found_by,) if isinstance(found_by, str) else tuple(found_by),
        missing=Failure(**entry.pop("missing")),
        taken=Failure(**entry.pop("taken")) if "taken" in entry else None,
        list=Listing(**entry.pop("list")) if "list" in entry else None,
        versions=Versions(**entry.pop("versions")) if "versions" in entry else None,
        **entry,
    )
