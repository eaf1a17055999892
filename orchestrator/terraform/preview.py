"""A preview plans a stack without its state bucket.

Every root says `backend "s3" {}`. `init -backend=false` does not help: Terraform then refuses to plan
("Backend initialization required"). An override file with a local backend does, but roots are shared
by all environments, so it must not lie in one. Hence a twin of the root inside the stack's own data
folder: its files linked, plus that override.

Modules are found by paths relative to the root (`../../modules/vpc`), and the twin lies elsewhere. Instead
of editing sources, the twin is placed as many folders deep as the highest such path climbs, and the folder
where each path comes down again is linked there; so the very same text resolves to the very same modules.
"""

from __future__ import annotations

import contextlib
import json
import os
import re
import shutil
from pathlib import Path

_SOURCE = re.compile(r'"?source"?\s*[=:]\s*"((?:\.\./)+)([^"/]+)')
_NOT_CODE = {".terraform", "terraform.tfstate", "terraform.tfstate.backup", "tests"}
"""`tests` too: `init` reads test files, and what they name by relative paths is not linked here."""


def preview_root(root: Path, data_dir: Path) -> Path:
    """Make (or renew) the twin of `root` and return its folder."""
    made = twin(root, data_dir / "preview")
    override = {"terraform": {"backend": {"local": {"path": str(data_dir / "preview.tfstate")}}}}
    (made / "preview_override.tf.json").write_text(json.dumps(override, indent=2) + "\n", encoding="utf-8")
    return made


def twin(root: Path, top: Path) -> Path:
    """Make (or renew) a folder below `top` that holds what `root` holds, to add files to."""
    climbs = _climbs(root)
    depth = max((steps for steps, _ in climbs), default=0)
    made = top.joinpath(*(f"level{n}" for n in range(1, depth)), root.name)
    if top.exists():
        shutil.rmtree(top)
    made.mkdir(parents=True)
    for found in root.iterdir():
        if found.name not in _NOT_CODE:
            (made / found.name).symlink_to(found.resolve())
    for steps, name in climbs:
        _link_ancestor(root, made, steps, name)
    return made


def _climbs(root: Path) -> set[tuple[int, str]]:
    """How far up each module source of this root goes, and the folder it then enters."""
    found = set()
    for path in [*root.glob("*.tf"), *root.glob("*.tf.json")]:
        for ups, name in _SOURCE.findall(path.read_text("utf-8", "replace")):
            found.add((ups.count("../"), name))
    return found


def _link_ancestor(root: Path, made: Path, steps: int, name: str) -> None:
    real, linked = root.resolve(), made
    for _ in range(steps):
        real, linked = real.parent, linked.parent
    with contextlib.suppress(FileExistsError):
        os.symlink(real / name, linked / name)
