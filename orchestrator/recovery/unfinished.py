"""Find runs without a result: they are still running, or their process died."""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from orchestrator.core.types import Json
from orchestrator.runs.run_folder import RUNS, RunFolder, now
from orchestrator.system import identity
from orchestrator.system.identity import Identity, Life
from orchestrator.terraform import record
from orchestrator.terraform.record import Record

_APPLY = "apply"
CHANGING = ("deploy", "destroy", "phase rollout", "recover")
"""Commands that apply changes; others can only leave a lock."""


@dataclass(frozen=True)
class Unfinished:
    """A run without a result, as described by its folder."""

    folder: Path
    environment: str
    command: str
    arguments: tuple[str, ...]
    process: Identity | None
    """The run's process; `None` if the file does not name it."""
    life: Life

    @property
    def run_id(self) -> str:
        return self.folder.name

    @property
    def begun(self) -> dt.datetime | None:
        """The start time in the run's name: `20261201T081500Z-…`."""
        try:
            return dt.datetime.strptime(self.run_id.partition("-")[0], "%Y%m%dT%H%M%SZ").replace(tzinfo=dt.UTC)
        except ValueError:
            return None

    @property
    def since(self) -> str:
        return f"{self.begun:%Y-%m-%d %H:%M:%S} UTC" if self.begun else "at an unknown time"

    @property
    def host(self) -> str:
        return self.process.machine.host if self.process else "which is unknown"

    @cached_property
    def records(self) -> tuple[Record, ...]:
        return tuple(record.of_run(self.folder))

    @property
    def open(self) -> tuple[Record, ...]:
        """The terraform commands that were started and whose end is not recorded."""
        return tuple(each for each in self.records if each.process is not None and each.ended is None)

    @cached_property
    def events(self) -> tuple[Json, ...]:
        """The run's events; the last line may be truncated."""
        return tuple(RunFolder(self.folder, self.begun or now()).events())

    @property
    def finished(self) -> frozenset[str]:
        """The steps that succeeded."""
        return frozenset(
            str(event["step"]) for event in self.events if (event.get("kind"), event.get("status")) == ("step", "ok")
        )

    @property
    def executions(self) -> tuple[str, ...]:
        """The names of the training pipeline's executions that it started, or was about to start."""
        names = (event.get("execution_name") for event in self.events)
        return tuple(dict.fromkeys(str(name) for name in names if name))


def find(repo: Path, environment: str) -> list[Unfinished]:
    """List the runs of an environment without a result, the oldest first."""
    folders = sorted(file.parent for file in (repo / RUNS / environment).glob("*/run.json"))
    kept = [each for each in folders if not each.is_symlink() and not (each / "result.json").exists()]
    return [run for folder in kept if (run := _read(folder, environment)) is not None]


def killed(repo: Path, environment: str) -> dict[str, tuple[Record, ...]]:
    """Map stacks to the applies that were killed since the last one that ended on its own, the oldest first.

    The resources that they created may be in no state. The list stays after a run is closed, until an apply has ended.
    """
    folders = sorted((each for each in (repo / RUNS / environment).glob("2*") if not each.is_symlink()), reverse=True)
    settled, applies = set[str](), dict[str, tuple[Record, ...]]()
    for folder in folders:
        for each in sorted(folder.glob(f"{record.FOLDER}/*-{_APPLY}/"), reverse=True):
            apply = Record(each)
            command, ended = apply.command, apply.ended
            if command is None or apply.process is None or command.stack in settled:
                continue
            if ended is not None and ended.exit_code >= 0:
                settled.add(command.stack)
            else:
                applies[command.stack] = (apply, *applies.get(command.stack, ()))
    return applies


def sentence(runs: Iterable[Unfinished]) -> str:
    """Describe the runs that died in one line, for the next command; empty if there are none."""
    left = [run for run in runs if run.life != "alive"]
    if not left:
        return ""
    newest = left[-1]
    at = ", ".join(f"{command.command} of `{command.stack}`" for command in _open_commands(newest))
    process = f"process {newest.process.pid}" if newest.process else "its process"
    state = "died" if newest.life == "dead" else "ran on another machine, so its state is unknown here"
    more = f" (and {len(left) - 1} older ones)" if len(left) > 1 else ""
    return (
        f"unfinished: `{newest.command}` of `{newest.environment}`, begun {newest.since}{more}: {process} {state}"
        f"{f' before the end of terraform {at}' if at else ''}; "
        f"run `orchestrator resume {newest.environment}`"
    )


def _open_commands(run: Unfinished) -> list[record.Command]:
    return [command for each in run.open if (command := each.command) is not None]


def _read(folder: Path, environment: str) -> Unfinished | None:
    """Read a run from its folder; a truncated file is also a run, which died while writing it."""
    try:
        document = json.loads((folder / "run.json").read_text(encoding="utf-8"))
    except FileNotFoundError:
        return None
    except (OSError, ValueError):
        document = {}
    document = document if isinstance(document, dict) else {}
    process = identity.read(document.get("process"))
    arguments = document.get("arguments")
    return Unfinished(
        folder=folder,
        environment=environment,
        command=str(document.get("command", "?")),
        arguments=tuple(map(str, arguments)) if isinstance(arguments, list) else (),
        process=process,
        life=identity.life(process) if process else "unknown",
    )
