"""Terraform states of one environment, read straight from their bucket.

Reading the object takes milliseconds; `terraform output` would start the program for it. The bucket is the
one thing that Terraform cannot make itself, since its own state has to lie somewhere first.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any

from orchestrator.errors import CredentialsError, TerraformError
from orchestrator.tools.interfaces import Cloud, Json, State

_KEPT_VERSIONS_DAYS = 90


class S3StateStore:
    """States in S3.

    Args:
        cloud: where the bucket is.
        bucket: its name.
        tags: put on the bucket when it is made.
    """

    def __init__(self, cloud: Cloud, bucket: str, tags: Mapping[str, str]) -> None:
        self.bucket = bucket
        self._cloud = cloud
        self._tags = dict(tags)

    def key(self, stack: str) -> str:
        return f"{stack}.tfstate"

    def ensure_bucket(self) -> bool:
        """Create and secure the bucket; True if it was not there. Finishes what an interrupted run began."""
        created = not self._exists()
        if created:
            self._create()
        # Versioning is switched on last, so it tells whether everything before it was done.
        if created or self._s3.get_bucket_versioning(Bucket=self.bucket).get("Status") != "Enabled":
            self._secure()
        return created

    def read(self, stack: str) -> State | None:
        """The state of a stack, or `None` when it was never applied."""
        document = self._object(self.key(stack))
        if document is None:
            return None
        return State(
            serial=int(document["serial"]),
            lineage=str(document["lineage"]),
            outputs={name: output["value"] for name, output in document.get("outputs", {}).items()},
            resources=tuple(_addresses(document)),
        )

    def read_proof(self, stack: str) -> Json | None:
        """The document as it lies there; `None` when it is missing or not even an object."""
        try:
            return self._object(_proof_key(stack))
        except TerraformError as error:
            if isinstance(error.__cause__, (ValueError, TypeError)):
                return None
            raise

    def write_proof(self, stack: str, proof: Json) -> None:
        from orchestrator.tools.aws import explained

        body = json.dumps(proof, indent=1, sort_keys=True).encode()
        with explained(self._cloud, f"store the proof of `{stack}`", TerraformError):
            self._s3.put_object(Bucket=self.bucket, Key=_proof_key(stack), Body=body, ContentType="application/json")

    def remove_proof(self, stack: str) -> None:
        from orchestrator.tools.aws import explained

        with explained(self._cloud, f"remove the proof of `{stack}`", TerraformError):
            self._s3.delete_object(Bucket=self.bucket, Key=_proof_key(stack))

    def lock_info(self, stack: str) -> Json | None:
        """Who holds the lock, as terraform wrote it (`Who`, `Operation`, `Created`, `ID`), or `None`."""
        return self._object(f"{self.key(stack)}.tflock")

    @property
    def _s3(self) -> Any:
        return self._cloud.client("s3")

    def _object(self, key: str) -> Json | None:
        from botocore.exceptions import ClientError

        try:
            body = self._s3.get_object(Bucket=self.bucket, Key=key)["Body"].read()
        except ClientError as error:
            if error.response["Error"]["Code"] in ("NoSuchKey", "NoSuchBucket", "404"):
                return None
            raise TerraformError(f"s3://{self.bucket}/{key} cannot be read: {error}") from error
        try:
            return dict(json.loads(body))
        except (ValueError, TypeError) as error:
            raise TerraformError(
                f"s3://{self.bucket}/{key} is not JSON: {error}",
                hint="The bucket keeps earlier versions of the object; restore one of them.",
            ) from error

    def _exists(self) -> bool:
        from botocore.exceptions import ClientError

        try:
            self._s3.head_bucket(Bucket=self.bucket)
        except ClientError as error:
            code = error.response["Error"]["Code"]
            if code in ("404", "NoSuchBucket"):
                return False
            if code in ("403", "AccessDenied"):
                raise CredentialsError(
                    f"the state bucket {self.bucket} exists, but these credentials may not use it",
                    hint="It belongs to another account, or the role lacks s3:ListBucket on it.",
                ) from error
            raise TerraformError(f"the state bucket {self.bucket} cannot be looked up: {error}") from error
        return True

    def _create(self) -> None:
        region = self._s3.meta.region_name
        # us-east-1 is the one region that S3 refuses to hear named here.
        place = {} if region == "us-east-1" else {"CreateBucketConfiguration": {"LocationConstraint": region}}
        self._s3.create_bucket(Bucket=self.bucket, ObjectOwnership="BucketOwnerEnforced", **place)

    def _secure(self) -> None:
        s3, bucket = self._s3, self.bucket
        s3.put_public_access_block(
            Bucket=bucket,
            PublicAccessBlockConfiguration={
                "BlockPublicAcls": True,
                "IgnorePublicAcls": True,
                "BlockPublicPolicy": True,
                "RestrictPublicBuckets": True,
            },
        )
        encryption = {"ApplyServerSideEncryptionByDefault": {"SSEAlgorithm": "AES256"}}
        s3.put_bucket_encryption(Bucket=bucket, ServerSideEncryptionConfiguration={"Rules": [encryption]})
        s3.put_bucket_policy(Bucket=bucket, Policy=json.dumps(self._tls_only()))
        s3.put_bucket_lifecycle_configuration(Bucket=bucket, LifecycleConfiguration={"Rules": [_LIFECYCLE]})
        if self._tags:
            tags = [{"Key": key, "Value": value} for key, value in sorted(self._tags.items())]
            s3.put_bucket_tagging(Bucket=bucket, Tagging={"TagSet": tags})
        s3.put_bucket_versioning(Bucket=bucket, VersioningConfiguration={"Status": "Enabled"})

    def _tls_only(self) -> Json:
        partition = self._s3.meta.partition
        arn = f"arn:{partition}:s3:::{self.bucket}"
        return {
            "Version": "2012-10-17",
            "Statement": [
                {
                    "Sid": "TlsOnly",
                    "Effect": "Deny",
                    "Principal": "*",
                    "Action": "s3:*",
                    "Resource": [arn, f"{arn}/*"],
                    "Condition": {"Bool": {"aws:SecureTransport": "false"}},
                }
            ],
        }


_LIFECYCLE = {
    "ID": "old-states",
    "Status": "Enabled",
    "Filter": {"Prefix": ""},
    "NoncurrentVersionExpiration": {"NoncurrentDays": _KEPT_VERSIONS_DAYS},
    "AbortIncompleteMultipartUpload": {"DaysAfterInitiation": 7},
}


def _proof_key(stack: str) -> str:
    return f"proofs/{stack}.json"


def _addresses(document: Json) -> Iterator[str]:
    """Addresses of managed resources, as `terraform state list` prints them."""
    for resource in document.get("resources", ()):
        if resource["mode"] != "managed":
            continue
        parts = [resource["module"]] if "module" in resource else []
        base = ".".join([*parts, resource["type"], resource["name"]])
        for instance in resource["instances"]:
            if "deposed" not in instance:
                yield base + _index(instance.get("index_key"))


def _index(key: str | int | None) -> str:
    if key is None:
        return ""
    return f"[{key}]" if isinstance(key, int) else f"[{json.dumps(key)}]"
