"""S3 answers as AWS does where Terraform and the platform's bucket require it."""

from __future__ import annotations

import json
import uuid
from typing import Any

import pytest
from botocore.exceptions import ClientError

from tests.support.compute import evidence

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


def test_an_eventbridge_notification_is_returned(aws: Any, bucket: str) -> None:
    s3 = aws("s3")
    assert "EventBridgeConfiguration" not in s3.get_bucket_notification_configuration(Bucket=bucket)
    s3.put_bucket_notification_configuration(Bucket=bucket, NotificationConfiguration={"EventBridgeConfiguration": {}})
    assert s3.get_bucket_notification_configuration(Bucket=bucket)["EventBridgeConfiguration"] == {}


def test_deleting_an_unknown_sub_resource_leaves_the_bucket(aws: Any, bucket: str) -> None:
    s3 = aws("s3")
    with pytest.raises(ClientError) as refused:
        s3.delete_bucket_inventory_configuration(Bucket=bucket, Id="x")
    assert refused.value.response["ResponseMetadata"]["HTTPStatusCode"] == 400
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
    listed = s3.list_object_versions(Bucket=bucket)
    assert (len(listed["Versions"]), len(listed["DeleteMarkers"])) == (4, 3)
    doomed = [
        {"Key": item["Key"], "VersionId": item["VersionId"]} for item in listed["Versions"] + listed["DeleteMarkers"]
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


OWNER, OTHER = "123456789012", "210987654321"
USES: dict[str, dict[str, Any]] = {
    "head_bucket": {},
    "list_objects_v2": {},
    "get_bucket_versioning": {},
    "put_object": {"Key": "data/x", "Body": b"x"},
    "head_object": {"Key": "data/x"},
    "get_object": {"Key": "data/x"},
    "copy_object": {"Key": "data/y", "CopySource": "{bucket}/data/x"},
    "delete_objects": {"Delete": {"Objects": [{"Key": "data/z"}]}},
}


@pytest.mark.parametrize("operation", USES)
def test_a_bucket_with_another_owner_than_the_expected_one_is_refused(aws: Any, bucket: str, operation: str) -> None:
    s3 = aws("s3")
    s3.put_object(Bucket=bucket, Key="data/x", Body=b"x")
    given = {
        name: value.format(bucket=bucket) if isinstance(value, str) else value
        for name, value in USES[operation].items()
    }
    getattr(s3, operation)(Bucket=bucket, ExpectedBucketOwner=OWNER, **given)
    with pytest.raises(ClientError) as caught:
        getattr(s3, operation)(Bucket=bucket, ExpectedBucketOwner=OTHER, **given)
    assert caught.value.response["ResponseMetadata"]["HTTPStatusCode"] == 403


def test_the_source_of_a_copy_has_an_owner_too(aws: Any, bucket: str) -> None:
    s3 = aws("s3")
    s3.put_object(Bucket=bucket, Key="data/x", Body=b"x")
    copy = {"Bucket": bucket, "Key": "data/y", "CopySource": f"{bucket}/data/x"}
    s3.copy_object(**copy, ExpectedSourceBucketOwner=OWNER)
    with pytest.raises(ClientError, match="AccessDenied"):
        s3.copy_object(**copy, ExpectedSourceBucketOwner=OTHER)


def test_requests_without_an_owner_are_recorded(aws: Any, bucket: str, emulator: Any) -> None:
    s3 = aws("s3", user_agent_appid="test-client")
    s3.get_bucket_versioning(Bucket=bucket, ExpectedBucketOwner=OWNER)
    s3.generate_presigned_url("get_object", Params={"Bucket": bucket, "Key": "data/x"})
    assert unnamed(emulator, bucket, "app/test-client") == []
    s3.list_objects_v2(Bucket=bucket)
    assert unnamed(emulator, bucket, "app/test-client") == ["GET"]


def unnamed(emulator: Any, bucket: str, app: str) -> list[str]:
    records = evidence(emulator.endpoint, kind="s3-without-owner")
    return [each["method"] for each in records if bucket in each["path"] and app in each["user_agent"]]
