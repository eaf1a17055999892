"""The real gate, started once: its worker needs `.venv-checkov`, which set-up makes."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from orchestrator.policy.gate import Checkov

REPO = Path(__file__).resolve().parents[2]
PYTHON = REPO / ".venv-checkov" / "bin" / "python"


@pytest.fixture(scope="session")
def repo() -> Path:
    return REPO


@pytest.fixture(scope="session")
def gate() -> Iterator[Checkov]:
    checkov = Checkov(REPO, python=PYTHON)
    yield checkov
    checkov.close()


def copy_of_policies(folder: Path) -> Path:
    """A separate repository that holds only the policies, so that a test may break them."""
    shutil.copytree(REPO / "policies", folder / "policies")
    return folder


@pytest.fixture
def policies_copy(tmp_path: Path) -> Path:
    return copy_of_policies(tmp_path)
