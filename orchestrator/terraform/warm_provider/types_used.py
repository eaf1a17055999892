"""Find the provider types that the Terraform code uses."""

from __future__ import annotations

import json
import os
import re
from functools import lru_cache
from pathlib import Path

_BLOCK = re.compile(r'^\s*(?:resource|data|ephemeral)\s+"(aws_[a-z0-9_]+)"', re.MULTILINE)
_CODE = (".tf", ".tf.json", ".tftest.hcl")
_MOCKED = re.compile(r'^\s*(?:mock_resource|mock_data|override_resource|override_data)\s+"(aws_[a-z0-9_]+)"', re.M)
_LEFT = re.compile(r"^\s*from\s*=\s*(?:module\.[^\s=]*\.)?(aws_[a-z0-9_]+)\.", re.MULTILINE)
"""In `removed` and `moved` blocks: a state may still hold types that the code has dropped, and terraform reads them."""
_NESTED = re.compile(r'^\s*(?:dynamic\s+")?([a-z0-9_]+)"?\s*\{', re.MULTILINE)


def in_hcl(text: str) -> set[str]:
    """Return the types in a `.tf` or `.tftest.hcl` file."""
    return set(_BLOCK.findall(text)) | set(_MOCKED.findall(text)) | set(_LEFT.findall(text))


def blocks_in_tree(*folders: Path) -> frozenset[str]:
    """Return the names of nested blocks anywhere below the folders, and other words before a brace."""
    files = (path for folder in folders for path in folder.rglob("*.tf") if ".terraform" not in path.parts)
    return frozenset(name for path in files for name in _NESTED.findall(path.read_text("utf-8", "replace")))


def in_json(text: str) -> set[str]:
    """Return the types in a `.tf.json` file, such as those that cdktf writes."""
    try:
        document = json.loads(text)
        sections = [document.get(section, {}) for section in ("resource", "data")]
        return {name for section in sections for name in section if name.startswith("aws_")}
    except (ValueError, AttributeError, TypeError):
        return set()  # terraform, which reads it as well, reports the error


def in_tree(*folders: Path) -> frozenset[str]:
    """Return the types used anywhere below the folders."""
    types: set[str] = set()
    for folder in folders:
        for parent, inner, names in os.walk(folder):
            inner[:] = [name for name in inner if name != ".terraform"]
            for name in names:
                if name.endswith(_CODE):
                    path = os.path.join(parent, name)
                    status = os.stat(path)
                    types |= _in_file(path, status.st_mtime_ns, status.st_size)
    return frozenset(types)


@lru_cache(maxsize=4096)
def _in_file(path: str, modified_ns: int, size: int) -> frozenset[str]:
    """Return a file's types; cached until it changes, because every command of every stack reads the whole tree."""
    text = Path(path).read_text(encoding="utf-8", errors="replace")
    return frozenset(in_json(text) if path.endswith(".tf.json") else in_hcl(text))
