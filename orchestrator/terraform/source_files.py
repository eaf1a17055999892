"""List all files of a Terraform root: its own, and those of the local modules that it calls.

Derived from the code, so that no list of modules or templates has to be maintained. If the code reads files that cannot
be determined, an `Opaque` error replaces an incomplete result.
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
    """The code reads a file that cannot be determined; the message names the place."""


def files(*roots: Path) -> list[Path]:
    """List the files of these folders and of every module that they call, directly or not, sorted."""
    reached: dict[Path, None] = {}
    waiting = [root.resolve() for root in roots]
    while waiting:
        folder = waiting.pop()
        if folder in reached:
            continue
        if not folder.is_dir():
            raise Opaque(f"the folder {folder} does not exist")
        reached[folder] = None
        waiting += called(folder)
    return sorted({file for folder in reached for file in _own_files(folder)})


def called(folder: Path) -> list[Path]:
    """List the folders of the modules that a folder calls."""
    modules = []
    for file in sorted((*folder.glob("*.tf"), *folder.glob("*.tf.json"))):
        try:
            outside, sources = _references(file.read_text(encoding="utf-8"), file.suffix == ".json")
        except (ValueError, AttributeError, KeyError, TypeError) as error:
            raise Opaque(f"{file.name} of {folder.name} cannot be parsed ({error})") from error
        if outside:
            raise Opaque(f"{file.name} of {folder.name} reads a file outside of its folder ({outside}…)")
        for source in sources:
            if not source.startswith(("./", "../")):
                raise Opaque(f"{file.name} of {folder.name} calls a module that is not local ({source})")
            modules.append((folder / source).resolve())
    return modules


@lru_cache(maxsize=4096)
def _references(text: str, is_json: bool) -> tuple[str, tuple[str, ...]]:
    """Return the first read outside of the file's folder, if any, and the sources of its modules.

    Cached, because many stacks call the same modules, and each needs this before and after its apply.
    """
    outside = _OUTSIDE.search(text)
    if is_json:
        calls = json.loads(text).get("module", {}).values()
        sources = [str(each["source"]) for call in calls for each in (call if isinstance(call, list) else [call])]
    else:
        sources = [source for body in _MODULE.findall(text) for source in _SOURCE.findall(body)]
    return outside[0] if outside else "", tuple(sources)


def _own_files(folder: Path) -> Iterator[Path]:
    """Yield the files in a folder and its subfolders, such as templates, except those of other roots."""
    for path in folder.iterdir():
        if path.is_dir():
            if path.name not in _NOT_CODE and not (path / _LOCK_FILE).exists():
                yield from _own_files(path)
        elif path.is_file():
            yield path
