"""Faulty surroundings of the reference page, produced for real where that needs no privileges, and their messages."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tests.unit.orchestrator.cli import surroundings_files, surroundings_tools
from tests.unit.orchestrator.cli.conftest import Cli
from tests.unit.orchestrator.cli.surroundings import CASES

PAGE = Path(__file__).resolve().parents[4] / "docs/reference/surroundings.md"
MODULES = (surroundings_files, surroundings_tools)
"""Importing them fills `CASES`."""


def table() -> dict[str, tuple[str, int]]:
    rows = re.findall(r"^\| (.+?) \| (.+?) \| (\d+) \|$", PAGE.read_text(encoding="utf-8"), re.MULTILINE)
    return {surrounding: (sentence, int(code)) for surrounding, sentence, code in rows}


def test_the_page_has_every_surrounding_that_is_tried_and_no_other() -> None:
    assert list(table()) == list(CASES)


@pytest.mark.parametrize("surrounding", CASES)
def test_the_message_of_a_surrounding(surrounding: str, cli: Cli, monkeypatch: pytest.MonkeyPatch) -> None:
    sentence, expected = table()[surrounding]
    code, output = CASES[surrounding](cli, monkeypatch)
    pattern = ".+?".join(re.escape(part) for part in sentence.split("…"))
    assert re.search(pattern, output, re.DOTALL), output
    assert code == expected, output
    assert "Traceback" not in output
