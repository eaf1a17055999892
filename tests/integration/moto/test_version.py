"""The patches accept one version of moto, and nothing else imports moto."""

from __future__ import annotations

import ast
import json
import subprocess
import sys
from collections import Counter
from pathlib import Path

import pytest

from emulator.core.errors import WrongMoto
from emulator.moto import version

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


INSTALL = """
import json, pathlib, sys
from emulator import moto
from emulator.core.settings import Settings
patches = moto.apply(Settings("127.0.0.1", 1, "http://127.0.0.1:1", pathlib.Path(sys.argv[1])))
print(json.dumps([(patch.target, patch.module, patch.after) for patch in patches]))
"""


@pytest.fixture(scope="module")
def patches(tmp_path_factory: pytest.TempPathFactory) -> list[tuple[str, str, str | None]]:
    """Target, module and `after` of each patch. In a separate process, as they are installed there."""
    command = [sys.executable, "-c", INSTALL, str(tmp_path_factory.mktemp("data"))]
    done = subprocess.run(command, cwd=EMULATOR.parent, capture_output=True, text=True, timeout=300, check=True)
    return [(target, module, after) for target, module, after in json.loads(done.stdout)]


def test_every_module_that_declares_patches_has_them_installed(patches: list[tuple[str, str, str | None]]) -> None:
    declaring = {
        ".".join(path.relative_to(EMULATOR.parent).with_suffix("").parts)
        for path in EMULATOR.rglob("*.py")
        if "from emulator.moto.patching import" in path.read_text(encoding="utf-8")
    }
    assert {module for _, module, _ in patches} == declaring


def test_each_target_has_one_owner_whose_method_the_others_wrap(patches: list[tuple[str, str, str | None]]) -> None:
    owners = Counter(target for target, _, after in patches if after is None)
    assert {target for target, _, _ in patches} == set(owners)
    assert [target for target, count in owners.items() if count > 1] == []
    queue = [
        module.rpartition(".")[2] for target, module, _ in patches if target == "moto.sqs.models.Queue.add_message"
    ]
    assert queue == ["moto_sqs", "moto_event_sources", "moto_queue_metrics"]
