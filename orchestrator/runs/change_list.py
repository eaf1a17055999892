"""What a plan holds, in lines that a person can read: resources by stack and module, risks by class."""

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
"""Risks of one class in one stack that are listed; more than that are summed up."""


def change_result(change: Change) -> ChangeResult:
    """Terraform's actions as one word."""
    actions = set(change.actions)
    action: ChangeAction
    if {"create", "delete"} <= actions:
        action = "replace"
    else:
        action = next((each for each in MARKS if each in actions), "update")
    return ChangeResult(address=change.address, type=change.type, action=action)


def stacks(changes: Mapping[str, Sequence[ChangeResult]]) -> list[str]:
    """Everything that changes, one paragraph for each stack."""
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
    told = [f"{number[action]} {word}" for action, word in _WORDS.items() if number[action]]
    return ", ".join(told) or "no changes"


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
    """Module path, mark, type and name. What is no known address (there is none) would stand as its own name."""
    found = _ADDRESS.fullmatch(change.address)
    module, name = (found["module"].rstrip("."), found["name"]) if found else ("", change.address)
    return module, MARKS[change.action], change.type, name


def _shared(names: Sequence[str]) -> Iterator[str]:
    """Instances of one resource together: `private["a", "b"]`."""
    instances: dict[str, list[str]] = {}
    for name in names:
        own, _, key = name.partition("[")
        instances.setdefault(own, []).append(key.rstrip("]"))
    for own, keys in instances.items():
        yield own if keys == [""] else f"{own}[{', '.join(keys)}]"


def _folded(start: str, text: str) -> Iterator[str]:
    """One entry, its further lines under the first one's names."""
    line = start
    for word in text.split(" "):
        if len(line) + len(word) > _WIDTH and line.strip():
            yield line.rstrip()
            line = " " * len(start)
        line += word + " "
    yield line.rstrip()


def risks(found: Sequence[Risk | RiskResult], *, every: bool = False) -> list[str]:
    """A line per class with its stacks, then the single risks by stack.

    First creations hold many grants: of a class that has more than a few risks in a stack only some are
    listed, unless `every` one is wanted. What is lost or exposed is always listed.
    """
    lines = counted(found)
    for stack in dict.fromkeys(risk.stack for risk in found):
        lines.append(f"  {stack}")
        for kind in CLASSES:
            lines += _of_class([risk for risk in found if (risk.stack, risk.kind) == (stack, kind)], every=every)
        lines.append("")
    return lines


def counted(found: Sequence[Risk | RiskResult]) -> list[str]:
    """A line per class with the number of risks in each stack."""
    if not found:
        return []
    lines = ["Risks"]
    for kind in CLASSES:
        number = Counter(risk.stack for risk in found if risk.kind == kind)
        if number:
            where = ", ".join(f"{stack} {count}" for stack, count in number.items())
            lines.append(f"  {kind:<16} {sum(number.values()):>3}  ({where})")
    return [*lines, ""]


def _of_class(found: Sequence[Risk | RiskResult], *, every: bool) -> Iterator[str]:
    if not found:
        return
    whole = every or len(found) <= _FEW or found[0].kind != "iam-growth"
    for risk in found if whole else found[: _FEW - 1]:
        yield f"    {risk.kind:<16} {risk.resource}"
        yield f"    {'':<16}   {risk.reason}"
    if not whole:
        rest = found[_FEW - 1 :]
        kinds = Counter(_type(risk.resource) for risk in rest)
        words = ", ".join(f"{count} {type_}" for type_, count in kinds.most_common())
        yield f"    {rest[0].kind:<16} and {len(rest)} more: {words}"


def _type(address: str) -> str:
    found = _ADDRESS.fullmatch(address)
    return found["type"] if found else address
