"""States that terraform could not store: found, and stored after all.

When the state's bucket does not answer at the end of an apply, terraform writes `errored.tfstate` into the folder
that it works in, and says so. The file is the only record of what was just made. All environments share that
folder, so the file goes to the folder of its stack. Which one that is, is told by the command whose output names
it; terraform itself refuses to store it over a state of another lineage, or over a newer one.
"""

from __future__ import annotations

import datetime as dt
import json
import shutil
import threading
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from orchestrator.core.state import State
from orchestrator.core.types import EventSink, Json
from orchestrator.errors import PlatformError, TerraformError
from orchestrator.runs.run_folder import RUNS
from orchestrator.terraform.model import TerraformTool, Workspace
from orchestrator.terraform.record import Command, Record, of_run

NAME = "errored.tfstate"
_BUILD = Path("build")


@dataclass(frozen=True)
class Errored:
    """One such file, wherever it lies."""

    file: Path
    stack: str

    def before(self, moment: str) -> bool:
        """Whether it was written before an ISO time."""
        return self.file.stat().st_mtime < dt.datetime.fromisoformat(moment).timestamp()


def tells(event: Json) -> bool:
    """Whether terraform says that it has left such a file."""
    diagnostic = event.get("diagnostic") or {}
    return f'"{NAME}"' in str(diagnostic.get("detail", ""))


def find(repo: Path, environment: str) -> list[Errored]:
    """What commands of an environment have left: kept by their run, or still lying where they worked."""
    build = repo / _BUILD / environment
    found = [Errored(file, file.parent.name) for file in sorted(build.glob(f"*/{NAME}"))]
    # Roots that were made for a stack lie in its folder: of a blueprint, of what has no files, of an import.
    lying = [*(repo / "terraform").glob(f"phases/**/{NAME}"), *build.glob(f"*/*/**/{NAME}")]
    for file in sorted(lying):
        command = _left_by(repo, file)
        if command is not None and Path(command.data_dir).is_relative_to(build):
            found.append(Errored(file, command.stack))
    return found


def store_at_once(terraform: TerraformTool, ws: Workspace, on_event: EventSink) -> str | None:
    """Store what an apply that has just failed has left; what to tell the person, if it left anything."""
    file = ws.root / NAME
    if not file.is_file():
        return None
    kept = _keep(file, ws)
    try:
        _push(terraform, ws, kept, on_event)
    except PlatformError:
        return (
            f"What was done is not in the stored state, but in {kept}. When the state's bucket answers again, "
            f"`orchestrator resume {ws.environment}` stores it and goes on."
        )
    return "What was done is in the state after all; run the same command again to go on."


def push(terraform: TerraformTool, ws: Workspace, left: Errored, stored: State | None, on_event: EventSink) -> None:
    """Store one such state in place of an older one of its lineage, and remove the file.

    Raises:
        TerraformError: it does not belong to the stored state, or that has gone on without it.
    """
    file = _keep(left.file, ws)
    hint = (
        f"`terraform state list -state={file}` shows what it knows of, `orchestrator recover {ws.environment}` finds "
        "what is in no state; then remove the file"
    )
    lineage, serial = _identity(file, hint)
    if stored is not None and stored.resources:
        if stored.lineage != lineage:
            raise TerraformError(
                f"{file} is no later version of the stored state of `{left.stack}`: its lineage is {lineage}, "
                f"the stored one's {stored.lineage}",
                hint=hint,
            )
        if stored.serial > serial:
            raise TerraformError(
                f"the stored state of `{left.stack}` (serial {stored.serial}) has gone on without {file} "
                f"(serial {serial})",
                hint=hint,
            )
    _push(terraform, ws, file, on_event)


def _push(terraform: TerraformTool, ws: Workspace, file: Path, on_event: EventSink) -> None:
    """Not to be interrupted: the interrupt may be what has brought us here."""
    terraform.push_state(ws, file, on_event=on_event, cancel=threading.Event())
    file.unlink()


def _keep(file: Path, ws: Workspace) -> Path:
    """Move it to the folder of its stack, where no other environment's terraform overwrites it."""
    kept = ws.data_dir.parent / NAME
    if file != kept:
        shutil.move(file, kept)
    return kept


def _identity(file: Path, hint: str) -> tuple[str, int]:
    try:
        document = json.loads(file.read_text(encoding="utf-8"))
        return str(document["lineage"]), int(document["serial"])
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise TerraformError(f"{file} is no Terraform state: {error}", hint=hint) from error


def _left_by(repo: Path, file: Path) -> Command | None:
    """The last command, of whatever environment, that worked beside this file and says that it has left it."""
    said = [command for command, record in _applies(repo) if command.root == str(file.parent) and _names_it(record)]
    return max(said, key=lambda command: command.at, default=None)


def _applies(repo: Path) -> Iterator[tuple[Command, Record]]:
    for run in (repo / RUNS).glob("*/*"):
        if not run.is_symlink():
            for record in of_run(run):
                command = record.command
                if command is not None and command.command == "apply":
                    yield command, record


def _names_it(record: Record) -> bool:
    try:
        with record.stdout.open(encoding="utf-8", errors="replace") as lines:
            return any(NAME in line for line in lines)
    except OSError:
        return False
