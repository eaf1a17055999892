"""Compare the state bucket's settings, and write those that differ.

They are compared at every deployment, even if another tool created the bucket, so that public access that was opened
is closed again.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any

from orchestrator.core.types import Json

REPLACED_STATES_DAYS = 30
"""The time for which a replaced state can be restored. States hold sensitive values, so none is kept for longer; the
days count from the replacement, however old a state was by then."""
KEY_TAG = "state-key"
"""The bucket's tag with the key that encrypts all its objects."""
_LOCK = ".tflock"
_SSE, _SSE_KEY = "s3:x-amz-server-side-encryption", "s3:x-amz-server-side-encryption-aws-kms-key-id"
_CHANGED_MEANWHILE = ("PreconditionFailed", "412")


@dataclass(frozen=True)
class Part:
    """A part of a bucket's configuration."""

    name: str
    """The part of the operations' names: `get_<name>` and `put_<name>`."""
    argument: str
    """The argument of `put_<name>`."""
    absent: str
    """The error code of `get_<name>` if a bucket has no such configuration."""
    value: Callable[[Json], Any]
    """Extracts the value to compare from the response of `get_<name>`."""

    def read(self, s3: Any, bucket: str) -> Any:
        from botocore.exceptions import ClientError

        try:
            return self.value(getattr(s3, f"get_{self.name}")(Bucket=bucket))
        except ClientError as error:
            if error.response["Error"]["Code"] == self.absent:
                return None
            raise

    def write(self, s3: Any, bucket: str, value: Any) -> None:
        given = json.dumps(value) if self.argument == "Policy" else value
        getattr(s3, f"put_{self.name}")(Bucket=bucket, **{self.argument: given})


PARTS = (
    Part(
        "public_access_block",
        "PublicAccessBlockConfiguration",
        "NoSuchPublicAccessBlockConfiguration",
        lambda response: response["PublicAccessBlockConfiguration"],
    ),
    Part(
        "bucket_ownership_controls",
        "OwnershipControls",
        "OwnershipControlsNotFoundError",
        lambda response: response["OwnershipControls"],
    ),
    Part(
        "bucket_encryption",
        "ServerSideEncryptionConfiguration",
        "ServerSideEncryptionConfigurationNotFoundError",
        lambda response: response["ServerSideEncryptionConfiguration"],
    ),
    Part("bucket_policy", "Policy", "NoSuchBucketPolicy", lambda response: json.loads(response["Policy"])),
    Part(
        "bucket_lifecycle_configuration",
        "LifecycleConfiguration",
        "NoSuchLifecycleConfiguration",
        lambda response: {"Rules": response["Rules"]},
    ),
    Part("bucket_versioning", "VersioningConfiguration", "", lambda response: {"Status": response.get("Status")}),
    Part(
        "bucket_tagging",
        "Tagging",
        "NoSuchTagSet",
        lambda response: {"TagSet": sorted(response["TagSet"], key=lambda tag: str(tag["Key"]))},
    ),
)
"""In the order of writing: encryption is set before objects are admitted."""


def desired(bucket_arn: str, key_arn: str) -> Json:
    """Return the desired configuration by argument."""
    block = ("BlockPublicAcls", "IgnorePublicAcls", "BlockPublicPolicy", "RestrictPublicBuckets")
    default = {"SSEAlgorithm": "aws:kms", "KMSMasterKeyID": key_arn}
    return {
        "PublicAccessBlockConfiguration": dict.fromkeys(block, True),
        "OwnershipControls": {"Rules": [{"ObjectOwnership": "BucketOwnerEnforced"}]},
        "ServerSideEncryptionConfiguration": {
            "Rules": [{"ApplyServerSideEncryptionByDefault": default, "BucketKeyEnabled": True}]
        },
        "Policy": policy(bucket_arn, key_arn),
        "LifecycleConfiguration": {"Rules": [_LIFECYCLE]},
        "VersioningConfiguration": {"Status": "Enabled"},
    }


def tagging(tags: Mapping[str, str]) -> Json:
    return {"TagSet": [{"Key": key, "Value": value} for key, value in sorted(tags.items())]}


def read(s3: Any, bucket: str) -> Json:
    """Read the current configuration by argument; `None` for parts that the bucket does not have."""
    with ThreadPoolExecutor(len(PARTS)) as pool:
        values = pool.map(lambda part: part.read(s3, bucket), PARTS)
        return {part.argument: value for part, value in zip(PARTS, values, strict=True)}


def write(s3: Any, bucket: str, current: Json, values: Json) -> list[str]:
    """Write the parts that differ, and return their arguments."""
    differing = [part for part in PARTS if part.argument in values and not same(part, current, values)]
    for part in differing:
        part.write(s3, bucket, values[part.argument])
    return [part.argument for part in differing]


def same(part: Part, current: Json, values: Json) -> bool:
    # S3 returns more members than it was given, such as the encryption types that it blocks. In a policy or in tags,
    # every difference counts.
    if part.argument in ("Policy", "Tagging"):
        return bool(current[part.argument] == values[part.argument])
    return covers(current[part.argument], values[part.argument])


def covers(current: Any, values: Any) -> bool:
    """Return whether the current value has all desired members, and lists no additional items."""
    if isinstance(values, dict):
        return isinstance(current, dict) and all(key in current and covers(current[key], values[key]) for key in values)
    if isinstance(values, list):
        return isinstance(current, list) and len(current) == len(values) and all(map(covers, current, values))
    return bool(current == values)


_LIFECYCLE = {
    "ID": "old-states",
    "Status": "Enabled",
    "Filter": {"Prefix": ""},
    "NoncurrentVersionExpiration": {"NoncurrentDays": REPLACED_STATES_DAYS},
    "AbortIncompleteMultipartUpload": {"DaysAfterInitiation": 7},
}


def policy(bucket_arn: str, key_arn: str) -> Json:
    """Require TLS and the bucket's key. A request without encryption headers gets the bucket's default."""
    objects = f"{bucket_arn}/*"
    named = {"Null": {_SSE: "false"}}
    return {
        "Version": "2012-10-17",
        "Statement": [
            {
                **_deny("TlsOnly", "s3:*", [bucket_arn, objects]),
                "Condition": {"Bool": {"aws:SecureTransport": "false"}},
            },
            {
                **_deny("DenyOtherEncryption", "s3:PutObject", objects),
                "Condition": named | {"StringNotEquals": {_SSE: "aws:kms"}},
            },
            {
                # `aws:kms` without a key would mean AWS's managed key, which all principals of the account may use:
                # a request without a key is denied, too.
                **_deny("DenyOtherKeys", "s3:PutObject", objects),
                "Condition": named | {"StringNotEquals": {_SSE_KEY: key_arn}},
            },
        ],
    }


def _deny(sid: str, action: str, resource: str | list[str]) -> Json:
    return {"Sid": sid, "Effect": "Deny", "Principal": "*", "Action": action, "Resource": resource}


def encrypt_again(s3: Any, bucket: str, key_arn: str) -> bool:
    """Encrypt every object under another key by copying it onto itself; return whether none is left.

    Lock objects are skipped, because terraform removes them itself. So are states whose lock is held, since its holder
    will write them under the new key; a later deployment checks again.
    """
    keys = [item["Key"] for page in _pages(s3, bucket) for item in page.get("Contents", ())]
    locked = {key.removesuffix(_LOCK) for key in keys if key.endswith(_LOCK)}
    states = [key for key in keys if not key.endswith(_LOCK)]
    return all([key not in locked and _copied(s3, bucket, key, key_arn) for key in states])


def _pages(s3: Any, bucket: str) -> Any:
    return s3.get_paginator("list_objects_v2").paginate(Bucket=bucket)


def _copied(s3: Any, bucket: str, key: str, key_arn: str) -> bool:
    from botocore.exceptions import ClientError

    head = s3.head_object(Bucket=bucket, Key=key)
    if head.get("SSEKMSKeyId") == key_arn:
        return True
    try:
        s3.copy_object(
            Bucket=bucket,
            Key=key,
            CopySource={"Bucket": bucket, "Key": key},
            CopySourceIfMatch=head["ETag"],
            ServerSideEncryption="aws:kms",
            SSEKMSKeyId=key_arn,
            BucketKeyEnabled=True,
        )
    except ClientError as error:
        if error.response["Error"]["Code"] in _CHANGED_MEANWHILE:
            return False
        raise
    return True
