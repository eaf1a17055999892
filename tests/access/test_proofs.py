"""The proofs themselves: each turns red on what it is there for, and stays green beside it."""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path
from typing import Any

import botocore.session
import pytest
from policy_sentry.querying.actions import get_action_data

from tests.access import actions, calls, escalation, needs, proofs, simulation
from tests.access.roles import Role

ACCOUNT = "123456789012"
TRAINING = f"arn:aws:iam::{ACCOUNT}:role/mlops-local-sagemaker-training"


NOT_ACTION = {"Statement": [{"Effect": "Allow", "NotAction": "iam:*", "Resource": "*"}]}
DENY_ALL = {"Statement": [{"Effect": "Deny", "Action": "iam:*", "Resource": "*"}]}


def document(action: Any, resource: Any = "*", **more: Any) -> dict[str, Any]:
    return {
        "Version": "2012-10-17",
        "Statement": [{"Sid": "S", "Effect": "Allow", "Action": action, "Resource": resource, **more}],
    }


KEY = f"arn:aws:kms:us-east-1:{ACCOUNT}:key/11111111-1111-1111-1111-111111111111"
VIA = {"kms:ViaService": "s3.us-east-1.amazonaws.com"}
TIED = document("kms:Decrypt", KEY, Condition={"StringEquals": VIA})
UNTIED: list[dict[str, Any]] = [
    {},
    {"Condition": {"StringEquals": {"aws:PrincipalTag/project": "mlops"}}},
    {"Condition": {"Bool": {"kms:GrantIsForAWSResource": "true"}}},
    *({"Condition": {operator: VIA}} for operator in ("StringEqualsIfExists", "StringNotEquals", "Null")),
]


def role(name: str = "mlops-local-x", *policies: dict[str, Any], boundary: dict[str, Any] | None = None) -> Role:
    trust = {
        "Statement": [
            {
                "Effect": "Allow",
                "Principal": {"Service": "lambda.amazonaws.com"},
                "Action": "sts:AssumeRole",
                "Condition": {"StringEquals": {"aws:SourceAccount": ACCOUNT}},
            }
        ]
    }
    return Role(
        name,
        f"arn:aws:iam::{ACCOUNT}:role/{name}",
        trust,
        {f"p{index}": each for index, each in enumerate(policies)},
        boundary,
    )


@pytest.mark.parametrize(
    ("proof", "bad", "good"),
    [
        (proofs.wildcard_actions, document("*"), document("s3:GetObject", "arn:aws:s3:::b/data/*")),
        (proofs.wildcard_actions, document("s3:Get*"), document(["s3:GetObject"])),
        (proofs.wildcard_actions, NOT_ACTION, DENY_ALL),
        (proofs.whole_services, document("sagemaker:*"), document("sagemaker:Describe*")),
        (proofs.whole_services, document("*"), document("s3:Get*")),
        (proofs.unknown_actions, document("s3:ReadObject"), document("s3:GetObject")),
        (proofs.unknown_actions, document("sagemaker:InvokeEndpoints"), document("sagemaker:InvokeEndpoint")),
        (proofs.needless_stars, document("s3:GetObject"), document("sagemaker:ListEndpoints")),
        (proofs.needless_stars, document("ec2:DeleteNetworkInterface"), document("ec2:DescribeSubnets")),
        (proofs.needless_stars, document(["ec2:DescribeSubnets", "iam:PassRole"]), document("xray:PutTraceSegments")),
        (
            proofs.needless_stars,
            document("cloudwatch:PutMetricData"),
            document("cloudwatch:PutMetricData", Condition={"StringLike": {"cloudwatch:namespace": "mlops-local"}}),
        ),
        (
            proofs.idle_pairs,
            document("s3:GetObject", "arn:aws:sagemaker:us-east-1:123456789012:endpoint/x"),
            document("sagemaker:InvokeEndpoint", "arn:aws:sagemaker:us-east-1:123456789012:endpoint/x-*"),
        ),
        (
            proofs.idle_pairs,
            document("s3:GetObject", ["arn:aws:s3:::b/data/*", "arn:aws:sqs:us-east-1:123456789012:q"]),
            document(["s3:GetObject", "s3:ListBucket"], ["arn:aws:s3:::b/data/*", "arn:aws:s3:::b"]),
        ),
        *((proofs.untied_keys, document("kms:Decrypt", KEY, **bad), TIED) for bad in UNTIED),
        (proofs.untied_keys, document("kms:GenerateDataKey*", KEY), document("kms:DescribeKey", KEY)),
        (
            proofs.untied_keys,
            document(["s3:GetObject", "kms:CreateGrant"], KEY),
            document("kms:Decrypt", KEY, Condition={"StringLike": {"kms:EncryptionContext:SecretARN": "x"}}),
        ),
    ],
)  # fmt: skip
def test_a_proof_sees_the_bad_and_leaves_the_good(proof: Any, bad: dict[str, Any], good: dict[str, Any]) -> None:
    assert proof(bad)
    assert not proof(good)


@pytest.mark.parametrize(
    ("principal", "condition"),
    [
        ("*", {}),
        ({"AWS": "*"}, {"Bool": {"aws:MultiFactorAuthPresent": "true"}}),
        ({"Service": "sagemaker.amazonaws.com"}, {}),
        ({"AWS": f"arn:aws:iam::{ACCOUNT}:root"}, {}),
        ({"AWS": f"arn:aws:iam::{ACCOUNT}:root"}, {"Bool": {"aws:MultiFactorAuthPresent": "true"}}),
        ({"AWS": "arn:aws:iam::210987654321:role/x"}, {"StringEquals": {"aws:PrincipalTag/persona": "x"}}),
    ],
)
def test_an_open_trust_is_found(principal: Any, condition: dict[str, Any]) -> None:
    trust = {
        "Statement": [{"Effect": "Allow", "Principal": principal, "Action": "sts:AssumeRole", "Condition": condition}]
    }
    assert proofs.open_trust(replace(role(), trust=trust), ACCOUNT, "mlops-local-")
    assert not proofs.open_trust(role(), ACCOUNT, "mlops-local-")
    assert proofs.open_trust(role("another"), ACCOUNT, "mlops-local-")


@pytest.mark.parametrize("way", escalation.WAYS, ids=" and ".join)
def test_every_way_up_exists_on_aws_and_is_found(way: tuple[str, ...]) -> None:
    assert all(actions.expand(action) == (action,) for action in way), "AWS has no such action"
    climber = role("mlops-local-climber", document(list(way)), boundary=document(list(way)))
    assert way in escalation.ways(climber)
    assert list(escalation.uncontained(climber, {climber.name: climber}))
    bounded = replace(climber, boundary=document("s3:GetObject"))
    assert way not in escalation.ways(bounded), "what the boundary cuts does not count"
    unbounded = replace(climber, boundary=None)
    assert way in escalation.ways(unbounded), "without a boundary the policies decide"


def test_there_are_the_known_ways() -> None:
    assert len(set(escalation.WAYS)) == len(escalation.WAYS) >= 60


def test_handing_on_a_role_is_contained_only_by_name_service_and_target() -> None:
    target = role(
        "mlops-local-sagemaker-training", document("s3:GetObject", "arn:aws:s3:::b/*"), boundary=document("s3:Get*")
    )
    start = document("sagemaker:CreateTrainingJob", f"arn:aws:sagemaker:us-east-1:{ACCOUNT}:training-job/x-*")
    condition = {"StringEquals": {"iam:PassedToService": "sagemaker.amazonaws.com"}}

    def uncontained(passing: dict[str, Any], to: Role = target) -> list[str]:
        one = role("mlops-local-one", start, passing, boundary=document(["iam:PassRole", "sagemaker:Create*"]))
        return [*escalation.uncontained(one, {each.name: each for each in (one, to)}), *proofs.reach_of_passing(one)]

    assert not uncontained(document("iam:PassRole", TRAINING, Condition=condition))
    assert uncontained(document("iam:PassRole", TRAINING))
    assert uncontained(document("iam:PassRole", f"arn:aws:iam::{ACCOUNT}:role/mlops-local-*", Condition=condition))
    assert uncontained(document("iam:PassRole", f"arn:aws:iam::{ACCOUNT}:role/admin", Condition=condition))
    powerful = replace(target, policies={"p": document("iam:PutRolePolicy")}, boundary=document("iam:PutRolePolicy"))
    assert uncontained(document("iam:PassRole", TRAINING, Condition=condition), powerful)
    assert uncontained(document("iam:PassRole", TRAINING, Condition=condition), replace(target, boundary=None))


def test_glue_gets_a_role_only_from_who_cannot_bring_code_there() -> None:
    target = role("mlops-local-glue", document("s3:GetObject"), boundary=document("s3:GetObject"))
    condition = {"StringEquals": {"iam:PassedToService": "glue.amazonaws.com"}}
    passing = document("iam:PassRole", target.arn, Condition=condition)

    def uncontained(action: str) -> list[str]:
        one = role("mlops-local-one", document(action), passing, boundary=document(["iam:PassRole", "glue:*"]))
        return list(escalation.uncontained(one, {each.name: each for each in (one, target)}))

    assert not uncontained("glue:StartDataQualityRulesetEvaluationRun")
    assert all(uncontained(action) for action in escalation.OWN_CODE_ON_GLUE)


def passing_to_bedrock(target: Role, *rights: str) -> list[str]:
    condition = {"StringEquals": {"iam:PassedToService": escalation.BEDROCK}}
    own, passed = document(list(rights)), document("iam:PassRole", target.arn, Condition=condition)
    one = role("mlops-local-one", own, passed, boundary=document(["iam:PassRole", "bedrock:*"]))
    return list(escalation.uncontained(one, {each.name: each for each in (one, target)}))


def test_bedrock_gets_a_role_only_for_batch_jobs() -> None:
    rights = document(["s3:GetObject", "bedrock:InvokeModel"])
    target = role("mlops-local-chat-batch-jobs", rights, boundary=document(["s3:*", "bedrock:*", "sqs:*"]))
    trusted = {"Effect": "Allow", "Principal": {"Service": escalation.BEDROCK}, "Action": "sts:AssumeRole"}
    target = replace(target, trust={"Statement": [trusted]})

    assert not passing_to_bedrock(target, "bedrock:CreateModelInvocationJob")
    for action in escalation.OWN_WORK_ON_BEDROCK:
        assert passing_to_bedrock(target, "bedrock:CreateModelInvocationJob", action), action
    for wide in ("s3:DeleteObject", "sqs:SendMessage", "bedrock:InvokeAgent"):
        wider = replace(target, policies={**target.policies, "more": document(wide)})
        [found] = passing_to_bedrock(wider, "bedrock:CreateModelInvocationJob")
        assert found.endswith(f"which may do more than a batch job does: {wide}")
    for principal in ({"Service": [escalation.BEDROCK, "lambda.amazonaws.com"]}, {"AWS": TRAINING}):
        others = replace(target, trust={"Statement": [trusted, {**trusted, "Principal": principal}]})
        [found] = passing_to_bedrock(others, "bedrock:CreateModelInvocationJob")
        assert found.endswith("which others than Bedrock may take")


def test_every_call_of_bedrock_that_takes_a_role_is_known() -> None:
    taking = {
        f"bedrock:{name}"
        for service in ("bedrock", "bedrock-agent", "bedrock-agent-runtime", "bedrock-runtime")
        for model in [botocore.session.get_session().get_service_model(service)]
        for name in model.operation_names
        if takes_a_role(model.operation_model(name).input_shape)
    }
    assert taking == escalation.OWN_WORK_ON_BEDROCK | {"bedrock:CreateModelInvocationJob"}


def takes_a_role(shape: Any, above: tuple[str, ...] = ()) -> bool:
    if shape is None or shape.name in above:
        return False
    inside = {"structure": "members", "list": "member", "map": "value"}.get(shape.type_name)
    below = getattr(shape, inside) if inside else {}
    members = below if isinstance(below, dict) else {"": below}
    return any(re.search("rolearn", name, re.I) or takes_a_role(m, (*above, shape.name)) for name, m in members.items())


def test_what_the_table_lacks_is_what_the_api_takes() -> None:
    for action, formats in actions.ALSO.items():
        service, _, name = action.partition(":")
        shape = botocore.session.get_session().get_service_model(service).operation_model(name).input_shape
        assert shape is not None
        for each in formats:
            arn = each.replace("${Partition}", "aws").replace("${Region}", "us-east-1").replace("${Account}", ACCOUNT)
            arn = arn.replace("${ResourceId}", "a1b2")
            assert re.fullmatch(shape.members["modelId"].metadata["pattern"], arn), arn
            assert actions.can_mean(arn, action)
            rows = get_action_data(service, name)[service]
            assert each not in {row["resource_arn_format"] for row in rows}, "the table has it by now: leave it out"


def test_a_right_that_the_boundary_cuts_is_found() -> None:
    granted = document("sagemaker:InvokeEndpoint", f"arn:aws:sagemaker:us-east-1:{ACCOUNT}:endpoint/x-*")
    assert not simulation.cut_by_boundary(role("r", granted, boundary=document("sagemaker:Invoke*")))
    assert simulation.cut_by_boundary(role("r", granted, boundary=document("sagemaker:Describe*")))
    assert simulation.cut_by_boundary(role("r", granted))


def test_granted_and_needed_are_compared_in_one_spelling() -> None:
    one = role("r", document(["s3:GetObject"], ["arn:aws:s3:::data/data/raw/*"]))
    assert needs.granted(one, {"arn:aws:s3:::data": "bucket"}) == {("s3:GetObject", "bucket/data/raw/*")}
    assert (
        needs.short(f"arn:aws:ecr:us-east-1:{ACCOUNT}:repository/mlops-local/training", {})
        == "ecr:repository/{prefix}/training"
    )
    assert needs.short("arn:aws:ecr:us-east-1:683313688378:repository/x", {}) == "ecr:683313688378:repository/x"


def test_calls_are_read_from_code(tmp_path: Path) -> None:
    function, common = tmp_path / "function", tmp_path / "inference_common"
    function.mkdir()
    common.mkdir()
    (function / "handler.py").write_text(
        "import boto3\nfrom inference_common.s3 import Bucket\n"
        'S3 = boto3.client("s3")\nSFN = boto3.client("stepfunctions")\n'
        'def handler(event, context):\n    SFN.start_execution(name="x")\n    print("get_object")\n'
        "    Bucket().keys(S3)\n"
    )
    (common / "s3.py").write_text(
        "class Bucket:\n"
        '    def keys(self, client):\n        return client.get_paginator("list_objects_v2").paginate()\n'
        "    def remove(self, client):\n        client.delete_objects()\n"
    )
    (common / "unused.py").write_text("def delete(client):\n    client.delete_object()\n")
    assert calls.of_python(function) == {"s3:ListBucket", "states:StartExecution"}


def test_calls_are_read_from_a_state_machine() -> None:
    called = {"D": {"Type": "Task", "Resource": "arn:aws:states:::lambda:invoke"}}
    states = {
        "A": {"Type": "Task", "Resource": "arn:aws:states:::aws-sdk:s3:listObjectsV2"},
        "B": {"Type": "Task", "Resource": "arn:aws:states:::glue:startJobRun.sync"},
        "C": {"Type": "Parallel", "Branches": [{"States": called}]},
        "E": {"Type": "Pass"},
    }
    assert calls.of_state_machine({"States": states}) == {
        "s3:ListBucket",
        "glue:StartJobRun",
        "glue:GetJobRun",
        "glue:GetJobRuns",
        "glue:BatchStopJobRun",
        "lambda:InvokeFunction",
    }


@pytest.mark.parametrize(
    ("resource", "neighbour", "reached"),
    [
        ("arn:aws:glue:us-east-1:123456789012:job/mlops-local-*", "mlops/local-eu", True),
        ("arn:aws:glue:us-east-1:123456789012:job/mlops-local-*", "mlops/local2", False),
        ("arn:aws:glue:us-east-1:123456789012:job/mlops-local*", "mlops/local2", True),
        ("arn:aws:glue:us-east-1:123456789012:job/mlops-*-etl", "mlops/dev", True),
        ("arn:aws:lambda:us-east-1:123456789012:function:mlops-local*", "mlops/locale", True),
        ("arn:aws:glue:us-east-1:123456789012:job/mlops-local-etl", "mlops-local/eu", False),
    ],
)
def test_a_pattern_that_means_things_of_a_neighbour_is_found(resource: str, neighbour: str, reached: bool) -> None:
    own = document(
        ["glue:StartJobRun", "lambda:InvokeFunction"],
        ["arn:aws:glue:us-east-1:123456789012:job/mlops-local-x-etl", resource],
    )
    assert bool(simulation.reach(role("mlops-local-x", own), "mlops/local", neighbour)) is reached


def test_the_same_thing_of_another_environment() -> None:
    names = "mlops-local-x mlops_local_raw /mlops/local/routes alias/mlops-local-data mlops-locale another-mlops-localx"
    assert simulation.renamed(names, "mlops/local", "mlops-b/eu") == (
        "mlops-b-eu-x mlops_b_eu_raw /mlops-b/eu/routes alias/mlops-b-eu-data mlops-locale another-mlops-localx"
    )
