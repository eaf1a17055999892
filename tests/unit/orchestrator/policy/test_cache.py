"""The gate's cache repeats passed reports of the same input only."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from orchestrator.errors import PolicyGateBroken
from orchestrator.policy.cache import CachedGate
from orchestrator.policy.model import Finding, PolicyReport
from tests.fakes.policy import FakePolicyGate, violation

SKIP = Finding("CKV_1", "aws_s3_bucket.a", "main.tf:1", "LOW", "because")
GREEN = PolicyReport(frozenset({"A", "B"}), frozenset({"A", "B", "C"}), (), (SKIP,), 4.0)


@pytest.fixture
def source(tmp_path: Path) -> Path:
    folder = tmp_path / "terraform"
    for name in ("modules/a/main.tf", "modules/a/t.tftpl", "envs/local/platform.yaml", "modules/a/.terraform/x"):
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text("one\n")
    return folder


@pytest.fixture
def inner() -> FakePolicyGate:
    return FakePolicyGate(source={"terraform": GREEN})


@pytest.fixture
def gate(inner: FakePolicyGate, tmp_path: Path) -> CachedGate:
    return CachedGate(inner, tmp_path / "cache")


def scans(inner: FakePolicyGate) -> int:
    return len(inner.calls)


def test_the_second_report_is_the_first_one(gate: CachedGate, inner: FakePolicyGate, source: Path) -> None:
    first, second = gate.scan_source(source), gate.scan_source(source)
    assert scans(inner) == 1
    assert (second.rules_expected, second.rules_ran, second.skipped) == (
        first.rules_expected, first.rules_ran, first.skipped,
    )  # fmt: skip
    assert second.passed
    assert second.seconds < 1


@pytest.mark.parametrize(
    "name",
    [
        "modules/a/main.tf", "modules/a/t.tftpl", "modules/b/new.tf",
        "envs/local/new.tf", "modules/a/envs/new.tf", "modules/a/envs/new.yaml",
    ],
)  # fmt: skip
def test_any_change_is_scanned(gate: CachedGate, inner: FakePolicyGate, source: Path, name: str) -> None:
    gate.scan_source(source)
    (source / name).parent.mkdir(exist_ok=True)
    (source / name).write_text("two\n")
    gate.scan_source(source)
    assert scans(inner) == 2


def test_code_that_calls_modules_elsewhere_is_not_cached(gate: CachedGate, inner: FakePolicyGate, source: Path) -> None:
    (source.parent / "shared").mkdir()
    (source / "modules/a/main.tf").write_text('module "m" {\n  source = "../../../shared"\n}\n')
    gate.scan_source(source)
    gate.scan_source(source)
    assert scans(inner) == 2


def test_a_file_that_cannot_be_read_is_named(gate: CachedGate, source: Path) -> None:
    (source / "modules/a/gone.tf").symlink_to(source / "nowhere")
    with pytest.raises(PolicyGateBroken, match=r"modules/a/gone\.tf: not scanned"):
        gate.scan_source(source)


def test_a_renamed_file_is_scanned(gate: CachedGate, inner: FakePolicyGate, source: Path) -> None:
    gate.scan_source(source)
    (source / "modules/a/main.tf").rename(source / "modules/a/other.tf")
    gate.scan_source(source)
    assert scans(inner) == 2


def test_values_and_downloaded_modules_are_not_source(gate: CachedGate, inner: FakePolicyGate, source: Path) -> None:
    gate.scan_source(source)
    (source / "envs/local/platform.yaml").write_text("two\n")
    (source / "modules/a/.terraform/x").write_text("two\n")
    gate.scan_source(source)
    assert scans(inner) == 1


def test_other_rules_scan_again(gate: CachedGate, inner: FakePolicyGate, source: Path) -> None:
    gate.scan_source(source)
    inner.rules = "rules-2"
    gate.scan_source(source)
    assert scans(inner) == 2


def test_fresh_scans_again(gate: CachedGate, inner: FakePolicyGate, source: Path) -> None:
    gate.scan_source(source)
    gate.scan_source(source, fresh=True)
    assert (scans(inner), inner.fresh) == (2, [False, True])


@pytest.mark.parametrize(
    "answer", [violation(), PolicyReport(frozenset({"A", "B"}), frozenset({"A"}), (), (), 1.0)], ids=["red", "not run"]
)
def test_a_failed_report_is_not_cached(
    gate: CachedGate, inner: FakePolicyGate, source: Path, answer: PolicyReport
) -> None:
    inner.source["terraform"] = answer
    assert not gate.scan_source(source).passed
    inner.source["terraform"] = GREEN
    assert gate.scan_source(source).passed
    assert scans(inner) == 2


def test_a_broken_gate_stays_broken(gate: CachedGate, inner: FakePolicyGate, source: Path) -> None:
    inner.source["terraform"] = PolicyGateBroken("no")
    for _ in range(2):
        with pytest.raises(PolicyGateBroken):
            gate.scan_source(source)


def damaged(text: str) -> list[str]:
    other = json.loads(text)
    other["report"]["rules_ran"] = ["A", "B", "C", "D"]
    empty = {"key": other["key"], "sha256": other["sha256"], "report": {}}
    return ["", text[:-5], "[]", "null", json.dumps(other), json.dumps(empty), json.dumps({**other, "key": "x"})]


@pytest.mark.parametrize("case", range(7))
def test_a_damaged_entry_is_ignored(gate: CachedGate, inner: FakePolicyGate, source: Path, case: int) -> None:
    gate.scan_source(source)
    [file] = (source.parent / "cache").iterdir()
    file.write_text(damaged(file.read_text())[case])
    assert gate.scan_source(source).rules_ran == GREEN.rules_ran
    assert scans(inner) == 2


def test_a_folder_that_cannot_be_written_costs_only_time(inner: FakePolicyGate, source: Path, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    gate = CachedGate(inner, tmp_path / "file" / "cache")
    assert gate.scan_source(source).passed
    assert gate.scan_source(source).passed
    assert scans(inner) == 2
