"""List the environments of a checkout, and reject environments whose names overlap.

Policies grant access to names that begin with `<project>-<environment>-`, and patterns of AWS cannot exclude names. So
`dev` would reach resources of `dev-eu` named `mlops-dev-eu-…`, and with two projects even whole names can be equal.
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
    """List the environments with `target: local`, even if the rest of their file is invalid."""
    return [name for name in environment_names(repo) if _is_local(_read(repo / ENVS / name / "platform.yaml"))]


def refuse_overlap(repo: Path, environment: Environment) -> None:
    """Reject an environment if its policies match names of another environment, or the other way round.

    A local environment is alone in its AWS, so its policies reach no other.

    Raises:
        ConfigError: the names overlap with those of an environment in this checkout.
    """
    own = environment.name_prefix
    for prefix, file in prefixes(repo, environment).items():
        if overlap(own, prefix):
            raise ConfigError(
                f"{ENVS / environment.name / 'platform.yaml'}: names begin with `{own}-`, and in {file} with "
                f"`{prefix}-`: policies of one environment would also match the other",
                hint="set another `project` for one of them, or rename its folder (`dev` and `eu-dev` are distinct, "
                f"`dev` and `dev-eu` are not); if it is deployed, run `orchestrator destroy {environment.name}` first",
            )


def prefixes(repo: Path, environment: Environment) -> dict[str, Path]:
    """List the name prefixes of environments that may share an AWS account with this one, with their files."""
    prefixes: dict[str, Path] = {}
    # A local environment is alone in its AWS.
    for name in () if environment.is_local else environment_names(repo):
        file = ENVS / name / "platform.yaml"
        document = None if name == environment.name else _read(repo / file)
        project = None if _is_local(document) else _project(document)
        if project is not None:
            prefixes[f"{project}-{name}"] = file
    return prefixes


def overlap(one: str, other: str) -> bool:
    """Whether names of two environments can match the same pattern, by their prefixes."""
    shorter, longer = sorted((f"{one}-", f"{other}-"), key=len)
    return longer.startswith(shorter)


def _read(file: Path) -> dict[str, Any] | None:
    """Read a file; `None` if it is invalid, in which case nothing can be deployed from it."""
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
    project = document.get("project")
    return project if isinstance(project, str) else None
