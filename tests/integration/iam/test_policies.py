"""Malformed policies are rejected when they are written, so that they lock no principal out."""

from __future__ import annotations

import json
import uuid
from collections.abc import Callable
from typing import Any

import pytest
from botocore.exceptions import ClientError

pytestmark = pytest.mark.emulator

STATEMENT = {"Effect": "Allow", "Action": "*", "Resource": "*", "Principal": "*"}
ODD = (
    "x",
    "[]",
    "{}",
    json.dumps({"Statement": [5]}),
    json.dumps({"Statement": [{**STATEMENT, "Effect": "Banana"}]}),
    json.dumps({"Statement": [{**STATEMENT, "Action": 5}]}),
    json.dumps({"Statement": [{**STATEMENT, "Principal": 5}]}),
    json.dumps({"Statement": [{**STATEMENT, "Condition": []}]}),
    json.dumps({"Statement": [{**STATEMENT, "Condition": {"Sing": {"aws:x": "y"}}}]}),
)


def bucket(aws: Any, name: str) -> Callable[[str], Any]:
    aws("s3").create_bucket(Bucket=name)
    return lambda policy: aws("s3").put_bucket_policy(Bucket=name, Policy=policy)


def queue(aws: Any, name: str) -> Callable[[str], Any]:
    url = aws("sqs").create_queue(QueueName=name)["QueueUrl"]
    return lambda policy: aws("sqs").set_queue_attributes(QueueUrl=url, Attributes={"Policy": policy})


def topic(aws: Any, name: str) -> Callable[[str], Any]:
    arn = aws("sns").create_topic(Name=name)["TopicArn"]
    return lambda policy: aws("sns").set_topic_attributes(TopicArn=arn, AttributeName="Policy", AttributeValue=policy)


def key(aws: Any, name: str) -> Callable[[str], Any]:
    made = aws("kms").create_key(Description=name)["KeyMetadata"]["KeyId"]
    return lambda policy: aws("kms").put_key_policy(KeyId=made, PolicyName="default", Policy=policy)


def role(aws: Any, name: str) -> Callable[[str], Any]:
    return lambda policy: aws("iam").create_role(RoleName=name, AssumeRolePolicyDocument=policy)


@pytest.mark.parametrize(
    ("make", "code"),
    [
        (bucket, "MalformedPolicy"),
        (queue, "InvalidAttributeValue"),
        (topic, "InvalidParameter"),
        (key, "MalformedPolicyDocumentException"),
        (role, "MalformedPolicyDocument"),
    ],
)
def test_every_service_rejects_it_with_its_own_error(aws: Any, make: Any, code: str) -> None:
    put = make(aws, f"odd-{uuid.uuid4().hex[:8]}")
    errors = []
    for policy in ODD:
        with pytest.raises(ClientError) as refused:
            put(policy)
        answer = refused.value.response
        errors.append((answer["Error"]["Code"], answer["ResponseMetadata"]["HTTPStatusCode"]))
    assert errors == [(code, 400)] * len(ODD)
    put(json.dumps({"Version": "2012-10-17", "Statement": [{**STATEMENT, "Action": "sts:AssumeRole"}]}))
