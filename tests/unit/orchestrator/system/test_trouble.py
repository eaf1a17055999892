"""Errors of the machine become messages with their place; other errors are not changed."""

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
    translated = trouble.from_exception(error)
    assert isinstance(translated, MachineError)
    assert translated.hint
    return translated.message


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
        (errno.EROFS, "/x/y is on a read-only file system"),
        (errno.EACCES, "/x/y cannot be used: this user lacks permission"),
        (errno.EPERM, "/x/y cannot be used: this user lacks permission"),
        (errno.ENAMETOOLONG, "/x/y is too long a name for this system"),
        (errno.EISDIR, "/x/y is a folder, but a file is required"),
        (errno.EIO, "/x/y cannot be read or written: the disk reports an error"),
        (errno.EMFILE, "this process has too many open files"),
        (errno.ENOMEM, "this machine is out of memory"),
    ],
)
def test_each_error_has_its_message(number: int, words: str) -> None:
    assert sentence(OSError(number, os.strerror(number), "/x/y")) == words


def test_a_full_disk_is_reported_without_the_file() -> None:
    error = raised(lambda: FULL.write_text("x", encoding="utf-8"))
    assert error.filename is None
    assert sentence(error).startswith("the disk is full: no space is left for this command's files or output")


def test_an_error_of_a_write_names_the_file() -> None:
    def write() -> None:
        with trouble.writing(FULL):
            FULL.write_text("x", encoding="utf-8")

    assert sentence(raised(write)) == "the disk is full: /dev/full cannot be written"


def test_the_part_of_the_path_that_is_wrong_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    (tmp_path / "loop").symlink_to("loop")
    (tmp_path / "nowhere").symlink_to(tmp_path / "gone" / "away")
    assert sentence(made(tmp_path / "file")) == f"{tmp_path}/file is not a folder, but one is required"
    assert sentence(made(tmp_path / "loop")) == f"{tmp_path}/loop is a symbolic link that forms a loop"
    error = raised(lambda: (tmp_path / "loop").mkdir(exist_ok=True))
    assert sentence(error) == f"{tmp_path}/loop is a symbolic link that forms a loop"
    assert sentence(RuntimeError(f"Symlink loop from '{tmp_path}/loop/x'")) == (
        f"{tmp_path}/loop is a symbolic link that forms a loop"
    )
    assert sentence(made(tmp_path / "nowhere")) == f"{tmp_path}/nowhere is a dangling symbolic link"
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
def test_errors_that_are_not_about_files_are_not_translated(error: OSError) -> None:
    assert trouble.from_exception(error) is None


def test_errors_of_the_machine_are_found_in_a_program_s_output() -> None:
    error = trouble.from_output("Error: failed\nwrite /tmp/x: no space left on device\n", "terraform plan of `data`")
    assert error is not None
    expected = "the disk is full: terraform plan of `data` ended with `write /tmp/x: no space left on device`"
    assert error.message == expected
    assert trouble.from_output("Error: AccessDenied", "terraform plan of `data`") is None


def test_a_disk_with_room_raises_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    trouble.require_room(tmp_path)
    monkeypatch.setattr(trouble, "_ROOM", 1 << 60)
    with pytest.raises(MachineError, match="the disk is full"):
        trouble.require_room(tmp_path)
