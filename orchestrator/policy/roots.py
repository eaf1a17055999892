"""A tree of Terraform code, cut into roots that can be scanned at the same time.

A root module with the modules that it calls is all that any rule looks at together, so the roots of a tree may be
scanned apart, and what is called by one of them needs no scan of its own.
"""

from __future__ import annotations

import os
from pathlib import Path

from orchestrator.terraform import source_files

LEFT_OUT = frozenset({".terraform", "examples"})
"""Folders that the worker passes over wherever they are."""


def parts(folder: Path) -> list[Path]:
    """Folders that together hold every root under `folder`, the largest first; `folder` alone if one cannot tell."""
    holding = _holding_code(folder)
    try:
        calls = {each: source_files.called(each) for each in holding}
        called = {module for modules in calls.values() for module in modules}
        roots = [each for each in holding if each not in called]
        outermost = [each for each in roots if not any(other in each.parents for other in roots)]
        seen = {root: _reached(root, calls) for root in outermost}
    except (source_files.Opaque, OSError, ValueError):
        return [folder]  # not for this to judge: a scan of the whole finds what is wrong
    if set(holding).difference(*seen.values()):
        return [folder]  # modules that call each other in a circle, and nobody else calls
    return sorted(outermost, key=lambda root: (-_size(seen[root]), root))


def _holding_code(folder: Path) -> list[Path]:
    found = []
    for name, folders, files in os.walk(folder):
        folders[:] = sorted(set(folders) - LEFT_OUT)
        if any(file.endswith((".tf", ".tf.json")) for file in files):
            found.append(Path(name))
    return found


def _reached(root: Path, calls: dict[Path, list[Path]]) -> set[Path]:
    """What a scan of one folder looks at: all below it, and the modules that this calls."""
    found: set[Path] = set()
    waiting = [each for each in calls if root in (each, *each.parents)]
    while waiting:
        folder = waiting.pop()
        if folder not in found:
            found.add(folder)
            waiting += calls.get(folder, ())
    return found


def _size(folders: set[Path]) -> int:
    """Bytes of code, which a scan's time grows with."""
    return sum(file.stat().st_size for folder in folders for file in folder.glob("*.tf"))
