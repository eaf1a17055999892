"""The file of a blueprint: a way to request answers of a model."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from orchestrator.config import folder
from orchestrator.config.loader import load
from orchestrator.config.model.platform import Environment
from orchestrator.config.model.training import TrainingJob
from orchestrator.config.problems import nearest
from orchestrator.config.rules.options import embedder_of
from orchestrator.errors import ConfigError
from orchestrator.scaffold.draft import Draft, file_of, require_name, validated
from orchestrator.scaffold.templates import filled
from orchestrator.scaffold.yaml_text import flow

KINDS = ("realtime", "serverless", "batch", "async")
_VECTORS = {"amazon.titan-embed-text-v2": 1024, "amazon.titan-embed": 1536, "cohere.embed": 1024}
"""Numbers in a vector of Bedrock's embedding models, by default."""


@dataclass(frozen=True)
class NewBlueprint:
    """What a command writes, and an input that the model can answer."""

    draft: Draft
    example: Any


def of_training(repo: Path, env: str, kind: str, name: str, training: str) -> NewBlueprint:
    """Compose a blueprint for the versions of a training; its golden cases are the training's.

    Raises:
        ConfigError: there is no such training, or the environment is not valid.
    """
    environment = load(repo, env)
    cases = _training(environment, training).golden
    if not cases:
        raise ConfigError(
            f"training `{training}` has no golden cases for the blueprint", hint="add `golden` to the training's file"
        )
    dumped = [case.model_dump(mode="json", by_alias=True, exclude_defaults=True) for case in cases]
    return _draft(repo, environment, kind, name, f"{kind}-sagemaker", group=training, cases=dumped)


def of_group(repo: Path, env: str, kind: str, name: str, group: str, given: str) -> NewBlueprint:
    """Compose a blueprint for a model package group without a training, such as that of an imported model.

    Args:
        given: an input of the model, as JSON or text.
    """
    case = {"input": _value(given), "schema": {}}
    return _draft(repo, load(repo, env), kind, name, f"{kind}-sagemaker", group=group, cases=[case])


def of_bedrock(repo: Path, env: str, kind: str, name: str, model_id: str) -> NewBlueprint:
    """Compose a blueprint for a model of Bedrock."""
    embedder = embedder_of(model_id)
    case: dict[str, Any] = {"input": "Name one advantage of automated tests.", "contains": ""}
    parameters = "parameters: {max_tokens: 256} # defaults of requests"
    if embedder is not None:
        case = {"input": "A sentence that becomes a vector.", "length": _VECTORS[embedder]}
        parameters = "# parameters: {} # defaults of requests, which depend on the model"
    template = "ondemand-bedrock" if kind in ("realtime", "serverless") else f"{kind}-bedrock"
    return _draft(
        repo, load(repo, env), kind, name, template, model_id=flow(model_id), parameters=parameters, cases=[case]
    )


def _draft(
    repo: Path,
    environment: Environment,
    kind: str,
    name: str,
    template: str,
    *,
    cases: list[dict[str, Any]],
    **values: str,
) -> NewBlueprint:
    require_name(name, "blueprint")
    scaling = "autoscaling: {min: 1, max: 2, invocations_per_minute: 200}"
    text = filled(
        f"blueprints/{template}.txt",
        name=name,
        kind=kind,
        scaling=f"# {scaling}" if environment.allows_fixed_size else scaling,
        golden="\n".join(line for case in cases for line in _case(case)),
        **values,
    )
    validated(repo, environment.name, folder.BLUEPRINTS, name, text)
    return NewBlueprint(Draft({file_of(environment.name, folder.BLUEPRINTS, name): text}), cases[0]["input"])


def _case(case: dict[str, Any]) -> list[str]:
    comments = {"contains": " # any text that has this one in it"}
    return [
        f"    {'- ' if key == 'input' else '  '}{key}: {flow(value)}{comments.get(key, '')}"
        for key, value in case.items()
    ]


def _training(environment: Environment, name: str) -> TrainingJob:
    known = {each.name: each for each in environment.trainings}
    if name in known:
        return known[name]
    near = nearest(name, known)
    guess = f"; did you mean `{near}`?" if near else ""
    raise ConfigError(
        f"`{environment.name}` has no training `{name[:60]}`{guess}; available: {', '.join(known) or 'none'}",
        hint="`orchestrator new training NAME --dataset DATASET` writes one; `--group` names any other model group",
    )


def _value(given: str) -> Any:
    try:
        return json.loads(given)
    except ValueError:
        return given
