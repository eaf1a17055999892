from __future__ import annotations

import re
from pathlib import Path

import pytest

from orchestrator.risk.state_loss import HOLDS, RECREATABLE
from tests.unit.orchestrator.risk.conftest import Found, change

REPO = Path(__file__).resolve().parents[4]


@pytest.mark.parametrize("type_", sorted(HOLDS))
def test_deleting_and_replacing_what_holds_state_says_what_is_lost(found: Found, type_: str) -> None:
    assert found("state-loss", change(type_, {"id": "a"}, None)) == [f"deleted: this loses {HOLDS[type_]}"]
    replaced = change(type_, {"id": "a"}, {"id": "b"}, replace=True)
    assert found("state-loss", replaced) == [f"replaced: this loses {HOLDS[type_]}"]


def test_making_or_changing_it_loses_nothing(found: Found) -> None:
    assert found("state-loss", change("aws_s3_bucket", None, {"bucket": "b"})) == []
    assert found("state-loss", change("aws_s3_bucket", {"tags": {}}, {"tags": {"a": "b"}})) == []


def test_types_that_can_be_recreated_lose_nothing(found: Found) -> None:
    assert found("state-loss", change("aws_route", {"id": "a"}, {"id": "b"}, replace=True)) == []


def test_an_unknown_type_is_treated_as_holding_state(found: Found) -> None:
    (reason,) = found("state-loss", change("aws_new_thing", {"id": "a"}, None))
    assert reason == "deleted: aws_new_thing is not a known type, so it is treated as holding state"


def test_every_type_of_the_platform_has_been_thought_about() -> None:
    used = {
        name
        for file in (REPO / "terraform").rglob("*.tf")
        if ".terraform" not in file.parts
        for name in re.findall(r'^resource "(\w+)"', file.read_text(encoding="utf-8"), re.MULTILINE)
    }
    assert used - set(HOLDS) - RECREATABLE == set(), "say in orchestrator/risk/state_loss.py what is lost with these"
    assert not set(HOLDS) & RECREATABLE


@pytest.mark.parametrize(
    ("type_", "attribute", "before", "after", "reason"),
    [
        ("aws_cloudwatch_log_group", "retention_in_days", 365, 30, "kept for 30 days (before: 365 days)"),
        ("aws_cloudwatch_log_group", "retention_in_days", 0, 30, "kept for 30 days (before: any number of days)"),
        ("aws_cloudwatch_log_group", "retention_in_days", 30, 365, None),
        ("aws_cloudwatch_log_group", "retention_in_days", 30, 0, None),
        ("aws_sqs_queue", "message_retention_seconds", 1209600, 60, "kept for 60 seconds (before: 1209600 seconds)"),
    ],
)
def test_a_shorter_retention_loses_what_is_older(
    found: Found, type_: str, attribute: str, before: int, after: int, reason: str | None
) -> None:
    planned = change(type_, {attribute: before}, {attribute: after})
    assert found("state-loss", planned) == ([reason] if reason else [])


def test_a_new_log_group_has_nothing_to_lose(found: Found) -> None:
    assert found("state-loss", change("aws_cloudwatch_log_group", None, {"retention_in_days": 1})) == []


def rule(days: int, *, status: str = "Enabled", noncurrent: int | None = None) -> dict[str, object]:
    old = [{"noncurrent_days": noncurrent}] if noncurrent else []
    expiration = [{"days": days}] if days else []
    return {"id": "raw", "status": status, "expiration": expiration, "noncurrent_version_expiration": old}


@pytest.mark.parametrize(
    ("before", "after", "reason"),
    [
        (rule(30), rule(3), "rule `raw`: objects are deleted after 3 days (before: 30)"),
        (rule(30, status="Disabled"), rule(30), "rule `raw`: objects are deleted after 30 days (before: never)"),
        (rule(0), rule(0, noncurrent=7), "rule `raw`: old versions are deleted after 7 days (before: never)"),
        (rule(30), rule(90), None),
        (rule(30), rule(30, status="Disabled"), None),
    ],
)
def test_a_lifecycle_rule_that_deletes_sooner(
    found: Found, before: dict[str, object], after: dict[str, object], reason: str | None
) -> None:
    planned = change("aws_s3_bucket_lifecycle_configuration", {"rule": [before]}, {"rule": [after]})
    assert found("state-loss", planned) == ([reason] if reason else [])


def test_lifecycle_rules_of_a_new_bucket_delete_nothing_yet(found: Found) -> None:
    assert found("state-loss", change("aws_s3_bucket_lifecycle_configuration", None, {"rule": [rule(1)]})) == []


def test_versioning_that_ends(found: Found) -> None:
    on, off = ({"versioning_configuration": [{"status": status}]} for status in ("Enabled", "Suspended"))
    kind = "aws_s3_bucket_versioning"
    assert found("state-loss", change(kind, on, off))
    assert not found("state-loss", change(kind, off, on))
    assert not found("state-loss", change(kind, None, off))
