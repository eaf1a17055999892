"""The record of a terraform command, written before it starts and while it runs.

It survives the death of its run: terraform writes its output into these files itself, and the next command reads them.
Each command has a folder, `<run folder>/tools/<number>-<stack>-<command>/`:

    command.json   the command and the state that it works on; written before anything starts
    process.json   the process that runs it; written before terraform itself starts
    stdout         its output as it is written (`-json`: one event a line)
    stderr
    ended.json     its exit code; missing while it runs, and if the run died first
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path

from orchestrator.core.types import Json
from orchestrator.system import identity, own_files
from orchestrator.system.identity import Identity

FOLDER = "tools"


@dataclass(frozen=True)
class Command:
    """The command that was about to run."""

    stack: str
    command: str
    """`init`, `plan`, `apply`, `import` …"""
    argv: tuple[str, ...]
    root: str
    """The folder that terraform works in; shared by all environments, except for blueprints."""
    data_dir: str
    bucket: str | None
    """The state's bucket; `None` for a preview, which locks nothing."""
    state_key: str | None
    at: str
    """The time of the record, before the process started."""


@dataclass(frozen=True)
class Ended:
    exit_code: int
    at: str


@dataclass(frozen=True)
class Record:
    """The folder of one command's record, whether its run is alive or not."""

    folder: Path

    @property
    def stdout(self) -> Path:
        return self.folder / "stdout"

    @property
    def stderr(self) -> Path:
        return self.folder / "stderr"

    @property
    def command(self) -> Command | None:
        """The command; `None` if its file is missing or truncated: then nothing was started."""
        document = _read(self.folder / "command.json")
        try:
            return Command(**{**document, "argv": tuple(document["argv"])}) if document else None
        except (TypeError, KeyError):
            return None

    @property
    def process(self) -> Identity | None:
        """The process; `None` if its file is missing or truncated: then terraform was not started."""
        return identity.read(_read(self.folder / "process.json"))

    @property
    def ended(self) -> Ended | None:
        document = _read(self.folder / "ended.json")
        try:
            return Ended(int(document["exit_code"]), str(document["at"])) if document else None
        except (TypeError, KeyError, ValueError):
            return None

    def begin(self, command: Command) -> None:
        """Record the command that is about to run; the record is on disk when this returns."""
        self.folder.mkdir(parents=True)
        own_files.write(self.folder / "command.json", asdict(command))

    def started(self, process: Identity) -> None:
        own_files.write(self.folder / "process.json", asdict(process))

    def end(self, ended: Ended) -> None:
        own_files.write(self.folder / "ended.json", asdict(ended))


def of_run(run: Path) -> Iterator[Record]:
    """Yield the records of the commands that a run started, in order."""
    for folder in sorted((run / FOLDER).glob("*/")):
        yield Record(folder)


def _read(path: Path) -> Json | None:
    try:
        document = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return None
    return document if isinstance(document, dict) else None
