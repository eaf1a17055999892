"""Writes the record of a terraform command, around the command."""

from __future__ import annotations

import tempfile
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from orchestrator.errors import SetupError
from orchestrator.runs.run_folder import now, timestamp
from orchestrator.system import identity
from orchestrator.system.process import Outliving
from orchestrator.terraform.model import Workspace
from orchestrator.terraform.record import FOLDER, Command, Ended, Record

_numbering = threading.Lock()


@contextmanager
def recorded(ws: Workspace, command: str, argv: Sequence[str]) -> Iterator[Record]:
    """A record of what is about to be done, in the folder of the run; without one in a folder that goes afterwards."""
    if ws.run is not None:
        yield _begin(ws.run / FOLDER, ws, command, argv)
        return
    with tempfile.TemporaryDirectory(prefix="terraform-") as scratch:
        yield _begin(Path(scratch), ws, command, argv)


def outliving(record: Record) -> Outliving:
    """What the door for child processes needs to know of it."""

    def started(pid: int) -> None:
        found = identity.of(pid)
        if found is not None:  # else it has been killed before it began
            record.started(found)

    return Outliving(record.stdout, record.stderr, started)


def end(record: Record, exit_code: int, *, well: bool) -> None:
    """Write down how it ended. What a command said that ended well is in the log: only an unfinished one's counts."""
    record.end(Ended(exit_code, timestamp(now())))
    if well:
        record.stdout.unlink(missing_ok=True)
        record.stderr.unlink(missing_ok=True)


def _begin(folder: Path, ws: Workspace, command: str, argv: Sequence[str]) -> Record:
    described = Command(
        stack=ws.stack,
        command=command,
        argv=tuple(argv),
        root=str(ws.root),
        data_dir=str(ws.data_dir),
        bucket=ws.bucket,
        state_key=ws.state_key,
        at=timestamp(now()),
    )
    try:
        with _numbering:
            number = 1 + sum(1 for _ in folder.glob("*/"))
            record = Record(folder / f"{number:04}-{ws.stack}-{command.replace(' ', '-')}")
            record.begin(described)
    except OSError as error:
        raise SetupError(
            f"terraform {command} of `{ws.stack}` is not started: {folder} cannot be written ({error.strerror})",
            hint="what is not written down beforehand could not be taken up if it were cut off; make room, then repeat",
        ) from error
    return record
