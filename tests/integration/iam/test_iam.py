"""IAM: AWS's managed policies exist, and attaching is safe under concurrency."""

from __future__ import annotations

import json
import uuid
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from botocore.exceptions import ClientError

pytestmark = pytest.mark.emulator

OF_AWS = "arn:aws:iam::aws:policy/service-role/AWSGlueServiceRole"
TRUST = json.dumps(
    {
        "Version": "2012-10-17",
        "Statement": [{"Effect": "Allow", "Principal": {"Service": "glue.amazonaws.com"}, "Action": "sts:AssumeRole"}],
    }
)
ALLOW = json.dumps(
    {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "s3:ListBucket", "Resource": "*"}]}
)


@pytest.fixture
def role(aws: Any) -> str:
    name = f"role-{uuid.uuid4().hex[:8]}"
    aws("iam").create_role(RoleName=name, AssumeRolePolicyDocument=TRUST)
    return name


def attached(iam: Any, role: str) -> set[str]:
    return {policy["PolicyArn"] for policy in iam.list_attached_role_policies(RoleName=role)["AttachedPolicies"]}


def test_a_policy_of_aws_can_be_read_attached_and_detached(aws: Any, role: str) -> None:
    iam = aws("iam")
    iam.attach_role_policy(RoleName=role, PolicyArn=OF_AWS)
    assert attached(iam, role) == {OF_AWS}
    version = iam.get_policy(PolicyArn=OF_AWS)["Policy"]["DefaultVersionId"]
    document = iam.get_policy_version(PolicyArn=OF_AWS, VersionId=version)["PolicyVersion"]["Document"]
    assert "glue:*" in document["Statement"][0]["Action"]
    iam.detach_role_policy(RoleName=role, PolicyArn=OF_AWS)
    assert attached(iam, role) == set()


def test_the_list_has_aws_policies_beside_the_accounts(aws: Any) -> None:
    iam = aws("iam")
    own = iam.create_policy(PolicyName=f"own-{uuid.uuid4().hex[:8]}", PolicyDocument=ALLOW)["Policy"]["Arn"]
    pages = iam.get_paginator("list_policies").paginate(PaginationConfig={"PageSize": 1000})
    arns = {policy["Arn"] for page in pages for policy in page["Policies"]}
    assert {own, OF_AWS} <= arns
    assert len(arns) > 1000
    local = iam.get_paginator("list_policies").paginate(Scope="Local")
    assert OF_AWS not in {policy["Arn"] for page in local for policy in page["Policies"]}


def test_a_missing_policy_cannot_be_attached_or_detached(aws: Any, role: str) -> None:
    iam = aws("iam")
    for arn in (f"{OF_AWS}Not", "arn:aws:iam::123456789012:policy/none"):
        for operation in (iam.attach_role_policy, iam.detach_role_policy):
            with pytest.raises(ClientError, match="NoSuchEntity"):
                operation(RoleName=role, PolicyArn=arn)
    with pytest.raises(ClientError, match="NoSuchEntity"):
        iam.detach_role_policy(RoleName=role, PolicyArn=OF_AWS)


def test_policies_are_created_and_attached_concurrently(aws: Any, role: str) -> None:
    def make_and_attach(number: int) -> str:
        iam = aws("iam")
        arn = iam.create_policy(PolicyName=f"{role}-{number}", PolicyDocument=ALLOW)["Policy"]["Arn"]
        iam.attach_role_policy(RoleName=role, PolicyArn=arn)
        return str(arn)

    with ThreadPoolExecutor(8) as pool:
        arns = set(pool.map(make_and_attach, range(24)))
    assert attached(aws("iam"), role) == arns
