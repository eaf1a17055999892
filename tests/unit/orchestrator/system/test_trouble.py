"""What the machine refuses becomes a sentence that names the place; what is not about the machine stays as it is."""

from __future__ import annotations

import errno
import os
from collections.abc import Callable
from pathlib import Path

import pytest

from orchestrator.errors import MachineError
from orchestrator.system import trouble

FULL = Path("/dev/full")


def sentence(error: Exception) -> str:
    found = trouble.told(error)
    assert isinstance(found, MachineError)
    assert found.hint
    return found.message


def raised(act: Callable[[], object]) -> OSError:
    try:
        act()
    except OSError as error:
        return error
    pytest.fail("nothing was refused")


def made(folder: Path) -> OSError:
    return raised(lambda: (folder / "deeper").mkdir(parents=True, exist_ok=True))


@pytest.mark.parametrize(
    ("number", "words"),
    [
        (errno.ENOSPC, "the disk is full: /x/y cannot be written"),
        (errno.EDQUOT, "this user's disk quota is used up: /x/y cannot be written"),
        (errno.EFBIG, "/x/y would be larger than this process may write"),
        (errno.EROFS, "/x/y lies on a read-only file system"),
        (errno.EACCES, "/x/y may not be used: this user lacks the right to it"),
        (errno.EPERM, "/x/y may not be used: this user lacks the right to it"),
        (errno.ENAMETOOLONG, "/x/y is too long a name for this system"),
        (errno.EISDIR, "/x/y is a folder, and a file is needed there"),
        (errno.EIO, "/x/y cannot be read or written: the disk reports an error"),
        (errno.EMFILE, "this process may not open any more files"),
        (errno.ENOMEM, "this machine has no memory left"),
    ],
)
def test_each_refusal_has_its_sentence(number: int, words: str) -> None:
    assert sentence(OSError(number, os.strerror(number), "/x/y")) == words


def test_a_full_disk_is_told_although_nobody_knows_the_file() -> None:
    error = raised(lambda: FULL.write_text("x", encoding="utf-8"))
    assert error.filename is None
    assert sentence(error).startswith("the disk is full: no space is left for what this command writes or prints")


def test_who_writes_lets_the_error_name_the_file() -> None:
    def write() -> None:
        with trouble.writing(FULL):
            FULL.write_text("x", encoding="utf-8")

    assert sentence(raised(write)) == "the disk is full: /dev/full cannot be written"


def test_the_part_of_the_path_that_is_wrong_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    (tmp_path / "loop").symlink_to("loop")
    (tmp_path / "nowhere").symlink_to(tmp_path / "gone" / "away")
    assert sentence(made(tmp_path / "file")) == f"{tmp_path}/file is not a folder, and one is needed there"
    assert sentence(made(tmp_path / "loop")) == f"{tmp_path}/loop is a symbolic link that leads back to itself"
    error = raised(lambda: (tmp_path / "loop").mkdir(exist_ok=True))
    assert sentence(error) == f"{tmp_path}/loop is a symbolic link that leads back to itself"
    assert sentence(RuntimeError(f"Symlink loop from '{tmp_path}/loop/x'")) == (
        f"{tmp_path}/loop is a symbolic link that leads back to itself"
    )
    assert sentence(made(tmp_path / "nowhere")) == f"{tmp_path}/nowhere is a symbolic link that leads nowhere"
    assert "too long a name" in sentence(made(tmp_path / ("x" * 300)))


@pytest.mark.parametrize(
    "error",
    [
        ConnectionRefusedError(errno.ECONNREFUSED, "Connection refused"),
        PermissionError(errno.EACCES, "Permission denied"),  # of a port: it has no name
        FileNotFoundError(errno.ENOENT, "No such file or directory", "/nowhere/at/all"),
        OSError("AF_UNIX path too long"),
    ],
)
def test_what_is_not_about_this_machine_s_files_is_left_alone(error: OSError) -> None:
    assert trouble.told(error) is None


def test_what_another_program_says_of_the_machine_is_heard() -> None:
    found = trouble.said("Error: failed\nwrite /tmp/x: no space left on device\n", "terraform plan of `data`")
    assert found is not None
    wanted = "the disk is full: terraform plan of `data` ended with `write /tmp/x: no space left on device`"
    assert found.message == wanted
    assert trouble.said("Error: AccessDenied", "terraform plan of `data`") is None


def test_a_disk_with_room_is_no_trouble(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    trouble.require_room(tmp_path)
    monkeypatch.setattr(trouble, "_ROOM", 1 << 60)
    with pytest.raises(MachineError, match="the disk is full"):
        trouble.require_room(tmp_path)
