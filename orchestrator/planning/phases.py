"""The five phases, as their own `phase.yaml` describe them.

`parse` is pure (texts in, values out); `read` finds the texts. A phase that is renamed or gets a new
neighbour changes its `phase.yaml` and nothing here.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from orchestrator.config import yaml_source
from orchestrator.config.model.platform import Platform
from orchestrator.config.problems import nearest
from orchestrator.errors import ConfigError, PlatformError
from orchestrator.system import text_files
from orchestrator.system.text_files import Refused, shown

PHASES = Path("terraform/phases")
ALWAYS = ("context", "provider_options")
"""Values that every root gets; `phase.yaml` need not list them."""
SECTIONS = tuple(
    name for name, field in Platform.model_fields.items() if isinstance(field.annotation, type)
    and issubclass(field.annotation, BaseModel)
)  # fmt: skip
KNOWN_VALUES = (*SECTIONS, *ALWAYS, "packages", "blueprints", "trainings")


class SideStack(BaseModel):
    """A further stack of a phase, in a subfolder of the phase's folder.

    Either the phase's own stack builds on it (it is named in the phase's `needs` and `upstream`), or it waits
    long inside the provider and has no dependents: then it runs in parallel to everything else.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    name: str = Field(pattern=r"^[a-z][a-z0-9-]*$")
    values: tuple[str, ...] = ()
    upstream: tuple[str, ...] = ()


class Description(BaseModel):
    """The contents of one `phase.yaml`."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    name: str = Field(pattern=r"^[a-z][a-z0-9-]*$")
    order: int = Field(ge=1)
    title: str
    needs: tuple[str, ...] = ()
    values: tuple[str, ...] = ()
    upstream: tuple[str, ...] = ()
    after: tuple[Literal["pipeline", "keys"], ...] = ()
    stacks: tuple[SideStack, ...] = ()


@dataclass(frozen=True)
class Phase:
    """One Terraform root of the fixed platform."""

    name: str
    order: int
    title: str
    folder: str
    """Relative to the repository."""
    needs: tuple[str, ...]
    values: tuple[str, ...]
    upstream: tuple[str, ...]
    after: tuple[str, ...]
    stacks: tuple[SideStack, ...] = ()


def parse(texts: Mapping[str, str]) -> tuple[Phase, ...]:
    """Phases from the texts of their `phase.yaml`, by folder; in the order that they state."""
    phases = [_parse_one(folder, text) for folder, text in texts.items()]
    for phase in phases:
        # A stack beside a phase is that phase's own matter: the others take what the phase publishes.
        names = {each.name for each in phases} | {stack.name for stack in phase.stacks}
        for stack in phase.stacks:
            for name in stack.upstream:
                _known(phase, f"stacks.{stack.name}.upstream", name, sorted(names - {stack.name}))
            for name in stack.values:
                _known(phase, f"stacks.{stack.name}.values", name, KNOWN_VALUES)
        for field in ("needs", "upstream"):
            for name in getattr(phase, field):
                _known(phase, field, name, sorted(names - {phase.name}))
        for name in phase.values:
            _known(phase, "values", name, KNOWN_VALUES)
    return tuple(sorted(phases, key=lambda phase: phase.order))


@lru_cache(maxsize=128)
def _parse_one(folder: str, text: str) -> Phase:
    file = f"{folder}/phase.yaml"
    document = yaml_source.parse(file, text)
    if not isinstance(document, yaml_source.Document):
        raise ConfigError("; ".join(map(str, document)))
    try:
        description = Description.model_validate(document.data)
    except ValidationError as error:
        listed = "; ".join(
            f"{document.line(each['loc'])}: {document.key(each['loc'])}: {each['msg']} "
            f"(received {shown(each['input'])})"
            for each in error.errors()
        )
        raise ConfigError(f"{file}:{listed}") from error
    return Phase(folder=folder, **dict(description))


def _known(phase: Phase, field: str, name: str, known: tuple[str, ...] | list[str]) -> None:
    if name in known:
        return
    guess = nearest(name, known)
    raise ConfigError(
        f"{phase.folder}/phase.yaml: {field} names `{name}`; known: {', '.join(known) or 'none'}",
        hint=f"did you mean `{guess}`?" if guess else None,
    )


def read(repo: Path) -> tuple[Phase, ...]:
    """The phases of this repository."""
    files = sorted((repo / PHASES).glob("*/phase.yaml"))
    if not files:
        raise PlatformError(f"no {PHASES}/*/phase.yaml in {repo}", hint="run from a complete checkout, or use --repo")
    return parse({str(file.parent.relative_to(repo)): _text(repo, file) for file in files})


def _text(repo: Path, file: Path) -> str:
    try:
        return text_files.read(file)
    except Refused as error:
        raise ConfigError(f"{file.relative_to(repo)}:{error.line}: {error.rule}") from error


def _json(repo: Path, file: Path) -> dict[str, Any]:
    try:
        content = json.loads(_text(repo, file))
    except (ValueError, RecursionError) as error:
        line = getattr(error, "lineno", 1)
        raise ConfigError(f"{file.relative_to(repo)}:{line}: is not valid JSON: {error}") from error
    if not isinstance(content, dict):
        raise ConfigError(f"{file.relative_to(repo)}:1: must be an object (received {shown(content)})")
    return content


def read_examples(repo: Path, phases: tuple[Phase, ...]) -> dict[str, dict[str, Any]]:
    """Read the example outputs of each stack that has some, for previews before the stack exists."""
    folders = {phase.name: phase.folder for phase in phases}
    folders |= {stack.name: f"{phase.folder}/{stack.name}" for phase in phases for stack in phase.stacks}
    examples: dict[str, dict[str, Any]] = {}
    for name, folder in folders.items():
        file = repo / folder / "example.outputs.json"
        if file.is_file():
            content = _json(repo, file)
            # Both shapes read well in a file: the bare object, and `{"<stack>": object}`.
            examples[name] = content[name] if set(content) == {name} else content
    return examples
