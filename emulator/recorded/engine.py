"""Creates, finds, changes and deletes records as the catalogue defines."""

from __future__ import annotations

import threading
import uuid
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from emulator.moto.wire import Call, CallError
from emulator.recorded.catalogue import Catalogue, Failure, Noun, Service, Tagging, Versions
from emulator.recorded.template import MISSING, render


class Declined(Exception):
    """The call concerns a resource that is not recorded here; moto handles it."""


@dataclass
class Record:
    noun: Noun
    name: str
    id: str
    created: datetime
    arn: str = ""
    updated: datetime = field(default_factory=lambda: datetime.now(UTC))
    given: dict[str, Any] = field(default_factory=dict)
    tags: dict[str, str] = field(default_factory=dict)
    snapshots: dict[str, dict[str, Any]] = field(default_factory=dict)
    """Snapshots by version."""
    taken: int = 0

    def answers_to(self, value: Any) -> bool:
        return value in (self.name, self.id, self.arn)

    def view(self) -> dict[str, Any]:
        """Return the record as in the output; the serialiser drops members that the shape lacks."""
        scope = {**self.given, "id": self.id, "name": self.name, "arn": self.arn}
        scope |= {"created": self.created, "updated": self.updated}
        computed = {key: render(value, scope) for key, value in self.noun.fields.items()}
        return self.given | {key: value for key, value in computed.items() if value is not MISSING}


Shelf = dict[str, Record]


class Engine:
    """All records of one emulator, by account, region and service."""

    def __init__(self, catalogue: Catalogue) -> None:
        self._catalogue = catalogue
        self._lock = threading.RLock()
        self._shelves: dict[tuple[str, str, str], Shelf] = {}

    def service(self, signing: str, operation_of: Any) -> tuple[Service, str] | None:
        """Return the service of a request and its operation, if that operation may be recorded."""
        service = self._catalogue.signed_as(signing)
        if service is None:
            return None
        operation = operation_of(service.name)
        ours = {name for noun in service.nouns for name in noun.operations()}
        if service.tagging:
            ours |= {service.tagging.add, service.tagging.remove, service.tagging.list}
        return (service, operation) if operation in ours else None

    def handle(self, service: Service, call: Call) -> dict[str, Any]:
        """Return the output of an operation. Raises `CallError` as AWS would, or `Declined`."""
        with self._lock:
            shelf = self._shelves.setdefault((call.account_id, call.region, service.name), {})
            for noun in service.nouns:
                verb = noun.operations().get(call.operation)
                if verb:
                    return self._act(verb, noun, service, shelf, call)
            if service.tagging is None:
                raise Declined(call.operation)
            return _tag(service.tagging, shelf, call)

    def _act(self, verb: str, noun: Noun, service: Service, shelf: Shelf, call: Call) -> dict[str, Any]:
        if verb in ("create", "put"):
            return _wrapped(noun, self._create(verb, noun, service, shelf, call))
        if verb == "list":
            return _list(noun, shelf, call)
        record = _find(noun, shelf, call.parameters)
        if record is None:
            raise _error(noun.missing, call)
        version = str(call.parameters.get(noun.versions.member) or "") if noun.versions else ""
        if noun.versions and (verb == "snapshot" or version not in ("", "DRAFT")):
            return _versioned(verb, record, noun.versions, version, call)
        if verb == "delete":
            del shelf[record.id]
        if verb in ("update", "replace"):
            given = _given(noun.update_input or noun.input, call.parameters)
            record.given = given if verb == "replace" else record.given | given
            record.updated = datetime.now(UTC)
        return _wrapped(noun, record)

    def _create(self, verb: str, noun: Noun, service: Service, shelf: Shelf, call: Call) -> Record:
        given = _given(noun.input, call.parameters)
        existing = _find(noun, shelf, call.parameters) if verb == "put" else None
        if existing is not None:
            existing.given, existing.updated = given, datetime.now(UTC)
            return existing
        identity = str(uuid.uuid4()) if noun.ids == "uuid" else uuid.uuid4().hex[:12]
        name = str(given.get(noun.names or "", identity))
        if noun.taken and any(record.noun is noun and record.name == name for record in shelf.values()):
            raise _error(noun.taken, call, name)
        record = Record(noun=noun, name=name, id=identity, created=datetime.now(UTC), given=given)
        scope = {"region": call.region, "account": call.account_id, "id": identity, "name": name}
        record.arn = str(render(noun.arn, scope))
        if service.tagging:
            record.tags = _tag_map(call.parameters.get(service.tagging.tags))
        shelf[identity] = record
        return record


def _versioned(verb: str, record: Record, versions: Versions, version: str, call: Call) -> dict[str, Any]:
    """Take, show or delete a snapshot. It never changes, and its number is not used again."""
    if verb == "snapshot":
        record.taken += 1
        version = str(record.taken)
        described = {"description": call.parameters["description"]} if "description" in call.parameters else {}
        record.snapshots[version] = {**record.view(), **described, versions.field: version}
    elif version not in record.snapshots:
        raise _error(record.noun.missing, call, f"{record.name} version {version}")
    return record.snapshots.pop(version) if verb == "delete" else record.snapshots[version]


def _given(member: str | None, parameters: dict[str, Any]) -> dict[str, Any]:
    return dict(parameters.get(member, {})) if member else dict(parameters)


def _find(noun: Noun, shelf: Shelf, parameters: dict[str, Any]) -> Record | None:
    selectors = [parameters[member] for member in noun.found_by if parameters.get(member) is not None]
    for nested in (noun.update_input, noun.input):
        inner = parameters.get(nested) if nested else None
        if isinstance(inner, dict):
            selectors += [inner[member] for member in noun.found_by if inner.get(member) is not None]
    records = [record for record in shelf.values() if record.noun is noun]
    return next((record for record in records for value in selectors if record.answers_to(value)), None)


def _wrapped(noun: Noun, record: Record) -> dict[str, Any]:
    return {noun.wrap: record.view()} if noun.wrap else record.view()


def _list(noun: Noun, shelf: Shelf, call: Call) -> dict[str, Any]:
    assert noun.list is not None
    prefix = str(call.parameters.get(noun.list.prefix or "") or "")
    records = [record for record in shelf.values() if record.noun is noun and record.name.startswith(prefix)]
    return {noun.list.member: [record.view() for record in records]}


def _tag(tagging: Tagging, shelf: Shelf, call: Call) -> dict[str, Any]:
    record = next((record for record in shelf.values() if record.arn == call.parameters.get(tagging.arn)), None)
    if record is None:
        raise Declined(call.operation)
    if call.operation == tagging.add:
        record.tags |= _tag_map(call.parameters.get(tagging.tags))
    elif call.operation == tagging.remove:
        for key in call.parameters.get(tagging.keys) or []:
            record.tags.pop(key, None)
    else:
        # Both spellings, since services differ; the serialiser drops the one that its shape lacks.
        pairs = [{"key": key, "value": value, "Key": key, "Value": value} for key, value in record.tags.items()]
        return {tagging.tags: pairs}
    return {}


def _tag_map(tags: Any) -> dict[str, str]:
    if isinstance(tags, dict):
        return dict(tags)
    return {tag.get("key", tag.get("Key")): tag.get("value", tag.get("Value")) for tag in tags or []}


def _error(failure: Failure, call: Call, name: str | None = None) -> CallError:
    name = name or next((str(value) for value in call.parameters.values() if isinstance(value, str)), "")
    return CallError(failure.code, failure.message.format(name=name))
