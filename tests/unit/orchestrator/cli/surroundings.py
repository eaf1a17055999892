"""The registry of faulty surroundings, which `test_surroundings.py` compares with the reference page."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from orchestrator.errors import PlatformError
from orchestrator.terraform.model import Workspace
from tests.unit.orchestrator.cli.conftest import Cli

Result = tuple[int, str]
"""Exit code and output."""
Case = Callable[[Cli, pytest.MonkeyPatch], Result]
CASES: dict[str, Case] = {}


def case(surrounding: str) -> Callable[[Case], Case]:
    """Register the case of a row of the page."""

    def keep(function: Case) -> Case:
        CASES[surrounding] = function
        return function

    return keep


def ended(cli: Cli, *arguments: str) -> Result:
    answer = cli(*arguments)
    return answer.code, f"{answer.out}\n{answer.err}"


def refused(act: Callable[[], object]) -> Result:
    with pytest.raises(PlatformError) as caught:
        act()
    return caught.value.exit_code, f"error: {caught.value.message}\nhint: {caught.value.hint}"


def raises(error: Exception) -> None:
    raise error


def workspace(repo: Path) -> Workspace:
    root, data = repo / "root", repo / "data"
    (data / "modules").mkdir(parents=True)
    root.mkdir()
    (root / "main.tf").write_text('resource "aws_kms_key" "this" {}\n', encoding="utf-8")
    return Workspace("data", root, repo / "values.json", repo / "backend.hcl", data, repo / "plan", {})
