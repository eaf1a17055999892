"""Read exceptions to rules: `checkov:skip=ID: reason` in a comment of the excepted resource.

checkov's own search accepts any line of a block, even one in a string, and counts braces in strings to find the block's
end; in a plan it finds a resource by type and name alone, so that a skip in one module also skips another's resource.
Therefore checkov's search is disabled, and its findings are compared with the comments that are read here.
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
    """Map the addresses of the blocks in one module's folder to their skipped rules and the reasons."""
    skips: dict[str, dict[str, str]] = {}
    for path in sorted(folder.glob("*.tf")):
        for block in files.read(path).blocks:
            for rule, reason, _ in _skips(block):
                skips.setdefault(block.address, {})[rule] = reason
    return skips


def skip_reason(folder: Path, address: str, rule: str) -> str | None:
    """Return the reason why the block at an address (`aws_x.name`, `data.aws_x.name`) skips a rule, or `None`.

    Where checkov's address fits both a resource and a data source, both must skip the rule.
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
    """Clear the caches, because the code may have changed between two scans."""
    skips_by_block.cache_clear()
    _addresses.cache_clear()


def skipped_ids(code: files.Code) -> Places:
    """Map every skipped rule to the places of its skips (`file:line`)."""
    places: Places = {}
    for path, file in code.items():
        for block in file.blocks:
            for rule, _, line in _skips(block):
                places.setdefault(rule, []).append(f"{path}:{line}")
    return places


def check(code: files.Code, rules: Collection[str]) -> None:
    """Raise `PolicyGateBroken` for a skip comment without effect."""
    for path, file in code.items():
        for line, what in _misplaced(file):
            raise PolicyGateBroken(
                f"{path}:{line}: {what}", hint="write `# checkov:skip=<rule>: <reason>` in the resource"
            )
    for rule, places in skipped_ids(code).items():
        if rule not in rules:
            raise PolicyGateBroken(
                f"{places[0]}: checkov:skip names {rule}, which does not exist",
                hint="correct the id: the rule that was meant still applies",
            )


def _misplaced(file: File) -> Iterator[tuple[int, str]]:
    for comment in file.loose:
        for line, text in _lines(comment):
            if _MEANT.search(text):
                yield line, "a skip outside of a block has no effect"
    for block in file.blocks:
        for comment in block.comments:
            for line, text in _lines(comment):
                if _MEANT.search(text) and not _read(text):
                    yield line, "a skip requires `checkov:skip=`, a rule's id, a colon and a reason"
                elif _MEANT.search(text) and block.kind not in _KINDS:
                    yield line, f"a skip in a `{block.kind}` block has no effect"


def _skips(block: Block) -> Iterator[tuple[str, str, int]]:
    """Yield (rule, reason, line) for each skip of a block."""
    if block.kind not in _KINDS:
        return
    for comment in block.comments:
        for line, text in _lines(comment):
            if skip := _read(text):
                yield from ((rule.strip(), skip[1], line) for rule in skip[0].split(","))


def _read(text: str) -> tuple[str, str] | None:
    """Return the rules and the reason that a line of a comment names, or `None`."""
    match = _SKIP.fullmatch(text)
    reason = match[2].strip() if match else ""
    return (match[1], reason) if match and re.search(r"\w", reason) else None


def _lines(comment: Token) -> Iterator[tuple[int, str]]:
    text = comment.text.removesuffix("*/") if comment.text.startswith("/*") else comment.text
    for number, line in enumerate(text.splitlines()):
        yield comment.line + number, line.strip()
