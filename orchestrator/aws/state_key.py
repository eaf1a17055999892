"""The KMS key of the state bucket: made once, rotated every year, usable through S3 only, and not to be deleted.

Whoever could delete it would delete every state with it. Its policy therefore denies that to everybody, the account's
root included; to get rid of the key, somebody has to change its policy first, and on purpose.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from orchestrator.core.types import Json
from orchestrator.errors import TerraformError

BUCKET_TAG = "state-bucket"
"""On the key: the bucket that it is for."""
_ADMINISTER = (
    "kms:CancelKeyDeletion",
    "kms:CreateAlias",
    "kms:DeleteAlias",
    "kms:DescribeKey",
    "kms:EnableKey",
    "kms:EnableKeyRotation",
    "kms:GetKeyPolicy",
    "kms:GetKeyRotationStatus",
    "kms:ListResourceTags",
    "kms:PutKeyPolicy",
    "kms:TagResource",
    "kms:UntagResource",
    "kms:UpdateAlias",
)
_USE = ("kms:Decrypt", "kms:GenerateDataKey")
_NEVER = ("kms:DisableKey", "kms:DisableKeyRotation", "kms:ScheduleKeyDeletion")


def alias(bucket: str) -> str:
    return f"alias/{bucket}"


def find(kms: Any, bucket: str) -> str | None:
    """ARN of the bucket's key. Raises `TerraformError` for one that cannot be used."""
    from botocore.exceptions import ClientError

    try:
        found = kms.describe_key(KeyId=alias(bucket))["KeyMetadata"]
    except ClientError as error:
        if error.response["Error"]["Code"] == "NotFoundException":
            return None
        raise
    if found["KeyState"] != "Enabled":
        raise TerraformError(
            f"the key of the state bucket, {found['Arn']}, is {found['KeyState']}: no state can be read or written",
            hint="`aws kms cancel-key-deletion` and `enable-key` bring it back. Without it the states are lost.",
        )
    return str(found["Arn"])


def ensure(cloud: Any, bucket: str, account_id: str, tags: Mapping[str, str]) -> str:
    """ARN of the key, which is made if there is none. Its policy and rotation are compared each time."""
    kms = cloud.client("kms")
    wanted = policy(kms.meta.partition, account_id, kms.meta.region_name)
    arn = find(kms, bucket)
    if arn is None:
        arn = _unnamed(cloud, bucket) or _make(kms, wanted, {**tags, BUCKET_TAG: bucket})
        kms.create_alias(AliasName=alias(bucket), TargetKeyId=arn)
    if json.loads(kms.get_key_policy(KeyId=arn, PolicyName="default")["Policy"]) != wanted:
        kms.put_key_policy(KeyId=arn, PolicyName="default", Policy=json.dumps(wanted))
    if not kms.get_key_rotation_status(KeyId=arn)["KeyRotationEnabled"]:
        kms.enable_key_rotation(KeyId=arn)
    return arn


def _make(kms: Any, wanted: Json, tags: Mapping[str, str]) -> str:
    made = kms.create_key(
        Description="Terraform states of one environment; the states are lost with it",
        Policy=json.dumps(wanted),
        Tags=[{"TagKey": key, "TagValue": value} for key, value in sorted(tags.items())],
    )
    return str(made["KeyMetadata"]["Arn"])


def _unnamed(cloud: Any, bucket: str) -> str | None:
    """The key of a run that was cut off before it could name it."""
    found = cloud.client("resourcegroupstaggingapi").get_resources(
        TagFilters=[{"Key": BUCKET_TAG, "Values": [bucket]}], ResourceTypeFilters=["kms:key"]
    )
    return next((str(item["ResourceARN"]) for item in found["ResourceTagMappingList"]), None)


def policy(partition: str, account_id: str, region: str) -> Json:
    """IAM decides who of this account may do what; the key says what nobody may, and that S3 alone uses it."""
    root = {"AWS": f"arn:{partition}:iam::{account_id}:root"}
    return {
        "Version": "2012-10-17",
        "Statement": [
            {
                "Sid": "AdministerFromThisAccount",
                "Effect": "Allow",
                "Principal": root,
                "Action": list(_ADMINISTER),
                "Resource": "*",
            },
            {
                "Sid": "UseThroughS3",
                "Effect": "Allow",
                "Principal": root,
                "Action": list(_USE),
                "Resource": "*",
                "Condition": {
                    "StringEquals": {
                        "kms:CallerAccount": account_id,
                        "kms:ViaService": f"s3.{region}.amazonaws.com",
                    }
                },
            },
            {
                "Sid": "NeverDelete",
                "Effect": "Deny",
                "Principal": "*",
                "Action": list(_NEVER),
                "Resource": "*",
            },
        ],
    }
