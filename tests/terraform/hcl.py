"""References in the HCL of this repository; `tooling/hcl/blocks.py` parses it."""

from __future__ import annotations

import re
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import yaml

from tooling.hcl.blocks import Block, entries, parse, read

__all__ = ["Block", "entries", "parse", "read"]

REPO = Path(__file__).resolve().parents[2]
TERRAFORM = REPO / "terraform"

PHASES = sorted(path for path in (TERRAFORM / "phases").iterdir() if path.is_dir())
ROOTS = sorted(file.parent for phase in PHASES for file in phase.rglob("versions.tf") if ".terraform" not in file.parts)
"""Every root: the phases' own, and the stacks beside them in folders below."""

REFERENCE = re.compile(r"\b(module|local|var)\.(\w+)(?:\.(\w+))?|\bdata\.(\w+)\.(\w+)")


def root_id(root: Path) -> str:
    return root.relative_to(TERRAFORM / "phases").as_posix()


def description(root: Path) -> dict[str, Any]:
    """What `phase.yaml` says about a root."""
    if root in PHASES:
        content: dict[str, Any] = yaml.safe_load((root / "phase.yaml").read_text(encoding="utf-8"))
        return content
    [stack] = [each for each in description(root.parent)["stacks"] if each["name"] == root.name]
    return {"needs": stack["upstream"], **stack}


def references(block: Block) -> set[tuple[str, ...]]:
    """What a block mentions: ("module", name), ("local", name), ("var", name, attribute), ("data", type, name)."""
    referenced: set[tuple[str, ...]] = set()
    for kind, name, attribute, data_type, data_name in REFERENCE.findall(block.body):
        if data_type:
            referenced.add(("data", data_type, data_name))
        else:
            referenced.add((kind, name, attribute) if kind == "var" else (kind, name))
    return referenced


def module_edges(blocks: Iterable[Block], upstream: Iterable[str]) -> set[tuple[str, str]]:
    """(producer, consumer) for every module of one root, through locals and data sources as well.

    Args:
        blocks: the root's blocks.
        upstream: names of the variables that carry other phases' outputs; their attributes are modules.
    """
    known = {block.name: block for block in blocks}
    carriers = set(upstream)

    def producers(block: Block, seen: frozenset[str]) -> set[str]:
        names: set[str] = set()
        for kind, name, *rest in references(block):
            if kind == "var" and name in carriers and rest[0]:
                names.add(rest[0])
            elif kind == "module":
                names.add(name)
            else:
                inner = known.get(".".join((kind, name, *rest)))
                if kind in ("local", "data") and inner is not None and inner.name not in seen:
                    names |= producers(inner, seen | {inner.name})
        return names

    return {
        (producer, block.labels[0])
        for block in known.values()
        if block.kind == "module"
        for producer in producers(block, frozenset())
        if producer != block.labels[0]
    }
