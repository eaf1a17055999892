"""Read planned changes of resources from a plan, for the finders of risks."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from orchestrator.core.types import Json


@dataclass(frozen=True)
class ResourceChange:
    """A planned change of a resource.

    `before` and `after` are empty if the resource does not exist; `unknown` mirrors `after`, with `True` for values
    that are known only after the apply.
    """

    address: str
    type: str
    actions: frozenset[str]
    before: Json
    after: Json
    unknown: Json
    written: frozenset[str] | None = None
    """Attributes that the code sets; `None` if the plan does not hold the code."""

    @property
    def removes(self) -> bool:
        """Whether the resource is deleted or replaced."""
        return "delete" in self.actions

    @property
    def replaces(self) -> bool:
        return {"create", "delete"} <= self.actions

    @property
    def creates(self) -> bool:
        """Whether the resource is created, and not as a replacement."""
        return "create" in self.actions and "delete" not in self.actions

    @property
    def remains(self) -> bool:
        """Whether the resource exists afterwards."""
        return bool(self.actions & {"create", "update"})

    def is_unknown(self, attribute: str) -> bool:
        """Whether any part of an attribute is known only after the apply."""
        return holds_true(self.unknown.get(attribute))

    def is_left_open(self, attribute: str) -> bool:
        """Whether the code sets an attribute to a value that is known only after the apply.

        AWS sets many attributes that the code does not; those are unknown before the apply, too.
        """
        return self.is_unknown(attribute) and (self.written is None or attribute in self.written)


def read(document: Json) -> tuple[ResourceChange, ...]:
    """Read the managed resources that a plan changes, without no-ops, reads and resources that are only forgotten."""
    configuration = document.get("configuration", {}).get("root_module", {})
    return tuple(
        ResourceChange(
            address=found["address"],
            type=found["type"],
            actions=frozenset(found["change"]["actions"]),
            before=found["change"].get("before") or {},
            after=found["change"].get("after") or {},
            unknown=found["change"].get("after_unknown") or {},
            written=_written(configuration, found["address"]),
        )
        for found in document.get("resource_changes", ())
        if found.get("mode", "managed") == "managed"
        if set(found["change"]["actions"]) & {"create", "update", "delete"}
    )


_INDEX = re.compile(r"\[(?:\"(?:[^\"\\]|\\.)*\"|\d+)\]")


def _written(configuration: Json, address: str) -> frozenset[str] | None:
    *modules, type_, name = _INDEX.sub("", address).split(".")
    for module in modules[1::2]:
        configuration = configuration.get("module_calls", {}).get(module, {}).get("module", {})
    for block in configuration.get("resources", ()):
        if block.get("address") == f"{type_}.{name}":
            return frozenset(block.get("expressions", ()))
    return None


def holds_true(value: Any) -> bool:
    """Whether a (nested) mirror of unknown values holds a `True`."""
    if isinstance(value, dict):
        return any(holds_true(item) for item in value.values())
    if isinstance(value, list):
        return any(holds_true(item) for item in value)
    return value is True


def blocks(values: Json, *path: str) -> Iterator[Json]:
    """Yield the nested blocks at a path; Terraform writes a block as a list, even if only one is allowed."""
    if not path:
        yield values
        return
    nested = values.get(path[0]) or []
    for item in nested if isinstance(nested, list) else [nested]:
        if isinstance(item, dict):
            yield from blocks(item, *path[1:])
