"""The state bucket and its key: what they are made as, and what becomes of it at the next deployment."""

from __future__ import annotations

import json
import re
import uuid
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from botocore.exceptions import ClientError
from moto import mock_aws
from moto.iam.access_control import PermissionResult
from moto.s3.models import FakeBucket

from emulator.services.iam import storage
from orchestrator.aws import state_bucket, state_key
from orchestrator.aws.client import Aws
from orchestrator.aws.state import S3StateStore
from orchestrator.errors import CredentialsError, TerraformError

ACCOUNT = "123456789012"
KMS = (
    "CreateKey",
    "CreateAlias",
    "DescribeKey",
    "GetKeyPolicy",
    "PutKeyPolicy",
    "GetKeyRotationStatus",
    "EnableKeyRotation",
)
TAGS = {"project": "mlops", "environment": "local"}


@pytest.fixture(scope="module")
def cloud() -> Iterator[Aws]:
    """Moto, except bucket policies: it ignores conditions, so "nothing without TLS" would be "nothing"."""
    original = FakeBucket.get_permission
    FakeBucket.get_permission = lambda *_: PermissionResult.NEUTRAL  # type: ignore[method-assign]
    with mock_aws():
        yield Aws("us-east-1", None)
    FakeBucket.get_permission = original  # type: ignore[method-assign]


@pytest.fixture
def store(cloud: Aws) -> S3StateStore:
    name = f"mlops-{uuid.uuid4().hex[:8]}-tfstate"
    return S3StateStore(cloud, name, {**TAGS, "run": name})


@pytest.fixture(scope="module")
def made(cloud: Aws) -> S3StateStore:
    """A finished one, which tests leave as it was."""
    store = S3StateStore(cloud, "mlops-made-tfstate", TAGS)
    store.ensure_bucket()
    return store


@pytest.fixture
def calls(cloud: Aws) -> Iterator[list[str]]:
    """Operations of S3 and KMS, as they are sent."""
    sent: list[str] = []

    def note(model: Any, **_: Any) -> None:
        sent.append(model.name)

    clients = [cloud.client(service) for service in ("s3", "kms")]
    for client in clients:
        client.meta.events.register("before-call", note)
    yield sent
    for client in clients:
        client.meta.events.unregister("before-call", note)


def configuration(store: S3StateStore, cloud: Aws) -> dict[str, Any]:
    return state_bucket.read(cloud.client("s3"), store.bucket)


def changing(calls: list[str]) -> list[str]:
    return [name for name in calls if not name.startswith(("Get", "Head", "Describe", "List"))]


# ---- the bucket ---------------------------------------------------------------------------------------------------


def test_the_bucket_is_created_once_and_then_only_read(store: S3StateStore, calls: list[str]) -> None:
    assert store.ensure_bucket() is True
    assert {"CreateBucket", "CreateKey", "CreateAlias"} <= set(calls)
    calls.clear()
    assert store.ensure_bucket() is False
    assert changing(calls) == []
    assert len(calls) <= 12


def test_the_bucket_is_private_encrypted_versioned_and_expires_versions(made: S3StateStore, cloud: Aws) -> None:
    current = configuration(made, cloud)
    assert all(current["PublicAccessBlockConfiguration"].values())
    assert current["VersioningConfiguration"]["Status"] == "Enabled"
    (rule,) = current["ServerSideEncryptionConfiguration"]["Rules"]
    assert rule["ApplyServerSideEncryptionByDefault"] == {"SSEAlgorithm": "aws:kms", "KMSMasterKeyID": made.key_arn}
    assert rule["BucketKeyEnabled"] is True
    assert [each["Sid"] for each in current["Policy"]["Statement"]] == [
        "TlsOnly",
        "DenyOtherEncryption",
        "DenyOtherKeys",
    ]
    (kept,) = current["LifecycleConfiguration"]["Rules"]
    assert kept["NoncurrentVersionExpiration"] == {"NoncurrentDays": 30}
    assert {tag["Key"]: tag["Value"] for tag in current["Tagging"]["TagSet"]}.items() >= TAGS.items()


OPENED: dict[str, Callable[[Any, str], Any]] = {
    "PublicAccessBlockConfiguration": lambda s3, name: s3.delete_public_access_block(Bucket=name),
    "OwnershipControls": lambda s3, name: s3.put_bucket_ownership_controls(
        Bucket=name, OwnershipControls={"Rules": [{"ObjectOwnership": "ObjectWriter"}]}
    ),
    "ServerSideEncryptionConfiguration": lambda s3, name: s3.delete_bucket_encryption(Bucket=name),
    "Policy": lambda s3, name: s3.put_bucket_policy(
        Bucket=name,
        Policy=json.dumps(
            {
                "Version": "2012-10-17",
                "Statement": [
                    *state_bucket.policy(f"arn:aws:s3:::{name}", "arn:key")["Statement"],
                    {
                        "Effect": "Allow",
                        "Principal": "*",
                        "Action": "s3:GetObject",
                        "Resource": f"arn:aws:s3:::{name}/*",
                    },
                ],
            }
        ),
    ),
    "LifecycleConfiguration": lambda s3, name: s3.delete_bucket_lifecycle(Bucket=name),
    "VersioningConfiguration": lambda s3, name: s3.put_bucket_versioning(
        Bucket=name, VersioningConfiguration={"Status": "Suspended"}
    ),
    "Tagging": lambda s3, name: s3.delete_bucket_tagging(Bucket=name),
}


@pytest.mark.parametrize("argument", [part.argument for part in state_bucket.PARTS])
def test_changed_settings_are_restored(made: S3StateStore, cloud: Aws, calls: list[str], argument: str) -> None:
    before = configuration(made, cloud)
    OPENED[argument](cloud.client("s3"), made.bucket)
    assert configuration(made, cloud)[argument] != before[argument]
    calls.clear()
    assert made.ensure_bucket() is False
    assert configuration(made, cloud) == before
    assert len([name for name in changing(calls) if name.startswith("Put")]) == 1


def test_a_bucket_that_is_there_already_gets_every_setting(store: S3StateStore, cloud: Aws) -> None:
    s3 = cloud.client("s3")
    s3.create_bucket(Bucket=store.bucket)
    s3.put_bucket_versioning(Bucket=store.bucket, VersioningConfiguration={"Status": "Enabled"})
    assert store.ensure_bucket() is False
    values = state_bucket.desired(f"arn:aws:s3:::{store.bucket}", str(store.key_arn))
    current = configuration(store, cloud)
    assert all(state_bucket.same(part, current, values) for part in state_bucket.PARTS if part.argument in values)


def test_additional_members_are_ignored_and_additional_items_are_not() -> None:
    assert state_bucket.covers({"Rules": [{"a": 1, "more": 2}]}, {"Rules": [{"a": 1}]})
    assert not state_bucket.covers({"Rules": [{"a": 1}, {"b": 1}]}, {"Rules": [{"a": 1}]})
    assert not state_bucket.covers({"Rules": []}, {"Rules": [{"a": 1}]})
    assert not state_bucket.covers(None, {"Rules": []})


def refused(store: S3StateStore, cloud: Aws, monkeypatch: pytest.MonkeyPatch) -> list[dict[str, Any]]:
    """Make S3 respond as for a bucket of another owner, and return the requests."""
    requests: list[dict[str, Any]] = []

    def answer(model: Any, params: dict[str, Any], **_: Any) -> None:
        requests.append(params["headers"])
        raise ClientError({"Error": {"Code": "403", "Message": "Forbidden"}}, model.name)

    events = cloud.client("s3").meta.events
    events.register("before-call", answer)
    monkeypatch.setattr(store, "_end", lambda: events.unregister("before-call", answer), raising=False)
    return requests


@pytest.mark.parametrize("use", ["ensure_bucket", "read"])
def test_a_bucket_of_another_account_is_reported_and_not_used(
    store: S3StateStore, cloud: Aws, monkeypatch: pytest.MonkeyPatch, calls: list[str], use: str
) -> None:
    requests = refused(store, cloud, monkeypatch)
    try:
        with pytest.raises(CredentialsError, match="belongs to another account than 123456789012"):
            store.ensure_bucket() if use == "ensure_bucket" else store.read("data")
    finally:
        store._end()  # type: ignore[attr-defined]
    assert [headers["x-amz-expected-bucket-owner"] for headers in requests] == [ACCOUNT]
    assert changing(calls) == []


# ---- what was there before the key --------------------------------------------------------------------------------


@pytest.fixture
def old(store: S3StateStore, cloud: Aws) -> Any:
    """A bucket of before, with a state, a proof and a lock without a state."""
    s3 = cloud.client("s3")
    s3.create_bucket(Bucket=store.bucket)
    for key in ("data.tfstate", "foundation.tfstate", "proofs/data.json", "foundation.tfstate.tflock"):
        s3.put_object(
            Bucket=store.bucket, Key=key, Body=key.encode(), ServerSideEncryption="AES256", Metadata={"a": "b"}
        )
    return s3


def keys(s3: Any, store: S3StateStore) -> dict[str, str | None]:
    listed = s3.list_objects_v2(Bucket=store.bucket)["Contents"]
    return {item["Key"]: s3.head_object(Bucket=store.bucket, Key=item["Key"]).get("SSEKMSKeyId") for item in listed}


def test_states_and_proofs_are_encrypted_again_once(store: S3StateStore, old: Any, calls: list[str]) -> None:
    old.delete_object(Bucket=store.bucket, Key="foundation.tfstate.tflock")
    store.ensure_bucket()
    assert keys(old, store) == dict.fromkeys(("data.tfstate", "foundation.tfstate", "proofs/data.json"), store.key_arn)
    head = old.get_object(Bucket=store.bucket, Key="data.tfstate")
    assert (head["Body"].read(), head["Metadata"]) == (b"data.tfstate", {"a": "b"})
    calls.clear()
    store.ensure_bucket()
    assert not {"CopyObject", "ListObjectsV2"} & set(calls)


def test_locked_states_and_locks_are_skipped_until_a_later_deployment(store: S3StateStore, old: Any) -> None:
    store.ensure_bucket()
    current = keys(old, store)
    assert current["data.tfstate"] == store.key_arn
    assert current["foundation.tfstate"] is None
    assert current["foundation.tfstate.tflock"] is None
    old.delete_object(Bucket=store.bucket, Key="foundation.tfstate.tflock")
    store.ensure_bucket()
    assert set(keys(old, store).values()) == {store.key_arn}


def test_an_interrupted_run_is_continued(
    store: S3StateStore, old: Any, calls: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    old.delete_object(Bucket=store.bucket, Key="foundation.tfstate.tflock")
    copied = state_bucket._copied

    def fail_second(s3: Any, bucket: str, key: str, arn: str) -> bool:
        if key == "foundation.tfstate":
            raise KeyboardInterrupt
        return copied(s3, bucket, key, arn)

    monkeypatch.setattr(state_bucket, "_copied", fail_second)
    with pytest.raises(KeyboardInterrupt):
        store.ensure_bucket()
    monkeypatch.undo()
    calls.clear()
    store.ensure_bucket()
    assert calls.count("CopyObject") == 2
    assert set(keys(old, store).values()) == {store.key_arn}


# ---- the key ------------------------------------------------------------------------------------------------------


def test_the_key_rotates_and_cannot_be_deleted_as_it_is(made: S3StateStore, cloud: Aws) -> None:
    kms = cloud.client("kms")
    assert kms.describe_key(KeyId=f"alias/{made.bucket}")["KeyMetadata"]["Arn"] == made.key_arn
    assert kms.get_key_rotation_status(KeyId=made.key_arn)["KeyRotationEnabled"]
    document = json.loads(kms.get_key_policy(KeyId=made.key_arn, PolicyName="default")["Policy"])
    denied = {action for each in document["Statement"] if each["Effect"] == "Deny" for action in each["Action"]}
    assert denied >= {"kms:ScheduleKeyDeletion", "kms:DisableKey"}
    assert [each["Principal"] for each in document["Statement"] if each["Effect"] == "Deny"] == ["*"]
    allowed = {action for each in document["Statement"] if each["Effect"] == "Allow" for action in each["Action"]}
    assert not denied & allowed
    assert "kms:PutKeyPolicy" in allowed, "else no principal could ever change it again, and KMS refuses such a policy"
    use = next(each for each in document["Statement"] if "kms:Decrypt" in each["Action"])
    assert use["Condition"]["StringEquals"] == {
        "kms:CallerAccount": ACCOUNT,
        "kms:ViaService": "s3.us-east-1.amazonaws.com",
    }
    tags = {tag["TagKey"]: tag["TagValue"] for tag in kms.list_resource_tags(KeyId=made.key_arn)["Tags"]}
    assert tags == {**TAGS, state_key.BUCKET_TAG: made.bucket}


def test_the_key_s_policy_and_rotation_are_restored(made: S3StateStore, cloud: Aws) -> None:
    kms = cloud.client("kms")
    kms.put_key_policy(KeyId=made.key_arn, PolicyName="default", Policy=json.dumps({"Statement": []}))
    kms.disable_key_rotation(KeyId=made.key_arn)
    made.ensure_bucket()
    document = json.loads(kms.get_key_policy(KeyId=made.key_arn, PolicyName="default")["Policy"])
    assert document == state_key.policy("aws", ACCOUNT, "us-east-1")
    assert kms.get_key_rotation_status(KeyId=made.key_arn)["KeyRotationEnabled"]


def test_a_key_without_an_alias_is_used(
    store: S3StateStore, cloud: Aws, calls: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    kms = cloud.client("kms")
    monkeypatch.setattr(kms, "create_alias", lambda **_: (_ for _ in ()).throw(KeyboardInterrupt))
    with pytest.raises(KeyboardInterrupt):
        store.ensure_bucket()
    monkeypatch.undo()
    store.ensure_bucket()
    assert calls.count("CreateKey") == 1


def test_a_key_that_cannot_be_used_is_reported(store: S3StateStore, cloud: Aws) -> None:
    store.ensure_bucket()
    cloud.client("kms").disable_key(KeyId=str(store.key_arn).rsplit("/", 1)[-1])  # moto takes no ARN here
    with pytest.raises(TerraformError, match="is Disabled: no state can be read or written") as caught:
        store.ensure_bucket()
    assert "enable-key" in str(caught.value.hint)


# ---- what the guide says ------------------------------------------------------------------------------------------


def test_the_guide_names_every_required_permission(store: S3StateStore, old: Any, calls: list[str]) -> None:
    old.delete_object(Bucket=store.bucket, Key="foundation.tfstate.tflock")
    store.ensure_bucket()
    store.write_proof("data", {})
    store.remove_proof("data")
    calls += ["CreateBucket", "PutBucketOwnershipControls", "PutKeyPolicy"]  # made beforehand, and right by default
    needed = {action(name) for name in calls} | {"kms:TagResource", "tag:GetResources"}
    text = (Path(__file__).resolve().parents[4] / "docs/guides/states.md").read_text(encoding="utf-8")
    section = text[text.index("## Permissions") :].partition("A role that only plans")[0]
    documented = set(re.findall(r"`((?:s3|kms|tag):\w+)`", section))
    # Terraform reads, decrypts and encrypts under the same role.
    assert documented == needed | {"kms:Decrypt", "kms:GenerateDataKey"}


def action(operation: str) -> str:
    if operation in KMS:
        return f"kms:{operation}"
    table = {**storage.OBJECT_ACTIONS, **storage.BUCKET_ACTIONS}
    return f"s3:{table.get(operation, operation)}"


def test_without_a_bucket_there_is_no_key(store: S3StateStore) -> None:
    assert store.key_arn is None
