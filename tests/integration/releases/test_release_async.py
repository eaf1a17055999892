"""Releases of asynchronous endpoints: queued requests are answered by the old or the new version."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from typing import Any, ClassVar

import pytest

from tests.support.compute import wait_for
from tests.support.releases import GOOD, PATH, WRONG, Endpoint, Platform

pytestmark = [pytest.mark.emulator, pytest.mark.terraform]

SLOW = """
import json, time
def model_fn(folder): return json.load(open(folder + "/m.json"))
def input_fn(body, kind): return json.loads(body)
def predict_fn(request, model):
    time.sleep(request.get("seconds", 0))
    outputs = [{"label": model["labels"][i % 2], "score": 0.9} for i, _ in enumerate(request["inputs"])]
    return {"outputs": outputs, "model": {"training_job": model["job"]}}
def output_fn(answer, accept): return json.dumps(answer), "application/json"
"""
WEIGHT_AND_CAPTURE = [{"VariantPropertyType": "DesiredWeight"}, {"VariantPropertyType": "DataCaptureConfig"}]


class Queued(Endpoint):
    """Answers into the bucket, two requests at a time."""

    retain: ClassVar = {"all": True, "except": WEIGHT_AND_CAPTURE}

    def options(self) -> dict[str, Any]:
        place = f"s3://{self.platform.bucket}/{self.name}"
        output = {"S3OutputPath": f"{place}/output", "S3FailurePath": f"{place}/failures"}
        client = {"MaxConcurrentInvocationsPerInstance": 2}
        return {"AsyncInferenceConfig": {"OutputConfig": output, "ClientConfig": client}}

    def probe(self) -> dict[str, Any]:
        place = f"s3://{self.platform.bucket}/{self.name}/input/releases"
        return {"endpoint_name": self.name, "queue": {"input": place, "timeout_seconds": 30}}

    def send(self, seconds: float = 0.0) -> dict[str, Any]:
        body = json.dumps({"inputs": ["a"], "seconds": seconds}).encode()
        return dict(
            self.runtime.invoke_endpoint_async(EndpointName=self.name, Body=body, ContentType="application/json")
        )

    def answered_by(self, sent: dict[str, Any]) -> str:
        """Return the training job of the version that answered; fail if none did."""
        place = wait_for(lambda: self._location(sent), until=bool, seconds=60)
        assert place == sent["OutputLocation"], self._read(place)
        return str(json.loads(self._read(place))["model"]["training_job"])

    def _location(self, sent: dict[str, Any]) -> str:
        for place in (sent["OutputLocation"], sent["FailureLocation"]):
            try:
                self._read(place)
            except self.platform.aws("s3").exceptions.NoSuchKey:
                continue
            return str(place)
        return ""

    def _read(self, place: str) -> bytes:
        bucket, _, key = place.removeprefix("s3://").partition("/")
        return bytes(self.platform.aws("s3").get_object(Bucket=bucket, Key=key)["Body"].read())

    def instances(self, count: int | None = None) -> int:
        if count is not None:
            desired = [{"VariantName": "primary", "DesiredInstanceCount": count}]
            self.client.update_endpoint_weights_and_capacities(
                EndpointName=self.name, DesiredWeightsAndCapacities=desired
            )
        return int(self.describe()["ProductionVariants"][0]["CurrentInstanceCount"])


class Sender(threading.Thread):
    """Sends a request about every 50 ms, each of which takes a while."""

    def __init__(self, endpoint: Queued) -> None:
        super().__init__(daemon=True)
        self.endpoint = endpoint
        self.sent: list[dict[str, Any]] = []
        self.enough = threading.Event()

    def run(self) -> None:
        while not self.enough.wait(0.05):
            self.sent.append(self.endpoint.send(0.05))

    def __enter__(self) -> Sender:
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.enough.set()
        self.join(30)

    def jobs(self) -> list[str]:
        """Return the training jobs of the answers in the order of the requests, all of which were answered."""
        assert len(self.sent) > 10
        return [self.endpoint.answered_by(each) for each in self.sent]


@pytest.fixture
def endpoint(platform: Platform) -> Iterator[Queued]:
    made = Queued(platform)
    platform.told()
    yield made
    platform.sagemaker.delete_endpoint(EndpointName=made.name)
    platform.ssm.delete_parameter(Name=f"{PATH}/specs/{made.blueprint}")


@pytest.mark.full
def test_a_new_version_reaches_a_queue_and_every_request_is_answered(platform: Platform, endpoint: Queued) -> None:
    second = platform.version(GOOD, script=SLOW)
    platform.go_live(second)
    with Sender(endpoint) as sender:
        wait_for(lambda: len(sender.sent), until=lambda count: count > 5)
        done = endpoint.released()
        after = len(sender.sent)
        wait_for(lambda: len(sender.sent), until=lambda count: count > after + 5)
    jobs = sender.jobs()
    assert set(jobs) == {platform.job_of(endpoint.first), platform.job_of(second)}
    assert set(jobs[after:]) == {platform.job_of(second)}
    assert done["changed"] is True
    assert done["config_name"] == endpoint.describe()["EndpointConfigName"] == endpoint.named(second)
    config = endpoint.client.describe_endpoint_config(EndpointConfigName=endpoint.named(second))
    assert config["AsyncInferenceConfig"] == endpoint.options()["AsyncInferenceConfig"]
    record = endpoint.record()
    assert (record["status"], record["previous_config_name"]) == ("released", endpoint.launched)
    assert not endpoint.locked()


@pytest.mark.full
def test_a_wrong_version_is_rolled_back_and_loses_no_request(platform: Platform, endpoint: Queued) -> None:
    platform.go_live(platform.version(WRONG, script=SLOW))
    with Sender(endpoint) as sender:
        wait_for(lambda: len(sender.sent), until=lambda count: count > 5)
        ended = endpoint.release()
        after = len(sender.sent)
        wait_for(lambda: len(sender.sent), until=lambda count: count > after + 5)
    assert (ended["status"], ended["error"]) == ("FAILED", "ProbeFailed")
    assert "must be positive, got" in ended["cause"]
    assert set(sender.jobs()[after:]) == {platform.job_of(endpoint.first)}
    described = endpoint.describe()
    assert (described["EndpointStatus"], described["EndpointConfigName"]) == ("InService", endpoint.launched)
    record = endpoint.record()
    assert (record["status"], record["reason"]) == ("rolled-back", "ProbeFailed")


def test_a_version_that_does_not_start_leaves_the_queue_where_it_was(platform: Platform, endpoint: Queued) -> None:
    platform.go_live(platform.version(script="raise RuntimeError('no such weights')"))
    ended = endpoint.release()
    assert (ended["status"], ended["error"]) == ("FAILED", "UpdateRolledBack")
    assert "no such weights" in ended["cause"]
    assert endpoint.describe()["EndpointConfigName"] == endpoint.launched
    assert endpoint.record()["status"] == "rolled-back"
    assert endpoint.answered_by(endpoint.send()) == platform.job_of(endpoint.first)


def test_a_request_that_fails_in_the_container_rolls_the_version_back(platform: Platform, endpoint: Queued) -> None:
    failing = SLOW.replace("    time.sleep", "    raise RuntimeError('no such word')\n    time.sleep")
    platform.go_live(platform.version(script=failing))
    ended = endpoint.release()
    assert (ended["status"], ended["error"]) == ("FAILED", "ProbeFailed")
    assert "no such word" in ended["cause"]
    assert endpoint.answered_by(endpoint.send()) == platform.job_of(endpoint.first)


@pytest.mark.full
def test_what_waits_without_an_instance_is_answered_by_the_new_version(platform: Platform, endpoint: Queued) -> None:
    assert endpoint.instances(0) == 0
    waiting = [endpoint.send() for _ in range(3)]
    second = platform.version()
    platform.go_live(second)
    execution = platform.start(blueprint=endpoint.blueprint)
    assert platform.ended(execution)["status"] == "SUCCEEDED"
    assert "StartInstance" in platform.entered(execution)
    assert [endpoint.answered_by(each) for each in waiting] == [platform.job_of(second)] * 3
    assert endpoint.instances() == 1


def test_the_number_of_instances_stays_what_autoscaling_made_of_it(platform: Platform, endpoint: Queued) -> None:
    assert endpoint.instances(3) == 3
    platform.go_live(platform.version())
    endpoint.released()
    assert endpoint.instances() == 3
