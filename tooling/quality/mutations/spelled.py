"""One weakening, many ways to write it: respells a mutant by the kind of what it puts in or takes away.

Nothing here knows an attribute or a resource: each row of `table.py` gets the
spellings of its kind. `tests/unit/tooling/quality/mutations/test_spelled.py` tries with Terraform what they mean.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import NamedTuple

from tooling.hcl import tree as hcl
from tooling.quality.mutations.mutant import Kind, Mutant

ELSEWHERE = "said_elsewhere"
"""Name of the local or the variable that some spellings put their value into."""
AMOUNT = re.compile(r"days|seconds|limit|cutoff|retention")
KEY = re.compile(r"kms|key_id|encryption_key")
_EMPTY = {"[": "[]", "{": "{}"}


class Spelling(NamedTuple):
    """A way to write a mutant: what stands in its place, and what stands at the end of the file for it."""

    way: str
    text: str
    addition: str = ""


def of(mutant: Mutant, text: str) -> list[Mutant]:
    """Return all other spellings of a mutant of a file's text, without its own."""
    old = text[slice(*mutant.span)]
    spellings = [
        replace(mutant, replacement=each.text, addition=each.addition, spelling=each.way)
        for each in _MAKERS[mutant.kind](mutant, old)
        if each.text != mutant.replacement
    ]
    if mutant.around:
        spellings += [
            replace(mutant, span=mutant.around, replacement=each.text, spelling=each.way)
            for each in _renamed(text[slice(*mutant.around)])
        ]
    return spellings


def values(new: str, old: str = "") -> Iterator[Spelling]:
    """Yield expressions with the value of a literal; `old` is the previous one, of the same type."""
    yield from _elsewhere(new)
    if new.startswith('"'):
        content = json.loads(new)
        half = len(content) // 2 or 1
        yield Spelling("escaped", f'"\\u{ord(content[0]):04x}{content[1:]}"')
        yield Spelling("joined", f'join("", [{json.dumps(content[:half])}, {json.dumps(content[half:])}])')
        yield Spelling("formatted", f'format("%s", {new})')
    elif new in ("true", "false"):
        yield Spelling("as text", f'"{new}"')
        yield Spelling("converted", f'tobool("{new}")')
        yield Spelling("decoded", f'jsondecode("{new}")')
    elif new.isdigit():
        yield Spelling("as text", f'"{new}"')
        yield Spelling("converted", f'tonumber("{new}")')
        yield Spelling("computed", f"{int(new) - 1} + 1")
    elif new.startswith("["):
        yield Spelling("put together", f"concat([], {new})")
        yield Spelling("gone through", f"[for each_ in {new} : each_]")
    elif new == "{}":
        yield Spelling("merged", "merge({}, {})")
        yield Spelling("gone through", "{ for name_, each_ in {} : name_ => each_ }")
    elif new == "null":
        yield Spelling("the only one of none", "one([])")
    if _may_be_an_alternative(new, old):
        yield Spelling("by a condition", f'length("x") == 1 ? {new} : {old}')


def _elsewhere(value: str) -> Iterator[Spelling]:
    if re.match(r'"|\[|\{|null$|true$|false$|\d+$', value):
        yield Spelling("by a local", f"local.{ELSEWHERE}", f"\nlocals {{\n  {ELSEWHERE} = {value}\n}}\n")
        variable = f'\nvariable "{ELSEWHERE}" {{\n  type    = any\n  default = {value}\n}}\n'
        yield Spelling("by a default", f"var.{ELSEWHERE}", variable)
    else:
        yield Spelling("formatted", f'format("%s", {value})')
        yield Spelling("joined", f'join("", [{value}])')


def _may_be_an_alternative(new: str, old: str) -> bool:
    """Tell whether both can be results of one condition: Terraform requires one type."""
    return bool(old) and "<<" not in old and not new.startswith("{") and not (new.startswith("[") and old[0] == "[")


def _value(mutant: Mutant, old: str) -> Iterator[Spelling]:
    if mutant.address.endswith(".ignore_changes"):  # Terraform takes no expression there
        for way, names in (("another one", "[description]"), ("in quotes", '["description"]'), ("two", "[id, arn]")):
            yield Spelling(way, names)
        return
    yield from values(mutant.replacement, old)


def _attribute(mutant: Mutant, old: str) -> Iterator[Spelling]:
    """Spell a removed attribute as null or as empty, which is the same to AWS."""
    node = hcl.read(old)[0]
    value = old[slice(*node.value)]
    empty = _EMPTY.get(value[:1], "0" if AMOUNT.search(node.name) else '""')
    given = [Spelling("null", "null"), *values("null", value), Spelling("empty", empty)]
    if KEY.search(node.name) and value[:1] != "[":
        given.append(Spelling("AWS's own key", '"alias/aws/own"'))
    for each in given:
        yield each._replace(text=_with(old, node.value, each.text))


def _block(mutant: Mutant, old: str) -> Iterator[Spelling]:
    """Spell a removed block as one that is repeated zero times."""
    node = hcl.read(old)[0]
    for each in _nothing_of("[]"):
        if node.name == "dynamic":
            made_from = node.child("for_each")
            assert made_from
            yield each._replace(text=_with(old, made_from.value, each.text))
        elif node.name != "content":
            body = old[slice(*node.value)]
            yield each._replace(text=f'dynamic "{node.name}" {{\n  for_each = {each.text}\n  content {{{body}}}\n}}\n')


def _nothing_of(nothing: str) -> Iterator[Spelling]:
    yield Spelling("for each of none", nothing)
    yield Spelling("for each of an empty set", "toset([])")
    yield from (each for each in values(nothing) if each.way in ("by a local", "by a default"))


def _guard(mutant: Mutant, old: str) -> Iterator[Spelling]:
    node = hcl.read(old)[0].child("condition")
    assert node
    condition = old[slice(*node.value)]
    for way, always in (
        ("or true", f"({condition}) || true"),
        ("any of it and true", f"anytrue([true, {condition}])"),
        ("its alternative", f'length("x") == 1 ? true : ({condition})'),
    ):
        yield Spelling(way, _with(old, node.value, always))


def _resource(mutant: Mutant, old: str) -> Iterator[Spelling]:
    """Spell a removed resource as one with count zero."""
    node = hcl.read(old)[0]
    counted, repeated = node.child("count"), node.child("for_each")
    if counted:
        for each in (Spelling("none times", "0"), *values("0", old[slice(*counted.value)])):
            yield each._replace(text=_with(old, counted.value, each.text))
    elif repeated:
        for each in (*_nothing_of("{}"), Spelling("merged", "merge({}, {})")):
            yield each._replace(text=_with(old, repeated.value, each.text))
    else:
        for name, each in (
            ("count", Spelling("none times", "0")),
            *(("count", each) for each in values("0") if each.way in ("by a local", "by a default")),
            ("for_each", Spelling("for each of none", "{}")),
        ):
            yield each._replace(text=_with(old, (node.value[0], node.value[0]), f"\n  {name} = {each.text}\n"))


def _action(mutant: Mutant, old: str) -> Iterator[Spelling]:
    action = json.loads(mutant.replacement.strip("[]"))
    service, colon, rest = action.partition(":")
    wrap = "[{}]" if mutant.replacement.startswith("[") else "{}"
    yield Spelling("as a list", f'["{action}"]')
    yield Spelling("in capitals", wrap.format(f'"{service.upper()}{colon}{rest}"'))
    yield Spelling("by another wildcard", wrap.format(f'"{service}:?*"' if colon else '"*:*"'))
    yield from _pattern(mutant, old, action)
    if colon:
        yield Spelling("with all others", wrap.format('"*"'))


def _target(mutant: Mutant, old: str) -> Iterator[Spelling]:
    wrap = "[{}]" if mutant.replacement.startswith("[") else "{}"
    for way, pattern in (("star twice", "**"), ("every ARN", "arn:*"), ("every ARN of six parts", "arn:*:*:*:*:*")):
        yield Spelling(way, wrap.format(f'"{pattern}"'))
    yield Spelling("as a list", '["*"]')
    yield from _pattern(mutant, old, "*")


def _principal(mutant: Mutant, old: str) -> Iterator[Spelling]:
    if mutant.replacement.startswith("["):
        yield from _pattern(mutant, old, "*")
        return
    yield Spelling("of AWS", '{ AWS = "*" }')
    yield Spelling("a list of AWS", '{ AWS = ["*"] }')
    yield from _pattern(mutant, "", "*")


def _pattern(mutant: Mutant, old: str, pattern: str) -> Iterator[Spelling]:
    """Spell a pattern in a list, alone, and among the previous values."""
    wrap = "[{}]" if mutant.replacement.startswith("[") else "{}"
    escaped = "".join(f"\\u{ord(sign):04x}" if sign in "*:" else sign for sign in pattern)
    yield Spelling("escaped", wrap.format(f'"{escaped}"'))
    if old and "<<" not in old:
        yield Spelling("among others", f'concat(flatten([{old}]), ["{pattern}"])')
    yield from _elsewhere(mutant.replacement)


def _condition(mutant: Mutant, old: str) -> Iterator[Spelling]:
    """Spell a removed condition or operator as empty; a key among others cannot be empty and is only loosened."""
    node = next(iter(hcl.read(old)), None)
    if node and node.kind == "attribute" and old[node.value[0] :].startswith("{"):
        for each in (Spelling("empty", "{}"), *_elsewhere("{}")):
            yield each._replace(text=_with(old, node.value, each.text))


def _renamed(whole: str) -> Iterator[Spelling]:
    """Spell a condition's operator in the forms that hold if the key is missing."""
    match = re.match(r'\s*"?([\w:]+)"?', whole)
    assert match
    operator, start = match[1], match.start(1) - (whole[match.start(1) - 1] == '"')
    rest = whole[match.end() :]
    bare = re.sub("^For(Any|All)Values?:|IfExists$", "", operator)
    for way, name in (
        ("if it exists", f'"{bare}IfExists"'),
        ("for all of none", f'"ForAllValues:{bare}"'),
        ("both", f'"ForAllValues:{bare}IfExists"'),
    ):
        if name != f'"{operator}"':
            yield Spelling(way, f"{whole[:start]}{name}{rest}")


def _with(text: str, span: tuple[int, int], value: str) -> str:
    return text[: span[0]] + value + text[span[1] :]


_MAKERS: dict[Kind, Callable[[Mutant, str], Iterator[Spelling]]] = {
    Kind.VALUE: _value,
    Kind.ATTRIBUTE: _attribute,
    Kind.BLOCK: _block,
    Kind.GUARD: _guard,
    Kind.RESOURCE: _resource,
    Kind.ACTION: _action,
    Kind.TARGET: _target,
    Kind.PRINCIPAL: _principal,
    Kind.CONDITION: _condition,
}
