"""Sample notebooks of the repository: readable, and without outputs."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

NOTEBOOKS = sorted((Path(__file__).parents[2] / "terraform/modules/studio/notebooks").glob("*.ipynb"))
EACH = pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)


def cells(path: Path, kind: str) -> list[dict[str, Any]]:
    return [cell for cell in json.loads(path.read_text(encoding="utf-8"))["cells"] if cell["cell_type"] == kind]


def test_there_are_three() -> None:
    assert [path.stem for path in NOTEBOOKS] == ["call_endpoint", "compare_versions", "explore_catalogue"]


@EACH
def test_a_notebook_holds_no_output(path: Path) -> None:
    assert [cell["outputs"] for cell in cells(path, "code") if cell["outputs"]] == []
    assert {cell["execution_count"] for cell in cells(path, "code")} == {None}


@EACH
def test_a_notebook_is_of_a_format_that_studio_opens(path: Path) -> None:
    document = json.loads(path.read_text(encoding="utf-8"))
    assert (document["nbformat"], document["nbformat_minor"]) == (4, 5)
    names = [cell["id"] for cell in document["cells"]]
    assert len(set(names)) == len(names)


@EACH
def test_the_first_code_cell_sets_the_parameters_and_nothing_else(path: Path) -> None:
    first = cells(path, "code")[0]
    assert first["metadata"] == {"tags": ["parameters"]}
    assert "".join(first["source"]) == 'PROJECT = "mlops"\nENVIRONMENT = "local"\nREGION = "us-east-1"'
