"""Runs that began and have no result: somebody is at work, or their process died."""

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
"""Commands that apply something; of the others nothing but a lock can be left."""


@dataclass(frozen=True)
class Unfinished:
    """One such run, as its folder tells."""

    folder: Path
    environment: str
    command: str
    arguments: tuple[str, ...]
    process: Identity | None
    """`None` where the file does not say: then nothing is known of it."""
    life: Life

    @property
    def run_id(self) -> str:
        return self.folder.name

    @property
    def begun(self) -> dt.datetime | None:
        """When it began, as its name says: `20261201T081500Z-…`."""
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
        """Terraform commands that were started, and whose end nobody saw."""
        return tuple(each for each in self.records if each.process is not None and each.ended is None)

    @cached_property
    def events(self) -> tuple[Json, ...]:
        """All that it told; the last line may have been cut off."""
        return tuple(RunFolder(self.folder, self.begun or now()).events())

    @property
    def finished(self) -> frozenset[str]:
        """Steps that ended well."""
        return frozenset(
            str(event["step"]) for event in self.events if (event.get("kind"), event.get("status")) == ("step", "ok")
        )

    @property
    def executions(self) -> tuple[str, ...]:
        """Names of the executions of the training pipeline that it started, or was about to."""
        names = (event.get("execution_name") for event in self.events)
        return tuple(dict.fromkeys(str(name) for name in names if name))


def find(repo: Path, environment: str) -> list[Unfinished]:
    """All of an environment, the oldest first."""
    folders = sorted(file.parent for file in (repo / RUNS / environment).glob("*/run.json"))
    kept = [each for each in folders if not each.is_symlink() and not (each / "result.json").exists()]
    return [found for folder in kept if (found := _read(folder, environment)) is not None]


def killed(repo: Path, environment: str) -> dict[str, tuple[Record, ...]]:
    """By stack, applies that were killed since the last one that ended by itself, the oldest first.

    What they made may be in no state. This outlives the taking up of a run: it holds until an apply has ended.
    """
    folders = sorted((each for each in (repo / RUNS / environment).glob("2*") if not each.is_symlink()), reverse=True)
    settled, found = set[str](), dict[str, tuple[Record, ...]]()
    for folder in folders:
        for each in sorted(folder.glob(f"{record.FOLDER}/*-{_APPLY}/"), reverse=True):
            apply = Record(each)
            command, ended = apply.command, apply.ended
            if command is None or apply.process is None or command.stack in settled:
                continue
            if ended is not None and ended.exit_code >= 0:
                settled.add(command.stack)
            else:
                found[command.stack] = (apply, *found.get(command.stack, ()))
    return found


def sentence(runs: Iterable[Unfinished]) -> str:
    """One line about those that died, for whoever runs the next command; empty if none did."""
    left = [run for run in runs if run.life != "alive"]
    if not left:
        return ""
    newest = left[-1]
    at = ", ".join(f"{command.command} of `{command.stack}`" for command in _open_commands(newest))
    process = f"process {newest.process.pid}" if newest.process else "its process"
    state = "is gone" if newest.life == "dead" else "ran on another machine, so whether it lives is unknown from here"
    more = f" (and {len(left) - 1} older ones)" if len(left) > 1 else ""
    return (
        f"unfinished: `{newest.command}` of `{newest.environment}`, begun {newest.since}{more}: {process} {state}"
        f"{f' and did not see the end of terraform {at}' if at else ''}; "
        f"`orchestrator resume {newest.environment}` takes it up"
    )


def _open_commands(run: Unfinished) -> list[record.Command]:
    return [command for each in run.open if (command := each.command) is not None]


def _read(folder: Path, environment: str) -> Unfinished | None:
    """A file that is cut short is a run all the same: it died while it wrote it."""
    try:
        found = json.loads((folder / "run.json").read_text(encoding="utf-8"))
    except FileNotFoundError:
        return None
    except (OSError, ValueError):
        found = {}
    found = found if isinstance(found, dict) else {}
    process = identity.read(found.get("process"))
    arguments = found.get("arguments")
    return Unfinished(
        folder=folder,
        environment=environment,
        command=str(found.get("command", "?")),
        arguments=tuple(map(str, arguments)) if isinstance(arguments, list) else (),
        process=process,
        life=identity.life(process) if process else "unknown",
    )
