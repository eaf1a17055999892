"""Find the unpacked AWS provider that the setup found or downloaded."""

from __future__ import annotations

import re
from pathlib import Path


def provider_binary(repo: Path) -> Path | None:
    """Return the newest provider executable in the mirrors that `.tools/terraform.rc` names.

    `None` if there is none: terraform then downloads its own provider, and none is kept warm.
    """
    configuration = repo / ".tools" / "terraform.rc"
    if not configuration.exists():
        return None
    mirrors = re.findall(r'^\s*path\s*=\s*"(.+)"', configuration.read_text("utf-8", "replace"), re.MULTILINE)
    binaries = [
        path
        for mirror in mirrors
        for path in Path(mirror).glob("registry.terraform.io/hashicorp/aws/*/*/terraform-provider-aws_v*")
        if path.is_file() and not path.name.endswith(".zip")
    ]
    return max(binaries, key=lambda path: path.parts[-3], default=None)
