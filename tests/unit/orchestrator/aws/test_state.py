"""The state bucket and the states in it, against moto's S3."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator

import pytest
from moto.server import ThreadedMotoServer

from orchestrator.aws.client import Aws
from orchestrator.aws.state import S3StateStore
from orchestrator.core.local_access import LocalAccess
from orchestrator.core.state import State
from orchestrator.errors import TerraformError

BUCKET = "mlops-local-tfstate-123456789012-us-east-1"

KEY = {"attributes": {"id": "k1", "arn": "arn:key/k1", "role_arn": "arn:role/other", "tags": {"id": "x"}}}
OLD_KEY = {"deposed": "1a2b", "attributes": {"id": "k0", "arn": "arn:key/k0:*"}}
DOCUMENT = {
    "version": 4,
    "serial": 7,
    "lineage": "aaaa",
    "outputs": {"foundation": {"value": {"s3": {"bucket_name": "b"}}, "type": ["object", {}]}},
    "resources": [
        {"mode": "data", "type": "aws_region", "name": "here", "instances": [{}]},
        {"mode": "managed", "type": "aws_kms_key", "name": "data", "instances": [KEY, OLD_KEY]},
        {
            "module": 'module.s3["main"]',
            "mode": "managed",
            "type": "aws_s3_object",
            "name": "prefix",
            "instances": [{"index_key": 'odd "name"'}, {"index_key": 1}],
        },
    ],
}


@pytest.fixture(scope="module")
def cloud() -> Iterator[Aws]:
    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    _, port = server.get_host_and_port()
    yield Aws("us-east-1", LocalAccess(f"http://127.0.0.1:{port}", "LOCALKEY", "secret"))
    server.stop()


@pytest.fixture
def store(cloud: Aws, request: pytest.FixtureRequest) -> S3StateStore:
    name = f"{BUCKET[:30]}-{abs(hash((request.node.name, os.getpid()))) % 10**8}"
    return S3StateStore(cloud, name, {"project": "mlops", "environment": "local"})


def test_a_state_is_read_as_outputs_and_addresses(store: S3StateStore, cloud: Aws) -> None:
    cloud.client("s3").create_bucket(Bucket=store.bucket)
    assert store.read("foundation") is None
    cloud.client("s3").put_object(Bucket=store.bucket, Key="foundation.tfstate", Body=json.dumps(DOCUMENT))
    assert store.read("foundation") == State(
        serial=7,
        lineage="aaaa",
        outputs={"foundation": {"s3": {"bucket_name": "b"}}},
        resources=(
            "aws_kms_key.data",
            'module.s3["main"].aws_s3_object.prefix["odd \\"name\\""]',
            'module.s3["main"].aws_s3_object.prefix[1]',
        ),
        ids=frozenset({"k0", "k1", "arn:key/k0", "arn:key/k1"}),
    )


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "is not JSON: it is empty"),
        (json.dumps(DOCUMENT).encode()[:200], "is not JSON: "),
        (b"\xff\xfe\x00", "is not JSON: "),
        (b"[" * 100_000, "is not JSON: "),
        (b"[]", r"is not a JSON object: it begins with \[\]"),
        (b"{}", "is incomplete: it lacks `serial`, `lineage`"),
        (b'{"serial": 1, "lineage": "a", "resources": [{}]}', "is not a Terraform state: KeyError 'mode'"),
        (b'{"serial": "x", "lineage": "a"}', "is not a Terraform state: ValueError invalid literal"),
        (b'{"serial": 1, "lineage": "a", "outputs": []}', "is not a Terraform state: AttributeError"),
    ],
)
def test_an_incomplete_state_is_refused_with_its_url(
    store: S3StateStore, monkeypatch: pytest.MonkeyPatch, content: bytes, message: str
) -> None:
    monkeypatch.setattr(store, "_content", lambda key: content)
    with pytest.raises(TerraformError, match=f"s3://{store.bucket}/data.tfstate {message}") as caught:
        store.read("data")
    assert "earlier versions" in str(caught.value.hint)
    assert len(caught.value.message) < 300


@pytest.mark.parametrize("content", [b"", b"{", b"[]", b"{}", b"\xff", b"null"])
def test_an_unreadable_proof_is_ignored(store: S3StateStore, monkeypatch: pytest.MonkeyPatch, content: bytes) -> None:
    monkeypatch.setattr(store, "_content", lambda key: content)
    assert not store.read_proof("data")


def test_the_stacks_are_those_that_have_an_object(store: S3StateStore, cloud: Aws) -> None:
    cloud.client("s3").create_bucket(Bucket=store.bucket)
    for key in ("foundation.tfstate", "foundation.tfstate.tflock", "proofs/foundation.json", "blueprint-x.tfstate"):
        cloud.client("s3").put_object(Bucket=store.bucket, Key=key, Body=b"{}")
    assert store.stacks() == ("blueprint-x", "foundation")


def test_a_state_with_deposed_resources_only_is_not_empty() -> None:
    assert State(1, "l", {}, ()).is_empty
    assert not State(1, "l", {}, (), frozenset({"k0"})).is_empty


def test_no_bucket_means_no_state_and_no_lock(store: S3StateStore) -> None:
    assert store.stacks() == ()
    assert store.read("data") is None
    assert store.locks() == []
    store.remove_proof("data")


def test_locks_are_listed_whatever_they_contain(store: S3StateStore, cloud: Aws) -> None:
    s3 = cloud.client("s3")
    s3.create_bucket(Bucket=store.bucket)
    for key, body in (
        ("data.tfstate", b"{}"),
        ("data.tfstate.tflock", b'{"Who": "alice@laptop"}'),
        ("blueprint-gone.tfstate.tflock", b"<html>"),
        ("models.tfstate.tflock", b"[1]"),
    ):
        s3.put_object(Bucket=store.bucket, Key=key, Body=body)
    locks = {lock.stack: lock.info for lock in store.locks()}
    assert locks == {"blueprint-gone": None, "data": {"Who": "alice@laptop"}, "models": None}


def test_exactly_the_given_lock_is_removed(store: S3StateStore, cloud: Aws) -> None:
    s3 = cloud.client("s3")
    s3.create_bucket(Bucket=store.bucket)
    s3.put_object(Bucket=store.bucket, Key="data.tfstate.tflock", Body=b'{"ID": "1"}')
    [first] = store.locks()
    s3.put_object(Bucket=store.bucket, Key="data.tfstate.tflock", Body=b'{"ID": "2"}')
    assert not store.remove_lock(first)
    [second] = store.locks()
    assert second.info == {"ID": "2"}
    assert store.remove_lock(second)
    assert store.locks() == []
    assert not store.remove_lock(second), "it is gone"


def test_a_broken_state_is_named(store: S3StateStore, cloud: Aws) -> None:
    cloud.client("s3").create_bucket(Bucket=store.bucket)
    cloud.client("s3").put_object(Bucket=store.bucket, Key="data.tfstate", Body=b"<html>")
    with pytest.raises(TerraformError, match=r"data\.tfstate is not JSON"):
        store.read("data")


def test_a_proof_is_stored_replaced_and_removed(store: S3StateStore, cloud: Aws) -> None:
    cloud.client("s3").create_bucket(Bucket=store.bucket)
    assert store.read_proof("data") is None
    store.remove_proof("data")
    for serial in (1, 2):
        store.write_proof("data", {"serial": serial})
        assert store.read_proof("data") == {"serial": serial}
    store.remove_proof("data")
    assert store.read_proof("data") is None


@pytest.mark.parametrize("body", [b"", b"{", b"[1]", b"null", b"5", b'"text"', b"\xff"])
def test_a_proof_that_is_not_an_object_is_ignored(store: S3StateStore, cloud: Aws, body: bytes) -> None:
    cloud.client("s3").create_bucket(Bucket=store.bucket)
    cloud.client("s3").put_object(Bucket=store.bucket, Key="proofs/data.json", Body=body)
    assert store.read_proof("data") is None
