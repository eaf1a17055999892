"""Files that are to be written: all of them or none, and never over an existing one."""

from __future__ import annotations

import os
import shutil
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO

from orchestrator.config import folder
from orchestrator.config.loader import load
from orchestrator.config.model.platform import Environment
from orchestrator.errors import ConfigError
from orchestrator.system import trouble


@dataclass
class Draft:
    """What one command writes.

    Attributes:
        texts: by path, relative to the repository.
        copies: files that are copied, by their target.
    """

    texts: dict[Path, str] = field(default_factory=dict)
    copies: dict[Path, Path] = field(default_factory=dict)

    def write(self, repo: Path) -> list[Path]:
        """Write everything and return the paths in order. Raises `ConfigError` if one exists already."""
        paths = [*self.texts, *self.copies]
        for path in paths:
            refuse_existing(repo, path)
        written: list[Path] = []
        try:
            for path in paths:
                target = repo / path
                target.parent.mkdir(parents=True, exist_ok=True)
                # "x": a file that has appeared since the check is not overwritten either.
                with trouble.writing(target), target.open("xb") as sink:
                    written.append(path)
                    self._fill(path, sink)
        except BaseException:
            for path in written:
                with suppress(OSError):
                    (repo / path).unlink()
            raise
        return paths

    def _fill(self, path: Path, sink: IO[bytes]) -> None:
        if path in self.texts:
            sink.write(self.texts[path].encode())
            return
        with self.copies[path].open("rb") as source:
            shutil.copyfileobj(source, sink)


def refuse_existing(repo: Path, path: Path) -> None:
    """Raise `ConfigError` for a path that is taken."""
    if os.path.lexists(repo / path):
        raise ConfigError(f"{path} exists already, and is not overwritten", hint="choose another name, or remove it")


def require_name(name: str, kind: str) -> None:
    """Raise `ConfigError` for a name that files of an environment cannot have."""
    if folder.NAME.fullmatch(name):
        return
    rule = "must be 2 to 32 lower-case letters, digits and hyphens, beginning with a letter, not ending with a hyphen"
    raise ConfigError(f"`{name[:60]}` is not a valid name for a {kind}: it {rule}", hint="such as `house-prices`")


def file_of(env: str, kind: str, name: str) -> Path:
    """Return the path of an environment's file, relative to the repository; `kind` is its folder."""
    return folder.ENVS / env / kind / f"{name}.yaml"


def validated(repo: Path, env: str, kind: str, name: str, text: str) -> Environment:
    """Return the environment with one file more. Raises `ConfigError` if it is not valid."""
    return load(repo, env, added={kind: {name: (str(file_of(env, kind, name)), text)}})
