"""The files of one environment, found and read: `platform.yaml`, and `blueprints/<name>.yaml`.

What lies there and looks as if it were meant is refused by name, never passed over: a file ending in `.yml` that nobody
read would be a blueprint that nobody deployed.
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
BLUEPRINTS = "blueprints"
NAME = re.compile(r"[a-z][a-z0-9-]{0,30}[a-z0-9]")
"""Of an environment: names of nearly everything carry it."""
_MEANT = (".yaml", ".yml")
_OTHERS = (".json", ".toml")


@dataclass
class Sources:
    """Texts with the file that each comes from, and why others could not be read."""

    platform: tuple[str, str] | None = None
    blueprints: dict[str, tuple[str, str]] = field(default_factory=dict)
    """By the file's stem."""
    refused: list[Problem] = field(default_factory=list)


def names(repo: Path) -> list[str]:
    """Folders that hold a `platform.yaml` and whose name an environment may have.

    Raises:
        ConfigError: the folder of the environments cannot be looked into.
    """
    try:
        found = sorted(each.name for each in os.scandir(repo / ENVS))
    except FileNotFoundError:
        return []
    except OSError as error:
        raise _closed(repo, ENVS, error) from error
    return [name for name in found if NAME.fullmatch(name) and os.path.lexists(repo / ENVS / name / PLATFORM)]


def read(repo: Path, name: str) -> Sources:
    """Read all files of an environment.

    Raises:
        ConfigError: there is no such environment, or it cannot be looked into.
    """
    folder = ENVS / name
    _require_name(repo, name)
    try:
        there = {each.name for each in os.scandir(repo / folder)}
    except (FileNotFoundError, NotADirectoryError):
        raise _unknown(repo, name) from None
    except OSError as error:
        raise _closed(repo, folder, error) from error
    if PLATFORM not in there:
        misnamed = [each for each in there if Path(each.lower()).stem == "platform" and _is_meant(each)]
        if misnamed:
            file = printable(str(folder / min(misnamed)))
            raise ConfigError(f"{file}: is not read under this name", hint=f"rename it to {PLATFORM}")
        raise _unknown(repo, name)
    sources = Sources()
    sources.platform = _read(repo, folder / PLATFORM, sources.refused)
    for entry in sorted(there - {PLATFORM}):
        if _is_meant(entry) and not entry.startswith("."):
            rule = f"is not read: an environment is {PLATFORM}, its blueprints lie in {BLUEPRINTS}/"
            sources.refused.append(_problem(folder / entry, rule))
    if BLUEPRINTS in there:
        _read_blueprints(repo, folder / BLUEPRINTS, sources)
    return sources


def _require_name(repo: Path, name: str) -> None:
    if NAME.fullmatch(name):
        return
    guess = nearest(name.lower(), names(repo))
    rule = "2 to 32 lower-case letters, digits and hyphens, begins with a letter and does not end with a hyphen"
    raise ConfigError(
        f"no environment can be named `{printable(name)}`: a name has {rule}",
        hint=f"did you mean `{guess}`?" if guess else f"environments in {ENVS}: {_listed(names(repo))}",
    )


def _closed(repo: Path, folder: Path, error: OSError) -> ConfigError:
    hint = "an environment is a folder, or a link to one, that this user may look into"
    return ConfigError(f"{folder}: {text_files.refusal(repo / folder, error)}", hint=hint)


def _unknown(repo: Path, name: str) -> ConfigError:
    known = names(repo)
    guess = nearest(name, known)
    hint = f"did you mean `{guess}`?" if guess else f"make {ENVS / name}/{PLATFORM}, or name one of these"
    return ConfigError(f"there is no environment `{name}`; environments in {ENVS}: {_listed(known)}", hint=hint)


def _listed(known: Iterable[str]) -> str:
    return ", ".join(known) or "none"


def _read_blueprints(repo: Path, folder: Path, sources: Sources) -> None:
    try:
        entries = sorted(os.scandir(repo / folder), key=lambda each: each.name)
    except NotADirectoryError:
        sources.refused.append(_problem(folder, "is not a folder: each blueprint is a file in a folder of this name"))
        return
    except OSError as error:
        sources.refused.append(_problem(folder, text_files.refusal(repo / folder, error)))
        return
    for entry in entries:
        stem, ending = os.path.splitext(entry.name)
        if ending == _MEANT[0]:
            text = _read(repo, folder / entry.name, sources.refused)
            if text is not None:
                sources.blueprints[stem] = text
        elif _is_meant(entry.name) or ending.lower() in _OTHERS:
            rule = f"is not read under this name: rename it to {printable(stem)}{_MEANT[0]}, or remove it"
            sources.refused.append(_problem(folder / entry.name, rule))
        elif not entry.name.startswith(".") and _is(entry.is_dir):
            sources.refused.append(
                _problem(folder / entry.name, "is a folder: blueprints are files, one beside another")
            )


def _is(look: Callable[[], bool]) -> bool:
    try:
        return look()
    except OSError:
        return False


def _is_meant(name: str) -> bool:
    return name.lower().endswith(_MEANT)


def _read(repo: Path, file: Path, refused: list[Problem]) -> tuple[str, str] | None:
    try:
        return str(file), text_files.read(repo / file)
    except Refused as error:
        refused.append(_problem(file, error.rule, error.line))
        return None


def _problem(file: Path, rule: str, line: int = 1) -> Problem:
    return Problem(str(file), line, "", rule)
