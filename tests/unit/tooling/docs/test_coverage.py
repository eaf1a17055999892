"""`docs/coverage.yaml` names only what exists, and the rules that make a row green."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path

import pytest

from tests.support.results import terraform_runs
from tooling.docs import coverage, coverage_check
from tooling.docs.coverage_rows import REPO, Removal, Row, load, outcome, problems, pytest_ids

RUN = "terraform/modules/ecr/tests/repositories.tftest.hcl::old_images_expire"
FOLDER = "tests/terraform/test_terraform_tests.py::test_terraform_test[modules/ecr]"


@pytest.mark.parametrize("row", load(), ids=lambda row: row.id)
def test_what_a_row_names_exists(row: Row) -> None:
    assert problems(row) == []


def test_every_point_of_the_foundation_has_rows() -> None:
    assert {row.id.split(".")[0] for row in load()} >= {f"F{number}" for number in range(1, 9)}


def test_a_row_is_proven_without_a_deployed_platform_too() -> None:
    assert [row.id for row in load() if not coverage_check.cheap(row)] == []


def row(folder: Path) -> Row:
    """Create a repository with one source file, one test and one row."""
    (folder / "a.tf").write_text('resource "x" "y" {\n  on = true\n}\n', encoding="utf-8")
    (folder / "test_a.py").write_text("def test_on(): ...\n", encoding="utf-8")
    (folder / "docs").mkdir()
    removal = {"file": "a.tf", "block": "resource.x.y"}
    data = {"id": "F9.x", "text": "x", "where": ["a.tf"], "tests": ["test_a.py::test_on"], "locally": "executed"}
    (folder / "docs/coverage.yaml").write_text(json.dumps([{**data, "remove": [removal]}]), encoding="utf-8")
    return load(folder)[0]


def result(folder: Path, name: str, content: object) -> None:
    (folder / "build/tests").mkdir(parents=True, exist_ok=True)
    (folder / "build/tests" / name).write_text(json.dumps(content), encoding="utf-8")


def ended(outcome: str, at: float) -> dict[str, object]:
    return {"test_a.py::test_on": {"outcome": outcome, "at": at}}


def test_a_row_is_green_if_its_test_passed_and_its_removal_was_caught(tmp_path: Path) -> None:
    only = row(tmp_path)
    assert not coverage.is_green(only, coverage.collect(tmp_path)[only.id])
    later = (tmp_path / "a.tf").stat().st_mtime + 10
    result(tmp_path, "results.json", ended("passed", later))
    assert not coverage.is_green(only, coverage.collect(tmp_path)[only.id])
    caught = {"digest": only.digest(tmp_path), "ran": {}, "verdict": "caught", "by": [], "how": "a test fails"}
    result(tmp_path, "removals.json", {only.id: caught})
    assert coverage.is_green(only, coverage.collect(tmp_path)[only.id])
    result(tmp_path, "removals.json", {only.id: {**caught, "verdict": "survived"}})
    assert not coverage.is_green(only, coverage.collect(tmp_path)[only.id])


@pytest.mark.parametrize(("outcome", "seconds"), [("failed", 10), ("skipped", 10), ("passed", -10)])
def test_failed_skipped_and_outdated_results_do_not_count(tmp_path: Path, outcome: str, seconds: int) -> None:
    only = row(tmp_path)
    result(tmp_path, "results.json", ended(outcome, (tmp_path / "a.tf").stat().st_mtime + seconds))
    assert coverage.collect(tmp_path)[only.id]["ran"].get("test_a.py::test_on") != "passed"


def test_a_removal_counts_only_for_the_files_it_was_tried_on(tmp_path: Path) -> None:
    only = row(tmp_path)
    caught = {"digest": only.digest(tmp_path), "ran": {"test_a.py::test_on": "passed"}, "verdict": "caught"}
    result(tmp_path, "removals.json", {only.id: {**caught, "by": [], "how": "a test fails"}})
    assert coverage.collect(tmp_path)[only.id]["ran"] == {"test_a.py::test_on": "passed"}
    (tmp_path / "a.tf").write_text('resource "x" "y" {\n}\n', encoding="utf-8")
    entry = coverage.collect(tmp_path)[only.id]
    assert entry["ran"] == {}
    assert "removal" not in entry


def test_the_report_is_built_below_build_with_links_to_sources_and_tests(tmp_path: Path) -> None:
    only = row(tmp_path)
    later = (tmp_path / "a.tf").stat().st_mtime + 10
    result(tmp_path, "results.json", ended("passed", later))
    coverage.write(tmp_path)
    page = (tmp_path / "build/coverage.md").read_text(encoding="utf-8")
    assert page.splitlines()[-1] == (
        "| F9.x | x | [a.tf](../a.tf) | [test_on](../test_a.py) | executed | passed | not tried | ⬜ |"
    )
    data = json.loads((tmp_path / "build/coverage.json").read_text(encoding="utf-8"))
    assert data == {"F9.x": {"digest": only.digest(tmp_path), "ran": {"test_a.py::test_on": "passed"}}}


def test_results_of_test_runs_are_not_committed() -> None:
    listed = subprocess.run(["git", "ls-files", "*coverage.json", "*coverage.md"], cwd=REPO, capture_output=True)
    assert listed.stdout == b""


def test_a_removal_takes_exactly_what_it_names() -> None:
    source = 'resource "x" "y" {\n  a {\n  }\n}\nresource "x" "z" {\n  on = true\n}\n'
    assert Removal(file="a", block="resource.x.y").apply(source) == 'resource "x" "z" {\n  on = true\n}\n'
    assert "on = false" in Removal(file="a", text="on = true", becomes="on = false").apply(source)
    with pytest.raises(ValueError, match="0 times, must occur once"):
        Removal(file="a", block="resource.x.other").apply(source)


def test_the_worst_of_several_parameters_counts() -> None:
    assert outcome("f::t", {"f::t[a]": "passed", "f::t[b]": "failed", "f::tea": "passed"}) == "failed"
    assert outcome("f::t", {"f::tea": "passed"}) is None


def test_a_run_block_runs_with_its_folder() -> None:
    assert pytest_ids(RUN) == FOLDER
    assert pytest_ids("tests/unit/test_x.py::test_y") == "tests/unit/test_x.py::test_y"
    below = "terraform/phases/1-foundation/retention/tests/retention.tftest.hcl::both_buckets_have_rules"
    assert pytest_ids(below).endswith("[phases/1-foundation/retention]")


@pytest.mark.parametrize(
    ("after", "verdict", "how"),
    [
        ({RUN: "failed", FOLDER: "failed"}, "caught", "a test fails"),
        ({FOLDER: "failed"}, "caught", "cannot be planned"),
        ({RUN: "passed", FOLDER: "failed"}, "survived", ""),
        ({RUN: "passed", FOLDER: "passed"}, "survived", ""),
        ({}, "survived", ""),
    ],
)
def test_only_a_named_test_catches_a_removal(after: dict[str, str], verdict: str, how: str) -> None:
    judged = coverage_check.verdict([RUN], after)
    assert (judged["verdict"], judged["how"]) == (verdict, how)


def test_runs_are_read_from_the_output_of_terraform_test() -> None:
    output = """tests/a.tftest.hcl... in progress
  run "one"... pass
  run "two"... fail
╷
│ Error: Test assertion failed
tests/a.tftest.hcl... tearing down
tests/a.tftest.hcl... fail
tests/b.tftest.hcl... in progress
  run "three"... skip
"""
    assert terraform_runs("terraform/modules/m", output) == [
        ("terraform/modules/m/tests/a.tftest.hcl::one", "passed"),
        ("terraform/modules/m/tests/a.tftest.hcl::two", "failed"),
        ("terraform/modules/m/tests/b.tftest.hcl::three", "skipped"),
    ]
