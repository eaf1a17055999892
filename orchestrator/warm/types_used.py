"""Which provider types the Terraform code uses: derived from the code, never kept by hand."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable
from pathlib import Path

_BLOCK = re.compile(r'^\s*(?:resource|data|ephemeral)\s+"(aws_[a-z0-9_]+)"', re.MULTILINE)
_MOCKED = re.compile(r'^\s*(?:mock_resource|mock_data|override_resource|override_data)\s+"(aws_[a-z0-9_]+)"', re.M)


def in_hcl(text: str) -> set[str]:
    """Types in one `.tf` or `.tftest.hcl` file."""
    return set(_BLOCK.findall(text)) | set(_MOCKED.findall(text))


def in_json(text: str) -> set[str]:
    """Types in one `.tf.json` file, such as the ones cdktf writes."""
    document = json.loads(text)
    return {name for section in ("resource", "data") for name in document.get(section, {}) if name.startswith("aws_")}


def in_state(addresses: Iterable[str]) -> set[str]:
    """Types of resources that a state still holds, although the code may have dropped them."""
    return {part for address in addresses for part in re.findall(r"(?:^|\.)(aws_[a-z0-9_]+)\.", address)}


def in_tree(*folders: Path) -> frozenset[str]:
    """Types used anywhere below the folders."""
    found: set[str] = set()
    for folder in folders:
        for path in folder.rglob("*"):
            if ".terraform" in path.parts:
                continue
            if path.name.endswith((".tf", ".tftest.hcl")):
                found |= in_hcl(path.read_text(encoding="utf-8"))
            elif path.name.endswith(".tf.json"):
                found |= in_json(path.read_text(encoding="utf-8"))
    return frozenset(found)
