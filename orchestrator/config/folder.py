"""Find and read the files of an environment: `platform.yaml`, and one file for each dataset, training and blueprint.

A misnamed file is rejected, never ignored: a blueprint in a file ending in `.yml` would silently not be deployed.
"""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from pathlib import Path

from orchestrator.config.problems import Problem, nearest
from orchestrator.errors import ConfigError
from orchestrator.system import text_files
from orchestrator.system.text_files import Refused, printable

ENVS = Path("terraform/envs")
PLATFORM = "platform.yaml"
DATASETS, TRAININGS, BLUEPRINTS = "datasets", "trainings", "blueprints"
FOLDERS = (DATASETS, TRAININGS, BLUEPRINTS)
"""Folders of files that an environment may have any number of."""
NAME = re.compile(r"[a-z][a-z0-9-]{0,30}[a-z0-9]")
"""Names of environments, which are part of nearly all names of resources."""
_YAML = (".yaml", ".yml")
_OTHERS = (".json", ".toml")


@dataclass
class Sources:
    """Texts with their files, and problems of files that could not be read."""

    platform: tuple[str, str] | None = None
    files: dict[str, dict[str, tuple[str, str]]] = field(default_factory=lambda: {name: {} for name in FOLDERS})
    """By folder and stem of the file."""
    refused: list[Problem] = field(default_factory=list)

    @property
    def blueprints(self) -> dict[str, tuple[str, str]]:
        return self.files[BLUEPRINTS]


def names(repo: Path) -> list[str]:
    """List the folders that hold a `platform.yaml` and have a valid name.

    Raises:
        ConfigError: the folder of the environments cannot be read.
    """
    try:
        entries = sorted(each.name for each in os.scandir(repo / ENVS))
    except FileNotFoundError:
        return []
    except OSError as error:
        raise _closed(repo, ENVS, error) from error
    return [name for name in entries if NAME.fullmatch(name) and os.path.lexists(repo / ENVS / name / PLATFORM)]


def read(repo: Path, name: str) -> Sources:
    """Read all files of an environment.

    Raises:
        ConfigError: the environment does not exist or cannot be read.
    """
    folder = ENVS / name
    _require_name(repo, name)
    try:
        entries = {each.name for each in os.scandir(repo / folder)}
    except (FileNotFoundError, NotADirectoryError):
        raise _unknown(repo, name) from None
    except OSError as error:
        raise _closed(repo, folder, error) from error
    if PLATFORM not in entries:
        misnamed = [each for each in entries if Path(each.lower()).stem == "platform" and _is_yaml(each)]
        if misnamed:
            file = printable(str(folder / min(misnamed)))
            raise ConfigError(f"{file}: is not a recognised file name", hint=f"rename it to {PLATFORM}")
        raise _unknown(repo, name)
    sources = Sources()
    sources.platform = _read(repo, folder / PLATFORM, sources.refused)
    for entry in sorted(entries - {PLATFORM}):
        if _is_yaml(entry) and not entry.startswith("."):
            rule = f"is not a recognised file name: use {PLATFORM}, or {'/, '.join(FOLDERS)}/"
            sources.refused.append(_problem(folder / entry, rule))
    for name in FOLDERS:
        if name in entries:
            _read_files(repo, folder / name, sources.files[name], sources.refused)
    return sources


def _require_name(repo: Path, name: str) -> None:
    if NAME.fullmatch(name):
        return
    guess = nearest(name.lower(), names(repo))
    rule = "must be 2 to 32 lower-case letters, digits and hyphens, beginning with a letter, not ending with a hyphen"
    raise ConfigError(
        f"`{printable(name)}` is not a valid environment name: it {rule}",
        hint=f"did you mean `{guess}`?" if guess else f"environments in {ENVS}: {_listed(names(repo))}",
    )


def _closed(repo: Path, folder: Path, error: OSError) -> ConfigError:
    hint = "an environment must be a folder, or a link to one, that this user can read"
    return ConfigError(f"{folder}: {text_files.refusal(repo / folder, error)}", hint=hint)


def _unknown(repo: Path, name: str) -> ConfigError:
    known = names(repo)
    guess = nearest(name, known)
    hint = f"did you mean `{guess}`?" if guess else f"create {ENVS / name}/{PLATFORM}, or use one of these"
    return ConfigError(f"there is no environment `{name}`; environments in {ENVS}: {_listed(known)}", hint=hint)


def _listed(known: Iterable[str]) -> str:
    return ", ".join(known) or "none"


def _read_files(repo: Path, folder: Path, texts: dict[str, tuple[str, str]], refused: list[Problem]) -> None:
    try:
        entries = sorted(os.scandir(repo / folder), key=lambda each: each.name)
    except NotADirectoryError:
        refused.append(_problem(folder, f"must be a folder with one file for each of its {folder.name}"))
        return
    except OSError as error:
        refused.append(_problem(folder, text_files.refusal(repo / folder, error)))
        return
    for entry in entries:
        stem, ending = os.path.splitext(entry.name)
        if ending == _YAML[0]:
            text = _read(repo, folder / entry.name, refused)
            if text is not None:
                texts[stem] = text
        elif _is_yaml(entry.name) or ending.lower() in _OTHERS:
            rule = f"is not a recognised file name: rename it to {printable(stem)}{_YAML[0]}, or remove it"
            refused.append(_problem(folder / entry.name, rule))
        elif not entry.name.startswith(".") and _is(entry.is_dir):
            refused.append(
                _problem(folder / entry.name, f"is a folder: {folder.name} must be files directly in this folder")
            )


def _is(check: Callable[[], bool]) -> bool:
    try:
        return check()
    except OSError:
        return False


def _is_yaml(name: str) -> bool:
    return name.lower().endswith(_YAML)


def _read(repo: Path, file: Path, refused: list[Problem]) -> tuple[str, str] | None:
    try:
        return str(file), text_files.read(repo / file)
    except Refused as error:
        refused.append(_problem(file, error.rule, error.line))
        return None


def _problem(file: Path, rule: str, line: int = 1) -> Problem:
    return Problem(str(file), line, "", rule)
