"""S3 answers as AWS does where Terraform and the platform's bucket need it."""

from __future__ import annotations

import json
import uuid
from typing import Any

import pytest
from botocore.exceptions import ClientError

pytestmark = pytest.mark.emulator


@pytest.fixture
def bucket(aws: Any) -> str:
    name = f"bucket-{uuid.uuid4().hex[:8]}"
    aws("s3").create_bucket(Bucket=name)
    return name


def deny(bucket: str, condition: dict[str, Any] | None) -> str:
    statement: dict[str, Any] = {
        "Effect": "Deny",
        "Principal": "*",
        "Action": "s3:*",
        "Resource": [f"arn:aws:s3:::{bucket}", f"arn:aws:s3:::{bucket}/*"],
    }
    if condition:
        statement["Condition"] = condition
    return json.dumps({"Version": "2012-10-17", "Statement": [statement]})


def test_a_deny_that_depends_on_a_condition_blocks_nothing(aws: Any, bucket: str) -> None:
    s3 = aws("s3")
    s3.put_bucket_policy(Bucket=bucket, Policy=deny(bucket, {"Bool": {"aws:SecureTransport": "false"}}))
    s3.put_object(Bucket=bucket, Key="data/x", Body=b"kept")
    assert s3.get_object(Bucket=bucket, Key="data/x")["Body"].read() == b"kept"


def test_a_deny_without_a_condition_still_blocks(aws: Any, bucket: str) -> None:
    s3 = aws("s3")
    s3.put_object(Bucket=bucket, Key="x", Body=b"x")
    s3.put_bucket_policy(Bucket=bucket, Policy=deny(bucket, None))
    with pytest.raises(ClientError, match="with an explicit deny in a resource-based policy"):
        s3.get_object(Bucket=bucket, Key="x")


def test_eventbridge_notification_is_given_back(aws: Any, bucket: str) -> None:
    s3 = aws("s3")
    assert "EventBridgeConfiguration" not in s3.get_bucket_notification_configuration(Bucket=bucket)
    s3.put_bucket_notification_configuration(Bucket=bucket, NotificationConfiguration={"EventBridgeConfiguration": {}})
    assert s3.get_bucket_notification_configuration(Bucket=bucket)["EventBridgeConfiguration"] == {}


def test_deleting_an_unknown_sub_resource_leaves_the_bucket(aws: Any, bucket: str) -> None:
    s3 = aws("s3")
    with pytest.raises(ClientError) as refused:
        s3.delete_bucket_inventory_configuration(Bucket=bucket, Id="x")
    assert refused.value.response["ResponseMetadata"]["HTTPStatusCode"] == 501
    s3.head_bucket(Bucket=bucket)


@pytest.mark.parametrize("at_once", [True, False])
def test_a_versioned_bucket_is_emptied_of_versions_and_delete_markers(aws: Any, bucket: str, at_once: bool) -> None:
    """As `force_destroy` does, whatever the order: here the marker goes last."""
    s3 = aws("s3")
    s3.put_bucket_versioning(Bucket=bucket, VersioningConfiguration={"Status": "Enabled"})
    for key in ("a", "b"):
        s3.put_object(Bucket=bucket, Key=key, Body=b"one")
        s3.put_object(Bucket=bucket, Key=key, Body=b"two")
        s3.delete_object(Bucket=bucket, Key=key)
    s3.delete_object(Bucket=bucket, Key="a")
    found = s3.list_object_versions(Bucket=bucket)
    assert (len(found["Versions"]), len(found["DeleteMarkers"])) == (4, 3)
    doomed = [
        {"Key": item["Key"], "VersionId": item["VersionId"]} for item in found["Versions"] + found["DeleteMarkers"]
    ]
    for batch in [doomed] if at_once else [[item] for item in doomed]:
        answer = s3.delete_objects(Bucket=bucket, Delete={"Objects": batch})
        assert "Errors" not in answer
        assert {(item["Key"], item["VersionId"]) for item in answer["Deleted"]} == {
            (item["Key"], item["VersionId"]) for item in batch
        }
    left = s3.list_object_versions(Bucket=bucket)
    assert ("Versions" in left, "DeleteMarkers" in left) == (False, False)
    s3.delete_bucket(Bucket=bucket)
