"""Settings of the state bucket: read all at once, and only what differs is written.

They are compared at every deployment, whoever made the bucket: what somebody has opened is closed again.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any

from orchestrator.core.types import Json

REPLACED_STATES_DAYS = 30
"""A state that was replaced can be restored for so long. States hold sensitive values, so none is kept for longer,
not even the newest ones: the days count from the replacement, however old a state was by then."""
KEY_TAG = "state-key"
"""On the bucket: the key under which every object of it lies by now."""
_LOCK = ".tflock"
_SSE, _SSE_KEY = "s3:x-amz-server-side-encryption", "s3:x-amz-server-side-encryption-aws-kms-key-id"
_CHANGED_MEANWHILE = ("PreconditionFailed", "412")


@dataclass(frozen=True)
class Part:
    """One part of a bucket's configuration."""

    name: str
    """Of the operations: `get_<name>` and `put_<name>`."""
    argument: str
    """Of the latter."""
    absent: str
    """Code of the former's error where a bucket has none."""
    found: Callable[[Json], Any]
    """What is compared, out of its answer."""

    def read(self, s3: Any, bucket: str) -> Any:
        from botocore.exceptions import ClientError

        try:
            return self.found(getattr(s3, f"get_{self.name}")(Bucket=bucket))
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
        lambda answer: answer["PublicAccessBlockConfiguration"],
    ),
    Part(
        "bucket_ownership_controls",
        "OwnershipControls",
        "OwnershipControlsNotFoundError",
        lambda answer: answer["OwnershipControls"],
    ),
    Part(
        "bucket_encryption",
        "ServerSideEncryptionConfiguration",
        "ServerSideEncryptionConfigurationNotFoundError",
        lambda answer: answer["ServerSideEncryptionConfiguration"],
    ),
    Part("bucket_policy", "Policy", "NoSuchBucketPolicy", lambda answer: json.loads(answer["Policy"])),
    Part(
        "bucket_lifecycle_configuration",
        "LifecycleConfiguration",
        "NoSuchLifecycleConfiguration",
        lambda answer: {"Rules": answer["Rules"]},
    ),
    Part("bucket_versioning", "VersioningConfiguration", "", lambda answer: {"Status": answer.get("Status")}),
    Part(
        "bucket_tagging",
        "Tagging",
        "NoSuchTagSet",
        lambda answer: {"TagSet": sorted(answer["TagSet"], key=lambda tag: str(tag["Key"]))},
    ),
)
"""In the order in which they are written: nothing is let in before it is encrypted."""


def wanted(bucket_arn: str, key_arn: str) -> Json:
    """Values by the argument that they are of."""
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
    """The configuration as it is, by argument; `None` for what the bucket has not."""
    with ThreadPoolExecutor(len(PARTS)) as pool:
        found = pool.map(lambda part: part.read(s3, bucket), PARTS)
        return {part.argument: value for part, value in zip(PARTS, found, strict=True)}


def write(s3: Any, bucket: str, found: Json, values: Json) -> list[str]:
    """Write what differs; its names."""
    differing = [part for part in PARTS if part.argument in values and not same(part, found, values)]
    for part in differing:
        part.write(s3, bucket, values[part.argument])
    return [part.argument for part in differing]


def same(part: Part, found: Json, values: Json) -> bool:
    # S3 answers with more members than it was given, such as the encryption types that it blocks. Of a policy or of
    # tags every difference counts.
    if part.argument in ("Policy", "Tagging"):
        return bool(found[part.argument] == values[part.argument])
    return covers(found[part.argument], values[part.argument])


def covers(found: Any, values: Any) -> bool:
    """Whether everything that is wanted was found, and no item more."""
    if isinstance(values, dict):
        return isinstance(found, dict) and all(key in found and covers(found[key], values[key]) for key in values)
    if isinstance(values, list):
        return isinstance(found, list) and len(found) == len(values) and all(map(covers, found, values))
    return bool(found == values)


_LIFECYCLE = {
    "ID": "old-states",
    "Status": "Enabled",
    "Filter": {"Prefix": ""},
    "NoncurrentVersionExpiration": {"NoncurrentDays": REPLACED_STATES_DAYS},
    "AbortIncompleteMultipartUpload": {"DaysAfterInitiation": 7},
}


def policy(bucket_arn: str, key_arn: str) -> Json:
    """TLS, and no encryption but that of the bucket's key. A request that names none gets the bucket's default."""
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
                # `aws:kms` without a key would mean AWS's own one, which everybody in the account may use: a key
                # that is not named is another one, too.
                **_deny("DenyOtherKeys", "s3:PutObject", objects),
                "Condition": named | {"StringNotEquals": {_SSE_KEY: key_arn}},
            },
        ],
    }


def _deny(sid: str, action: str, resource: str | list[str]) -> Json:
    return {"Sid": sid, "Effect": "Deny", "Principal": "*", "Action": action, "Resource": resource}


def encrypt_again(s3: Any, bucket: str, key_arn: str) -> bool:
    """Copy every object that is under another key onto itself; whether none is left.

    Lock objects are left alone: terraform removes them itself. So is a state whose lock is held, since whoever holds
    it is about to write it, under the new key; a later deployment then looks again.
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
