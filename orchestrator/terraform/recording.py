"""Write the record of a terraform command while it runs."""

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
    """Record a command that is about to run in the run's folder; without a run, in a temporary folder."""
    if ws.run is not None:
        yield _begin(ws.run / FOLDER, ws, command, argv)
        return
    with tempfile.TemporaryDirectory(prefix="terraform-") as scratch:
        yield _begin(Path(scratch), ws, command, argv)


def outliving(record: Record) -> Outliving:
    """Return the files that take the process's output, and the callback that records its start."""

    def started(pid: int) -> None:
        process = identity.of(pid)
        if process is not None:  # else it was killed before it began
            record.started(process)

    return Outliving(record.stdout, record.stderr, started)


def end(record: Record, exit_code: int, *, succeeded: bool) -> None:
    """Record the exit code, and delete a successful command's output, which the log has."""
    record.end(Ended(exit_code, timestamp(now())))
    if succeeded:
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
            hint="a command without a record cannot be resumed after a crash; make the folder writable, then repeat",
        ) from error
    return record
