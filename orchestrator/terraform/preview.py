"""Create the root of a preview, which plans a stack without its state bucket.

Every root declares `backend "s3" {}`. `init -backend=false` does not help: Terraform then refuses to plan
("Backend initialization required"). An override file with a local backend does help, but all environments share the
roots, so the file must not be in one. Therefore the stack's data folder gets a copy of the root: links to its files,
plus that override.

Modules are found by paths relative to the root (`../../modules/vpc`), but the copy is in another folder. To keep the
sources unchanged, the copy is nested as many folders deep as the longest such path climbs, and the folder that each
path then enters is linked there; so the same paths resolve to the same modules.
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
    """Create or replace the copy of `root` with a local backend, and return its folder."""
    made = twin(root, data_dir / "preview")
    override = {"terraform": {"backend": {"local": {"path": str(data_dir / "preview.tfstate")}}}}
    (made / "preview_override.tf.json").write_text(json.dumps(override, indent=2) + "\n", encoding="utf-8")
    return made


def twin(root: Path, top: Path) -> Path:
    """Create or replace a folder below `top` that links the files of `root`, and to which files can be added."""
    climbs = _climbs(root)
    depth = max((steps for steps, _ in climbs), default=0)
    made = top.joinpath(*(f"level{n}" for n in range(1, depth)), root.name)
    if top.exists():
        shutil.rmtree(top)
    made.mkdir(parents=True)
    for path in root.iterdir():
        if path.name not in _NOT_CODE:
            (made / path.name).symlink_to(path.resolve())
    for steps, name in climbs:
        _link_ancestor(root, made, steps, name)
    return made


def _climbs(root: Path) -> set[tuple[int, str]]:
    """Return how many folders up each module source of this root goes, and the folder that it then enters."""
    climbs = set()
    for path in [*root.glob("*.tf"), *root.glob("*.tf.json")]:
        for ups, name in _SOURCE.findall(path.read_text("utf-8", "replace")):
            climbs.add((ups.count("../"), name))
    return climbs


def _link_ancestor(root: Path, made: Path, steps: int, name: str) -> None:
    real, linked = root.resolve(), made
    for _ in range(steps):
        real, linked = real.parent, linked.parent
    with contextlib.suppress(FileExistsError):
        os.symlink(real / name, linked / name)
