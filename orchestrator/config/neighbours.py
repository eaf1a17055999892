"""Environments beside one another: names of one must not look like names of another.

Policies grant by names that begin with `<project>-<environment>-`, and AWS knows no pattern that leaves names out. So
`dev` reaches what `dev-eu` calls `mlops-dev-eu-…`, and with two projects even whole names can be the same.
"""

from __future__ import annotations

from pathlib import Path

import yaml

from orchestrator.config.loader import ENVS, environment_names
from orchestrator.config.models import Environment, Platform
from orchestrator.errors import ConfigError


def refuse_overlap(repo: Path, environment: Environment) -> None:
    """Nothing is built whose names another environment's policies mean, or the other way round.

    Raises:
        ConfigError: there is such an environment in this checkout.
    """
    own = environment.name_prefix
    for name in environment_names(repo):
        file = ENVS / name / "platform.yaml"
        project = None if name == environment.name else _project(repo / file)
        if project is not None and overlap(own, f"{project}-{name}"):
            raise ConfigError(
                f"{ENVS / environment.name / 'platform.yaml'} makes names that begin with `{own}-`, {file} some that "
                f"begin with `{project}-{name}-`: policies of one of the two would reach the other",
                hint="Give one of them another `project`, or its folder another name: `dev` goes with `eu-dev`, not "
                f"with `dev-eu`. What is deployed under the old name: first `orchestrator destroy {environment.name}`.",
            )


def overlap(one: str, other: str) -> bool:
    """Whether a name of one environment can look like one of the other, by their prefixes."""
    shorter, longer = sorted((f"{one}-", f"{other}-"), key=len)
    return longer.startswith(shorter)


def _project(file: Path) -> str | None:
    """What a file says about the project; nothing is ever deployed from one that cannot be read."""
    try:
        document = yaml.load(file.read_text(encoding="utf-8"), Loader=yaml.CSafeLoader)
    except (OSError, ValueError, yaml.YAMLError):
        return None
    if not isinstance(document, dict | None):
        return None
    found = (document or {}).get("project", Platform.model_fields["project"].default)
    return found if isinstance(found, str) else None
