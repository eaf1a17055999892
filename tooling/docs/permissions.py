"""Write `docs/reference/permissions.md`: every permission that the Terraform code grants or denies.

    python -m tooling.docs.permissions [--check]

`--check` writes nothing and exits with 1 if the page is out of date. A wider action, another resource or a removed
condition shows as a changed line of this page in the review.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from tooling.docs.pages import cell, publish, table
from tooling.hcl import tree as hcl

REPO = Path(__file__).resolve().parents[2]
PAGE = Path("docs/reference/permissions.md")
WORDS = {
    "effect": "Effect",
    "actions": "Action",
    "not_actions": "NotAction",
    "resources": "Resource",
    "principals": "Principal",
    "condition": "Condition",
}
"""Arguments of a policy document data source and the members of IAM's JSON they become."""

INTRODUCTION = """\
# Permissions

<!-- Written by `make docs` from the policies in terraform/. -->

Every statement of every policy, with the expressions of the code: role, key, bucket, topic and queue policies, and
the permissions boundary. A change to any of them changes this page.
"""


@dataclass(frozen=True)
class Statement:
    """One statement of a policy; texts are HCL expressions without line breaks."""

    place: str
    sid: str
    words: dict[str, str]

    @property
    def is_denial(self) -> bool:
        return '"Deny"' in self.words.get("Effect", "")


def statements(folder: Path) -> list[Statement]:
    """Return the statements of all files of one module or root, in order."""
    collected: list[Statement] = []
    for file in sorted(folder.glob("*.tf")):
        text = file.read_text(encoding="utf-8")
        for block in hcl.read(text):
            if block.name in ("resource", "data", "locals"):
                collected += _of_block(text, block, f"{file.name}: {'.'.join(block.labels) or 'locals'}")
    return collected


def _of_block(text: str, block: hcl.Node, place: str) -> Iterator[Statement]:
    for node in block.walk():
        names = {child.name for child in node.children}
        if node.kind == "object" and hcl.is_statement(names):
            words = {child.name: _one_line(text, child.value) for child in node.children}
            yield Statement(place, words.pop("Sid", "").strip('"'), words)
        elif node.kind == "block" and names & {"actions", "not_actions"}:
            given: dict[str, str] = {}
            for child in node.children:
                before = given.get(WORDS.get(child.name, ""))
                now = _one_line(text, child.value)
                given[WORDS.get(child.name, child.name)] = f"{before}; {now}" if before else now
            yield Statement(place, given.pop("sid", "").strip('"'), given)


def _one_line(text: str, span: tuple[int, int]) -> str:
    without_comments = re.sub(r"(^|\s)#[^\n]*", "", text[slice(*span)])
    return " ".join(without_comments.split())


def page(terraform: Path) -> str:
    folders = sorted({file.parent for file in terraform.rglob("*.tf") if _is_code(file)})
    return INTRODUCTION + "".join(_section(terraform, folder) for folder in folders if statements(folder))


def _is_code(file: Path) -> bool:
    return not {".terraform", "examples", "tests"} & set(file.parts)


def _section(terraform: Path, folder: Path) -> str:
    name = folder.relative_to(terraform).as_posix()
    rows = (map(cell, _row(each)) for each in statements(folder))
    every = table(("Where", "Statement", "Principal, condition", "Action", "Resource"), rows)
    return f"\n## [{name}](../../terraform/{name})\n\n{every}"


def _row(statement: Statement) -> Iterable[str]:
    words = dict(statement.words)
    effect = words.pop("Effect", "")
    actions = [words.pop(name) for name in ("Action", "NotAction") if name in words]
    resources = [words.pop(name) for name in ("Resource", "NotResource") if name in words]
    rest = "; ".join(f"{name}: {value}" for name, value in words.items())
    denied = "**deny** " if statement.is_denial else "" if effect in ("", '"Allow"') else f"{effect} "
    return statement.place, statement.sid, rest, denied + ", ".join(actions), ", ".join(resources)


def main() -> int:
    """Write the page, or with `--check` report that it is out of date."""
    stale = "is out of date\nhint: run `make docs` and review the changes"
    return publish(REPO, {PAGE: page(REPO / "terraform")}, stale)


if __name__ == "__main__":
    sys.exit(main())
