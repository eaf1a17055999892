"""Files that are not UTF-8 text are refused with a message, and nothing waits."""

from __future__ import annotations

import os
import socket
from pathlib import Path
from typing import Any

import pytest

from orchestrator.system import text_files
from orchestrator.system.text_files import Refused


def refusal(path: Path) -> tuple[int, str]:
    with pytest.raises(Refused) as refused:
        text_files.read(path)
    return refused.value.line, refused.value.rule


def test_a_text_is_read_without_its_byte_order_mark(tmp_path: Path) -> None:
    file = tmp_path / "a.yaml"
    file.write_bytes("\ufeffname: größe\r\n\tx\n".encode())
    assert text_files.read(file) == "name: größe\r\n\tx\n"


@pytest.mark.parametrize(
    ("content", "line", "words"),
    [
        ("a: 1\n".encode("utf-16"), 1, "is UTF-16: save it as UTF-8"),
        ("a: 1\n".encode("utf-16-be"), 1, "looks like UTF-16"),
        ("a: 1\n".encode("utf-32"), 1, "is UTF-32: save it as UTF-8"),
        ("a: 1\nb: größe\n".encode("latin-1"), 2, "is not UTF-8 (0xf6 at byte 6 of the line; Latin-1"),
        (b"a: 1\n\nb: \xed\xa0\x80", 3, "is not UTF-8 (0xed at byte 4 of the line"),
        (b"a: 1\nb: \x00", 2, "contains the character U+0000, which is not allowed in text files"),
        (b"a: \x1b[31m", 1, "contains the character U+001B, which is not allowed in text files"),
        (
            "a: 1\n\nb: x\u2028y".encode(),
            3,
            "contains the character U+2028, which only some readers treat as a line end",
        ),
        (b"a: 1\rb: 2", 1, "contains the character U+000D, which only some readers treat as a line end"),
        ("a: \ufeff".encode(), 1, "contains the character U+FEFF, which is not allowed in text files"),
        (b"a" * (256 * 1024 + 1), 1, "is larger than 256 KiB, the limit for one file"),
    ],
)
def test_a_file_that_is_not_utf_8_text_is_refused_with_its_line(
    tmp_path: Path, content: bytes, line: int, words: str
) -> None:
    (tmp_path / "a.yaml").write_bytes(content)
    refused_line, rule = refusal(tmp_path / "a.yaml")
    assert refused_line == line
    assert rule.startswith(words)


def test_the_largest_file_is_read(tmp_path: Path) -> None:
    (tmp_path / "a.yaml").write_bytes(b"a" * 256 * 1024)
    assert len(text_files.read(tmp_path / "a.yaml")) == 256 * 1024


@pytest.mark.timeout(10)
def test_only_files_are_opened(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    (tmp_path / "folder").mkdir()
    (tmp_path / "device").symlink_to("/dev/zero")
    (tmp_path / "nowhere").symlink_to("gone")
    (tmp_path / ".#a.yaml").symlink_to("me@host.123:456")
    (tmp_path / "loop").symlink_to("loop")
    with socket.socket(socket.AF_UNIX) as server:
        server.bind(os.path.relpath(tmp_path / "socket"))
        assert {path.name: refusal(path)[1] for path in tmp_path.iterdir()} == {
            "pipe": "is a named pipe, not a file: remove or rename it",
            "folder": "is a folder, not a file: remove or rename it",
            "socket": "is a socket, not a file: remove or rename it",
            "device": "is a device, not a file: remove or rename it",
            "nowhere": "is a dangling symbolic link (to gone): remove or correct it",
            ".#a.yaml": "is the lock of an editor in which the file is open: save and close it there",
            "loop": "is a symbolic link that forms a loop: remove or correct it",
        }
    assert refusal(tmp_path / "missing")[1] == "does not exist"


@pytest.mark.timeout(10)
def test_a_file_that_becomes_a_pipe_meanwhile_is_not_waited_for(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    os.mkfifo(tmp_path / "a.yaml")
    real, before = os.stat, os.stat(__file__)

    def stat(path: Any, **more: bool) -> os.stat_result:
        return before if path == tmp_path / "a.yaml" else real(path, **more)

    monkeypatch.setattr(os, "stat", stat)
    assert refusal(tmp_path / "a.yaml")[1] == "is a named pipe, not a file: remove or rename it"


@pytest.mark.parametrize(
    ("error", "words"),
    [
        (PermissionError(13, "Permission denied"), "cannot be read: this user lacks permission"),
        (OSError(5, "Input/output error"), "cannot be read: Input/output error"),
    ],
)
def test_errors_of_the_system_are_reported(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, error: OSError, words: str
) -> None:
    """The errors are simulated, because root, which may run the tests, can read everything."""
    (tmp_path / "a.yaml").touch()

    def refuse(path: Path, flags: int) -> int:
        raise error

    monkeypatch.setattr(os, "open", refuse)
    assert refusal(tmp_path / "a.yaml")[1] == words


def test_a_shown_value_is_one_short_line() -> None:
    assert text_files.shown("x" * 80) == repr("x" * 80)
    assert text_files.shown("x" * 500_000) == repr("x" * 80) + "… (500000 characters)"
    assert text_files.shown(["x" * 500]) == "['" + "x" * 78 + "… (504 characters)"
    assert text_files.shown("\x1b[31m\n\u202e") == r"'\x1b[31m\n\u202e'"
    assert text_files.printable("a\nb\x1b\u202e\udcff") == r"a\nb\x1b\u202e\udcff"


def test_a_message_is_bounded_whatever_value_is_in_it() -> None:
    arn = "arn:aws:iam::123456789012:role/" + "r" * 500
    assert text_files.bounded(f"no role {arn}\nat all") == f"no role {arn}\nat all"
    assert text_files.bounded(f"got `{'x' * 500_000}`") == f"got `{'x' * 79}… (500002 characters)"
    assert len(text_files.bounded("x " * 250_000)) < 9000
