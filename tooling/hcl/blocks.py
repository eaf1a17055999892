"""Just enough HCL to ask what a folder declares. It relies on `terraform fmt`, which a test enforces.

Formatted top-level blocks start in column 0 and end with a `}` there; entries of `locals` and arguments of
a block are indented by two blanks.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

BLOCK = re.compile(
    r'^(?P<kind>[a-z_]+)(?P<labels>(?: "[^"]+")*) \{(?:\}$|\n(?P<body>.*?)^\})', re.MULTILINE | re.DOTALL
)
ENTRY = re.compile(r"^  (\w+)\s*=", re.MULTILINE)
COMMENT = re.compile(r"^\s*(#|//).*$|\s+# .*$", re.MULTILINE)


@dataclass(frozen=True)
class Block:
    kind: str
    labels: tuple[str, ...]
    body: str

    @property
    def name(self) -> str:
        return ".".join((self.kind, *self.labels))


def read(folder: Path) -> list[Block]:
    """Read all top-level blocks of a folder; each entry of `locals` becomes a separate block `local.<name>`."""
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
