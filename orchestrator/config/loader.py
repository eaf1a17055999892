"""Reads one environment: `terraform/envs/<env>/platform.yaml` and its `blueprints/*.yaml`.

Every problem of every file is reported at once, each with file, key, line, rule and received value.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, TypeVar

from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

from orchestrator.config import api_checks, aws_checks, checks, routing_checks
from orchestrator.config.models import Blueprint, Environment, Platform
from orchestrator.config.problems import NO_VALUE, Problem, config_error, nearest
from orchestrator.config.yaml_source import Document, parse
from orchestrator.errors import ConfigError

ENVS = Path("terraform/envs")
Model = TypeVar("Model", bound=BaseModel)


def environment_names(repo: Path) -> list[str]:
    """Folders below `terraform/envs` that hold a `platform.yaml`."""
    return sorted(path.parent.name for path in (repo / ENVS).glob("*/platform.yaml"))


def load(repo: Path, name: str) -> Environment:
    """Read and validate one environment.

    Raises:
        ConfigError: unknown name (answered with the valid ones), or problems in its files.
    """
    known = environment_names(repo)
    if name not in known:
        guess = nearest(name, known)
        hint = f"did you mean `{guess}`?" if guess else f"make {ENVS / name}/platform.yaml, or name one of these"
        listed = ", ".join(known) or "none"
        raise ConfigError(f"there is no environment `{name}`; environments in {ENVS}: {listed}", hint=hint)
    folder = repo / ENVS / name
    platform_file = str(ENVS / name / "platform.yaml")
    texts = {
        path.stem: (str(path.relative_to(repo)), path.read_text(encoding="utf-8"))
        for path in sorted((folder / "blueprints").glob("*.yaml"))
    }
    return build(name, (platform_file, (folder / "platform.yaml").read_text(encoding="utf-8")), texts)


def build(name: str, platform: tuple[str, str], blueprints: Mapping[str, tuple[str, str]]) -> Environment:
    """The same from texts: `(file, text)` of the platform, and of each blueprint by its file's stem."""
    problems: list[Problem] = []
    documents: dict[str, Document] = {}
    valid: list[tuple[str, Blueprint]] = []

    platform_document = parse(*platform)
    platform_model = _validate(Platform, platform_document, problems)
    if platform_model is not None and isinstance(platform_document, Document):
        problems.extend(checks.check_platform(name, platform_document, platform_model))
        problems.extend(aws_checks.check_platform(platform_document, platform_model))
    for stem, source in blueprints.items():
        document = parse(*source)
        model = _validate(Blueprint, document, problems)
        if model is not None and isinstance(document, Document):
            documents[stem] = document
            valid.append((stem, model))
            groups = platform_model.registry.groups if platform_model else checks.MODEL_GROUPS
            problems.extend(checks.check_blueprint(stem, document, model, groups))
            if platform_model:
                problems.extend(checks.check_blueprint_names(name, platform_model, document, model))
            problems.extend(
                aws_checks.check_blueprint(document, model, platform_model.region if platform_model else "")
            )
    problems.extend(checks.check_names(documents, valid))
    problems.extend(routing_checks.check(documents, valid, set(blueprints)))
    if platform_model is not None and isinstance(platform_document, Document):
        problems.extend(api_checks.check(name, platform_document, platform_model, set(blueprints)))
    if problems or platform_model is None:
        raise config_error(problems)
    return Environment(name=name, platform=platform_model, blueprints=tuple(model for _, model in valid))


def _validate(model: type[Model], document: Document | Problem, problems: list[Problem]) -> Model | None:
    if isinstance(document, Problem):
        problems.append(document)
        return None
    try:
        return model.model_validate(document.data)
    except ValidationError as error:
        problems.extend(_problems(model, document, error))
        return None


def _problems(model: type[BaseModel], document: Document, error: ValidationError) -> Iterator[Problem]:
    for detail in error.errors(include_url=False):
        location = detail["loc"]
        yield Problem(
            file=document.file,
            line=document.line(location),
            key=document.key(location),
            rule=_rule(detail) + _meaning(model, detail),
            value=NO_VALUE if detail["type"] == "missing" else detail["input"],
            suggestion=_suggestion(model, detail),
        )


def _meaning(model: type[BaseModel], detail: ErrorDetails) -> str:
    """What a file's own key is about, for somebody who has never written it."""
    about = model.model_fields.get(str(detail["loc"][0])) if detail["loc"] else None
    told = detail["type"] == "missing" and len(detail["loc"]) == 1 and about is not None and about.description
    return f" ({told})" if told else ""


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
            return "needs `source: sagemaker` (with `group`) or `source: bedrock` (with `model_id`)"
        case kind if kind.startswith("date_"):
            return "must be a day as year-month-day, such as 2027-01-31"
        case _:
            message = detail["msg"]
            return message[0].lower() + message[1:]


def _suggestion(model: type[BaseModel], detail: ErrorDetails) -> str | None:
    last = detail["loc"][-1] if detail["loc"] else ""
    if detail["type"] == "extra_forbidden":
        return nearest(str(last), _keys_at(model.model_json_schema(), detail["loc"][:-1]))
    if detail["type"] == "literal_error" and isinstance(detail["input"], str):
        return nearest(detail["input"], detail["ctx"]["expected"].replace("'", "").replace(" or ", ", ").split(", "))
    return None


def _keys_at(schema: dict[str, Any], location: tuple[int | str, ...]) -> list[str]:
    """Keys that the JSON Schema allows at `location`; union tags choose their branch."""
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
