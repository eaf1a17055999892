"""What `synth` writes for a dataset and for a training."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from orchestrator.blueprints import synth
from orchestrator.config.model.platform import Described
from tests.fakes.trained import environment
from tests.unit.orchestrator.blueprints.stacks import REPO

ENVIRONMENT = environment()


def written(folder: Path, file: Described) -> dict[str, Any]:
    synth(ENVIRONMENT, file, folder, REPO)
    document: dict[str, Any] = json.loads((folder / "cdk.tf.json").read_text(encoding="utf-8"))
    return document


@pytest.fixture(scope="module")
def dataset(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    return written(tmp_path_factory.mktemp("dataset"), ENVIRONMENT.datasets[0])


@pytest.fixture(scope="module")
def training(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    return written(tmp_path_factory.mktemp("training"), ENVIRONMENT.trainings[0])


def test_a_dataset_passes_its_whole_specification_and_its_rules(dataset: dict[str, Any]) -> None:
    settings = dataset["module"]["etl"]["dataset"]
    assert json.loads(settings["spec"]) == ENVIRONMENT.datasets[0].model_dump(mode="json")
    assert settings["quality_rules"][:2] == ["RowCount > 0", 'IsPrimaryKey "row_id"']
    assert set(dataset["variable"]) == {"context", "provider_options", "foundation", "data", "packages"}
    assert set(dataset["output"]) == {"dataset"}


def test_the_role_of_a_dataset_is_limited_to_its_folders(dataset: dict[str, Any]) -> None:
    granted = dataset["module"]["s3_access"]
    for right in ("read", "write", "delete"):
        assert granted[right]
        assert all(folder.endswith("/diabetes") for folder in granted[right])


def test_a_source_elsewhere_comes_with_the_right_to_read_it(tmp_path: Path) -> None:
    source = {"type": "s3", "external": "exports", "prefix": "hearts/"}
    sources = {"exports": {"bucket": "hospital-exports", "prefixes": ["hearts/"]}}
    built = environment({"source": source}, sources=sources)
    synth(built, built.datasets[0], tmp_path, REPO)
    etl = json.loads((tmp_path / "cdk.tf.json").read_text(encoding="utf-8"))["module"]["etl"]
    assert etl["dataset"]["raw"] == '${var.data.data_sources.buckets["exports"]}'
    assert etl["policy_documents"]["sources"] == "${var.data.data_sources.policy_documents.sources}"


def test_the_own_folder_of_raw_data_comes_with_no_further_right(dataset: dict[str, Any]) -> None:
    assert "raw" not in dataset["module"]["etl"]["dataset"]
    assert set(dataset["module"]["etl"]["policy_documents"]) == {"bucket"}


def test_a_training_works_on_its_dataset(training: dict[str, Any]) -> None:
    pipeline = training["module"]["pipeline"]
    assert (pipeline["name"], pipeline["dataset"]) == ("progression", "diabetes")
    assert pipeline["glue"]["job_name"] == "${var.dataset.job_name}"
    assert pipeline["glue"]["raw_elsewhere"] == "${var.dataset.raw_elsewhere}"
    assert pipeline["evaluation"]["gate"]["metric"] == "rmse"
    assert (
        pipeline["evaluation"]["spec_uri"]
        == '${format("s3://%s/%s", var.foundation.s3.bucket_name, var.dataset.spec_key)}'
    )
    assert training["module"]["jobs"]["image"]["repository"] == "sagemaker-scikit-learn"
    assert training["module"]["jobs"]["package"] == '${var.packages["model_progression"]}'
    assert list(training["module"]["registry"]["groups"]) == ["progression"]


def test_the_endpoint_of_an_own_group_names_it_without_the_foundation(tmp_path: Path) -> None:
    document = written(tmp_path, ENVIRONMENT.blueprints[0])
    group = document["module"]["endpoint"]["model_group"]
    assert group == {"key": "progression", "name": '${format("%s-%s", var.context.name_prefix, "progression")}'}
