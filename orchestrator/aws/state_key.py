"""The KMS key of the state bucket: created once, rotated every year, usable through S3 only, and never deleted.

Deleting the key would destroy every state. Its policy therefore denies that to all principals, including the account's
root; to delete the key, an administrator must change its policy first, on purpose.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from orchestrator.core.types import Json
from orchestrator.errors import TerraformError

BUCKET_TAG = "state-bucket"
"""The key's tag with the name of its bucket."""
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
    """Return the ARN of the bucket's key, if any. Raises `TerraformError` if the key cannot be used."""
    from botocore.exceptions import ClientError

    try:
        key = kms.describe_key(KeyId=alias(bucket))["KeyMetadata"]
    except ClientError as error:
        if error.response["Error"]["Code"] == "NotFoundException":
            return None
        raise
    if key["KeyState"] != "Enabled":
        raise TerraformError(
            f"the key of the state bucket, {key['Arn']}, is {key['KeyState']}: no state can be read or written",
            hint="`aws kms cancel-key-deletion` and `enable-key` restore it. Without it the states are lost.",
        )
    return str(key["Arn"])


def ensure(cloud: Any, bucket: str, account_id: str, tags: Mapping[str, str]) -> str:
    """Create the key if it is missing, update its policy and rotation, and return its ARN."""
    kms = cloud.client("kms")
    desired = policy(kms.meta.partition, account_id, kms.meta.region_name)
    arn = find(kms, bucket)
    if arn is None:
        arn = _unnamed(cloud, bucket) or _make(kms, desired, {**tags, BUCKET_TAG: bucket})
        kms.create_alias(AliasName=alias(bucket), TargetKeyId=arn)
    if json.loads(kms.get_key_policy(KeyId=arn, PolicyName="default")["Policy"]) != desired:
        kms.put_key_policy(KeyId=arn, PolicyName="default", Policy=json.dumps(desired))
    if not kms.get_key_rotation_status(KeyId=arn)["KeyRotationEnabled"]:
        kms.enable_key_rotation(KeyId=arn)
    return arn


def _make(kms: Any, key_policy: Json, tags: Mapping[str, str]) -> str:
    created = kms.create_key(
        Description="Terraform states of one environment; the states are lost with it",
        Policy=json.dumps(key_policy),
        Tags=[{"TagKey": key, "TagValue": value} for key, value in sorted(tags.items())],
    )
    return str(created["KeyMetadata"]["Arn"])


def _unnamed(cloud: Any, bucket: str) -> str | None:
    """Find the key of a run that was killed before it could create the alias."""
    tagged = cloud.client("resourcegroupstaggingapi").get_resources(
        TagFilters=[{"Key": BUCKET_TAG, "Values": [bucket]}], ResourceTypeFilters=["kms:key"]
    )
    return next((str(item["ResourceARN"]) for item in tagged["ResourceTagMappingList"]), None)


def policy(partition: str, account_id: str, region: str) -> Json:
    """Leave permissions in this account to IAM, deny deletion to all principals, and allow use only through S3."""
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
