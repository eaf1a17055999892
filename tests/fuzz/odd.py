"""Odd things where environment files are looked for: pipes, links, folders, and names that no environment has."""

from __future__ import annotations

import os
import random
import shutil
import socket
from collections.abc import Callable
from pathlib import Path

ENVIRONMENT = "dev"
WHERE = ("platform.yaml", "blueprints", "blueprints/chat.yaml", "blueprints/more.yaml", "blueprints/.#more.yaml", ".")
LETTERS = "ab-._/\\ \t\n\r\x00\x1b'\"$`*?é\u202e\U0001f600\udcff:;|&<>A9~%"
ENDINGS = (".yaml", ".yml", ".YAML", ".json", ".yaml~", ".yaml.bak", "", ".yaml ", ".yaml\n", ".toml", ".txt")


def _pipe(path: Path) -> None:
    os.mkfifo(path)


def _folder(path: Path) -> None:
    (path / "x").mkdir(parents=True)


def _socket(path: Path) -> None:
    with socket.socket(socket.AF_UNIX) as server:
        server.bind(os.path.relpath(path))


def _link(target: str) -> Callable[[Path], None]:
    def make(path: Path) -> None:
        path.symlink_to(target)

    return make


def _loop(path: Path) -> None:
    path.symlink_to(path.name)


def _sparse(path: Path) -> None:
    with path.open("wb") as file:
        file.truncate(1 << 40)


def _empty(path: Path) -> None:
    path.touch()


def _closed(path: Path) -> None:
    path.write_text("name: x\n")
    path.chmod(0)


KINDS: tuple[Callable[[Path], None], ...] = (
    _pipe, _folder, _socket, _loop, _sparse, _empty, _closed, _link("gone"), _link("/dev/zero"), _link("/dev/tty"),
    _link("/dev/full"), _link("/proc/self/mem"), _link("/"), _link("me@host.1:2"),
)  # fmt: skip


def name(chance: random.Random) -> str:
    """Return a text that resembles an environment's name and is none."""
    fixed = ("", ".", "..", "/", "../dev", "dev/", "./dev", "dev/blueprints", "DEV", "-dev", "--help", "dev\n", "d")
    if chance.random() < 0.3:
        return chance.choice(fixed)
    made = "".join(chance.choice(LETTERS) for _ in range(chance.choice((1, 3, 10, 300, 5000))))
    return made + "_"


def place(environment: Path, chance: random.Random) -> str:
    """Put one odd thing into an environment's folder; says what, and `-` before what may be passed over."""
    if chance.random() < 0.3:
        letters = LETTERS.replace("/", "").replace("\x00", "")
        stem = "".join(chance.choice(letters) for _ in range(chance.choice((1, 5, 60)))).lstrip(".") or "x"
        path = environment / "blueprints" / (stem + chance.choice(ENDINGS))
        path.write_text("name: x\n")
        return f"{'' if path.name.lower().endswith(('.yaml', '.yml', '.json', '.toml')) else '-'}file {path.name!r}"
    where, make = chance.choice(WHERE), chance.choice(KINDS)
    path = environment / where
    remove(path)
    make(path)
    owner = getattr(make, "__qualname__", "?").partition(".")[0].strip("_")
    return f"{owner} at {where}"


def remove(path: Path) -> None:
    """`rmtree` opens what it is given, and would wait at a pipe for ever."""
    if path.is_dir() and not path.is_symlink():
        shutil.rmtree(path)
    elif os.path.lexists(path):
        path.unlink()
