"""The published JSON Schemas."""

from __future__ import annotations

from pathlib import Path

import jsonschema
import pytest
import yaml

from orchestrator.config.model.platform import Blueprint, Platform
from orchestrator.config.schema import schemas
from tests.unit.orchestrator.config.texts import Filler

REPO = Path(__file__).resolve().parents[4]


@pytest.fixture(scope="module")
def published() -> dict[str, jsonschema.Draft202012Validator]:
    """Each is a schema itself."""
    for schema in schemas().values():
        jsonschema.Draft202012Validator.check_schema(schema)
    return {name: jsonschema.Draft202012Validator(schema) for name, schema in schemas().items()}


@pytest.mark.parametrize("name", ["dev", "local", "prod", "staging"])
def test_the_published_schemas_accept_what_the_loader_accepts(
    name: str, published: dict[str, jsonschema.Draft202012Validator]
) -> None:
    folder = REPO / "terraform/envs" / name
    published["platform"].validate(yaml.safe_load((folder / "platform.yaml").read_text()))
    for path in (folder / "blueprints").glob("*.yaml"):
        published["blueprint"].validate(yaml.safe_load(path.read_text()))


def test_no_address_of_aws_holds_a_variable_of_policies() -> None:
    """IAM would put something else in its place."""
    texts = Filler(Platform).texts | Filler(Blueprint, {".kind": "batch", ".model.source": "sagemaker"}).texts
    assert len(texts) > 20
    assert not [path for path, text in texts.items() if text.startswith("arn:")]
