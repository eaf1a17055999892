"""Exactly the hashed archive is copied, and a replaced one is refused with both hashes."""

from __future__ import annotations

import hashlib
import io
import tarfile
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from botocore.exceptions import ClientError

from model_artifacts.archive import ArchiveError

BUCKET, PREFIX, KEY = "data", "artifacts/models/registered/", "arn:aws:kms:us-east-1:123456789012:key/models"
TRAINED = "artifacts/training-outputs/run-1/output/model.tar.gz"
FILES = {"model.joblib": b"weights" * 1000, "metadata.json": b"{}", "code/inference.py": b"def model_fn(): ..."}


def archive(files: dict[str, bytes], kind: bytes = tarfile.REGTYPE, start: str = "./") -> bytes:
    sink = io.BytesIO()
    with tarfile.open(fileobj=sink, mode="w:gz") as tar:
        for name, body in files.items():
            info = tarfile.TarInfo(f"{start}{name}")
            info.type, info.size, info.linkname = kind, len(body) if kind == tarfile.REGTYPE else 0, "elsewhere"
            tar.addfile(info, io.BytesIO(body) if kind == tarfile.REGTYPE else None)
    return sink.getvalue()


class S3:
    """Objects with ETags; `meanwhile` replaces an object between hashing and copying."""

    def __init__(self, objects: dict[str, bytes], meanwhile: bytes | None = None) -> None:
        self.objects, self.meanwhile = objects, meanwhile
        self.copied: dict[str, Any] = {}

    def get_object(self, Bucket: str, Key: str) -> dict[str, Any]:
        assert Bucket == BUCKET
        body = self.objects[Key]
        if self.meanwhile is not None:
            self.objects[Key] = self.meanwhile
        return {"Body": io.BytesIO(body), "ETag": self.etag(body)}

    def copy(self, CopySource: dict[str, str], Bucket: str, Key: str, ExtraArgs: dict[str, str], Config: Any) -> None:
        body = self.objects[CopySource["Key"]]
        if ExtraArgs["CopySourceIfMatch"] != self.etag(body):
            raise ClientError({"Error": {"Code": "PreconditionFailed", "Message": ""}}, "CopyObject")
        self.copied = {**ExtraArgs, "threshold": Config.multipart_threshold}
        self.objects[Key] = body

    @staticmethod
    def etag(body: bytes) -> str:
        return hashlib.md5(body, usedforsecurity=False).hexdigest()


@pytest.fixture
def function(cold_start: Any) -> Any:
    return cold_start("model_artifacts", BUCKET=BUCKET, REGISTERED_PREFIX=PREFIX, KEY_ARN=KEY)


def register(function: SimpleNamespace, s3: S3, context: Any, evaluated: bytes | None = None) -> Any:
    function.S3 = s3
    sha256 = hashlib.sha256(s3.objects[TRAINED] if evaluated is None else evaluated).hexdigest()
    event = {"action": "register", "model_data_url": f"s3://{BUCKET}/{TRAINED}", "sha256": sha256}
    return function.handler(event, context)


def test_a_registered_archive_is_stored_under_its_hash_and_verifies(function: SimpleNamespace, context: Any) -> None:
    body = archive(FILES)
    s3 = S3({TRAINED: body})
    made = register(function, s3, context)
    sha256 = hashlib.sha256(body).hexdigest()
    assert made["sha256"] == sha256
    assert made["model_data_url"] == f"s3://{BUCKET}/{PREFIX}{sha256}/model.tar.gz"
    assert s3.objects[f"{PREFIX}{sha256}/model.tar.gz"] == body
    assert (s3.copied["SSEKMSKeyId"], s3.copied["threshold"]) == (KEY, 5 * 1024**3)
    checked = function.handler({"action": "verify", **made}, context)
    assert checked == {"sha256": sha256}


@pytest.mark.parametrize("pieces", [1, 700])
def test_the_hash_covers_all_bytes_even_after_the_archive_s_end(
    function: SimpleNamespace, context: Any, pieces: int
) -> None:
    body = archive(FILES) + b"\0" * 10240 * pieces
    assert register(function, S3({TRAINED: body}), context)["sha256"] == hashlib.sha256(body).hexdigest()


def test_a_replaced_archive_is_refused_with_both_hashes(function: SimpleNamespace, context: Any) -> None:
    s3 = S3({TRAINED: archive(FILES)})
    made = register(function, s3, context)
    other = archive(FILES | {"code/inference.py": b"import os"})
    s3.objects[made["model_data_url"].removeprefix(f"s3://{BUCKET}/")] = other
    with pytest.raises(function.ArtifactChanged) as refusal:
        function.handler({"action": "verify", **made}, context)
    assert made["sha256"] in str(refusal.value)
    assert hashlib.sha256(other).hexdigest() in str(refusal.value)


@pytest.mark.parametrize(
    ("url", "words"),
    [
        (f"s3://{BUCKET}/{TRAINED}", "is not where the archive"),
        (f"s3://{BUCKET}/experiments/ml-engineer/model.tar.gz", "is not where the archive"),
        (f"s3://{BUCKET}/{PREFIX}{'0' * 64}/model.tar.gz", "is not where the archive"),
        ("s3://elsewhere/model.tar.gz", "is not in the data bucket"),
    ],
)
def test_a_description_that_points_elsewhere_is_refused(
    function: SimpleNamespace, context: Any, url: str, words: str
) -> None:
    """Approvers can change descriptions of versions, so the hash alone proves nothing."""
    body = archive(FILES)
    sha256 = hashlib.sha256(body).hexdigest()
    function.S3 = S3({url.removeprefix(f"s3://{BUCKET}/"): body, f"{PREFIX}{sha256}/model.tar.gz": body})
    with pytest.raises(function.ArtifactChanged, match=words):
        function.handler({"action": "verify", "model_data_url": url, "sha256": sha256}, context)


@pytest.mark.parametrize("sha256", ["", "x" * 64, "../" * 20])
def test_an_invalid_hash_is_refused(function: SimpleNamespace, context: Any, sha256: str) -> None:
    url = f"s3://{BUCKET}/{PREFIX}{sha256}/model.tar.gz"
    with pytest.raises(function.ArtifactChanged, match="is not a SHA-256"):
        function.handler({"action": "verify", "model_data_url": url, "sha256": sha256}, context)


def test_only_the_archive_that_was_evaluated_is_registered(function: SimpleNamespace, context: Any) -> None:
    s3, evaluated = S3({TRAINED: archive(FILES)}), archive({"model.joblib": b"another"})
    with pytest.raises(function.ArtifactChanged, match=f"evaluated was {hashlib.sha256(evaluated).hexdigest()}"):
        register(function, s3, context, evaluated)
    assert set(s3.objects) == {TRAINED}


def test_an_archive_that_changes_during_registration_is_refused(function: SimpleNamespace, context: Any) -> None:
    s3 = S3({TRAINED: archive(FILES)}, meanwhile=archive({"model.joblib": b"another"}))
    with pytest.raises(function.ArtifactChanged, match="was replaced while it was registered"):
        register(function, s3, context)
    assert set(s3.objects) == {TRAINED}


@pytest.mark.parametrize(
    ("body", "words"),
    [
        (b"no archive", "not a tar.gz archive"),
        (archive(FILES)[:100], "not a tar.gz archive"),
        (archive({}), "holds no file"),
        (archive({"a": b""}, tarfile.SYMTYPE), "neither a file nor a folder"),
        (archive({"a": b""}, start="../"), "outside its folder"),
        (archive({"a": b""}, start="/"), "outside its folder"),
    ],
    ids=["no archive", "cut off", "empty", "a link", "leads out", "absolute"],  # archives contain timestamps
)
def test_an_unservable_archive_is_not_registered(
    function: SimpleNamespace, context: Any, body: bytes, words: str
) -> None:
    s3 = S3({TRAINED: body})
    with pytest.raises(ArchiveError, match=words):
        register(function, s3, context)
    assert set(s3.objects) == {TRAINED}


def test_an_unknown_action_is_refused(function: SimpleNamespace, context: Any) -> None:
    with pytest.raises(ValueError, match="register or verify, got 'delete'"):
        function.handler({"action": "delete", "model_data_url": "s3://data/x"}, context)


def test_the_container_computes_the_same_hash_of_the_files(
    function: SimpleNamespace, context: Any, tmp_path: Path
) -> None:
    """One hash is computed from the archive, the other from the unpacked files, by independent code."""
    import importlib.util

    source = Path(__file__).resolve().parents[4] / "jobs" / "models" / "reviews" / "inference.py"
    spec = importlib.util.spec_from_file_location("serving", source)
    assert spec is not None
    assert spec.loader is not None
    serving = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(serving)
    body = archive(FILES)
    with tarfile.open(fileobj=io.BytesIO(body)) as tar:
        tar.extractall(tmp_path, filter="data")
    (tmp_path / "code" / "__pycache__").mkdir()
    (tmp_path / "code" / "__pycache__" / "inference.pyc").write_bytes(b"made by Python")
    made = register(function, S3({TRAINED: body}), context)
    assert serving.files_digest(tmp_path) == made["files_sha256"]
