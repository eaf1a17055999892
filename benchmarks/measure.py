"""What every benchmark needs: running a command for its time, several times, beside others."""

from __future__ import annotations

import os
import shlex
import statistics
import subprocess
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

REPO = Path(__file__).resolve().parents[1]
_KEPT = ("PATH", "HOME", "LANG", "LC_ALL", "TMPDIR", "USER")
_TAIL = 3000


@dataclass(frozen=True)
class Series:
    """Seconds of several runs of the same thing."""

    name: str
    command: str
    seconds: tuple[float, ...]

    @property
    def median(self) -> float:
        return statistics.median(self.seconds)

    def over(self, baseline: Series) -> float:
        """Return the ratio of the medians."""
        return self.median / baseline.median


@dataclass(frozen=True)
class Goal:
    """A figure and what it may be at most."""

    what: str
    value: float
    limit: float
    unit: str = ""

    @property
    def met(self) -> bool:
        return self.value <= self.limit

    @property
    def verdict(self) -> str:
        return "met" if self.met else "MISSED"


@dataclass(frozen=True)
class Done:
    """A command that ended well."""

    seconds: float
    stdout: str


def environment(**more: str) -> dict[str, str]:
    """Return the few variables of this shell that a measured command receives."""
    return {name: os.environ[name] for name in _KEPT if name in os.environ} | more


def run(
    command: Sequence[str],
    *,
    cwd: Path = REPO,
    env: Mapping[str, str] | None = None,
    ok: Sequence[int] = (0,),
    timeout: float = 1800,
) -> Done:
    """Time one command. Raises `SystemExit` with its last words when it fails: a failed run has no time."""
    started = time.perf_counter()
    ended = subprocess.run(
        list(command),
        cwd=cwd,
        env=dict(environment() if env is None else env),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        timeout=timeout,
        check=False,
    )
    seconds = time.perf_counter() - started
    if ended.returncode not in ok:
        raise SystemExit(f"{shlex.join(command)} ended with {ended.returncode}:\n{ended.stdout[-_TAIL:]}")
    return Done(seconds, ended.stdout)


def in_turns(things: Mapping[str, tuple[str, Callable[[], float]]], runs: int) -> dict[str, Series]:
    """Run several things `runs` times each, by turns, so that a busy moment hits them all.

    Args:
        things: by name the command line to show, and what runs it and returns its seconds.
        runs: rounds.
    """
    seconds: dict[str, list[float]] = {name: [] for name in things}
    for _ in range(runs):
        for name, (_, measure) in things.items():
            seconds[name].append(measure())
    return {name: Series(name, command, tuple(seconds[name])) for name, (command, _) in things.items()}
