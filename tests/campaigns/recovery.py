"""Recover a lane after a kill, and check what is left."""

from __future__ import annotations

import re
import subprocess
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from tests.campaigns.rows import Column, Row
from tests.campaigns.small import BLUEPRINTS, ENVIRONMENT, Lane

DEPLOY = ("deploy", ENVIRONMENT)
DESTROY = ("destroy", ENVIRONMENT, "--yes")
DESTROY_BLUEPRINTS = (*DESTROY, *(word for name in BLUEPRINTS for word in ("--blueprint", name)))
AFTER_THE_MACHINE = (("unlock", ENVIRONMENT, "--force", "--yes"), ("recover", ENVIRONMENT, "--import", "--yes"))
NAMED = re.compile(r"`orchestrator ((?:resume|unlock|recover|deploy|destroy)\b[^`]*)`")
KEPT = re.compile(r"mlops-warm-[0-9a-f]{12}|mlops-warm-schemas-\d+|\.lark_cache_\w+\.tmp")
"""What an undisturbed run leaves among temporary files: the warm provider's folder, and what later runs read again."""
NEEDS_YES = ("resume", "unlock", "recover", "destroy")
MOST_COMMANDS = 5
LONGEST = 420
_TIMED_OUT = 124
_WORDS = 1500
"""Of what a failed command said."""


@dataclass(frozen=True)
class Ran:
    """One command of a recovery."""

    command: str
    exit_code: int
    seconds: float
    said: str


Run = Callable[[Sequence[str]], Ran]


def named(output: str) -> tuple[str, ...] | None:
    """Return the command that an output suggests, with options in place of interactive answers."""
    match = NAMED.search(output)
    if match is None:
        return None
    words = [ENVIRONMENT if word == "ENV" else word for word in match[1].split()]
    if words[0] == "recover" and not {"--import", "--remove"} & set(words):
        words.append("--import")
    if words[0] in NEEDS_YES and "--yes" not in words:
        words.append("--yes")
    return tuple(words)


def recover(run: Run, row: Row, column: Column) -> list[Ran]:
    """Go the way that the product tells, until what was wanted is green, or it tells nothing new."""
    goal = DESTROY if row.run == "destroy" else DEPLOY
    ran = [run(command) for command in AFTER_THE_MACHINE] if column == "machine gone" else []
    while len(ran) < MOST_COMMANDS:
        ran.append(run(goal))
        if ran[-1].exit_code == 0:
            break
        way = named(ran[-1].said)
        if way is None or any(each.command == " ".join(way) for each in ran):
            break
        if way != goal:
            ran.append(run(way))
    return ran


def commands_of(lane: Lane) -> Run:
    """Runs in the lane's clone of the moment."""

    def run(words: Sequence[str]) -> Ran:
        began = time.monotonic()
        running = lane.clone.start(*words)
        try:
            code = running.end(LONGEST)
        except subprocess.TimeoutExpired:
            running.process.kill()
            code = _TIMED_OUT
        output = running.said()
        return Ran(" ".join(words), code, round(time.monotonic() - began, 1), output if code == 0 else output[-_WORDS:])

    return run


def remains(lane: Lane) -> list[str]:
    """What a run must not leave: locks, processes, sockets, folders, states that were not uploaded."""
    left = [f"lock {key}" for key in lane.locks()]
    left += [f"process {words[:120]}" for words in _processes(lane)]
    tmp = lane.clone.tmp
    left += [f"temporary {path.name}" for path in sorted(tmp.iterdir()) if not KEPT.fullmatch(path.name)]
    left += [f"state {path.relative_to(lane.clone.folder)}" for path in _errored(lane.clone.folder)]
    return left


def _errored(folder: Path) -> list[Path]:
    return [*folder.glob("terraform/**/errored.tfstate"), *folder.glob("build/**/errored.tfstate")]


def _processes(lane: Lane, seconds: float = 5) -> list[str]:
    """All but AWS and the warm provider, which waits for the next command; what is about to end is waited for."""
    deadline = time.monotonic() + seconds
    while True:
        processes, aws = lane.processes(), lane.aws_processes()
        warm = {pid for pid, each in processes.items() if each.is_warm_server}
        kept = aws | warm | {pid for pid, each in processes.items() if each.is_provider and each.parent in warm}
        left = [each.words for pid, each in processes.items() if pid not in kept]
        if not left or time.monotonic() > deadline:
            return left
        time.sleep(0.1)
