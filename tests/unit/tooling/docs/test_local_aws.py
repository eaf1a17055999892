"""The reference of the local AWS is up to date, and its package declares version, packages and dependencies."""

from __future__ import annotations

import ast
import re
import subprocess
import sys
import tomllib
from importlib.metadata import packages_distributions, requires
from pathlib import Path

import pytest

import emulator
from emulator.moto.version import MOTO
from tooling.docs import local_aws
from tooling.docs.local_aws import Coverage

REPO = Path(__file__).resolve().parents[4]
PACKAGE = REPO / "emulator"
PROJECT = tomllib.loads((PACKAGE / "pyproject.toml").read_text(encoding="utf-8"))


def test_the_reference_is_up_to_date() -> None:
    # In a separate process: reading what the patches change installs them.
    command = [sys.executable, "-m", "tooling.docs.local_aws", "--check"]
    done = subprocess.run(command, cwd=REPO, capture_output=True, text=True, timeout=600, check=False)
    assert (done.returncode, done.stderr) == (0, "")


def test_an_outdated_reference_is_reported(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(local_aws, "REPO", tmp_path)
    monkeypatch.setattr(local_aws, "PAGE", Path("page.md"))
    monkeypatch.setattr(local_aws, "collect", lambda: {"sts": Coverage(corrected={"AssumeRole"}, moto=7)})
    for arguments, code in ((["--check"], 1), (["--write"], 0), (["--check"], 0), ([], 2)):
        monkeypatch.setattr("sys.argv", ["local_aws", *arguments])
        assert local_aws.main() == code
    assert capsys.readouterr().err.startswith("page.md is out of date: run `make docs`\n")
    assert "| **`sts`** | corrected | 1: AssumeRole |\n|  | moto | 7 of " in (tmp_path / "page.md").read_text()


def test_executed_and_substituted_work_is_read_from_the_code() -> None:
    functions = local_aws.evidence_kinds(PACKAGE / "services/lambda_")
    models = local_aws.evidence_kinds(PACKAGE / "services/bedrock")
    assert (functions.kinds, functions.executes, functions.substitutes) == ({"lambda"}, True, False)
    assert (models.kinds, models.executes, models.substitutes) == ({"bedrock", "bedrock-batch"}, False, True)


def test_names_of_terraform_and_moto_lead_to_services() -> None:
    names = ("states", "awslambda", "bedrockruntime", "security")
    assert [local_aws.service_named(name) for name in names] == ["stepfunctions", "lambda", "bedrock-runtime", None]


def test_the_package_has_the_emulators_version_and_all_its_folders() -> None:
    folders = {file.parent.relative_to(REPO).as_posix().replace("/", ".") for file in PACKAGE.rglob("*.py")}
    assert PROJECT["project"]["version"] == emulator.VERSION
    assert PROJECT["tool"]["setuptools"]["packages"] == sorted(folders)


def test_the_package_declares_what_it_imports() -> None:
    declared = {_name(each): each for each in PROJECT["project"]["dependencies"]}
    imported = {name for file in PACKAGE.rglob("*.py") if file.parent.name != "runtime" for name in _imports(file)}
    known = packages_distributions()
    needed = {_name(known[name][0]) for name in imported - {"emulator"} if name in known}
    of_moto = {_name(each) for each in requires("moto") or ()}
    assert declared["moto"] == f"moto[all,server]=={MOTO}"
    assert needed - set(declared) - of_moto == set()
    assert set(declared) - needed == set()


def _name(requirement: str) -> str:
    return re.split(r"[^\w.-]", requirement)[0].lower().replace("_", "-")


def _imports(file: Path) -> set[str]:
    """Return the top-level names that a module imports."""
    names = set()
    for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            names |= {each.name for each in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            names.add(node.module)
    return {name.partition(".")[0] for name in names}
