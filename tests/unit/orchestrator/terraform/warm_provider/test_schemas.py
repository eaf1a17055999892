"""A kept schema is used only for the provider that it came from, if complete and this user's."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from orchestrator.terraform.warm_provider.pool import Pool
from orchestrator.terraform.warm_provider.schemas import KeptSchema

SCHEMA = bytes([10, 3]) + b"any"
COMPLAINT = SCHEMA + bytes([34, 2, 8, 1])
"""Field 4: one diagnostic."""


@pytest.fixture
def binary(tmp_path: Path) -> Path:
    file = tmp_path / "provider"
    file.write_bytes(b"one")
    return file


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "schemas"


def kept_file(folder: Path) -> Path:
    (file,) = folder.iterdir()
    return file


def test_the_next_server_reads_the_schema_from_disk(folder: Path, binary: Path) -> None:
    assert KeptSchema(folder, binary).read(b"") is None
    KeptSchema(folder, binary).write(b"", SCHEMA)
    assert KeptSchema(folder, binary).read(b"") == SCHEMA
    assert KeptSchema(folder, binary).read(b"another question") is None
    assert folder.stat().st_mode & 0o777 == 0o700


def rewritten(binary: Path) -> None:
    """As long and as old as before."""
    before = binary.stat()
    while binary.stat().st_ctime_ns == before.st_ctime_ns:  # a file system's clock ticks a few times in a hundredth
        binary.write_bytes(b"two")
        os.utime(binary, ns=(before.st_atime_ns, before.st_mtime_ns))


def exchanged(binary: Path) -> None:
    before = binary.stat()
    other = binary.with_name("other")
    other.write_bytes(b"two")
    os.utime(other, ns=(before.st_atime_ns, before.st_mtime_ns))
    other.replace(binary)


@pytest.mark.parametrize("change", [rewritten, exchanged, Path.unlink])
def test_the_schema_of_another_provider_is_not_used(folder: Path, binary: Path, change: Callable[[Path], None]) -> None:
    kept = KeptSchema(folder, binary)
    kept.write(b"", SCHEMA)
    change(binary)
    assert KeptSchema(folder, binary).read(b"") is None
    assert kept.read(b"") is None, "a server that runs since before the change"


def test_the_schema_of_a_replaced_provider_is_not_kept(folder: Path, binary: Path) -> None:
    kept = KeptSchema(folder, binary)
    exchanged(binary)
    kept.write(b"", SCHEMA)
    assert not folder.exists()


@pytest.mark.parametrize(
    "damage",
    [
        lambda content: b"",
        lambda content: content[:32],
        lambda content: content[:-1],
        lambda content: content[:-1] + b"x",
        lambda content: content + b"x",
    ],
)
def test_a_damaged_file_is_not_used(folder: Path, binary: Path, damage: Callable[[bytes], bytes]) -> None:
    KeptSchema(folder, binary).write(b"", SCHEMA)
    file = kept_file(folder)
    file.write_bytes(damage(file.read_bytes()))
    assert KeptSchema(folder, binary).read(b"") is None
    KeptSchema(folder, binary).write(b"", SCHEMA)
    assert KeptSchema(folder, binary).read(b"") == SCHEMA


def test_a_file_of_another_user_is_not_used(folder: Path, binary: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    KeptSchema(folder, binary).write(b"", SCHEMA)
    monkeypatch.setattr(os, "getuid", lambda: os.stat(binary).st_uid + 1)
    assert KeptSchema(folder, binary).read(b"") is None
    KeptSchema(folder, binary).write(b"other", SCHEMA)
    assert len(list(folder.iterdir())) == 1, "nothing is put into another user's folder"


def test_a_schema_with_diagnostics_is_not_kept(folder: Path, binary: Path) -> None:
    KeptSchema(folder, binary).write(b"", COMPLAINT)
    assert KeptSchema(folder, binary).read(b"") is None


def test_an_updated_provider_leaves_no_old_schema_behind(folder: Path, binary: Path) -> None:
    KeptSchema(folder, binary).write(b"", SCHEMA)
    binary.write_bytes(b"longer")
    KeptSchema(folder, binary).write(b"", SCHEMA)
    assert len(list(folder.iterdir())) == 1


def test_a_schema_that_cannot_be_kept_is_still_served(binary: Path, tmp_path: Path) -> None:
    occupied = tmp_path / "file"
    occupied.write_text("in the way")
    KeptSchema(occupied, binary).write(b"", SCHEMA)
    assert KeptSchema(occupied, binary).read(b"") is None


def test_a_pool_with_a_kept_schema_starts_no_provider(
    folder: Path, binary: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    calls_made: list[str] = []

    def call(*_: Any) -> bytes:
        calls_made.append("")
        return SCHEMA

    provider = SimpleNamespace(
        process=SimpleNamespace(pid=1),
        alive=True,
        environment={},
        calls=0,
        call=call,
    )
    monkeypatch.setattr("orchestrator.terraform.warm_provider.pool.start", lambda *_: provider)
    for _ in range(2):
        pool = Pool(binary, tmp_path, 1, KeptSchema(folder, binary))
        assert pool.schema({}, b"") == SCHEMA
    assert calls_made == [""]
    assert pool.status() == []
