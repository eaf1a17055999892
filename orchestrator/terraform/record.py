"""What is written down of one terraform command, before it starts and while it works.

A run that dies takes nothing of this along: terraform writes into these files itself, and the next command reads
them. One folder for each command, `<run folder>/tools/<number>-<stack>-<command>/`:

    command.json   what is about to be done, to which state; written before anything starts
    process.json   which process does it; written before terraform itself starts
    stdout         what it says, as it says it (`-json`: one event a line)
    stderr
    ended.json     how it ended; missing as long as it works, and where nobody was left to see its end
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
    """What was about to be done."""

    stack: str
    command: str
    """`init`, `plan`, `apply`, `import` …"""
    argv: tuple[str, ...]
    root: str
    """Folder that terraform works in; shared by all environments, but for blueprints."""
    data_dir: str
    bucket: str | None
    """Of the state; `None` for a preview, which locks nothing."""
    state_key: str | None
    at: str
    """When it was written down, before the process started."""


@dataclass(frozen=True)
class Ended:
    exit_code: int
    at: str


@dataclass(frozen=True)
class Record:
    """One folder of files, whether its run lives or not."""

    folder: Path

    @property
    def stdout(self) -> Path:
        return self.folder / "stdout"

    @property
    def stderr(self) -> Path:
        return self.folder / "stderr"

    @property
    def command(self) -> Command | None:
        """`None` where it is missing or cut short: then nothing was started."""
        found = _read(self.folder / "command.json")
        try:
            return Command(**{**found, "argv": tuple(found["argv"])}) if found else None
        except (TypeError, KeyError):
            return None

    @property
    def process(self) -> Identity | None:
        """`None` where it is missing or cut short: then terraform was not started."""
        return identity.read(_read(self.folder / "process.json"))

    @property
    def ended(self) -> Ended | None:
        found = _read(self.folder / "ended.json")
        try:
            return Ended(int(found["exit_code"]), str(found["at"])) if found else None
        except (TypeError, KeyError, ValueError):
            return None

    def begin(self, command: Command) -> None:
        """Write down what is about to be done; it is on the disk when this returns."""
        self.folder.mkdir(parents=True)
        own_files.write(self.folder / "command.json", asdict(command))

    def started(self, process: Identity) -> None:
        own_files.write(self.folder / "process.json", asdict(process))

    def end(self, ended: Ended) -> None:
        own_files.write(self.folder / "ended.json", asdict(ended))


def of_run(run: Path) -> Iterator[Record]:
    """What a run started, in order."""
    for folder in sorted((run / FOLDER).glob("*/")):
        yield Record(folder)


def _read(path: Path) -> Json | None:
    try:
        found = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return None
    return found if isinstance(found, dict) else None
