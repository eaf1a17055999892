"""Resources as data, written as Terraform code and as a plan: one table of spellings serves both scans."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any

Json = dict[str, Any]


@dataclass(frozen=True)
class Ref:
    """A reference to another resource, whose value is unknown in a plan that creates both."""

    to: str


@dataclass(frozen=True)
class Block:
    """A nested block."""

    arguments: Json


@dataclass(frozen=True)
class Resource:
    kind: str
    name: str
    arguments: Json = field(default_factory=dict)

    @property
    def address(self) -> str:
        return f"{self.kind}.{self.name}"


def resource(kind: str, name: str, /, **arguments: Any) -> Resource:
    return Resource(kind, name, arguments)


def block(**arguments: Any) -> Block:
    return Block(arguments)


def source(resources: Iterable[Resource]) -> str:
    return "\n".join(
        f'resource "{each.kind}" "{each.name}" {{\n{"".join(_lines(each.arguments, 2))}}}\n' for each in resources
    )


def _lines(arguments: Json, depth: int) -> Iterator[str]:
    for name, value in arguments.items():
        for each in value if isinstance(value, list) and value and isinstance(value[0], Block) else [value]:
            if isinstance(each, Block):
                yield f"{' ' * depth}{name} {{\n{''.join(_lines(each.arguments, depth + 2))}{' ' * depth}}}\n"
            else:
                yield f"{' ' * depth}{name} = {_written(each)}\n"


def _written(value: Any) -> str:
    if isinstance(value, Ref):
        return value.to
    if isinstance(value, list):
        return f"[{', '.join(map(_written, value))}]"
    if isinstance(value, dict):
        return f"{{{', '.join(f'{name} = {_written(each)}' for name, each in value.items())}}}"
    return json.dumps(value)


def plan(resources: Iterable[Resource]) -> Json:
    resources = list(resources)
    return {
        "format_version": "1.2",
        "terraform_version": "1.11.4",
        "planned_values": {"root_module": {"resources": [_as_planned(each) for each in resources]}},
        "resource_changes": [_as_changed(each) for each in resources],
        "configuration": {"root_module": {"resources": [_as_configured(each) for each in resources]}},
    }


def _head(each: Resource) -> Json:
    return {"address": each.address, "mode": "managed", "type": each.kind, "name": each.name}


def _as_planned(each: Resource) -> Json:
    return {**_head(each), "provider_name": "aws", "schema_version": 0, "values": _known(each.arguments)}


def _as_changed(each: Resource) -> Json:
    change = {
        "actions": ["create"],
        "before": None,
        "after": _known(each.arguments),
        "after_unknown": {"id": True, **{name: True for name, value in each.arguments.items() if _refers(value)}},
    }
    return {**_head(each), "change": change}


def _as_configured(each: Resource) -> Json:
    expressions = {
        name: {"references": _refers(value)} if _refers(value) else {"constant_value": _known(value)}
        for name, value in each.arguments.items()
    }
    return {**_head(each), "expressions": expressions}


def _known(value: Any) -> Any:
    """A value as a plan shows it: blocks as lists of objects, and nothing that refers to what is yet to be made."""
    if isinstance(value, Block):
        return [_known(value.arguments)]
    if isinstance(value, list):
        return [_known(each.arguments if isinstance(each, Block) else each) for each in value]
    if isinstance(value, dict):
        return {name: _known(each) for name, each in value.items() if not _refers(each)}
    return value


def _refers(value: Any) -> list[str]:
    if isinstance(value, Ref):
        return [value.to, value.to.rpartition(".")[0]]
    return [to for each in value for to in _refers(each)] if isinstance(value, list) else []
