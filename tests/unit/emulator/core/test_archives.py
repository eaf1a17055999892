"""Archives are unpacked for the owner alone, whatever modes they carry, and only below the target folder."""

from __future__ import annotations

import io
import os
import tarfile
from pathlib import Path

import pytest

from emulator.core.archives import unpack


def archive(folder: Path, name: str, mode: int) -> Path:
    path = folder / "a.tar.gz"
    with tarfile.open(path, "w:gz") as made:
        entry = tarfile.TarInfo(name)
        entry.mode, entry.size = mode, 1
        made.addfile(entry, io.BytesIO(b"x"))
    return path


@pytest.mark.parametrize(("mode", "left"), [(0o644, 0o600), (0o755, 0o700), (0o666, 0o600), (0o400, 0o600)])
def test_archive_modes_never_grant_access_to_others(tmp_path: Path, mode: int, left: int) -> None:
    before = os.umask(0o077)
    try:
        unpack(archive(tmp_path, "code/train.py", mode), tmp_path / "out")
    finally:
        os.umask(before)
    assert (tmp_path / "out/code/train.py").stat().st_mode & 0o777 == left
    assert (tmp_path / "out/code").stat().st_mode & 0o777 == 0o700


def test_a_path_outside_the_folder_is_refused(tmp_path: Path) -> None:
    with pytest.raises(tarfile.OutsideDestinationError):
        unpack(archive(tmp_path, "../train.py", 0o644), tmp_path / "out")


def test_archives_are_unpacked_in_one_place_only() -> None:
    emulator = Path(__file__).resolve().parents[4] / "emulator"
    unpacking = {
        path.name
        for path in emulator.rglob("*.py")
        if "tarfile.open(" in (text := path.read_text()) and "extract" in text
    }
    assert unpacking == {"archives.py"}
