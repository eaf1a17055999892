"""S3: map a request on a path to its needs, including the keys of encrypted objects."""

from __future__ import annotations

from collections.abc import Iterable
from urllib.parse import unquote

from emulator.services.iam.needs import Call, Need, StorageKey, World, through
from emulator.services.iam.policy.conditions import Value

OBJECT_ACTIONS = {
    "GetObject": "GetObject",
    "HeadObject": "GetObject",
    "SelectObjectContent": "GetObject",
    "GetObjectTorrent": "GetObject",
    "PutObject": "PutObject",
    "CopyObject": "PutObject",
    "CreateMultipartUpload": "PutObject",
    "UploadPart": "PutObject",
    "UploadPartCopy": "PutObject",
    "CompleteMultipartUpload": "PutObject",
    "AbortMultipartUpload": "AbortMultipartUpload",
    "ListParts": "ListMultipartUploadParts",
    "DeleteObject": "DeleteObject",
    "RestoreObject": "RestoreObject",
}
BUCKET_ACTIONS = {
    "HeadBucket": "ListBucket",
    "ListObjects": "ListBucket",
    "ListObjectsV2": "ListBucket",
    "ListObjectVersions": "ListBucketVersions",
    "ListMultipartUploads": "ListBucketMultipartUploads",
    "GetBucketEncryption": "GetEncryptionConfiguration",
    "PutBucketEncryption": "PutEncryptionConfiguration",
    "DeleteBucketEncryption": "PutEncryptionConfiguration",
    "GetBucketLifecycleConfiguration": "GetLifecycleConfiguration",
    "PutBucketLifecycleConfiguration": "PutLifecycleConfiguration",
    "DeleteBucketLifecycle": "PutLifecycleConfiguration",
    "GetBucketReplication": "GetReplicationConfiguration",
    "PutBucketReplication": "PutReplicationConfiguration",
    "DeleteBucketReplication": "PutReplicationConfiguration",
    "GetBucketNotificationConfiguration": "GetBucketNotification",
    "PutBucketNotificationConfiguration": "PutBucketNotification",
    "GetBucketAccelerateConfiguration": "GetAccelerateConfiguration",
    "PutBucketAccelerateConfiguration": "PutAccelerateConfiguration",
    "GetPublicAccessBlock": "GetBucketPublicAccessBlock",
    "PutPublicAccessBlock": "PutBucketPublicAccessBlock",
    "DeletePublicAccessBlock": "PutBucketPublicAccessBlock",
    "GetBucketCors": "GetBucketCORS",
    "PutBucketCors": "PutBucketCORS",
    "DeleteBucketCors": "PutBucketCORS",
    "GetObjectLockConfiguration": "GetBucketObjectLockConfiguration",
    "PutObjectLockConfiguration": "PutBucketObjectLockConfiguration",
    "DeleteBucketTagging": "PutBucketTagging",
}
"""Actions by operation, where the names differ."""

VERSIONED = ("GetObject", "DeleteObject", "GetObjectTagging", "PutObjectTagging", "DeleteObjectTagging")
COPY_SOURCE = "x-amz-copy-source"
ENCRYPTION = "x-amz-server-side-encryption"
KEY_ID = f"{ENCRYPTION}-aws-kms-key-id"
LIST_KEYS = {"Prefix": "s3:prefix", "Delimiter": "s3:delimiter", "MaxKeys": "s3:max-keys"}


def of(call: Call, world: World) -> tuple[Need, ...]:
    bucket = call.parameters.get("Bucket")
    if not bucket:
        return (Need("s3:ListAllMyBuckets" if call.operation == "ListBuckets" else f"s3:{call.operation}", "*"),)
    if call.operation == "DeleteObjects":
        return tuple(_deletions(call, str(bucket)))
    key = call.parameters.get("Key")
    if not key:
        action = BUCKET_ACTIONS.get(call.operation, call.operation)
        return (Need(f"s3:{action}", f"arn:aws:s3:::{bucket}", _context(call)),)
    return (*_on_object(call, str(bucket), str(key)), *_source(call, world), *_keys(call, world, str(bucket), str(key)))


def _on_object(call: Call, bucket: str, key: str) -> Iterable[Need]:
    action = OBJECT_ACTIONS.get(call.operation, call.operation)
    if action in VERSIONED and call.parameters.get("VersionId"):
        action = action.replace("Object", "ObjectVersion")
    resource, context = f"arn:aws:s3:::{bucket}/{key}", _context(call)
    yield Need(f"s3:{action}", resource, context)
    if action == "PutObject" and call.headers.get("x-amz-tagging"):
        yield Need("s3:PutObjectTagging", resource, context)
    if action == "PutObject" and call.headers.get("x-amz-acl"):
        yield Need("s3:PutObjectAcl", resource, context)


def _context(call: Call) -> dict[str, Value | None]:
    context: dict[str, Value | None] = {
        f"s3:{name}": value for name, value in call.headers.items() if name.startswith("x-amz-")
    }
    for parameter, key in LIST_KEYS.items():
        value = call.parameters.get(parameter)
        context[key] = None if value is None else str(value)
    if call.parameters.get("VersionId"):
        context["s3:VersionId"] = str(call.parameters["VersionId"])
    return context


def _deletions(call: Call, bucket: str) -> Iterable[Need]:
    for item in (call.parameters.get("Delete") or {}).get("Objects") or ():
        action = "s3:DeleteObjectVersion" if item.get("VersionId") else "s3:DeleteObject"
        yield Need(action, f"arn:aws:s3:::{bucket}/{item['Key']}", _context(call))


def _source(call: Call, world: World) -> Iterable[Need]:
    """Return the needs of a copy's source: to read it, and to decrypt with its key."""
    if COPY_SOURCE not in call.headers:
        return
    path, _, version = unquote(call.headers[COPY_SOURCE]).partition("?versionId=")
    bucket, _, key = path.lstrip("/").partition("/")
    action = "s3:GetObjectVersion" if version else "s3:GetObject"
    yield Need(action, f"arn:aws:s3:::{bucket}/{key}")
    yield from _through_s3(
        world.object_key(bucket, key, version or None, call.region), bucket, key, call, "kms:Decrypt"
    )


def _keys(call: Call, world: World, bucket: str, key: str) -> Iterable[Need]:
    if call.operation == "GetObject":
        version = call.parameters.get("VersionId")
        stored_with = world.object_key(bucket, key, str(version) if version else None, call.region)
        yield from _through_s3(stored_with, bucket, key, call, "kms:Decrypt")
    if call.operation in ("PutObject", "CopyObject", "CreateMultipartUpload"):
        # S3 reads the parts of a multipart upload back to join them.
        actions = ["kms:GenerateDataKey", *(["kms:Decrypt"] if call.operation == "CreateMultipartUpload" else [])]
        yield from _through_s3(_written_with(call, world, bucket), bucket, key, call, *actions)


def _written_with(call: Call, world: World, bucket: str) -> StorageKey | None:
    """Return the request's key, or that of the bucket; the key of SSE-S3 requires no permission."""
    if call.headers.get(ENCRYPTION, "aws:kms") == "AES256":
        return None
    default = world.bucket_key(bucket, call.region)
    if call.headers.get(KEY_ID):
        own = world.key_arn(call.headers[KEY_ID], call.region)
        return StorageKey(own, whole_bucket=bool(default and default.whole_bucket)) if own else None
    return default


def _through_s3(storage_key: StorageKey | None, bucket: str, key: str, call: Call, *actions: str) -> Iterable[Need]:
    if storage_key is None:
        return ()
    encrypted_for = f"arn:aws:s3:::{bucket}" + ("" if storage_key.whole_bucket else f"/{key}")
    about: dict[str, Value | None] = {"kms:EncryptionContext:aws:s3:arn": encrypted_for}
    return through("s3", storage_key.arn, call, *actions, context=about)
