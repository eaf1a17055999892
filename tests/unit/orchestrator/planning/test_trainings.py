"""Stacks and steps of datasets and trainings."""

from __future__ import annotations

from pathlib import Path

import pytest

from orchestrator.planning import graph as graphs
from orchestrator.planning import phases, plans, steps
from orchestrator.planning.graph import Graph
from orchestrator.planning.values import Facts, file_of, tfvars
from tests.fakes.trained import environment

REPO = Path(__file__).resolve().parents[4]
ENVIRONMENT = environment()


@pytest.fixture(scope="module")
def graph() -> Graph:
    return graphs.build(phases.read(REPO), ENVIRONMENT)


def test_a_model_is_trained_on_its_dataset_and_served_after_it(graph: Graph) -> None:
    dataset, training = graph.stack("dataset-diabetes"), graph.stack("training-progression")
    assert (dataset.phase, dataset.needs, dataset.output) == ("data", ("foundation", "data"), "dataset")
    assert (training.phase, training.output) == ("models", "training")
    assert training.needs == ("foundation", "data", "models", "dataset-diabetes")
    assert graph.stack("blueprint-progression").needs == ("foundation", "inference", "training-progression")
    assert [file_of(ENVIRONMENT, stack).kind for stack in (dataset, training)] == ["dataset", "training"]


def test_a_training_gets_what_its_dataset_publishes(graph: Graph) -> None:
    outputs = {name: {"of": name} for name in ("foundation", "data", "models", "dataset-diabetes")}
    values = tfvars(ENVIRONMENT, graph.stack("training-progression"), Facts("123456789012", True, outputs=outputs))
    assert values["dataset"] == {"of": "dataset-diabetes"}
    assert "dataset-diabetes" not in values


def test_a_deployment_trains_between_the_stack_and_the_endpoint(graph: Graph) -> None:
    planned = {step.name: step for step in plans.deploy(ENVIRONMENT, graph).steps}
    train = planned["train progression"]
    assert isinstance(train, steps.RunPipeline)
    assert (train.needs, train.groups, train.training) == (
        ("policy", "training-progression"), ("progression",), "progression",
    )  # fmt: skip
    assert train.has_data, "the dataset has a sample, which a local environment uploads"
    assert "train progression" in planned["blueprint-progression"].needs
    assert "pipeline" not in planned["blueprint-progression"].needs


def test_versions_are_removed_after_the_endpoints_and_before_their_group(graph: Graph) -> None:
    planned = {step.name: step for step in plans.destroy(ENVIRONMENT, graph).steps}
    removal = planned["model versions of progression"]
    assert set(removal.needs) == {"stop progression", "blueprint-progression"}
    assert removal.name in planned["training-progression"].needs
    assert "training-progression" in planned["dataset-diabetes"].needs


def test_a_training_is_run_on_request_whether_or_not_its_model_is_live(graph: Graph) -> None:
    *_, run = plans.train(ENVIRONMENT, graph, "progression").steps
    assert isinstance(run, steps.RunPipeline)
    assert (run.needs, run.force, run.training) == (("state",), True, "progression")
