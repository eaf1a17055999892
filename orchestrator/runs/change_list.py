"""Render the contents of a plan as text: resources by stack and module, risks by class."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from itertools import groupby
from typing import TYPE_CHECKING

from orchestrator.risk import CLASSES, Risk
from orchestrator.runs.result import ChangeAction, ChangeResult, RiskResult

if TYPE_CHECKING:
    from orchestrator.terraform.model import Change

MARKS: dict[ChangeAction, str] = {"create": "+", "update": "~", "replace": "±", "delete": "-", "forget": "."}
_WORDS: dict[ChangeAction, str] = {
    "create": "to add",
    "update": "to change",
    "replace": "to replace",
    "delete": "to delete",
    "forget": "to forget",
}
_ADDRESS = re.compile(r"(?P<module>(?:module\.[\w-]+(?:\[[^]]*\])?\.)*)(?P<type>\w+)\.(?P<name>.+)")
_WIDTH = 110
_FEW = 8
"""How many risks of one class in one stack are listed; the others are summed up."""


def change_result(change: Change) -> ChangeResult:
    """Convert terraform's actions to one word."""
    actions = set(change.actions)
    action: ChangeAction
    if {"create", "delete"} <= actions:
        action = "replace"
    else:
        action = next((each for each in MARKS if each in actions), "update")
    return ChangeResult(address=change.address, type=change.type, action=action)


def stacks(changes: Mapping[str, Sequence[ChangeResult]]) -> list[str]:
    """Return everything that changes, one paragraph per stack."""
    lines = []
    for stack, every in changes.items():
        lines += [f"{stack}: {counts(every)}", *_modules(every), ""]
    total = [change for every in changes.values() for change in every]
    if len(changes) > 1:
        lines += [f"{len(changes)} stacks: {counts(total)}", ""]
    return lines


def counts(changes: Sequence[ChangeResult]) -> str:
    """`112 to add, 3 to change`."""
    number = Counter(change.action for change in changes)
    parts = [f"{number[action]} {word}" for action, word in _WORDS.items() if number[action]]
    return ", ".join(parts) or "no changes"


def _modules(changes: Sequence[ChangeResult]) -> Iterator[str]:
    placed = sorted((_place(change) for change in changes), key=lambda each: each[0])
    for module, members in groupby(placed, key=lambda each: each[0]):
        of_module = list(members)
        yield f"  {module or 'root'} ({len(of_module)})"
        by_type: dict[tuple[str, str], list[str]] = {}
        for _, mark, type_, name in of_module:
            by_type.setdefault((mark, type_), []).append(name)
        for (mark, type_), names in sorted(by_type.items(), key=lambda each: each[0][1]):
            yield from _folded(f"    {mark} {type_:<40} ", ", ".join(_shared(names)))


def _place(change: ChangeResult) -> tuple[str, str, str, str]:
    """Return module path, mark, type and name. An address of unknown form counts as a name."""
    match = _ADDRESS.fullmatch(change.address)
    module, name = (match["module"].rstrip("."), match["name"]) if match else ("", change.address)
    return module, MARKS[change.action], change.type, name


def _shared(names: Sequence[str]) -> Iterator[str]:
    """Combine the instances of one resource: `private["a", "b"]`."""
    instances: dict[str, list[str]] = {}
    for name in names:
        own, _, key = name.partition("[")
        instances.setdefault(own, []).append(key.rstrip("]"))
    for own, keys in instances.items():
        yield own if keys == [""] else f"{own}[{', '.join(keys)}]"


def _folded(start: str, text: str) -> Iterator[str]:
    """Wrap one entry; further lines are indented to the names."""
    line = start
    for word in text.split(" "):
        if len(line) + len(word) > _WIDTH and line.strip():
            yield line.rstrip()
            line = " " * len(start)
        line += word + " "
    yield line.rstrip()


def risks(entries: Sequence[Risk | RiskResult], *, every: bool = False) -> list[str]:
    """Return a line per class with its stacks, then the single risks by stack.

    A first deployment has many grants: of a class with more than a few risks in a stack only some are listed, unless
    `every` is set. State loss and exposure are always listed in full.
    """
    lines = counted(entries)
    for stack in dict.fromkeys(risk.stack for risk in entries):
        lines.append(f"  {stack}")
        for kind in CLASSES:
            lines += _of_class([risk for risk in entries if (risk.stack, risk.kind) == (stack, kind)], every=every)
        lines.append("")
    return lines


def counted(entries: Sequence[Risk | RiskResult]) -> list[str]:
    """Return a line per class with the number of risks in each stack."""
    if not entries:
        return []
    lines = ["Risks"]
    for kind in CLASSES:
        number = Counter(risk.stack for risk in entries if risk.kind == kind)
        if number:
            where = ", ".join(f"{stack} {count}" for stack, count in number.items())
            lines.append(f"  {kind:<16} {sum(number.values()):>3}  ({where})")
    return [*lines, ""]


def _of_class(entries: Sequence[Risk | RiskResult], *, every: bool) -> Iterator[str]:
    if not entries:
        return
    whole = every or len(entries) <= _FEW or entries[0].kind != "iam-growth"
    for risk in entries if whole else entries[: _FEW - 1]:
        yield f"    {risk.kind:<16} {risk.resource}"
        yield f"    {'':<16}   {risk.reason}"
    if not whole:
        rest = entries[_FEW - 1 :]
        kinds = Counter(_type(risk.resource) for risk in rest)
        words = ", ".join(f"{count} {type_}" for type_, count in kinds.most_common())
        yield f"    {rest[0].kind:<16} and {len(rest)} more: {words}"


def _type(address: str) -> str:
    match = _ADDRESS.fullmatch(address)
    return match["type"] if match else address
