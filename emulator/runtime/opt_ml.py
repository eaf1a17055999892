"""Runs a program that sees a folder as `/opt/ml`, as in SageMaker's containers: `opt_ml.py FOLDER PROGRAM ARGUMENT…`.

Needs Linux and the right to make a mount namespace; without it the program does not run. Runs isolated, so it imports
the standard library alone.
"""

import ctypes
import os
import sys
import tempfile
from collections.abc import Callable

NEW_MOUNTS, NEW_USER = 0x00020000, 0x10000000
BIND, RECURSIVE, PRIVATE, DETACH = 0x1000, 0x4000, 0x40000, 2
OPT, ML = "/opt", "/opt/ml"


def show(folder: str) -> None:
    """Make the folder visible as `/opt/ml` to this process and its children. Raises `OSError` if that is impossible."""
    here = os.getcwd()
    libc = ctypes.CDLL(None, use_errno=True)
    _new_namespace(libc)
    _mount(libc, "none", "/", RECURSIVE | PRIVATE)
    if not os.path.isdir(ML):
        _replace_opt(libc)
    _mount(libc, folder, ML, BIND | RECURSIVE)
    os.chdir(here)  # it may have been below /opt, and the former one is covered


def _new_namespace(libc: ctypes.CDLL) -> None:
    """An administrator may make one; others have to become that of a user namespace first."""
    uid, gid = os.getuid(), os.getgid()
    try:
        _call(libc.unshare, NEW_MOUNTS)
    except PermissionError:
        _call(libc.unshare, NEW_MOUNTS | NEW_USER)
        for name, text in (("setgroups", "deny"), ("uid_map", f"{uid} {uid} 1"), ("gid_map", f"{gid} {gid} 1")):
            with open(f"/proc/self/{name}", "w", encoding="ascii") as file:
                file.write(text)


def _replace_opt(libc: ctypes.CDLL) -> None:
    """Mount an empty folder over `/opt`, with everything that was there and an empty `ml`."""
    aside = tempfile.mkdtemp(prefix="opt-")
    try:
        _mount(libc, OPT, aside, BIND | RECURSIVE)
        _mount(libc, "tmpfs", OPT, 0, "tmpfs", "mode=755")
        for entry in os.scandir(aside):
            target = f"{OPT}/{entry.name}"
            if entry.is_symlink():
                os.symlink(os.readlink(entry.path), target)
                continue
            if entry.is_dir():
                os.mkdir(target)
            else:
                os.close(os.open(target, os.O_CREAT))
            _mount(libc, entry.path, target, BIND | RECURSIVE)
        os.mkdir(ML)
        _call(libc.umount2, aside.encode(), DETACH)
    finally:
        os.rmdir(aside)


def _mount(libc: ctypes.CDLL, source: str, target: str, flags: int, kind: str = "", data: str = "") -> None:
    texts = [text.encode() or None for text in (source, target, kind, data)]
    _call(libc.mount, *texts[:3], ctypes.c_ulong(flags), texts[3])


def _call(function: Callable[..., int], *arguments: object) -> None:
    if function(*arguments) != 0:
        number = ctypes.get_errno()
        raise OSError(number, os.strerror(number))


if __name__ == "__main__":
    show(sys.argv[1])
    os.execv(sys.argv[2], sys.argv[2:])
