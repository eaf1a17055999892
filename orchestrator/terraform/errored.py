"""Find and store states that terraform could not store itself.

When the state's bucket does not respond at the end of an apply, terraform writes `errored.tfstate` into its working
folder and reports that. The file is the only record of the changes just made. All environments share that folder, so
the file is moved to its stack's folder. Its stack is that of the command whose output names the file; terraform itself
refuses to overwrite a state of another lineage, or a newer one.
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
    """An `errored.tfstate` file and its stack."""

    file: Path
    stack: str

    def before(self, moment: str) -> bool:
        """Return whether it was written before an ISO time."""
        return self.file.stat().st_mtime < dt.datetime.fromisoformat(moment).timestamp()


def is_reported(event: Json) -> bool:
    """Return whether an event of terraform reports such a file."""
    diagnostic = event.get("diagnostic") or {}
    return f'"{NAME}"' in str(diagnostic.get("detail", ""))


def find(repo: Path, environment: str) -> list[Errored]:
    """List the files that an environment's commands left: in their stacks' folders, or still where they worked."""
    build = repo / _BUILD / environment
    files = [Errored(file, file.parent.name) for file in sorted(build.glob(f"*/{NAME}"))]
    # Generated roots are in their stack's folder: of a blueprint, of a stack without files, of an import.
    unsorted = [*(repo / "terraform").glob(f"phases/**/{NAME}"), *build.glob(f"*/*/**/{NAME}")]
    for file in sorted(unsorted):
        command = _left_by(repo, file)
        if command is not None and Path(command.data_dir).is_relative_to(build):
            files.append(Errored(file, command.stack))
    return files


def store_at_once(terraform: TerraformTool, ws: Workspace, on_event: EventSink) -> str | None:
    """Store the file that a failed apply has left, and return a hint for the user; `None` without a file."""
    file = ws.root / NAME
    if not file.is_file():
        return None
    kept = _keep(file, ws)
    try:
        _push(terraform, ws, kept, on_event)
    except PlatformError:
        return (
            f"The completed changes are in {kept}, not in the stored state. When the state's bucket responds again, "
            f"run `orchestrator resume {ws.environment}`, which stores them and continues."
        )
    return "The completed changes are in the state; run the same command again to continue."


def push(terraform: TerraformTool, ws: Workspace, left: Errored, stored: State | None, on_event: EventSink) -> None:
    """Store such a state over an older one of its lineage, and remove the file.

    Raises:
        TerraformError: the stored state has another lineage, or is newer.
    """
    file = _keep(left.file, ws)
    hint = (
        f"`terraform state list -state={file}` lists its resources, `orchestrator recover {ws.environment}` finds "
        "those in no state; then remove the file"
    )
    lineage, serial = _identity(file, hint)
    if stored is not None and stored.resources:
        if stored.lineage != lineage:
            raise TerraformError(
                f"{file} is not a later version of the stored state of `{left.stack}`: its lineage is {lineage}, "
                f"the stored one's {stored.lineage}",
                hint=hint,
            )
        if stored.serial > serial:
            raise TerraformError(
                f"the stored state of `{left.stack}` (serial {stored.serial}) is newer than {file} (serial {serial})",
                hint=hint,
            )
    _push(terraform, ws, file, on_event)


def _push(terraform: TerraformTool, ws: Workspace, file: Path, on_event: EventSink) -> None:
    """Store and remove the file; not interruptible, since an interrupt may be the reason for this call."""
    terraform.push_state(ws, file, on_event=on_event, cancel=threading.Event())
    file.unlink()


def _keep(file: Path, ws: Workspace) -> Path:
    """Move the file to its stack's folder, where no other environment's terraform overwrites it."""
    kept = ws.data_dir.parent / NAME
    if file != kept:
        shutil.move(file, kept)
    return kept


def _identity(file: Path, hint: str) -> tuple[str, int]:
    try:
        document = json.loads(file.read_text(encoding="utf-8"))
        return str(document["lineage"]), int(document["serial"])
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise TerraformError(f"{file} is not a Terraform state: {error}", hint=hint) from error


def _left_by(repo: Path, file: Path) -> Command | None:
    """Return the last command, of any environment, that worked in the file's folder and reported it."""
    commands = [command for command, record in _applies(repo) if command.root == str(file.parent) and _names_it(record)]
    return max(commands, key=lambda command: command.at, default=None)


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
