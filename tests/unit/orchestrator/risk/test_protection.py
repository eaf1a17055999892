from __future__ import annotations

from typing import Any

import pytest

from tests.unit.orchestrator.risk.conftest import Found, change

ON_DESTROY = "a destroy deletes it with its contents"


@pytest.mark.parametrize(
    ("type_", "before", "after", "reason"),
    [
        ("aws_ecr_repository", {"force_delete": False}, {"force_delete": True},
         f"`force_delete` becomes true: {ON_DESTROY}"),
        ("aws_s3_bucket", {"force_destroy": False}, {"force_destroy": True},
         f"`force_destroy` becomes true: {ON_DESTROY}"),
        ("aws_dynamodb_table", {"deletion_protection_enabled": True}, {"deletion_protection_enabled": False},
         f"`deletion_protection_enabled` becomes false: {ON_DESTROY}"),
        ("aws_dynamodb_table", {"deletion_protection_enabled": True}, {},
         f"`deletion_protection_enabled` becomes false: {ON_DESTROY}"),
        ("aws_new_thing", {"deletion_protection": True}, {"deletion_protection": False},
         f"`deletion_protection` becomes false: {ON_DESTROY}"),
        ("aws_kms_key", {"deletion_window_in_days": 30}, {"deletion_window_in_days": 7},
         "a deletion can be undone for 7 days (before: 30)"),
        ("aws_dynamodb_table", {"point_in_time_recovery": [{"enabled": True}]},
         {"point_in_time_recovery": [{"enabled": False}]}, "its continuous backups end"),
        ("aws_sagemaker_domain", {"retention_policy": [{"home_efs_file_system": "Retain"}]},
         {"retention_policy": [{"home_efs_file_system": "Delete"}]}, "home folders are deleted with the domain"),
        ("aws_sagemaker_domain", {"retention_policy": [{"home_efs_file_system": "Retain"}]},
         {"retention_policy": []}, "home folders are deleted with the domain"),
        ("aws_bedrock_guardrail", {"name": "g"}, None,
         "deleted: its model's requests and answers are no longer filtered"),
        ("aws_wafv2_web_acl_association", {"id": "w"}, None, "deleted: requests are no longer filtered"),
    ],
)  # fmt: skip
def test_a_protection_that_goes_is_a_risk_and_one_that_comes_is_none(
    found: Found, type_: str, before: dict[str, Any], after: dict[str, Any] | None, reason: str
) -> None:
    assert found("protection-loss", change(type_, before, after)) == [reason]
    assert found("protection-loss", change(type_, after, before)) == []
    assert found("protection-loss", change(type_, None, after or before)) == [], "a new one had none before"


def test_replaced_with_less_protection_counts_too(found: Found) -> None:
    kept = change("aws_ecr_repository", {"force_delete": False}, {"force_delete": False, "name": "x"}, replace=True)
    lost = change("aws_ecr_repository", {"force_delete": False}, {"force_delete": True}, replace=True)
    assert found("protection-loss", kept) == []
    assert len(found("protection-loss", lost)) == 1


def test_a_value_that_is_known_later_may_be_the_wrong_one(found: Found) -> None:
    planned = change("aws_s3_bucket", {"force_destroy": False}, {}, unknown={"force_destroy": True})
    assert len(found("protection-loss", planned)) == 1


def test_a_replaced_guard_still_guards(found: Found) -> None:
    assert found("protection-loss", change("aws_bedrock_guardrail", {"id": "a"}, {"id": "b"}, replace=True)) == []
