"""The classes together, over whole documents."""

from __future__ import annotations

from orchestrator import risk
from orchestrator.risk import Risk
from tests.unit.orchestrator.risk.conftest import ACCOUNT, allow, change, policy


def test_risks_carry_class_stack_address_and_reason_in_the_order_of_the_classes() -> None:
    document = {
        "resource_changes": [
            change("aws_iam_role_policy", None, {"policy": policy(allow("s3:GetObject", "arn:aws:s3:::b/*"))}),
            change("aws_s3_bucket", {"bucket": "b"}, None, name="data"),
        ]
    }
    bucket, role_policy = "module.m.aws_s3_bucket.data", "module.m.aws_iam_role_policy.this"
    assert risk.of_plan(document, stack="foundation", account_id=ACCOUNT) == (
        Risk("state-loss", "foundation", bucket, "deleted: this loses its objects and their versions"),
        Risk("iam-growth", "foundation", role_policy, "new: `policy` allows s3:GetObject on b/*"),
    )


def test_a_plan_that_changes_nothing_has_no_risk() -> None:
    public = {"cidr_ipv4": "0.0.0.0/0", "ip_protocol": "-1"}
    unchanged = change("aws_vpc_security_group_ingress_rule", public, public)
    read = {**change("aws_iam_policy_document", None, {}), "mode": "data"}
    forgotten = change("aws_s3_bucket", {"bucket": "b"}, None)
    forgotten["change"]["actions"] = ["forget"]
    document = {"resource_changes": [unchanged, read, forgotten]}
    assert risk.of_plan(document, stack="s", account_id=ACCOUNT) == ()
    assert risk.of_plan({}, stack="s", account_id=ACCOUNT) == ()


def test_a_risk_is_the_same_one_when_its_reason_becomes_known() -> None:
    preview = Risk("iam-growth", "data", "aws_iam_policy.p", "its `policy` is known only after the apply")
    real = Risk("iam-growth", "data", "aws_iam_policy.p", "new: `policy` allows s3:GetObject")
    assert preview.key == real.key
    assert risk.classes_of([real, preview]) == ("iam-growth",)
