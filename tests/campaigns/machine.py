"""Processes of a campaign, recognised by the folder that they work in."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

_PROC = Path("/proc")


@dataclass(frozen=True)
class Process:
    pid: int
    parent: int
    words: str
    """Its command line."""
    environment: str
    folder: str

    @property
    def is_terraform(self) -> bool:
        return Path(self.words.split(" ")[0]).name == "terraform"

    @property
    def is_provider(self) -> bool:
        return "terraform-provider-aws" in self.words.split(" ")[0]

    @property
    def is_warm_server(self) -> bool:
        return "-m orchestrator.terraform.warm_provider" in self.words

    def works_on(self, stack: str) -> bool:
        """Whether it is a terraform of this stack: each has its own data folder."""
        return self.is_terraform and f"/{stack}/" in f"{self.environment}/"


def of(folder: Path) -> dict[int, Process]:
    """Living processes that name this folder in their command line, environment or working folder, and their children.

    Never this process, nor those that it was started from.
    """
    processes = {process.pid: process for process in map(_read, _numbers()) if process is not None}
    own, pid = set(), os.getpid()
    while pid in processes:
        own.add(pid)
        pid = processes[pid].parent
    inside = f"{folder}/"
    named = {
        pid
        for pid, each in processes.items()
        if inside in each.words or inside in each.environment or each.folder.startswith(inside)
    }
    pids = set().union(*(below(pid, processes) for pid in named)) if named else set()
    return {pid: processes[pid] for pid in sorted(pids - own)}


def below(pid: int, processes: dict[int, Process]) -> set[int]:
    """A process and everything that it has started, as far as it still is its parent."""
    found, new = set(), {pid} & processes.keys()
    while new:
        found |= new
        new = {each.pid for each in processes.values() if each.parent in new} - found
    return found


def _numbers() -> list[int]:
    return [int(path.name) for path in _PROC.iterdir() if path.name.isdigit()]


def _read(pid: int) -> Process | None:
    """Read a process; `None` if it has ended, is a zombie, or belongs to another user."""
    place = _PROC / str(pid)
    try:
        state, parent = (place / "stat").read_text(errors="replace").rpartition(")")[2].split()[:2]
        words = (place / "cmdline").read_bytes().decode(errors="replace").replace("\0", " ").strip()
        environment = (place / "environ").read_bytes().decode(errors="replace").replace("\0", "\n")
        folder = os.readlink(place / "cwd")
    except OSError:
        return None
    return None if state in "ZX" else Process(pid, int(parent), words, environment, f"{folder}/")
