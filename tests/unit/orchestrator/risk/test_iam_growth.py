"""Which changes of policy documents count as more rights."""

from __future__ import annotations

import json

import pytest

from orchestrator import risk
from orchestrator.core.types import Json
from tests.unit.orchestrator.risk.conftest import ACCOUNT, Found, allow, change, deny, policy

BUCKET = "arn:aws:s3:::data"
READ = allow("s3:GetObject", f"{BUCKET}/a/*")
ONLY_OURS = {"StringEquals": {"aws:PrincipalTag/team": ["ml", "data"]}}


def updated(before: list[Json], after: list[Json], type_: str = "aws_iam_policy") -> Json:
    return change(type_, {"policy": policy(*before)}, {"policy": policy(*after)})


@pytest.mark.parametrize(
    ("before", "after", "reason"),
    [
        pytest.param(
            [READ],
            [allow(["s3:GetObject", "s3:PutObject"], f"{BUCKET}/a/*")],
            "`policy` newly allows s3:PutObject on data/a/*",
            id="an action more",
        ),
        pytest.param(
            [READ],
            [allow("s3:GetObject", f"{BUCKET}/*")],
            "`policy` newly allows s3:GetObject on data/*",
            id="resource",
        ),
        pytest.param(
            [READ], [allow("s3:Get*", f"{BUCKET}/a/*")], "`policy` newly allows s3:Get* on data/a/*", id="wider"
        ),
        pytest.param([READ], [allow("*")], "`policy` newly allows every action on everything", id="everything"),
        pytest.param(
            [{**READ, "Condition": ONLY_OURS}],
            [READ],
            "`policy` allows under weaker conditions s3:GetObject on data/a/*",
            id="a condition gone",
        ),
        pytest.param(
            [{**READ, "Condition": {"StringEquals": {"aws:PrincipalTag/team": "ml"}}}],
            [{**READ, "Condition": ONLY_OURS}],
            "`policy` allows under weaker conditions s3:GetObject on data/a/*",
            id="a condition with more values",
        ),
        pytest.param(
            [{**READ, "Condition": {"StringNotEquals": {"aws:RequestedRegion": ["a", "b"]}}}],
            [{**READ, "Condition": {"StringNotEquals": {"aws:RequestedRegion": "a"}}}],
            "`policy` allows under weaker conditions s3:GetObject on data/a/*",
            id="an exclusion with fewer values",
        ),
        pytest.param(
            [READ, deny("s3:DeleteObject")],
            [READ],
            "`policy` no longer denies s3:DeleteObject on everything",
            id="denial",
        ),
        pytest.param(
            [READ, deny("s3:*", NotPrincipal={"AWS": "arn:aws:iam::1:role/a"})],
            [READ, deny("s3:*", NotPrincipal={"AWS": ["arn:aws:iam::1:role/a", "arn:aws:iam::1:role/b"]})],
            "`policy` no longer denies s3:* on everything to everything except AWS:arn:aws:iam::1:role/a",
            id="a denial with more exceptions",
        ),
        pytest.param(
            [{"Effect": "Allow", "NotAction": ["iam:*", "kms:*"], "Resource": "*"}],
            [{"Effect": "Allow", "NotAction": "iam:*", "Resource": "*"}],
            "`policy` newly allows everything except iam:* on everything",
            id="NotAction with fewer exceptions",
        ),
        pytest.param(
            [allow("sqs:SendMessage", "q", Principal={"Service": "events.amazonaws.com"})],
            [allow("sqs:SendMessage", "q", Principal={"Service": ["events.amazonaws.com", "sns.amazonaws.com"]})],
            "`policy` newly allows sqs:SendMessage on q to Service:sns.amazonaws.com",
            id="a principal more",
        ),
    ],
)
def test_growth(found: Found, before: list[Json], after: list[Json], reason: str) -> None:
    assert found("iam-growth", updated(before, after)) == [reason]


@pytest.mark.parametrize(
    ("before", "after"),
    [
        pytest.param([allow("s3:*", f"{BUCKET}/*")], [READ], id="narrower action and resource"),
        pytest.param([READ], [{**READ, "Condition": ONLY_OURS}], id="a condition more"),
        pytest.param(
            [{**READ, "Condition": ONLY_OURS}],
            [{**READ, "Condition": {"StringEquals": {"aws:principaltag/team": "ml"}}}],
            id="a condition with fewer values, its key in another case",
        ),
        pytest.param([READ], [READ, deny("s3:*")], id="a denial more"),
        pytest.param([deny("s3:Delete*")], [deny("s3:*")], id="a wider denial"),
        pytest.param(
            [deny("s3:*", Condition={"Bool": {"aws:SecureTransport": "false"}})],
            [deny("s3:*")],
            id="without conditions",
        ),
        pytest.param(
            [allow(["s3:GetObject", "s3:PutObject"], "*")],
            [allow("s3:putobject", "*"), allow("s3:getobject", "*")],
            id="the same in other words",
        ),
        pytest.param(
            [allow("a:B", "r", Principal={"AWS": "123456789012"})],
            [allow("a:B", "r", Principal={"AWS": "arn:aws:iam::123456789012:root"})],
            id="an account by number and by ARN",
        ),
        pytest.param([allow("a:B", "r", Principal="*")], [allow("a:B", "r", Principal={"AWS": "*"})], id="anybody"),
        pytest.param(
            [{"Effect": "Allow", "NotAction": "iam:*", "Resource": "*"}], [allow("s3:GetObject")], id="within NotAction"
        ),
    ],
)
def test_no_growth(found: Found, before: list[Json], after: list[Json]) -> None:
    assert found("iam-growth", updated(before, after)) == []


def test_patterns_are_compared_as_patterns_not_as_text(found: Found) -> None:
    question = updated([allow("s3:GetObject", "b/?")], [allow("s3:GetObject", "b/*")])
    assert found("iam-growth", question) == ["`policy` newly allows s3:GetObject on b/*"]
    assert found("iam-growth", updated([allow("a:B", "b/*/c*")], [allow("a:B", "b/x/c/d*")])) == []


def test_a_new_policy_is_summed_up(found: Found) -> None:
    text = policy(allow([f"s3:Action{n}" for n in range(12)], [f"{BUCKET}/{n}" for n in range(5)]))
    assert found("iam-growth", change("aws_iam_policy", None, {"policy": text})) == [
        "new: `policy` allows s3:Action0, s3:Action1, s3:Action2 and 9 more on data/0, data/1, data/2 and 2 more"
    ]


def test_a_policy_that_only_denies_is_not_growth(found: Found) -> None:
    text = policy(deny("s3:*", Principal="*"))
    assert found("iam-growth", change("aws_s3_bucket_policy", None, {"policy": text})) == []


def test_deleting_a_policy_removes_its_denials(found: Found) -> None:
    text = policy(READ, deny("s3:*", BUCKET, Principal="*"))
    assert found("iam-growth", change("aws_s3_bucket_policy", {"policy": text}, None)) == [
        "`policy` no longer denies s3:* on data to any principal"
    ]
    assert found("iam-growth", change("aws_iam_policy", {"policy": policy(READ)}, None)) == []


def test_a_document_is_found_in_any_attribute_of_any_type(found: Found) -> None:
    (reason,) = found("iam-growth", change("aws_new_thing", None, {"access": policy(READ)}))
    assert reason == "new: `access` allows s3:GetObject on data/a/*"


def test_a_policy_known_only_after_the_apply_counts_as_growth(found: Found) -> None:
    reasons = ["its `policy` is known only after the apply"]
    assert found("iam-growth", change("aws_iam_policy", None, {}, unknown={"policy": True})) == reasons
    before = {"policy": policy(READ), "name": "a"}
    planned = change("aws_iam_policy", before, {"name": "a"}, unknown={"policy": True})
    assert found("iam-growth", planned) == reasons


def test_an_unreadable_document_is_reported(found: Found) -> None:
    (reason,) = found("iam-growth", change("aws_iam_policy", None, {"policy": "{"}))
    assert reason == "its `policy` is not a readable policy document"


TRUST = policy(allow("sts:AssumeRole", None, Principal={"Service": "glue.amazonaws.com"}))


def role(**values: object) -> Json:
    return {"assume_role_policy": TRUST, "permissions_boundary": "arn:aws:iam::123456789012:policy/boundary", **values}


@pytest.mark.parametrize(
    ("before", "after", "unknown", "reasons"),
    [
        (role(), role(permissions_boundary=None), {}, ["its permissions boundary is removed"]),
        (role(), role(permissions_boundary="arn:aws:iam::123456789012:policy/other"), {},
         ["its permissions boundary changes to policy/other"]),
        (role(), role(permissions_boundary=None), {"permissions_boundary": True},
         ["its permissions boundary changes to one known only after the apply"]),
        (role(), role(description="new"), {}, []),
        (None, role(), {}, ["new: `assume_role_policy` allows sts:AssumeRole to Service:glue.amazonaws.com"]),
        (None, role(permissions_boundary=None), {},
         ["it has no permissions boundary; new: `assume_role_policy` allows sts:AssumeRole "
          "to Service:glue.amazonaws.com"]),
    ],
)  # fmt: skip
def test_roles(found: Found, before: Json | None, after: Json, unknown: Json, reasons: list[str]) -> None:
    assert found("iam-growth", change("aws_iam_role", before, after, unknown=unknown)) == reasons


def test_inline_policies_of_a_role_are_compared(found: Found) -> None:
    wider = role(inline_policy=[{"name": "p", "policy": policy(READ, allow("iam:PassRole"))}])
    planned = change("aws_iam_role", role(inline_policy=[{"name": "p", "policy": policy(READ)}]), wider)
    assert found("iam-growth", planned) == ["`inline_policy` newly allows iam:PassRole on everything"]


def test_an_attachment_is_a_grant_by_itself(found: Found) -> None:
    values = {"role": "mlops-prod-glue", "policy_arn": "arn:aws:iam::aws:policy/AdministratorAccess"}
    kind = "aws_iam_role_policy_attachment"
    reasons = ["a role gets a policy (role mlops-prod-glue, policy_arn policy/AdministratorAccess)"]
    assert found("iam-growth", change(kind, None, values)) == reasons
    assert found("iam-growth", change(kind, {**values, "policy_arn": "other"}, values, replace=True)) == reasons
    assert found("iam-growth", change(kind, values, None)) == []


def test_a_new_endpoint_grants_nothing(found: Found) -> None:
    assert found("iam-growth", change("aws_vpc_endpoint", None, {"policy": policy(allow("s3:*", Principal="*"))})) == []


def test_removing_the_policy_of_an_endpoint_counts_as_growth(found: Found) -> None:
    narrow = {"policy": policy(allow("s3:*", BUCKET, Principal="*")), "vpc_id": "vpc-1"}
    assert found("iam-growth", change("aws_vpc_endpoint", narrow, {"policy": None, "vpc_id": "vpc-1"})) == [
        "its policy is removed: the endpoint allows all requests"
    ]


@pytest.mark.parametrize(
    "text",
    [
        pytest.param('{"\\u0053tatement": {"Effect": "Allow", "Action": "\\u002a", "Resource": "*"}}', id="escapes"),
        pytest.param('{"statement": [{"effect": "Allow", "action": "*", "resource": "*"}]}', id="small letters"),
        pytest.param('{"Statement": {"Effect": "allow", "Action": "*", "Resource": "*"}}', id="an effect of no name"),
        pytest.param('\n {"Statement": {"Action": "*", "Resource": "*"}}', id="no effect"),
    ],
)
def test_no_spelling_hides_a_grant(found: Found, text: str) -> None:
    reasons = ["`policy` newly allows every action on everything"]
    assert found("iam-growth", change("aws_iam_policy", {"policy": policy(READ)}, {"policy": text})) == reasons


def test_a_document_is_found_in_nested_blocks_and_in_templates(found: Found) -> None:
    inner = change("aws_s3control_multi_region_access_point_policy", None, {"details": [{"policy": policy(READ)}]})
    assert found("iam-growth", inner) == ["new: `details` allows s3:GetObject on data/a/*"]
    role = {"Type": "AWS::IAM::Role", "Properties": {"Policies": [{"PolicyDocument": {"Statement": [READ]}}]}}
    stack = change("aws_cloudformation_stack", None, {"template_body": json.dumps({"Resources": {"Role": role}})})
    assert found("iam-growth", stack) == ["new: `template_body` allows s3:GetObject on data/a/*"]
    (reason,) = found("iam-growth", change("aws_cloudformation_stack", None, {"template_body": "Resources: {}"}))
    assert reason == "its `template_body` may create roles and policies: it is not readable JSON"


@pytest.mark.parametrize(
    "statement",
    [
        pytest.param("s3:GetObject", id="a text"),
        pytest.param({"Effect": "Allow", "Resource": "*"}, id="no action"),
        pytest.param({**READ, "Condition": "always"}, id="a condition that is none"),
        pytest.param({**READ, "Condition": {"StringEquals": "always"}}, id="an operator without keys"),
    ],
)
def test_an_invalid_statement_is_reported(found: Found, statement: object) -> None:
    text = json.dumps({"Statement": [statement]})
    (reason,) = found("iam-growth", change("aws_iam_policy", None, {"policy": text}))
    assert reason == "its `policy` is not a readable policy document"
    inline = change("aws_iam_role", role(), role(inline_policy=[{"name": "p", "policy": text}]))
    assert found("iam-growth", inline) == ["its `inline_policy` is not a readable policy document"]


def test_blocks_named_like_elements_are_not_policies(found: Found) -> None:
    rule = {"name": "limit", "statement": [{"rate_based_statement": [{"limit": 100}]}]}
    assert found("iam-growth", change("aws_wafv2_web_acl", None, {"rule": [rule]})) == []


@pytest.mark.parametrize(("written", "reasons"), [(True, ["its `policy` is known only after the apply"]), (False, [])])
def test_attributes_that_aws_sets_are_not_unknown_grants(found: Found, written: bool, reasons: list[str]) -> None:
    planned = change("aws_sns_topic", None, {"name": "t"}, unknown={"policy": True, "arn": True})
    block = {"address": "aws_sns_topic.this", "expressions": {"name": {}} | ({"policy": {}} if written else {})}
    calls = {"m": {"module": {"resources": [block]}}}
    planned["address"] = 'module.m["a.b"].aws_sns_topic.this[0]'
    document = {"resource_changes": [planned], "configuration": {"root_module": {"module_calls": calls}}}
    risks = risk.of_plan(document, stack="s", account_id=ACCOUNT)
    assert [each.reason for each in risks if each.kind == "iam-growth"] == reasons


def test_policies_that_a_role_lists_are_compared(found: Found) -> None:
    before, after = role(managed_policy_arns=["a"]), role(managed_policy_arns=["a", "arn:aws:iam::aws:policy/Wide"])
    assert found("iam-growth", change("aws_iam_role", before, after)) == ["it gets the policies policy/Wide"]
    assert found("iam-growth", change("aws_iam_role", after, before)) == []
