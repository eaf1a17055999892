"""Split a tree of Terraform code into roots that can be scanned in parallel.

No rule connects resources beyond a root module and the modules that it calls. So the roots of a tree can be scanned
separately, and the modules that they call need no separate scan.
"""

from __future__ import annotations

import os
from pathlib import Path

from orchestrator.terraform import source_files

LEFT_OUT = frozenset({".terraform", "examples"})
"""Folders that the worker ignores at any depth."""


def parts(folder: Path) -> list[Path]:
    """List folders that together contain every root under `folder`, the largest first.

    Returns `folder` alone if its calls cannot be resolved.
    """
    holding = _holding_code(folder)
    try:
        calls = {each: source_files.called(each) for each in holding}
        called = {module for modules in calls.values() for module in modules}
        roots = [each for each in holding if each not in called]
        outermost = [each for each in roots if not any(other in each.parents for other in roots)]
        seen = {root: _reached(root, calls) for root in outermost}
    except (source_files.Opaque, OSError, ValueError):
        return [folder]  # a scan of the whole tree reports the error
    if set(holding).difference(*seen.values()):
        return [folder]  # modules that are only called by each other, in a circle
    return sorted(outermost, key=lambda root: (-_size(seen[root]), root))


def _holding_code(folder: Path) -> list[Path]:
    holding = []
    for name, folders, files in os.walk(folder):
        folders[:] = sorted(set(folders) - LEFT_OUT)
        if any(file.endswith((".tf", ".tf.json")) for file in files):
            holding.append(Path(name))
    return holding


def _reached(root: Path, calls: dict[Path, list[Path]]) -> set[Path]:
    """Return the folders that a scan of `root` reads: all below it, and the modules that these call."""
    reached: set[Path] = set()
    waiting = [each for each in calls if root in (each, *each.parents)]
    while waiting:
        folder = waiting.pop()
        if folder not in reached:
            reached.add(folder)
            waiting += calls.get(folder, ())
    return reached


def _size(folders: set[Path]) -> int:
    """Return the bytes of code, which determine the time of a scan."""
    return sum(file.stat().st_size for folder in folders for file in folder.glob("*.tf"))
