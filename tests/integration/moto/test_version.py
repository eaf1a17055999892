"""The patches accept one version of moto, and nothing else imports moto."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

from emulator.core.errors import WrongMoto
from emulator.moto import SEAMS, version

EMULATOR = Path(__file__).resolve().parents[3] / "emulator"


def test_another_version_of_moto_is_rejected() -> None:
    with pytest.raises(WrongMoto, match=r"moto 5\.2\.6 is installed.*5\.2\.5 only"):
        version.check("5.2.6")
    version.check(version.MOTO)


def may_import_moto(path: Path) -> bool:
    return path.parent == EMULATOR / "moto" or path.name.startswith("moto_")


def test_only_patches_import_moto() -> None:
    offenders = [
        str(path.relative_to(EMULATOR))
        for path in EMULATOR.rglob("*.py")
        if not may_import_moto(path) and imports_moto(path)
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


def test_every_patch_is_installed() -> None:
    """Modules without `apply` only read from moto, or are parts of a patch."""
    has_apply = {
        ".".join(path.relative_to(EMULATOR.parent).with_suffix("").parts)
        for path in EMULATOR.rglob("[!_]*.py")
        if may_import_moto(path)
        if any(getattr(node, "name", "") == "apply" for node in ast.parse(path.read_text()).body)
    }
    assert has_apply == set(SEAMS)
