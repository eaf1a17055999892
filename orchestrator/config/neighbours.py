"""Environments beside one another: which there are, and that names of one do not look like names of another.

Policies grant by names that begin with `<project>-<environment>-`, and AWS knows no pattern that leaves names out. So
`dev` reaches what `dev-eu` calls `mlops-dev-eu-…`, and with two projects even whole names can be the same.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

from orchestrator.config.loader import ENVS, environment_names
from orchestrator.config.model.platform import Environment
from orchestrator.config.yaml_source import Document, parse
from orchestrator.errors import ConfigError
from orchestrator.system import text_files


def local_environments(repo: Path) -> list[str]:
    """Environments whose file says `target: local`, whether or not the rest of it is right."""
    return [name for name in environment_names(repo) if _is_local(_read(repo / ENVS / name / "platform.yaml"))]


def refuse_overlap(repo: Path, environment: Environment) -> None:
    """Nothing is built whose names another environment's policies mean, or the other way round.

    A local environment is alone in its AWS: its policies reach nobody else.

    Raises:
        ConfigError: there is such an environment in this checkout.
    """
    own = environment.name_prefix
    for prefix, file in prefixes(repo, environment).items():
        if overlap(own, prefix):
            raise ConfigError(
                f"{ENVS / environment.name / 'platform.yaml'} makes names that begin with `{own}-`, {file} some that "
                f"begin with `{prefix}-`: policies of one of the two would reach the other",
                hint="Give one of them another `project`, or its folder another name: `dev` goes with `eu-dev`, not "
                f"with `dev-eu`. What is deployed under the old name: first `orchestrator destroy {environment.name}`.",
            )


def prefixes(repo: Path, environment: Environment) -> dict[str, Path]:
    """What names of other environments begin with that may share an AWS with this one, each with its file."""
    found: dict[str, Path] = {}
    # A local environment is alone in its AWS.
    for name in () if environment.is_local else environment_names(repo):
        file = ENVS / name / "platform.yaml"
        document = None if name == environment.name else _read(repo / file)
        project = None if _is_local(document) else _project(document)
        if project is not None:
            found[f"{project}-{name}"] = file
    return found


def overlap(one: str, other: str) -> bool:
    """Whether a name of one environment can look like one of the other, by their prefixes."""
    shorter, longer = sorted((f"{one}-", f"{other}-"), key=len)
    return longer.startswith(shorter)


def _read(file: Path) -> dict[str, Any] | None:
    """What a file says; nothing is ever deployed from one that cannot be read."""
    try:
        document = parse(str(file), text_files.read(file))
    except text_files.Refused:
        return None
    return document.data if isinstance(document, Document) else None


def _is_local(document: dict[str, Any] | None) -> bool:
    return document is not None and document.get("target") == "local"


def _project(document: dict[str, Any] | None) -> str | None:
    if document is None:
        return None
    found = document.get("project")
    return found if isinstance(found, str) else None
