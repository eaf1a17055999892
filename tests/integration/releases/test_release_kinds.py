"""Releases of serverless, multi-model and multi-container endpoints."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from typing import Any, ClassVar

import pytest

from tests.support.compute import tarred, wait_for
from tests.support.releases import PATH, SERVE, WRONG, Caller, Endpoint, Platform, arm

pytestmark = [pytest.mark.emulator, pytest.mark.terraform]

JUDGE = """
import json
def model_fn(folder): return json.load(open(folder + "/m.json"))
def input_fn(body, kind): return json.loads(body)
def predict_fn(request, model): return {"outputs": request["outputs"], "model": {"training_job": model["job"]}}
def output_fn(answer, accept): return json.dumps(answer), "application/json"
"""
"""Takes what another container says, and passes it on under its own name."""


class Serverless(Endpoint):
    sizes: ClassVar = {"ServerlessConfig": {"MemorySizeInMB": 1024, "MaxConcurrency": 5}}

    def model(self) -> dict[str, Any]:
        return {"Container": {"Environment": self.environment}}

    def probe(self) -> dict[str, Any]:
        return {"endpoint_name": self.name}


class ManyModels(Endpoint):
    """Its archives are named `general` (which is right) and `wrong`."""

    target = "general.tar.gz"

    def containers(self, version: dict[str, Any]) -> dict[str, Any]:
        s3, self.prefix = self.platform.aws("s3"), f"s3://{self.platform.bucket}/{self.name}/"
        for name, labels in (("general", ["positive", "negative"]), ("wrong", WRONG)):
            files = {"m.json": json.dumps({"job": f"{self.name}-{name}", "labels": labels}), "code/inference.py": SERVE}
            s3.put_object(Bucket=self.platform.bucket, Key=f"{self.name}/{name}.tar.gz", Body=tarred(files))
        return {"PrimaryContainer": {**version, "Mode": "MultiModel", "ModelDataUrl": self.prefix}}

    def model(self) -> dict[str, Any]:
        container = {"Environment": self.environment, "Mode": "MultiModel", "ModelDataUrl": self.prefix}
        return {**self.network, "Container": container}

    def probe(self) -> dict[str, Any]:
        return {**super().probe(), "target_model": self.target, "any_training_job": True}


class ManyContainers(Endpoint):
    """A version's container, and one behind it whose version is pinned."""

    mode = "Serial"

    def containers(self, version: dict[str, Any]) -> dict[str, Any]:
        self.pinned = self.platform.version(script=JUDGE if self.mode == "Serial" else SERVE)
        containers = [{"ContainerHostname": "primary", **version}, self.second()]
        return {"Containers": containers, "InferenceExecutionConfig": {"Mode": self.mode}}

    def second(self) -> dict[str, Any]:
        return {"ContainerHostname": "second", "ModelPackageName": self.pinned, "Environment": self.environment}

    def model(self) -> dict[str, Any]:
        first = {"ContainerHostname": "primary", "Environment": self.environment}
        execution = {"Mode": self.mode}
        return {**self.network, "Containers": [first, self.second()], "InferenceExecutionConfig": execution}

    def probe(self) -> dict[str, Any]:
        return {**super().probe(), "any_training_job": True}


class DirectContainers(ManyContainers):
    mode = "Direct"

    def probe(self) -> dict[str, Any]:
        return {"endpoint_name": self.name, "target_variant": "primary", "target_container": "primary"}


Launch = Callable[[type[Endpoint]], Any]


@pytest.fixture
def launch(platform: Platform) -> Iterator[Launch]:
    made: list[Endpoint] = []

    def launched(kind: type[Endpoint]) -> Endpoint:
        made.append(kind(platform))
        platform.told()
        return made[-1]

    yield launched
    for each in made:
        platform.sagemaker.delete_endpoint(EndpointName=each.name)
        platform.ssm.delete_parameter(Name=f"{PATH}/specs/{each.blueprint}")


# --- serverless ----------------------------------------------------------------------------------------------


def test_a_serverless_endpoint_gets_the_live_version_and_no_caller_notices(platform: Platform, launch: Launch) -> None:
    endpoint = launch(Serverless)
    second = platform.version()
    platform.go_live(second)
    with Caller(endpoint.runtime, endpoint.name) as caller:
        wait_for(lambda: caller.jobs, until=bool)
        done = endpoint.released()
        wait_for(lambda: caller.jobs, until=lambda jobs: jobs[-1:] == [platform.job_of(second)])
    assert caller.errors == []
    assert list(dict.fromkeys(caller.jobs)) == [platform.job_of(endpoint.first), platform.job_of(second)]
    assert done["config_name"] == endpoint.describe()["EndpointConfigName"] == endpoint.named(second)
    record = endpoint.record()
    assert (record["status"], record["previous_config_name"]) == ("released", endpoint.launched)
    assert not endpoint.locked()
    config = endpoint.client.describe_endpoint_config(EndpointConfigName=endpoint.named(second))
    assert config["ProductionVariants"][0]["ServerlessConfig"] == endpoint.sizes["ServerlessConfig"]
    model = endpoint.client.describe_model(ModelName=endpoint.named(second))
    assert "VpcConfig" not in model
    assert not model.get("EnableNetworkIsolation")


def test_a_wrong_serverless_version_is_rolled_back_and_no_call_fails(platform: Platform, launch: Launch) -> None:
    endpoint = launch(Serverless)
    platform.go_live(platform.version(WRONG))
    with Caller(endpoint.runtime, endpoint.name) as caller:
        wait_for(lambda: caller.jobs, until=bool)
        ended = endpoint.release()
        wait_for(lambda: caller.jobs, until=lambda jobs: jobs[-1:] == [platform.job_of(endpoint.first)])
    assert (ended["status"], ended["error"]) == ("FAILED", "ProbeFailed")
    assert caller.errors == []
    described = endpoint.describe()
    assert (described["EndpointStatus"], described["EndpointConfigName"]) == ("InService", endpoint.launched)
    assert (endpoint.record()["status"], endpoint.record()["reason"]) == ("rolled-back", "ProbeFailed")


@pytest.mark.full
def test_a_serverless_container_that_does_not_start_is_left_again(platform: Platform, launch: Launch) -> None:
    endpoint = launch(Serverless)
    platform.go_live(platform.version(script="raise RuntimeError('no such weights')"))
    ended = endpoint.release()
    assert ended["status"] == "FAILED"
    assert "no such weights" in ended["cause"]
    assert endpoint.describe()["EndpointConfigName"] == endpoint.launched
    assert endpoint.record()["status"] == "rolled-back"
    body = endpoint.runtime.invoke_endpoint(EndpointName=endpoint.name, ContentType="application/json", Body=REQUEST)
    assert json.loads(body["Body"].read())["model"]["training_job"] == platform.job_of(endpoint.first)


@pytest.mark.full
def test_a_silent_rollback_of_a_serverless_endpoint_is_seen(platform: Platform, launch: Launch, emulator: Any) -> None:
    endpoint = launch(Serverless)
    kind = "endpoint-update-rolls-back"
    arm(emulator, {"kind": kind, "service": "sagemaker", "resource": endpoint.name, "count": 1})
    second = platform.version()
    platform.go_live(second)
    ended = endpoint.release()
    assert (ended["status"], ended["error"]) == ("FAILED", "UpdateRolledBack")
    assert f"kept {endpoint.name} on {endpoint.launched} and gives no reason" in ended["cause"]
    assert endpoint.record()["status"] == "rolled-back"
    assert endpoint.released()["config_name"] == endpoint.named(second)


@pytest.mark.full
def test_other_sizes_of_the_same_serverless_version_are_a_release(platform: Platform, launch: Launch) -> None:
    endpoint = launch(Serverless)
    endpoint.sizes = {"ServerlessConfig": {"MemorySizeInMB": 2048, "MaxConcurrency": 7, "ProvisionedConcurrency": 1}}
    endpoint.specify(digest="33333333")
    assert endpoint.released()["changed"] is True
    name = endpoint.named(endpoint.first, "33333333")
    described = endpoint.client.describe_endpoint_config(EndpointConfigName=name)["ProductionVariants"][0]
    assert described["ServerlessConfig"] == endpoint.sizes["ServerlessConfig"]
    assert endpoint.released()["changed"] is False


# --- many models, many containers ----------------------------------------------------------------------------

REQUEST = b'{"inputs": ["a"]}'


def ask(endpoint: Endpoint, **target: str) -> str:
    """Return the training job of the version that answers."""
    answer = endpoint.runtime.invoke_endpoint(
        EndpointName=endpoint.name, ContentType="application/json", Body=REQUEST, **target
    )
    return str(json.loads(answer["Body"].read())["model"]["training_job"])


@pytest.mark.full
def test_many_models_get_another_container_and_stay_where_they_are(platform: Platform, launch: Launch) -> None:
    endpoint = launch(ManyModels)
    second = platform.version()
    platform.go_live(second)
    assert endpoint.released()["config_name"] == endpoint.named(second)
    container = endpoint.client.describe_model(ModelName=endpoint.named(second))["PrimaryContainer"]
    assert (container["Mode"], container["ModelDataUrl"]) == ("MultiModel", endpoint.prefix)
    assert ask(endpoint, TargetModel="general.tar.gz") == f"{endpoint.name}-general"
    assert ask(endpoint, TargetModel="wrong.tar.gz") == f"{endpoint.name}-wrong"
    # A model that is added needs no release.
    files = {"m.json": json.dumps({"job": "added", "labels": ["positive", "negative"]}), "code/inference.py": SERVE}
    key = f"{endpoint.name}/added.tar.gz"
    platform.aws("s3").put_object(Bucket=platform.bucket, Key=key, Body=tarred(files))
    assert ask(endpoint, TargetModel="added.tar.gz") == "added"


@pytest.mark.full
def test_the_default_of_many_models_is_what_is_probed(platform: Platform, launch: Launch) -> None:
    endpoint = launch(ManyModels)
    endpoint.target = "wrong.tar.gz"
    endpoint.specify(digest="44444444")
    ended = endpoint.release()
    assert (ended["status"], ended["error"]) == ("FAILED", "ProbeFailed")
    assert endpoint.describe()["EndpointConfigName"] == endpoint.launched
    assert endpoint.record()["status"] == "rolled-back"


@pytest.mark.full
def test_the_first_of_a_series_is_the_versions_and_the_others_stay(platform: Platform, launch: Launch) -> None:
    endpoint = launch(ManyContainers)
    second = platform.version()
    platform.go_live(second)
    assert endpoint.released()["config_name"] == endpoint.named(second)
    model = endpoint.client.describe_model(ModelName=endpoint.named(second))
    version = endpoint.client.describe_model_package(ModelPackageName=second)
    url = version["InferenceSpecification"]["Containers"][0]["ModelDataUrl"]
    assert url.startswith(f"s3://{platform.bucket}/artifacts/models/registered/")
    first, other = model["Containers"]
    assert (first["ContainerHostname"], first["ModelDataUrl"]) == ("primary", url)
    assert (other["ContainerHostname"], other["ModelPackageName"]) == ("second", endpoint.pinned)
    assert model["InferenceExecutionConfig"] == {"Mode": "Serial"}
    assert ask(endpoint) == platform.job_of(endpoint.pinned)


@pytest.mark.full
def test_another_pin_of_another_container_is_a_release(platform: Platform, launch: Launch) -> None:
    endpoint = launch(ManyContainers)
    endpoint.pinned = platform.version(script=JUDGE)
    endpoint.specify(digest="55555555")
    assert endpoint.released()["changed"] is True
    assert ask(endpoint) == platform.job_of(endpoint.pinned)


@pytest.mark.full
def test_a_container_that_is_invoked_by_name_returns_its_version(platform: Platform, launch: Launch) -> None:
    endpoint = launch(DirectContainers)
    second = platform.version()
    platform.go_live(second)
    endpoint.released()
    assert ask(endpoint, TargetContainerHostname="primary") == platform.job_of(second)
    assert ask(endpoint, TargetContainerHostname="second") == platform.job_of(endpoint.pinned)
    platform.go_live(platform.version(WRONG))
    assert endpoint.release()["error"] == "ProbeFailed"
    assert ask(endpoint, TargetContainerHostname="primary") == platform.job_of(second)
