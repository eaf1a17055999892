"""The lock file of a model's packages: versions and hashes, and from what they were resolved.

It is written beside `requirements.txt` and belongs into version control: with it, every machine builds the same
archive. No address of a package index is in it.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from orchestrator.config.images import Image
from orchestrator.packaging.requirements import Requirement
from orchestrator.system import trouble

FILE = "requirements.lock.txt"
_VERSION = 1
_INPUTS = re.compile(r"^# inputs: ([0-9a-f]{64})$", re.MULTILINE)
_PACKAGE = re.compile(r"^([a-z0-9-]+)==(\S+) --hash=sha256:([0-9a-f]{64})$", re.MULTILINE)


@dataclass(frozen=True, order=True)
class Package:
    """One wheel."""

    name: str
    version: str
    sha256: str

    @property
    def pin(self) -> str:
        return f"{self.name}=={self.version}"

    @property
    def line(self) -> str:
        return f"{self.pin} --hash=sha256:{self.sha256}"


def inputs_of(requirements: Sequence[Requirement], image: Image, own_wheels: Mapping[str, str]) -> str:
    """Hash everything that a resolution depends on, except what the index has at the time."""
    document = {
        "version": _VERSION,
        "requirements": sorted(each.text for each in requirements),
        "image": image.name,
        "python": image.python,
        "glibc": image.glibc,
        "holds": dict(sorted(image.holds.items())),
        "server": sorted(image.server),
        "own_wheels": dict(sorted(own_wheels.items())),
    }
    return hashlib.sha256(json.dumps(document, sort_keys=True).encode()).hexdigest()


def read(folder: Path, inputs: str) -> tuple[Package, ...] | None:
    """Return the packages that a folder's lock pins; `None` if there is no lock or it belongs to other inputs."""
    path = folder / FILE
    text = path.read_text(encoding="utf-8") if path.is_file() else ""
    written = _INPUTS.search(text)
    if written is None or written[1] != inputs:
        return None
    return tuple(Package(*match.groups()) for match in _PACKAGE.finditer(text))


def write(folder: Path, inputs: str, image: Image, packages: Sequence[Package], held: Sequence[str]) -> None:
    lines = [
        f"# Packages for {image.name} (Python {image.python}), written by the orchestrator: commit this file.",
        f"# inputs: {inputs}",
        *(each.line for each in sorted(packages)),
        f"# in the image: {', '.join(sorted(held)) or 'none'}",
    ]
    path = folder / FILE
    with trouble.writing(path):
        path.write_text("\n".join(lines) + "\n", encoding="utf-8")
