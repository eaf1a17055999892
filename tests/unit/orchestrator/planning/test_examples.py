from __future__ import annotations

import json
from pathlib import Path

import pytest

from orchestrator.config import load
from orchestrator.planning import phases
from orchestrator.planning.examples import for_environment
from orchestrator.planning.values import example_model_version


@pytest.mark.parametrize("name", ["dev", "staging", "prod"])
def test_examples_have_the_names_of_the_planned_environment(repo: Path, name: str) -> None:
    environment, read = load(repo, name), phases.read(repo)
    examples = for_environment(phases.read_examples(repo, read), environment, "210987654321")
    text = json.dumps(examples)
    assert "local" not in text
    assert "123456789012" not in text
    assert examples["foundation"]["s3"]["bucket_name"] == f"mlops-{name}-data-210987654321-us-east-1"
    assert examples["data"]["glue"]["database_names"]["raw"] == f"mlops_{name}_raw"
    assert examples["inference"]["routes_prefix"] == f"/mlops/{name}/routes"


def test_an_example_model_is_in_the_example_bucket(repo: Path) -> None:
    environment = load(repo, "prod")
    examples = for_environment(phases.read_examples(repo, phases.read(repo)), environment, "210987654321")
    version = example_model_version(environment, "reviews", "210987654321")
    assert version["model_data_url"].startswith(f"s3://{examples['foundation']['s3']['bucket_name']}/")
