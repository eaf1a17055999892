"""Exceptions to rules: `checkov:skip=ID: reason` in a comment of the resource that differs.

checkov's own search takes any line of a block, whatever it says there, and counts braces in strings to find the block's
end; in a plan it looks a resource up by type and name alone, so that a skip in one module excuses another's resource.
Therefore it is told to look for none, and what it finds is compared with the comments that are read here.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator
from functools import cache
from pathlib import Path

from orchestrator.errors import PolicyGateBroken
from orchestrator.policy import files
from orchestrator.policy.hcl import Block, File, Token

_SKIP = re.compile(r"(?:#+|//+|/\*+|\*)?\s*checkov:skip=\s*([\w-]+(?:\s*,\s*[\w-]+)*)\s*:(.*)")
_MEANT = re.compile(r"(?:checkov|bridgecrew|cortex):skip\b")
_KINDS = frozenset({"resource", "data", "variable", "output"})
Places = dict[str, list[str]]


@cache
def skips_by_block(folder: Path) -> dict[str, dict[str, str]]:
    """Of the blocks in one module's folder: address inside the module to rule to reason."""
    found: dict[str, dict[str, str]] = {}
    for path in sorted(folder.glob("*.tf")):
        for block in files.read(path).blocks:
            for rule, reason, _ in _skips(block):
                found.setdefault(block.address, {})[rule] = reason
    return found


def skip_reason(folder: Path, address: str, rule: str) -> str | None:
    """The reason why the block at an address (`aws_x.name`, `data.aws_x.name`) need not follow a rule, if there is one.

    Where checkov leaves open whether it means the resource or the data source of a name, both must be excused.
    """
    skips = skips_by_block(folder)
    if address.count(".") == 1 and f"data.{address}" in _addresses(folder):
        meant = [each for each in (address, f"data.{address}") if each in _addresses(folder)]
    else:
        meant = [address]
    reasons = [skips.get(each, {}).get(rule) for each in meant]
    return None if None in reasons else reasons[0]


@cache
def _addresses(folder: Path) -> frozenset[str]:
    return frozenset(block.address for path in sorted(folder.glob("*.tf")) for block in files.read(path).blocks)


def forget() -> None:
    """Reads the code again next time: it may have changed between two scans."""
    skips_by_block.cache_clear()
    _addresses.cache_clear()


def skipped_ids(code: files.Code) -> Places:
    """Every rule that is skipped somewhere, with the places (`file:line`)."""
    places: Places = {}
    for path, file in code.items():
        for block in file.blocks:
            for rule, _, line in _skips(block):
                places.setdefault(rule, []).append(f"{path}:{line}")
    return places


def check(code: files.Code, rules: Collection[str]) -> None:
    """Raises `PolicyGateBroken` for a comment that means to skip something and does not."""
    for path, file in code.items():
        for line, what in _misplaced(file):
            raise PolicyGateBroken(
                f"{path}:{line}: {what}", hint="write `# checkov:skip=<rule>: <why this one differs>` in the resource"
            )
    for rule, places in skipped_ids(code).items():
        if rule not in rules:
            raise PolicyGateBroken(
                f"{places[0]}: checkov:skip names {rule}, and there is no such rule",
                hint="correct the id: a skip of nothing hides that the rule it meant still applies",
            )


def _misplaced(file: File) -> Iterator[tuple[int, str]]:
    for comment in file.loose:
        for line, text in _lines(comment):
            if _MEANT.search(text):
                yield line, "a skip outside of every block excuses nothing"
    for block in file.blocks:
        for comment in block.comments:
            for line, text in _lines(comment):
                if _MEANT.search(text) and not _read(text):
                    yield line, "a skip needs the word `checkov`, a rule's id, a colon and a reason"
                elif _MEANT.search(text) and block.kind not in _KINDS:
                    yield line, f"a skip in a `{block.kind}` block excuses nothing"


def _skips(block: Block) -> Iterator[tuple[str, str, int]]:
    """(rule, reason, line)"""
    if block.kind not in _KINDS:
        return
    for comment in block.comments:
        for line, text in _lines(comment):
            if found := _read(text):
                yield from ((rule.strip(), found[1], line) for rule in found[0].split(","))


def _read(text: str) -> tuple[str, str] | None:
    """Rules and reason of a comment's line."""
    found = _SKIP.fullmatch(text)
    reason = found[2].strip() if found else ""
    return (found[1], reason) if found and re.search(r"\w", reason) else None


def _lines(comment: Token) -> Iterator[tuple[int, str]]:
    text = comment.text.removesuffix("*/") if comment.text.startswith("/*") else comment.text
    for number, line in enumerate(text.splitlines()):
        yield comment.line + number, line.strip()
