"""An archive that could not be served is refused before it is uploaded."""

from __future__ import annotations

import hashlib
import io
import tarfile
from pathlib import Path

import pytest

from orchestrator.errors import PlatformError
from orchestrator.registry import archive


def packed(path: Path, *names: str, mode: str = "w:gz", kind: bytes = tarfile.REGTYPE) -> Path:
    with tarfile.open(path, mode) as tar:  # type: ignore[call-overload]
        for name in names:
            entry = tarfile.TarInfo(name)
            entry.type = kind if name.endswith(("link", "device")) else tarfile.REGTYPE
            entry.linkname, entry.size = "/etc/passwd", 0 if entry.type != tarfile.REGTYPE else 1
            tar.addfile(entry, io.BytesIO(b"x"))
    return path


def test_the_names_of_its_files_are_returned(tmp_path: Path) -> None:
    path = packed(tmp_path / "m.tar.gz", "./code/inference.py", "model.joblib")
    assert archive.check(path, [archive.CODE]) == {"code/inference.py", "model.joblib"}
    assert archive.sha256_of(path) == hashlib.sha256(path.read_bytes()).hexdigest()


@pytest.mark.parametrize(
    ("names", "kind", "message"),
    [
        (["../evil.py"], tarfile.REGTYPE, r"holds \.\./evil\.py, which would be unpacked outside its folder"),
        (["a/../../evil.py"], tarfile.REGTYPE, "which would be unpacked outside its folder"),
        (["/etc/evil"], tarfile.REGTYPE, "which would be unpacked outside its folder"),
        (["a.link"], tarfile.SYMTYPE, r"holds a\.link, which is neither a file nor a folder"),
        (["a.link"], tarfile.LNKTYPE, "which is neither a file nor a folder"),
        (["a.device"], tarfile.CHRTYPE, "which is neither a file nor a folder"),
        ([], tarfile.REGTYPE, "holds no file"),
        (["model.joblib"], tarfile.REGTYPE, r"has no code/inference\.py; it holds model\.joblib"),
        ([f"{n}.bin" for n in range(7)], tarfile.REGTYPE, r"it holds 0\.bin, .*, 4\.bin and 2 more"),
    ],
)
def test_what_cannot_be_served_is_refused(tmp_path: Path, names: list[str], kind: bytes, message: str) -> None:
    path = packed(tmp_path / "m.tar.gz", *names, kind=kind)
    with pytest.raises(PlatformError, match=message):
        archive.check(path, [archive.CODE])


def test_a_container_of_ones_own_needs_no_code(tmp_path: Path) -> None:
    assert archive.check(packed(tmp_path / "m.tar.gz", "weights.bin"), []) == {"weights.bin"}


@pytest.mark.parametrize("content", [b"", b"PK\x03\x04", b"\x1f\x8b" + b"x" * 100])
def test_other_files_are_refused(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "m.zip").write_bytes(content)
    with pytest.raises(PlatformError, match=r"m\.zip (is not a gzip-compressed tar|holds no file)"):
        archive.check(tmp_path / "m.zip", [])
    packed(tmp_path / "m.tar", "a", mode="w")
    with pytest.raises(PlatformError, match="is not a gzip-compressed tar"):
        archive.check(tmp_path / "m.tar", [])
    with pytest.raises(PlatformError, match="there is no file"):
        archive.check(tmp_path / "none", [])


def test_an_archive_that_was_cut_off_is_refused(tmp_path: Path) -> None:
    path = packed(tmp_path / "m.tar.gz", *(f"{n}.bin" for n in range(200)))
    path.write_bytes(path.read_bytes()[:-40])
    with pytest.raises(PlatformError, match="is not a gzip-compressed tar"):
        archive.check(path, [])
