"""All mutants of one folder of Terraform code, from the code and the tables."""

from __future__ import annotations

import random
import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

from tooling.hcl import tree as hcl
from tooling.quality.mutations import table
from tooling.quality.mutations.mutant import Kind, Mutant

SERVICE = re.compile(r'"([a-z0-9-]+):')


@dataclass(frozen=True)
class Generated:
    mutants: list[Mutant]
    unknown: list[str]
    """Attributes that are in neither table."""


def of_folder(terraform: Path, folder: Path) -> Generated:
    name = folder.relative_to(terraform).as_posix()
    mutants: list[Mutant] = []
    unknown: list[str] = []
    for file in sorted(folder.glob("*.tf")):
        maker = _Maker(name, file)
        mutants += maker.mutants()
        unknown += maker.unknown
    return Generated(mutants, unknown)


def sample(mutants: list[Mutant], most: int, seed: int) -> list[Mutant]:
    """Choose at most `most` of each category, all for 0; for one seed, larger samples contain the smaller ones."""
    if not most:
        return mutants
    chosen: list[Mutant] = []
    for category in sorted({mutant.category for mutant in mutants}):
        of = [mutant for mutant in mutants if mutant.category == category]
        random.Random(f"{seed} {category}").shuffle(of)
        chosen += of[:most]
    return chosen


class _Maker:
    def __init__(self, folder: str, file: Path) -> None:
        self.folder, self.file = folder, file
        self.text = file.read_text(encoding="utf-8")
        self.unknown: list[str] = []

    def mutants(self) -> list[Mutant]:
        mutants: list[Mutant] = []
        for block in hcl.read(self.text):
            kind = block.labels[0] if block.kind == "block" and block.labels else block.name
            address = ".".join(block.labels) if block.name == "resource" else ".".join((block.name, *block.labels))
            if block.name == "resource" and table.RESOURCES.match(kind):
                mutants.append(self._removed(block, address, "missing resource", Kind.RESOURCE))
            if block.name in ("resource", "data", "module", "provider"):
                mutants += self._settings(block, kind if block.name in ("resource", "data") else block.name, address)
            if block.name == "variable":
                mutants += self._guards(block, address)
            if block.name in ("resource", "data", "locals"):
                mutants += self._statements(block, address)
                mutants += self._inside_expressions(block, "locals" if block.name == "locals" else kind, address)
        return _numbered(mutants)

    def _settings(self, block: hcl.Node, path: str, address: str) -> Iterator[Mutant]:
        for child in block.children:
            if child.kind == "attribute":
                yield from self._attribute(child, path, f"{address}.{child.name}")
                continue
            name = child.labels[0] if child.name == "dynamic" else child.name
            if name in table.BLOCKS and not path.endswith("override_provider"):
                kind = Kind.GUARD if table.BLOCKS[name] == table.INPUT_GUARDS else Kind.BLOCK
                yield self._removed(child, f"{address}.{name}", table.BLOCKS[name], kind)
            inner = path if name == "content" else f"{path}.{name}"
            yield from self._settings(child, inner, address if name == "content" else f"{address}.{name}")

    def _guards(self, block: hcl.Node, address: str) -> Iterator[Mutant]:
        guards = [child for child in block.children if child.name in table.BLOCKS]
        for number, child in enumerate(guards, start=1):
            where = f"{address}.{child.name}" + (f" {number}" if len(guards) > 1 else "")
            yield self._removed(child, where, table.BLOCKS[child.name], Kind.GUARD)

    def _attribute(self, node: hcl.Node, path: str, address: str) -> Iterator[Mutant]:
        ways = [] if path.startswith("aws_iam_policy_document") else _ways(node.name, path)
        if not (ways or path.startswith(("aws_iam_policy_document", "module")) or table.HARMLESS.match(node.name)):
            self.unknown.append(f"{self.folder}: {path}.{node.name}")
        yield from self._weakened(node, ways, address)

    def _weakened(self, node: hcl.Node, ways: list[table.Weaker], address: str) -> Iterator[Mutant]:
        old = self.text[slice(*node.value)]
        for way in ways:
            if way.value is table.DROP:
                yield self._removed(node, address, way.category, Kind.ATTRIBUTE)
            elif way.value != old:
                yield self._mutant(address, way.category, f"{way.value}", node.value, way.value or "")

    def _inside_expressions(self, block: hcl.Node, path: str, address: str) -> Iterator[Mutant]:
        """Mutate settings in objects: locals of resources, and documents written with `jsonencode`."""
        for attribute in (child for child in block.children if child.kind == "attribute"):
            for node in attribute.walk():
                if node is not attribute and node.kind == "attribute":
                    ways = [way for way in _ways(node.name, path) if way.value is not table.DROP]
                    yield from self._weakened(node, ways, f"{address}.{attribute.name}.{node.name}")

    def _statements(self, block: hcl.Node, address: str) -> Iterator[Mutant]:
        for node in block.walk():
            names = {child.name for child in node.children}
            if node.kind == "object" and hcl.is_statement(names):
                yield from self._statement(node, f"{address}{self._sid(node, 'Sid')}")
            elif node.kind == "block" and node.name in ("statement", "content") and names & {"actions", "not_actions"}:
                yield from self._document_statement(node, f"{address}{self._sid(node, 'sid')}")

    def _statement(self, node: hcl.Node, address: str) -> Iterator[Mutant]:
        if self._value(node, "Effect") == '"Deny"':
            yield self._denial_gone(node, address)
            return
        for name, wide, kind in (
            ("Action", self._service(node, "Action"), Kind.ACTION),
            ("Resource", '"*"', Kind.TARGET),
            ("Principal", '"*"', Kind.PRINCIPAL),
        ):
            attribute = node.child(name)
            if attribute and wide and self._value(node, name) not in (wide, f"[{wide}]"):
                yield self._mutant(f"{address}.{name}", "IAM", f"{wide}", attribute.value, wide, kind)
        condition = node.child("Condition")
        if condition:
            yield from self._conditions(condition, address)

    def _conditions(self, condition: hcl.Node, address: str) -> Iterator[Mutant]:
        """Remove every key of the condition alone: each of them narrows."""
        for operators in condition.children:
            for operator in operators.children:
                keys = [key for inner in operator.children for key in inner.children]
                for key in keys or [operator]:
                    alone = len(keys) <= 1
                    victim = condition if alone and len(operators.children) == 1 else operator if alone else key
                    where = f"{address}.Condition.{operator.name}" + (f".{key.name}" if key is not operator else "")
                    mutant = self._mutant(where, "IAM", "removed", self._with_comma(victim), "", Kind.CONDITION)
                    yield replace(mutant, around=(operator.start, operator.value[1]))

    def _document_statement(self, node: hcl.Node, address: str) -> Iterator[Mutant]:
        if self._value(node, "effect") == '"Deny"':
            yield replace(self._removed(node, address, "IAM", Kind.BLOCK), change="denial removed")
            return
        wide = self._service(node, "actions")
        for name, value, kind in (("actions", f"[{wide}]", Kind.ACTION), ("resources", '["*"]', Kind.TARGET)):
            attribute = node.child(name)
            if attribute and (wide or name == "resources") and self._value(node, name) != value:
                yield self._mutant(f"{address}.{name}", "IAM", value, attribute.value, value, kind)
        for child in node.children:
            if child.name == "condition":
                yield self._removed(child, f"{address}.condition", "IAM", Kind.BLOCK)
            identifiers = child.child("identifiers") if child.name == "principals" else None
            if identifiers:
                where = f"{address}.principals.identifiers"
                yield self._mutant(where, "IAM", '["*"]', identifiers.value, '["*"]', Kind.PRINCIPAL)

    def _denial_gone(self, node: hcl.Node, address: str) -> Mutant:
        effect = node.child("Effect")
        assert effect
        # A denial of nothing: removing it from the list would be the same, and may leave a comma too many.
        action = node.child("Action") or node.child("NotAction")
        assert action
        return self._mutant(address, "IAM", "denial void", action.value, '"none:None"')

    def _service(self, node: hcl.Node, name: str) -> str | None:
        services = SERVICE.findall(self._value(node, name) or "")
        return f'"{services[0]}:*"' if services else '"*"' if node.child(name) else None

    def _sid(self, node: hcl.Node, name: str) -> str:
        value = self._value(node, name)
        return f"[{value.strip(chr(34))}]" if value else ""

    def _value(self, node: hcl.Node, name: str) -> str | None:
        child = node.child(name)
        return self.text[slice(*child.value)] if child else None

    def _with_comma(self, node: hcl.Node) -> tuple[int, int]:
        """Return the span of a node; for an entry of an object on one line, including its comma."""
        comma = re.compile(r"\s*,").match(self.text, node.end)
        if comma and not self.text[: node.start].endswith("\n"):
            return node.start, comma.end()
        before = re.compile(r",\s*$").search(self.text[: node.start])
        if (
            before
            and "\n" not in self.text[before.start() : node.start]
            and self.text[node.start : node.start + 1] != " "
        ):
            return before.start(), node.end
        return node.start, node.end

    def _removed(self, node: hcl.Node, address: str, category: str, kind: Kind) -> Mutant:
        return self._mutant(address, category, "removed", (node.start, node.end), "", kind)

    def _mutant(
        self,
        address: str,
        category: str,
        change: str,
        span: tuple[int, int],
        replacement: str,
        kind: Kind = Kind.VALUE,
    ) -> Mutant:
        return Mutant(self.folder, self.file.name, address, category, change, span, replacement, kind)


def _ways(name: str, path: str) -> list[table.Weaker]:
    return [way for way in table.WEAKER if re.fullmatch(way.names, name) and re.match(way.within, path)]


def _numbered(mutants: list[Mutant]) -> list[Mutant]:
    """Number repeated blocks of one address, from the second."""
    seen: Counter[str] = Counter()
    numbered = []
    for mutant in mutants:
        seen[mutant.name] += 1
        number = seen[mutant.name]
        numbered.append(replace(mutant, address=f"{mutant.address}#{number}") if number > 1 else mutant)
    return numbered
