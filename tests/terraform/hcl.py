"""Just enough HCL to ask who refers to whom. It relies on `terraform fmt`, which a test enforces.

Formatted top-level blocks start in column 0 and end with a `}` there; entries of `locals` and arguments of
a block are indented by two blanks.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

REPO = Path(__file__).resolve().parents[2]
TERRAFORM = REPO / "terraform"

PHASES = sorted(path for path in (TERRAFORM / "phases").iterdir() if path.is_dir())
ROOTS = sorted(file.parent for phase in PHASES for file in phase.rglob("versions.tf") if ".terraform" not in file.parts)
"""Every root: the phases' own, and the stacks beside them in folders below."""

BLOCK = re.compile(
    r'^(?P<kind>[a-z_]+)(?P<labels>(?: "[^"]+")*) \{(?:\}$|\n(?P<body>.*?)^\})', re.MULTILINE | re.DOTALL
)
ENTRY = re.compile(r"^  (\w+)\s*=", re.MULTILINE)
COMMENT = re.compile(r"^\s*(#|//).*$|\s+# .*$", re.MULTILINE)
REFERENCE = re.compile(r"\b(module|local|var)\.(\w+)(?:\.(\w+))?|\bdata\.(\w+)\.(\w+)")


@dataclass(frozen=True)
class Block:
    kind: str
    labels: tuple[str, ...]
    body: str

    @property
    def name(self) -> str:
        return ".".join((self.kind, *self.labels))


def root_id(root: Path) -> str:
    return root.relative_to(TERRAFORM / "phases").as_posix()


def description(root: Path) -> dict[str, Any]:
    """What `phase.yaml` says about a root."""
    if root in PHASES:
        content: dict[str, Any] = yaml.safe_load((root / "phase.yaml").read_text(encoding="utf-8"))
        return content
    [found] = [each for each in description(root.parent)["stacks"] if each["name"] == root.name]
    return {"needs": found["upstream"], **found}


def read(folder: Path) -> list[Block]:
    """All top-level blocks of a folder; each entry of `locals` becomes a block `local.<name>` of its own."""
    blocks: list[Block] = []
    for file in sorted(folder.glob("*.tf")):
        blocks += parse(file.read_text(encoding="utf-8"))
    return blocks


def parse(text: str) -> list[Block]:
    blocks = []
    for match in BLOCK.finditer(COMMENT.sub("", text)):
        labels = tuple(re.findall(r'"([^"]+)"', match["labels"]))
        body = match["body"] or ""
        if match["kind"] == "locals":
            blocks += [Block("local", (name,), value) for name, value in entries(body)]
        else:
            blocks.append(Block(match["kind"], labels, body))
    return blocks


def entries(body: str) -> list[tuple[str, str]]:
    starts = [(match.start(), match[1]) for match in ENTRY.finditer(body)]
    ends = [start for start, _ in starts[1:]] + [len(body)]
    return [(name, body[start:end]) for (start, name), end in zip(starts, ends, strict=True)]


def references(block: Block) -> set[tuple[str, ...]]:
    """What a block mentions: ("module", name), ("local", name), ("var", name, attribute), ("data", type, name)."""
    found: set[tuple[str, ...]] = set()
    for kind, name, attribute, data_type, data_name in REFERENCE.findall(block.body):
        if data_type:
            found.add(("data", data_type, data_name))
        else:
            found.add((kind, name, attribute) if kind == "var" else (kind, name))
    return found


def module_edges(blocks: Iterable[Block], upstream: Iterable[str]) -> set[tuple[str, str]]:
    """(producer, consumer) for every module of one root, through locals and data sources as well.

    Args:
        blocks: the root's blocks.
        upstream: names of the variables that carry other phases' outputs; their attributes are modules.
    """
    known = {block.name: block for block in blocks}
    carriers = set(upstream)

    def producers(block: Block, seen: frozenset[str]) -> set[str]:
        found: set[str] = set()
        for kind, name, *rest in references(block):
            if kind == "var" and name in carriers and rest[0]:
                found.add(rest[0])
            elif kind == "module":
                found.add(name)
            else:
                inner = known.get(".".join((kind, name, *rest)))
                if kind in ("local", "data") and inner is not None and inner.name not in seen:
                    found |= producers(inner, seen | {inner.name})
        return found

    return {
        (producer, block.labels[0])
        for block in known.values()
        if block.kind == "module"
        for producer in producers(block, frozenset())
        if producer != block.labels[0]
    }
