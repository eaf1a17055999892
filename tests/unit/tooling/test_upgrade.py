from __future__ import annotations

from typing import Any

import pytest

from tooling.upgrade import lost


def planned(action: str, kind: str) -> dict[str, Any]:
    return {"stacks": [{"name": "data", "changes": [{"address": f"{kind}.this", "type": kind, "action": action}]}]}


@pytest.mark.parametrize("action", ["replace", "delete"])
def test_what_would_be_replaced_or_destroyed_is_reported(action: str) -> None:
    assert list(lost(planned(action, "aws_s3_bucket"))) == [f"data: {action} aws_s3_bucket.this"]


@pytest.mark.parametrize(
    ("action", "kind"), [("update", "aws_s3_bucket"), ("create", "aws_iam_role"), ("replace", "aws_s3_object")]
)
def test_updates_and_packages_are_not(action: str, kind: str) -> None:
    assert list(lost(planned(action, kind))) == []
