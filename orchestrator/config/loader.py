"""Load an environment: `terraform/envs/<env>/platform.yaml` and its `datasets/`, `trainings/` and `blueprints/`.

All problems of all files are reported at once, each with file, key, line, rule and received value.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import lru_cache
from pathlib import Path
from types import MappingProxyType
from typing import Any, TypeVar

from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

from orchestrator.config import folder
from orchestrator.config.model.dataset import Dataset
from orchestrator.config.model.platform import Blueprint, Environment, Network, Platform
from orchestrator.config.model.training import TrainingJob
from orchestrator.config.problems import MOST_SHOWN, NO_VALUE, Problem, config_error, nearest
from orchestrator.config.rules import api, aws, data, routing
from orchestrator.config.rules import datasets as dataset_rules
from orchestrator.config.rules import platform as checks
from orchestrator.config.yaml_source import Document, parse
from orchestrator.errors import PlatformError

ENVS = folder.ENVS
Model = TypeVar("Model", bound=BaseModel)


def environment_names(repo: Path) -> list[str]:
    """List the folders in `terraform/envs` that hold a `platform.yaml`."""
    return folder.names(repo)


def load(repo: Path, name: str, *, added: Mapping[str, Mapping[str, tuple[str, str]]] | None = None) -> Environment:
    """Read and validate one environment.

    Args:
        repo: the checkout.
        name: of the environment.
        added: files that do not exist yet, as if they did: by folder and stem, each with path and text.

    Raises:
        ConfigError: the name is unknown (the message lists the valid ones), or the files have problems.
    """
    sources = folder.read(repo, name)
    for kind, files in (added or {}).items():
        sources.files[kind].update(files)
    return build(
        name,
        sources.platform,
        sources.blueprints,
        sources.refused,
        datasets=sources.files[folder.DATASETS],
        trainings=sources.files[folder.TRAININGS],
    )


def build(
    name: str,
    platform: tuple[str, str] | None,
    blueprints: Mapping[str, tuple[str, str]],
    refused: Sequence[Problem] = (),
    *,
    datasets: Mapping[str, tuple[str, str]] = MappingProxyType({}),
    trainings: Mapping[str, tuple[str, str]] = MappingProxyType({}),
) -> Environment:
    """Validate an environment from texts: `(file, text)` of the platform, and of the others by their file's stem.

    `refused` holds the problems of files that could not be read, including the platform's if it is `None`.
    """
    problems: list[Problem] = list(refused)
    documents: dict[str, Document] = {}
    valid: list[tuple[str, Blueprint]] = []

    platform_document, platform_model = _validated(Platform, platform, problems) if platform else (None, None)
    if platform_model is not None and platform_document is not None:
        with _named(platform_document.file):
            problems.extend(checks.check_platform(name, platform_document, platform_model))
            problems.extend(aws.check_platform(platform_document, platform_model))
    data_models, training_models = _trained(name, datasets, trainings, platform_model, problems)
    groups = (*(platform_model.registry.groups if platform_model else checks.MODEL_GROUPS), *trainings)
    for stem, source in blueprints.items():
        document, model = _validated(Blueprint, source, problems)
        if model is not None and document is not None:
            documents[stem] = document
            valid.append((stem, model))
            with _named(document.file):
                problems.extend(checks.check_blueprint(stem, document, model, groups))
                if platform_model:
                    problems.extend(checks.check_blueprint_names(name, platform_model, document, model))
                region = platform_model.region if platform_model else ""
                problems.extend(aws.check_blueprint(document, model, region))
    problems.extend(checks.check_names(documents, valid))
    problems.extend(routing.check(documents, valid, set(blueprints)))
    if platform_model is not None and platform_document is not None:
        problems.extend(api.check(name, platform_document, platform_model, set(blueprints)))
    if problems or platform_model is None:
        raise config_error(problems)
    return Environment(
        name=name,
        platform=platform_model,
        blueprints=tuple(model for _, model in valid),
        datasets=data_models,
        trainings=training_models,
    )


def _trained(
    name: str,
    datasets: Mapping[str, tuple[str, str]],
    trainings: Mapping[str, tuple[str, str]],
    platform: Platform | None,
    problems: list[Problem],
) -> tuple[tuple[Dataset, ...], tuple[TrainingJob, ...]]:
    """Validate the files of datasets and trainings; a training is checked against its dataset."""
    valid: dict[str, Dataset] = {}
    for stem, source in datasets.items():
        document, dataset = _validated(Dataset, source, problems)
        if dataset is not None and document is not None:
            valid[dataset.name] = dataset
            with _named(document.file):
                problems.extend(
                    dataset_rules.check_dataset(name, stem, document, dataset, platform, taken=(data.ETL_DATASET,))
                )
    models: list[TrainingJob] = []
    # A dataset whose file is invalid is reported once, and not as missing.
    known = valid if len(valid) == len(datasets) else None
    groups = platform.registry.groups if platform else checks.MODEL_GROUPS
    for stem, source in trainings.items():
        document, training = _validated(TrainingJob, source, problems)
        if training is not None and document is not None:
            models.append(training)
            if known is not None:
                with _named(document.file):
                    problems.extend(
                        dataset_rules.check_training(name, stem, document, training, known, platform, taken=groups)
                    )
    return tuple(valid.values()), tuple(models)


def _validated(
    model: type[Model], source: tuple[str, str], problems: list[Problem]
) -> tuple[Document | None, Model | None]:
    file, text = source
    with _named(file):
        document = parse(file, text)
        if not isinstance(document, Document):
            problems.extend(document)
            return None, None
        return document, _validate(model, document, problems)


@contextmanager
def _named(file: str) -> Iterator[None]:
    """Add the file to the message of an unexpected error."""
    try:
        yield
    except PlatformError:
        raise
    except Exception as error:
        raise RuntimeError(f"{file} could not be checked ({type(error).__name__}: {error})") from error


def _validate(model: type[Model], document: Document, problems: list[Problem]) -> Model | None:
    try:
        return model.model_validate(document.data)
    except ValidationError as error:
        problems.extend(_problems(model, document, error))
        return None


def _problems(model: type[BaseModel], document: Document, error: ValidationError) -> Iterator[Problem]:
    for position, detail in enumerate(error.errors(include_url=False)):
        location = detail["loc"]
        yield Problem(
            file=document.file,
            line=document.line(location),
            key=document.key(location),
            rule=_rule(detail) + _meaning(model, detail),
            value=NO_VALUE if detail["type"] == "missing" else detail["input"],
            # Suggestions are slow, and later problems are only counted.
            suggestion=_suggestion(model, detail) if position < MOST_SHOWN else None,
        )


def _meaning(model: type[BaseModel], detail: ErrorDetails) -> str:
    """Describe a missing key, for users who do not know it."""
    if detail["type"] != "missing" or len(detail["loc"]) != 1:
        return ""
    field = model.model_fields.get(str(detail["loc"][0]))
    if field is None or field.description:
        return f" ({field.description})" if field else ""
    section = field.annotation
    if not isinstance(section, type) or not issubclass(section, BaseModel) or section is Network:
        return ""
    needs_nothing = not any(each.is_required() for each in section.model_fields.values())
    return " (`{}` uses the defaults)" if needs_nothing else ""


def _rule(detail: ErrorDetails) -> str:
    match detail["type"]:
        case "extra_forbidden":
            return "is not a key of this section"
        case "missing":
            return "is required"
        case "string_pattern_mismatch":
            return f"must match {detail['ctx']['pattern']}"
        case "literal_error":
            return f"must be one of {detail['ctx']['expected']}"
        case "union_tag_not_found" | "union_tag_invalid":
            return "requires `source: sagemaker` (with `group`) or `source: bedrock` (with `model_id`)"
        case kind if kind.startswith("date_"):
            return "must be a date such as 2027-01-31"
        case "value_error":
            return str(detail["ctx"]["error"])
        case _:
            message = detail["msg"]
            return message[0].lower() + message[1:]


def _suggestion(model: type[BaseModel], detail: ErrorDetails) -> str | None:
    last = detail["loc"][-1] if detail["loc"] else ""
    if detail["type"] == "extra_forbidden":
        return nearest(str(last), _keys_at(_schema(model), detail["loc"][:-1]))
    if detail["type"] == "literal_error" and isinstance(detail["input"], str):
        return nearest(detail["input"], detail["ctx"]["expected"].replace("'", "").replace(" or ", ", ").split(", "))
    return None


@lru_cache(maxsize=8)
def _schema(model: type[BaseModel]) -> dict[str, Any]:
    """Return the JSON Schema of a model, which callers do not change."""
    return model.model_json_schema()


def _keys_at(schema: dict[str, Any], location: tuple[int | str, ...]) -> list[str]:
    """List the keys that the JSON Schema allows at `location`; union tags select their branch."""
    node: dict[str, Any] = schema
    for part in location:
        node = _resolve(schema, node)
        if isinstance(part, int):
            node = node.get("items", {})
        elif part in node.get("properties", {}):
            node = node["properties"][part]
        elif part in node.get("discriminator", {}).get("mapping", {}):
            node = {"$ref": node["discriminator"]["mapping"][part]}
    return list(_resolve(schema, node).get("properties", {}))


def _resolve(schema: dict[str, Any], node: dict[str, Any]) -> dict[str, Any]:
    for choice in node.get("anyOf", ()):
        if "$ref" in choice:
            node = choice
    while "$ref" in node:
        node = schema["$defs"][node["$ref"].rsplit("/", 1)[1]]
    return node
