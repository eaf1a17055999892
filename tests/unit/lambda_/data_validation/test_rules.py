"""The rules for ETL output, with one case per way to break them."""

from __future__ import annotations

import copy
import json
from collections.abc import Callable
from typing import Any

import pytest

from data_validation import rules

FEATURES: list[dict[str, Any]] = [
    {"key": f"data/features/notes/split={s}/part-00000.parquet", "bytes": n, "rows": n}
    for s, n in (("train", 70), ("validation", 15), ("test", 10))
]
LABELS: dict[str, Any] = {"key": "data/features/labels/notes/test.jsonl", "bytes": 10, "rows": 10, "sha256": "abc"}
GROUPS_KEY = "data/processed/_reports/notes/r1.groups.json"
SPEC: dict[str, Any] = {
    "columns": [{"name": "id", "type": "string"}, {"name": "label", "type": "string"}],
    "output": None,
    "roles": {"id": "id", "group": "author", "label": "label"},
    "split": {"method": "group"},
    "max_quarantine_share": 0.05,
}
REPORT: dict[str, Any] = {
    "spec": SPEC,
    "status": "complete",
    "mode": "full",
    "inputs": ["a.txt", "b.txt"],
    "files": {
        "in": 2,
        "read": 1,
        "empty": 0,
        "quarantined": 1,
        "bytes": 1000,
        "bytes_quarantined": 20,
        "refused": [{"key": "b.txt", "reason": "file_is_zip", "bytes": 20}],
    },
    "data_fingerprint": "sha256:f",
    "counts": {"in": 100, "processed": 95, "left_out": 4, "quarantined": 1},
    "sources": {"amazon": {"in": 100, "processed": 95, "left_out": 4, "quarantined": 1, "groups": 6}},
    "quarantine_reasons": {"empty_text": 1},
    "splits": {
        "train": {"rows": 70, "groups": 3, "labels": {"negative": 30, "positive": 40}, "label_range": None},
        "validation": {"rows": 15, "groups": 2, "labels": {"negative": 7, "positive": 8}},
        "test": {"rows": 10, "groups": 1, "labels": {"negative": 5, "positive": 5}},
    },
    "outputs": {"features": FEATURES, "labels": [LABELS], "groups": [{"key": GROUPS_KEY}], "quarantine": [{"rows": 2}]},
}
GROUPS = {"train": ["a", "b", "c"], "validation": ["d", "e"], "test": ["f"]}
STORED: dict[str, int] = {**{o["key"]: o["bytes"] for o in FEATURES}, LABELS["key"]: 10}


def problems_after(change: Callable[[dict[str, Any]], None], limit: float = 0.05, task: str = "") -> list[str]:
    spec = {**SPEC, "max_quarantine_share": limit}
    facts: dict[str, Any] = copy.deepcopy({"report": REPORT, "groups": GROUPS, "stored": STORED, "spec": spec})
    change(facts)
    problems: list[str] = rules.broken_rules(rules.Facts(**facts, task=task or rules.task_of(facts["spec"])))
    return problems


def test_valid_data_breaks_no_rule() -> None:
    assert problems_after(lambda facts: None) == []


@pytest.mark.parametrize(
    ("change", "problem"),
    [
        (
            lambda f: [c.update(left_out=3) for c in (f["report"]["counts"], f["report"]["sources"]["amazon"])],
            "rows of all sources do not add up: 100 in, 95 processed, 3 left out, 1 quarantined; "
            "rows of source 'amazon' do not add up: 100 in, 95 processed, 3 left out, 1 quarantined",
        ),
        (
            lambda f: f["report"]["sources"].update(
                movie={"in": 7, "processed": 7, "left_out": 0, "quarantined": 0, "groups": 1}
            ),
            "rows 'in' of the sources are 107, of the run 100; rows 'processed' of the sources are 102, of the run 95",
        ),
        (
            lambda f: f["report"].update(status="refused", refusal="quarantine is 9.0%"),
            "the ETL run is 'refused': quarantine is 9.0%",
        ),
        (
            lambda f: f["report"]["inputs"].append("c.txt"),
            "files do not add up: 3 named, 2 in, 1 read, 0 empty, 1 quarantined",
        ),
        (
            lambda f: f["report"]["files"].update(empty=1),
            "files do not add up: 2 named, 2 in, 1 read, 1 empty, 1 quarantined",
        ),
        (
            lambda f: f["report"].update(quarantine_reasons={}),
            "1 rows are quarantined, 0 have a reason",
        ),
        (lambda f: f["report"]["outputs"].update(quarantine=[]), "quarantine holds 0 entries, 2 are due"),
        (
            lambda f: f["report"]["files"].update(bytes_quarantined=60),
            "6.0% of the bytes could not be read (b.txt file_is_zip), limit 5.0%",
        ),
        (lambda f: f["report"]["splits"]["train"].update(rows=69), "splits hold 94 rows, 95 were processed"),
        (
            lambda f: f["report"]["splits"]["test"]["labels"].update(negative=0),
            "split test has rows of 1 label(s) (positive) of 2",
        ),
        (
            lambda f: f["report"]["splits"]["train"]["labels"].update(negative=0),
            "split train has no row labelled negative",
        ),
        (
            lambda f: [f["report"]["splits"][s].update(labels={"one": 1}) for s in f["report"]["splits"]],
            "there are 1 labels (one); a classification needs two",
        ),
        (
            lambda f: f["report"]["splits"]["test"].update(labels=None),
            "there are too many different labels for a classification",
        ),
        (
            lambda f: [f["report"]["splits"]["test"].update(rows=0), f["report"]["splits"]["train"].update(rows=80)],
            "split test has no rows",
        ),
        (lambda f: f["groups"].update(test=["a"]), "1 group(s) are both in train and in test"),
        (lambda f: f["groups"].update(train=["a", "b"]), "split train reports 3 groups, its list names 2"),
        (lambda f: f["stored"].pop(LABELS["key"]), f"{LABELS['key']} is missing"),
        (
            lambda f: f["stored"].update({FEATURES[0]["key"]: 71}),
            f"{FEATURES[0]['key']} has 71 bytes, the run wrote 70",
        ),
        (lambda f: f["stored"].update({"data/features/notes/x": 1}), "data/features/notes/x is not of this run"),
    ],
)
def test_each_broken_rule_is_named(change: Any, problem: str) -> None:
    assert "; ".join(problems_after(change)) == problem


def test_a_regression_needs_labels_that_differ() -> None:
    def numbers(facts: dict[str, Any]) -> None:
        for split in facts["report"]["splits"].values():
            split.update(labels=None, label_range=[1.0, 1.0] if split["rows"] == 10 else [0.5, 2.0])

    assert problems_after(numbers, task="regression") == ["split test has one label only: 1.0"]
    assert problems_after(numbers, task="custom") == []


@pytest.mark.parametrize(
    ("label", "task"),
    [
        ({"type": "string"}, "classification"),
        ({"type": "boolean"}, "classification"),
        ({"type": "bigint", "values": [0, 1]}, "classification"),
        ({"type": "bigint"}, "custom"),
        ({"type": "double"}, "regression"),
        (None, "custom"),
    ],
)
def test_the_label_s_column_says_what_can_be_learned(label: dict[str, Any] | None, task: str) -> None:
    columns = [{"name": "x", "type": "double"}, *([{"name": "y", **label}] if label else [])]
    assert rules.task_of({"columns": columns, "roles": {"label": "y" if label else None}}) == task


def test_a_group_may_be_in_two_splits_only_if_they_are_of_different_times() -> None:
    def shared(facts: dict[str, Any]) -> None:
        facts["groups"].update(test=["a"])
        facts["spec"].update(split={"method": "time"})

    assert problems_after(shared) == []


def test_rows_without_groups_are_alone() -> None:
    def alone(facts: dict[str, Any]) -> None:
        facts["groups"].clear()
        facts["spec"]["roles"].update(group=None)

    assert problems_after(alone) == []


def test_an_incremental_run_adds_to_what_is_there() -> None:
    def earlier(facts: dict[str, Any]) -> None:
        facts["report"].update(mode="incremental")
        facts["stored"].update({"data/features/notes/x": 1})

    assert problems_after(earlier) == []


def test_too_many_quarantined_rows() -> None:
    assert problems_after(lambda facts: None, limit=0.005) == [
        "1.0% of the rows are in quarantine (empty_text 1), limit 0.5%",
        "2.0% of the bytes could not be read (b.txt file_is_zip), limit 0.5%",
    ]


def stored_run(report: dict[str, Any]) -> dict[str, bytes]:
    return {
        "data/processed/_reports/notes/r1.json": json.dumps(report).encode(),
        GROUPS_KEY: json.dumps(GROUPS).encode(),
        **{key: b"x" * size for key, size in STORED.items()},
        "data/features/notes/": b"",  # a folder placeholder is not data
    }


def test_handler_returns_what_the_next_steps_need(cold_start: Any, fake_s3: Any, context: Any) -> None:
    function = cold_start("data_validation")
    function.S3 = fake_s3(stored_run(REPORT))
    assert function.handler({"bucket": "data", "dataset": "notes", "run_id": "r1"}, context) == {
        "data_fingerprint": "sha256:f",
        "counts": REPORT["counts"],
        "splits": {"train": 70, "validation": 15, "test": 10},
        "labels_key": LABELS["key"],
        "labels_sha256": "abc",
    }


def test_handler_raises_by_name_and_logs_the_problems(cold_start: Any, fake_s3: Any, context: Any, logged: Any) -> None:
    function = cold_start("data_validation")
    report = {**REPORT, "counts": {**REPORT["counts"], "in": 101}}
    function.S3 = fake_s3(stored_run(report))
    with pytest.raises(function.DataValidationFailed, match="do not add up") as raised:
        function.handler({"bucket": "data", "dataset": "notes", "run_id": "r1"}, context)
    assert type(raised.value).__name__ == "DataValidationFailed"
    [line] = logged()
    assert (line["level"], line["request_id"], line["run_id"]) == ("ERROR", "request-1", "r1")


def test_the_specification_that_the_event_names_counts_more_than_the_report_s(
    cold_start: Any, fake_s3: Any, context: Any
) -> None:
    function = cold_start("data_validation")
    strict = json.dumps({**SPEC, "max_quarantine_share": 0.001}).encode()
    function.S3 = fake_s3({**stored_run(REPORT), "artifacts/spec.json": strict})
    event = {"bucket": "data", "dataset": "notes", "run_id": "r1", "spec_key": "artifacts/spec.json"}
    with pytest.raises(function.DataValidationFailed, match=r"in quarantine \(empty_text 1\), limit 0.1%"):
        function.handler(event, context)


def test_a_refused_run_is_named(cold_start: Any, fake_s3: Any, context: Any) -> None:
    function = cold_start("data_validation")
    outputs: dict[str, Any] = {"quarantine": []}
    function.S3 = fake_s3(stored_run({**REPORT, "status": "refused", "refusal": "too much", "outputs": outputs}))
    with pytest.raises(function.DataValidationFailed, match=r"^the ETL run is 'refused': too much$"):
        function.handler({"bucket": "data", "dataset": "notes", "run_id": "r1"}, context)
