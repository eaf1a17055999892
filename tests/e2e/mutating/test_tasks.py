"""Tasks of users beside the sample: regression, ten classes, trees with missing values; all in one environment."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest

from tests.e2e.read_only.test_api import Api, bearer
from tests.support import shared_platform, tasks
from tests.support.shared_platform import Deployed

pytestmark = [pytest.mark.emulator, pytest.mark.terraform, pytest.mark.full]

TASKS = ("diabetes", "digits", "cars")


@pytest.fixture(scope="module")
def deployed(tmp_path_factory: pytest.TempPathFactory) -> Deployed:
    """The platform with the tasks besides: their own files only, nothing else is edited."""
    checkout = shared_platform.wait().checkout
    for name in TASKS:
        tasks.add(checkout.folder, name, tmp_path_factory.mktemp(name))
    done = checkout.orchestrator("deploy", "local", timeout=900)
    assert done.returncode == 0, (done.stdout + done.stderr)[-6000:]
    return Deployed(checkout)


@pytest.fixture(scope="module")
def ask(deployed: Deployed) -> Callable[..., tuple[int, Any]]:
    api = Api(deployed)
    key = bearer(api.key("default"))
    return lambda path, value: api.ask(path, {"inputs": [value]}, key)


@pytest.mark.parametrize("name", TASKS)
def test_a_task_is_trained_registered_and_served(deployed: Deployed, name: str) -> None:
    result = deployed.result
    pipeline = result["trainings"][name]
    assert pipeline["status"] == "SUCCEEDED"
    assert {step["status"] for step in pipeline["steps"]} == {"ok"}
    assert f":model-package/mlops-local-{name}/" in pipeline["model_package_arn"]
    probes = [probe for probe in result["smoke"] if probe["blueprint"] == name]
    assert probes
    assert {probe["status"] for probe in probes} == {"ok"}


def test_each_task_is_measured_by_its_own_metrics(deployed: Deployed) -> None:
    metrics = {name: deployed.result["trainings"][name]["metrics"] for name in TASKS}
    assert metrics["diabetes"]["rmse"] < 70
    assert metrics["digits"]["f1"] > 0.9
    assert metrics["cars"]["accuracy"] > 0.85


def test_a_worse_candidate_is_refused_with_both_numbers(deployed: Deployed) -> None:
    checkout = deployed.checkout
    file = checkout.folder / tasks.ENVIRONMENT / "trainings/diabetes.yaml"
    text = file.read_text(encoding="utf-8")
    try:
        # It would still pass the threshold.
        file.write_text(
            text.replace('alpha: "0.1"', 'alpha: "600"').replace("threshold: 70", "threshold: 200"), "utf-8"
        )
        assert checkout.orchestrator("deploy", "local").returncode == 0
        done = checkout.orchestrator("pipeline", "run", "local", "diabetes", "--json")
        assert done.returncode == 9
        error = json.loads(done.stdout)["error"]["message"]
        assert "rmse" in error
        shown = checkout.orchestrator("pipeline", "show", "local", "diabetes", "--json")
        assert json.loads(shown.stdout)["model_package_arn"] is None
    finally:
        file.write_text(text, encoding="utf-8")


def test_executions_are_listed(deployed: Deployed) -> None:
    listed = deployed.checkout.orchestrator("pipeline", "list", "local", "diabetes", "--json")
    assert [each["status"] for each in json.loads(listed.stdout)][-1] == "SUCCEEDED"
