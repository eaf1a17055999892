"""Keep model archives where they cannot be replaced, and compare them with the model registry.

Register (pipeline step 7): {"action": "register", "model_data_url", "sha256"} → {"model_data_url", "sha256",
"files_sha256"}. The archive that training wrote is hashed, must be the one that was evaluated, and is copied to a key
below REGISTERED_PREFIX that contains the hash; only this function's role can write there. Repeating it creates the same
object.

Verify (before a release deploys a version): {"action": "verify", "model_data_url", "sha256"} → {"sha256"}.
Principals that approve versions can change their description in the registry, but not the object at a registered key.
So the key must contain the hash, and the bytes must match it. Raises ArtifactChanged with both hashes.
"""

from __future__ import annotations

import os
import re
from typing import Any

import boto3
from boto3.s3.transfer import TransferConfig
from botocore.exceptions import ClientError

from inference_common.logs import bind, get_logger
from inference_common.s3 import expect_own_buckets
from inference_common.settings import text
from model_artifacts.archive import archive_digest, digests

BUCKET = text(os.environ, "BUCKET")
PREFIX = text(os.environ, "REGISTERED_PREFIX")
KEY_ARN = text(os.environ, "KEY_ARN")
S3 = expect_own_buckets(boto3.client("s3"))
# S3 copies up to 5 GB in one request, larger objects in parts of this size.
COPY = TransferConfig(multipart_threshold=5 * 1024**3, multipart_chunksize=512 * 1024**2)
LOG = get_logger("model_artifacts")
NAME = "model.tar.gz"


class ArtifactChanged(Exception):
    """A model archive is not the one that was registered."""


def handler(event: dict[str, Any], context: Any) -> dict[str, str]:
    action = {"register": register, "verify": verify}.get(event.get("action", ""))
    if action is None:
        raise ValueError(f"action must be register or verify, got '{event.get('action')}'")
    log = bind(LOG, request_id=context.aws_request_id, model_data_url=event["model_data_url"])
    done = action(event)
    log.info(event["action"], extra={"sha256": done["sha256"]})
    return done


def register(event: dict[str, Any]) -> dict[str, str]:
    source = key_of(event["model_data_url"])
    archive = S3.get_object(Bucket=BUCKET, Key=source)
    hashes = digests(archive["Body"])
    if hashes.archive != event["sha256"]:
        raise ArtifactChanged(
            f"{event['model_data_url']} was replaced: its sha256 is {hashes.archive}, evaluated was {event['sha256']}"
        )
    key = registered_key(hashes.archive)
    # Copy exactly what was hashed: S3 refuses if the object has changed meanwhile.
    try:
        S3.copy(
            {"Bucket": BUCKET, "Key": source},
            BUCKET,
            key,
            ExtraArgs={"CopySourceIfMatch": archive["ETag"], "ServerSideEncryption": "aws:kms", "SSEKMSKeyId": KEY_ARN},
            Config=COPY,
        )
    except ClientError as error:
        if error.response["Error"]["Code"] != "PreconditionFailed":
            raise
        raise ArtifactChanged(f"s3://{BUCKET}/{source} was replaced while it was registered") from error
    return {
        "model_data_url": f"s3://{BUCKET}/{key}",
        "sha256": hashes.archive,
        "files_sha256": hashes.files,
    }


def verify(event: dict[str, Any]) -> dict[str, str]:
    url, expected = event["model_data_url"], event["sha256"]
    if not re.fullmatch(r"[0-9a-f]{64}", expected):
        raise ArtifactChanged(f"the registry's sha256 of {url} is '{expected}', which is not a SHA-256")
    key = key_of(url)
    if key != registered_key(expected):
        raise ArtifactChanged(
            f"{url} is not where the archive with sha256 {expected} was registered: "
            f"s3://{BUCKET}/{registered_key(expected)}"
        )
    digest = archive_digest(S3.get_object(Bucket=BUCKET, Key=key)["Body"])
    if digest != expected:
        raise ArtifactChanged(f"{url} was replaced: its sha256 is {digest}, registered was {expected}")
    return {"sha256": digest}


def registered_key(sha256: str) -> str:
    return f"{PREFIX}{sha256}/{NAME}"


def key_of(url: str) -> str:
    start = f"s3://{BUCKET}/"
    if not url.startswith(start):
        raise ArtifactChanged(f"{url} is not in the data bucket {BUCKET}")
    return url.removeprefix(start)
