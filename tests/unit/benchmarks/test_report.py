from __future__ import annotations

import argparse
import datetime as dt
import re
from pathlib import Path

import pytest

from benchmarks import machine
from benchmarks import report as reports
from benchmarks.measure import Goal, Series
from benchmarks.report import Report, finish, number, replace_section, series_table, table


@pytest.mark.parametrize(
    ("value", "text"),
    [(0.01234, "0.0123"), (0.0, "0"), (0.4567, "0.457"), (1.2345, "1.23"), (61.44, "61.4"), (198.4, "198")],
)
def test_numbers_have_the_digits_that_count(value: float, text: str) -> None:
    assert number(value) == text


def test_columns_of_numbers_are_aligned_right() -> None:
    assert table(("what", "s", "before s"), [("`a`", "1.5", "-"), ("`b`", "0.2", "3.0")]) == (
        "| what | s | before s |\n| --- | ---: | ---: |\n| `a` | 1.5 | - |\n| `b` | 0.2 | 3.0 |"
    )


def test_a_series_table_tells_the_spread_and_the_ratio() -> None:
    bare, ours = Series("bare", "x", (2.0, 4.0, 3.0)), Series("ours", "y", (1.5,))
    assert series_table([bare, ours], bare).splitlines()[2:] == [
        "| bare | 3 | 3.00 | 2.00 | 4.00 | 1 |",
        "| ours | 1 | 1.50 | 1.50 | 1.50 | 0.500 |",
    ]


def test_a_section_says_when_where_and_what_was_missed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(machine, "describe", lambda: "2 cores, 8 GiB memory, Linux x86_64")
    monkeypatch.setattr(machine, "load", lambda: 1.5)
    report = Report("cli", "Start-up", "python 3.11.7", load=0.25, commit="abc")
    report.goals = [Goal("ratio", 1.5, 2), Goal("no-op", 4, 3, " s")]
    report.say("Words.")
    assert report.text(today=dt.date(2026, 11, 21)) == (
        "## Start-up\n\n"
        "2026-11-21, commit abc. 2 cores, 8 GiB memory, Linux x86_64, load 0.2 before and 1.5 after. python 3.11.7.\n\n"
        "| figure | measured | goal |  |\n| --- | ---: | ---: | --- |\n"
        "| ratio | 1.50 | ≤ 2 | met |\n| no-op | 4.00 s | ≤ 3 s | MISSED |\n\n"
        "Words.\n"
    )


def test_a_section_is_replaced_and_the_others_stay_in_their_order() -> None:
    document = replace_section("", "policy", "## Gate\n\nold\n")
    document = replace_section(document, "deploy", "## Deploy\n")
    document = replace_section(document, "policy", "## Gate\n\nnew\n")
    assert document.startswith("# Benchmarks\n")
    assert "old" not in document
    assert document.index("## Deploy") < document.index("## Gate\n\nnew\n")
    assert replace_section(document, "deploy", "## Deploy\n") == document
    with pytest.raises(ValueError, match="the section 'other' has no place among deploy, "):
        replace_section(document, "other", "## Other\n")


def test_every_script_that_reports_has_a_place_for_its_section() -> None:
    scripts = sorted(Path(reports.__file__).parent.glob("*.py"))
    reporting = {name for script in scripts for name in re.findall(r'Report\(\s*"(\w+)"', script.read_text())}
    assert reporting == set(reports.ORDER)


@pytest.mark.parametrize(("value", "check", "code"), [(1.0, True, 0), (9.0, True, 1), (9.0, False, 0)])
def test_a_missed_goal_is_a_failure_only_when_asked(value: float, check: bool, code: int, tmp_path: Path) -> None:
    document = tmp_path / "reference" / "benchmarks.md"
    report = Report("cli", "Start-up", "python 3.11.7", goals=[Goal("ratio", value, 2)])
    assert finish(report, argparse.Namespace(write=True, check=check), document=document) == code
    assert ("MISSED" in document.read_text()) == (value > 2)
