"""The seams accept one version of moto, and moto is imported nowhere else."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

from emulator.core.errors import WrongMoto
from emulator.moto import SEAMS, version

EMULATOR = Path(__file__).resolve().parents[3] / "emulator"


def test_another_moto_is_refused() -> None:
    with pytest.raises(WrongMoto, match=r"moto 5\.2\.6 is installed.*5\.2\.5 only"):
        version.check("5.2.6")
    version.check(version.MOTO)


def test_only_the_seams_import_moto() -> None:
    offenders = [
        str(path.relative_to(EMULATOR))
        for path in EMULATOR.rglob("*.py")
        if "seams" not in path.relative_to(EMULATOR).parts and imports_moto(path)
    ]
    assert offenders == []


def imports_moto(path: Path) -> bool:
    for node in ast.walk(ast.parse(path.read_text())):
        names = [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
        if isinstance(node, ast.ImportFrom):
            names = [node.module or ""]
        if any(name.split(".")[0] == "moto" for name in names):
            return True
    return False


def test_the_scan_would_find_an_import(tmp_path: Path) -> None:
    guilty = tmp_path / "guilty.py"
    guilty.write_text("def f():\n    from moto.s3 import models\n")
    assert imports_moto(guilty)


def test_every_seam_is_installed() -> None:
    """Modules without `apply` are windows into moto, or parts of a seam."""
    modules = {path.stem: ast.parse(path.read_text()) for path in (EMULATOR / "seams").glob("[!_]*.py")}
    has_apply = {name for name, tree in modules.items() if any(getattr(n, "name", "") == "apply" for n in tree.body)}
    assert has_apply == set(SEAMS)
