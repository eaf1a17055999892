"""Read the Terraform states of an environment from their bucket, and manage the bucket.

Reading the object takes milliseconds; `terraform output` would start the program for it. The bucket is the one resource
that Terraform cannot create itself, since its state must be stored first.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from typing import Any

from orchestrator.aws import state_bucket, state_key
from orchestrator.aws.model import Cloud, StoredLock
from orchestrator.aws.state_bucket import KEY_TAG
from orchestrator.core.state import State
from orchestrator.core.types import Json
from orchestrator.errors import CredentialsError, TerraformError
from orchestrator.system import own_files
from orchestrator.system.text_files import clipped

_RESTORE = "The bucket keeps earlier versions of the object; restore one of them."
_OWN = ("id", "arn", "agent_arn", "dashboard_arn", "guardrail_arn", "provisioned_model_arn")
"""Attributes that identify the resource itself; others refer to other resources."""
_STATE = ".tfstate"
_REFUSED = ("403", "AccessDenied")
_STATE, _LOCK = ".tfstate", ".tflock"
_ANOTHER_BY_NOW = ("PreconditionFailed", "ConditionalRequestConflict", "NoSuchKey", "412", "409", "404")
"""Error codes of a conditional deletion (S3's guide, "How to perform conditional deletes")."""


class S3StateStore:
    """Store states in S3.

    Args:
        cloud: the account and region of the bucket.
        bucket: the bucket's name.
        tags: the bucket's tags.
    """

    def __init__(self, cloud: Cloud, bucket: str, tags: Mapping[str, str]) -> None:
        self.bucket = bucket
        self._cloud = cloud
        self._tags = dict(tags)
        self._key_arn: str | None = None

    def key(self, stack: str) -> str:
        return f"{stack}{_STATE}"

    def ensure_bucket(self) -> bool:
        """Create the bucket and its key if they are missing; `True` if the bucket was created.

        Their settings are compared each time. Objects under another key are encrypted again, once.
        """
        from orchestrator.aws.client import explained

        with explained(self._cloud, f"secure the state bucket {self.bucket}", TerraformError):
            created = not self._exists()
            if created:
                self._create()
            with ThreadPoolExecutor(1) as pool:
                key = pool.submit(state_key.ensure, self._cloud, self.bucket, self._cloud.account_id(), self._tags)
                current = state_bucket.read(self._s3, self.bucket)
                self._key_arn = key.result()
            arn = f"arn:{self._s3.meta.partition}:s3:::{self.bucket}"
            state_bucket.write(self._s3, self.bucket, current, state_bucket.desired(arn, self._key_arn))
            self._encrypt(self._key_arn, current)
        return created

    @property
    def key_arn(self) -> str | None:
        """The ARN of the bucket's key; `None` if it has none yet."""
        from orchestrator.aws.client import explained

        if self._key_arn is None:
            with explained(self._cloud, f"look up the key of {self.bucket}", TerraformError):
                self._key_arn = state_key.find(self._cloud.client("kms"), self.bucket)
        return self._key_arn

    def stacks(self) -> tuple[str, ...]:
        """List the stacks that have a state object, including those without files."""
        from orchestrator.aws.client import explained, pages

        gone = suppress(self._s3.exceptions.NoSuchBucket)
        with explained(self._cloud, f"list the states in {self.bucket}", TerraformError), gone:
            keys = [str(each["Key"]) for each in pages(self._s3, "list_objects_v2", "Contents", Bucket=self.bucket)]
            return tuple(sorted(key.removesuffix(_STATE) for key in keys if key.endswith(_STATE) and "/" not in key))
        return ()

    def read(self, stack: str) -> State | None:
        """Read a stack's state; `None` if it was never applied."""
        key = self.key(stack)
        document = self._object(key, keys=("serial", "lineage"))
        if document is None:
            return None
        try:
            return State(
                serial=int(document["serial"]),
                lineage=str(document["lineage"]),
                outputs={name: output["value"] for name, output in document.get("outputs", {}).items()},
                resources=tuple(_addresses(document)),
                ids=frozenset(_ids(document)),
            )
        except (AttributeError, KeyError, TypeError, ValueError) as error:
            why = f"{type(error).__name__} {clipped(str(error))}"
            raise TerraformError(f"s3://{self.bucket}/{key} is not a Terraform state: {why}", hint=_RESTORE) from error

    def read_proof(self, stack: str) -> Json | None:
        """Read a stack's proof without checking it; `None` if it is missing or not a JSON object."""
        content = self._content(_proof_key(stack))
        try:
            document = json.loads(content or b"null")
        except (ValueError, RecursionError):
            return None
        return document if isinstance(document, dict) else None

    def write_proof(self, stack: str, proof: Json) -> None:
        from orchestrator.aws.client import explained

        body = json.dumps(proof, indent=1, sort_keys=True).encode()
        with explained(self._cloud, f"store the proof of `{stack}`", TerraformError):
            self._s3.put_object(Bucket=self.bucket, Key=_proof_key(stack), Body=body, ContentType="application/json")

    def remove_proof(self, stack: str) -> None:
        from orchestrator.aws.client import explained

        # Without a bucket there is no proof: `destroy` may find an AWS in which nothing was ever deployed.
        gone = suppress(self._s3.exceptions.NoSuchBucket)
        with explained(self._cloud, f"remove the proof of `{stack}`", TerraformError), gone:
            self._s3.delete_object(Bucket=self.bucket, Key=_proof_key(stack))

    def locks(self) -> list[StoredLock]:
        """List all locks that are held now, including those of states without files."""
        from orchestrator.aws.client import explained, pages

        with explained(self._cloud, f"list the locks in {self.bucket}", TerraformError):
            try:
                keys = [str(item["Key"]) for item in pages(self._s3, "list_objects_v2", "Contents", Bucket=self.bucket)]
            except self._s3.exceptions.NoSuchBucket:
                return []
            locks = [self._lock(key) for key in keys if key.endswith(_LOCK)]
        return [lock for lock in locks if lock is not None]

    def remove_lock(self, lock: StoredLock) -> bool:
        """Delete exactly this lock; `False` if it was released or replaced."""
        from botocore.exceptions import ClientError

        from orchestrator.aws.client import explained

        with explained(self._cloud, f"remove the lock of `{lock.stack}`", TerraformError):
            try:
                self._s3.delete_object(Bucket=self.bucket, Key=lock.key, IfMatch=lock.etag)
            except ClientError as error:
                if error.response["Error"]["Code"] in _ANOTHER_BY_NOW:
                    return False
                raise
        return True

    def _lock(self, key: str) -> StoredLock | None:
        """Read a lock; `None` if it has been released meanwhile."""
        try:
            stored = self._s3.get_object(Bucket=self.bucket, Key=key)
        except self._s3.exceptions.NoSuchKey:
            return None
        try:
            info = json.loads(stored["Body"].read())
        except (ValueError, RecursionError):
            info = None
        stack = key.removesuffix(_LOCK).removesuffix(_STATE)
        modified = stored["LastModified"].isoformat(timespec="seconds")
        return StoredLock(stack, key, stored["ETag"], modified, info if isinstance(info, dict) else None)

    @property
    def _s3(self) -> Any:
        return self._cloud.client("s3")

    def _object(self, key: str, *, keys: Collection[str]) -> Json | None:
        content = self._content(key)
        if content is None:
            return None
        return own_files.parsed(content, f"s3://{self.bucket}/{key}", keys=keys, error=TerraformError, hint=_RESTORE)

    def _content(self, key: str) -> bytes | None:
        from botocore.exceptions import ClientError

        try:
            return bytes(self._s3.get_object(Bucket=self.bucket, Key=key)["Body"].read())
        except ClientError as error:
            if error.response["Error"]["Code"] in ("NoSuchKey", "NoSuchBucket", "404"):
                return None
            if error.response["Error"]["Code"] in _REFUSED:
                raise self._foreign(error) from error
            raise TerraformError(f"s3://{self.bucket}/{key} cannot be read: {error}") from error

    def _exists(self) -> bool:
        from botocore.exceptions import ClientError

        try:
            self._s3.head_bucket(Bucket=self.bucket)
        except ClientError as error:
            code = error.response["Error"]["Code"]
            if code in ("404", "NoSuchBucket"):
                return False
            if code in _REFUSED:
                raise self._foreign(error) from error
            raise TerraformError(f"the state bucket {self.bucket} cannot be looked up: {error}") from error
        return True

    def _foreign(self, error: Exception) -> CredentialsError:
        """Return the error for a refused bucket: S3 does not tell a foreign bucket from missing permissions."""
        return CredentialsError(
            f"the state bucket {self.bucket} belongs to another account than {self._cloud.account_id()}, "
            f"or these credentials may not use it: {error}",
            hint="Run `aws s3api list-buckets`. If the bucket is not listed, another account has the name: choose "
            "another `project` before you deploy. If it is, the role lacks permissions on it or on its key.",
        )

    def _create(self) -> None:
        region = self._s3.meta.region_name
        # us-east-1 is the one region that S3 does not accept here.
        place = {} if region == "us-east-1" else {"CreateBucketConfiguration": {"LocationConstraint": region}}
        self._s3.create_bucket(Bucket=self.bucket, ObjectOwnership="BucketOwnerEnforced", **place)

    def _encrypt(self, key_arn: str, current: Json) -> None:
        """Encrypt the existing objects with the key, once, and record that in a tag of the bucket."""
        tags = {tag["Key"]: tag["Value"] for tag in (current["Tagging"] or {"TagSet": []})["TagSet"]}
        done = tags.get(KEY_TAG) == key_arn or state_bucket.encrypt_again(self._s3, self.bucket, key_arn)
        own = {**self._tags, KEY_TAG: key_arn} if done else self._tags
        state_bucket.write(self._s3, self.bucket, current, {"Tagging": state_bucket.tagging(own)})


def _proof_key(stack: str) -> str:
    return f"proofs/{stack}.json"


def _addresses(document: Json) -> Iterator[str]:
    """Yield the addresses of managed resources, as `terraform state list` prints them."""
    for resource in document.get("resources", ()):
        if resource["mode"] != "managed":
            continue
        parts = [resource["module"]] if "module" in resource else []
        base = ".".join([*parts, resource["type"], resource["name"]])
        for instance in resource["instances"]:
            if "deposed" not in instance:
                yield base + _index(instance.get("index_key"))


def _ids(document: Json) -> Iterator[str]:
    """Yield the ARNs and ids of managed resources, including deposed ones, which exist too."""
    for resource in document.get("resources", ()):
        if resource["mode"] == "managed":
            for instance in resource["instances"]:
                attributes = instance.get("attributes") or {}
                values = (attributes.get(name) for name in _OWN)
                yield from (value.removesuffix(":*") for value in values if isinstance(value, str) and value)


def _index(key: str | int | None) -> str:
    if key is None:
        return ""
    return f"[{key}]" if isinstance(key, int) else f"[{json.dumps(key)}]"
