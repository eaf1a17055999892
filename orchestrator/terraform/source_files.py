"""All files that a Terraform root is made of: its own, and those of the local modules that it calls.

Derived from the code, so that a new module or template needs no list to be kept. Where the code reads what
cannot be seen from here, there is an `Opaque` error instead of an answer that might be too small.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from functools import lru_cache
from pathlib import Path

_MODULE = re.compile(r'^\s*module\s+"[^"]+"\s*\{(.*?)^\s*\}', re.MULTILINE | re.DOTALL)
_SOURCE = re.compile(r'^\s*source\s*=\s*"([^"]+)"', re.MULTILINE)
_OUTSIDE = re.compile(
    r'\b(?:file\w*|templatefile)\(\s*(?:"(?:[^"]*\.\./|/)|"?\$?\{?path\.(?:root|cwd)\b|"\$\{path\.module\}/\.\.)'
)
_LOCK_FILE = ".terraform.lock.hcl"
_NOT_CODE = frozenset({".terraform", "tests", "examples", "__pycache__"})


class Opaque(Exception):
    """The code reads something whose content is not known here; the message says what."""


def files(*roots: Path) -> list[Path]:
    """Files of these folders and of every module that they call, directly or not, sorted."""
    found: dict[Path, None] = {}
    waiting = [root.resolve() for root in roots]
    while waiting:
        folder = waiting.pop()
        if folder in found:
            continue
        if not folder.is_dir():
            raise Opaque(f"there is no folder {folder}")
        found[folder] = None
        waiting += called(folder)
    return sorted({file for folder in found for file in _own_files(folder)})


def called(folder: Path) -> list[Path]:
    """Folders of the modules that one folder calls."""
    modules = []
    for file in sorted((*folder.glob("*.tf"), *folder.glob("*.tf.json"))):
        try:
            outside, sources = _looked_through(file.read_text(encoding="utf-8"), file.suffix == ".json")
        except (ValueError, AttributeError, KeyError, TypeError) as error:
            raise Opaque(f"{file.name} of {folder.name} is no code that can be followed ({error})") from error
        if outside:
            raise Opaque(f"{file.name} of {folder.name} reads a file elsewhere ({outside}…)")
        for source in sources:
            if not source.startswith(("./", "../")):
                raise Opaque(f"{file.name} of {folder.name} calls a module from elsewhere ({source})")
            modules.append((folder / source).resolve())
    return modules


@lru_cache(maxsize=4096)
def _looked_through(text: str, is_json: bool) -> tuple[str, tuple[str, ...]]:
    """What a file reads elsewhere, if anything, and the sources of its modules.

    Many stacks call the same modules, and each asks before and after its apply.
    """
    outside = _OUTSIDE.search(text)
    if is_json:
        calls = json.loads(text).get("module", {}).values()
        found = [str(each["source"]) for call in calls for each in (call if isinstance(call, list) else [call])]
    else:
        found = [source for body in _MODULE.findall(text) for source in _SOURCE.findall(body)]
    return outside[0] if outside else "", tuple(found)


def _own_files(folder: Path) -> Iterator[Path]:
    """Everything in a folder, templates in its subfolders included; other roots below it are not part of it."""
    for path in folder.iterdir():
        if path.is_dir():
            if path.name not in _NOT_CODE and not (path / _LOCK_FILE).exists():
                yield from _own_files(path)
        elif path.is_file():
            yield path
