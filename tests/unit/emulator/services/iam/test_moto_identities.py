"""Keys of a function's variables, which its role may use for this function alone, and keys of tables."""

from __future__ import annotations

import json
import uuid
from collections.abc import Callable
from pathlib import Path
from typing import Any

import boto3
import pytest
from moto import mock_aws

from emulator.core.aws import Aws
from emulator.core.settings import ACCOUNT_ID, REGION, Settings
from emulator.services.iam.moto_identities import MotoRegistry, may_open_environment

FUNCTION = f"arn:aws:lambda:{REGION}:{ACCOUNT_ID}:function:mlops-test-f"
CONTEXT = "kms:EncryptionContext:aws:lambda:FunctionArn"
TRUST = {
    "Version": "2012-10-17",
    "Statement": [{"Effect": "Allow", "Principal": {"Service": "lambda.amazonaws.com"}, "Action": "sts:AssumeRole"}],
}


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return Settings("127.0.0.1", 0, "http://127.0.0.1:0", tmp_path)


@pytest.fixture
def aws() -> Any:
    with mock_aws():
        yield lambda service: boto3.client(
            service, region_name=REGION, aws_access_key_id="x", aws_secret_access_key="x"
        )


def role(aws: Callable[[str], Any], key: str, condition: dict[str, Any] | None) -> str:
    name = f"mlops-test-{uuid.uuid4().hex[:8]}"
    made: str = aws("iam").create_role(RoleName=name, AssumeRolePolicyDocument=json.dumps(TRUST))["Role"]["Arn"]
    statement = {"Effect": "Allow", "Action": "kms:Decrypt", "Resource": key}
    document = {
        "Version": "2012-10-17",
        "Statement": [{**statement, **({"Condition": condition} if condition else {})}],
    }
    aws("iam").put_role_policy(RoleName=name, PolicyName="p", PolicyDocument=json.dumps(document))
    return made


@pytest.mark.parametrize(
    ("condition", "opens"),
    [
        ({"StringEquals": {CONTEXT: FUNCTION}}, True),
        ({"StringEquals": {CONTEXT: f"{FUNCTION}-2"}}, False),
        ({"StringEquals": {CONTEXT: f"{FUNCTION}:1"}}, False),
        ({"StringEquals": {"kms:ViaService": f"s3.{REGION}.amazonaws.com"}}, False),
        ({"StringEquals": {"kms:ViaService": f"lambda.{REGION}.amazonaws.com"}}, False),
        (None, True),
    ],
)
def test_a_function_opens_its_own_variables_alone(
    aws: Callable[[str], Any], settings: Settings, condition: dict[str, Any] | None, opens: bool
) -> None:
    key = aws("kms").create_key()["KeyMetadata"]["Arn"]
    made = role(aws, key, condition)
    for arn in (FUNCTION, f"{FUNCTION}:1"):
        assert may_open_environment(settings, made, arn, key, REGION) is opens


def test_a_function_without_a_key_of_ours_needs_no_right(aws: Callable[[str], Any], settings: Settings) -> None:
    made = role(aws, "arn:aws:kms:us-east-1:123456789012:key/none", None)
    assert may_open_environment(settings, made, FUNCTION, None, REGION)
    assert may_open_environment(settings, made, FUNCTION, "alias/aws/lambda", REGION)
    assert not may_open_environment(settings, made, FUNCTION, "arn:aws:kms:us-east-1:123456789012:key/gone", REGION)


def test_a_table_under_a_key_of_ours_has_one(aws: Callable[[str], Any], settings: Settings) -> None:
    key = aws("kms").create_key()["KeyMetadata"]["Arn"]
    for name, encryption in (
        ("ours", {"Enabled": True, "SSEType": "KMS", "KMSMasterKeyId": key}),
        ("theirs", {"Enabled": True, "SSEType": "KMS"}),
        ("plain", None),
    ):
        aws("dynamodb").create_table(
            TableName=name,
            KeySchema=[{"AttributeName": "id", "KeyType": "HASH"}],
            AttributeDefinitions=[{"AttributeName": "id", "AttributeType": "S"}],
            BillingMode="PAY_PER_REQUEST",
            **({"SSESpecification": encryption} if encryption else {}),
        )
    registry = MotoRegistry(Aws(settings))
    tables = {
        name: f"arn:aws:dynamodb:{REGION}:{ACCOUNT_ID}:table/{name}" for name in ("ours", "theirs", "plain", "gone")
    }
    assert {name: registry.resource_key(arn) for name, arn in tables.items()} == {
        "ours": key,
        "theirs": None,
        "plain": None,
        "gone": None,
    }
