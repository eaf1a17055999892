"""Approval by a person: the real pipeline from its registration on, with decisions by the orchestrator.

What training leaves is given; candidate, probe, live version and release are real.
"""

from __future__ import annotations

import copy
import json
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest

from orchestrator import pipeline
from orchestrator.aws.client import Aws
from orchestrator.aws.model import Cloud
from orchestrator.core.local_access import LocalAccess
from orchestrator.errors import PlatformError, ReleaseFailed
from orchestrator.pipeline.model import Decision, Verb
from orchestrator.registry.model import Group
from tests.integration.pipelines.test_quality_gate import PIPELINE, planned
from tests.support import keys
from tests.support.compute import ROLE, unique, wait_for
from tests.support.process import Emulator
from tests.support.releases import CASES, GOOD, PATH, PREFIX, SERVE, Endpoint, Platform
from tests.terraform.conftest import Terraform

pytestmark = [pytest.mark.emulator, pytest.mark.terraform, pytest.mark.full]

VERDICT = {
    "summary": "accuracy 0.81, f1 0.8",
    "metrics": {"accuracy": 0.81, "f1": 0.8},
    "properties": {"metric:accuracy": "0.81", "metric:f1": "0.8"},
    "metric_data": [{"MetricName": "accuracy", "Unit": "None", "Value": 0.81}],
}
REPORT = "artifacts/evaluations/any/run"


class Approvals:
    """The pipeline of an environment in which a person approves."""

    def __init__(self, platform: Platform, cloud: Cloud, terraform: Terraform) -> None:
        self.platform, self.cloud = platform, cloud
        name = platform.group.removeprefix(f"{PREFIX}-")
        self.group = Group(
            "test", name, platform.group, platform.live, f"/mlops/test/approvals/{name}", f"{PREFIX}-training"
        )
        functions = platform.aws("lambda").list_functions()["Functions"]
        probe = next(each["FunctionArn"] for each in functions if "probe" in each["FunctionName"])
        key = platform.aws("kms").create_key()["KeyMetadata"]["Arn"]
        variables = {
            "kms_key_arns": {"data": key, "models": key, "logs": key},
            "topic_arn": platform.topic,
            "bucket_name": platform.bucket,
            "poll_seconds": 1,
            "golden": json.loads(CASES),
            "release_machine_arn": platform.machine,
            "function_arns": {
                "data_validation": "none",
                "endpoint_probe": probe,
                "model_artifacts": platform.artifacts,
            },
            "training": {
                "role_arn": ROLE,
                "endpoint_role_arn": ROLE,
                "image_uri": "sklearn",
                "source_uri": "s3://b/code.tar.gz",
                "approval": "manual",
            },
            "registry": {"group_name": platform.group, "live_parameter_name": platform.live},
        }
        rendered = planned(terraform, PIPELINE, "training.tftest.hcl", "aws_sfn_state_machine", variables)
        self.definition = json.loads(rendered["definition"])
        platform.aws("s3").put_object(
            Bucket=platform.bucket, Key=f"{REPORT}/verdict.json", Body=json.dumps(VERDICT).encode()
        )
        # Under its own name it takes versions that no execution waits for.
        self.machine = self._machine(f"{PREFIX}-training", self.definition)
        self.trained = self._machine(unique("trained"), {**self.definition, "StartAt": "PrepareRegistration"})

    def _machine(self, name: str, definition: dict[str, Any]) -> str:
        states = self.platform.states
        made = states.create_state_machine(name=name, definition=json.dumps(definition), roleArn=ROLE)
        return str(made["stateMachineArn"])

    def impatient(self) -> str:
        """Return a machine that is the same except for its timeouts."""
        definition = copy.deepcopy(self.definition)
        definition["States"]["AwaitApproval"]["TimeoutSeconds"] = 1
        return self._machine(unique("impatient"), {**definition, "StartAt": "PrepareRegistration"})

    def start(self, machine: str | None = None) -> str:
        """Start an execution with a trained model; return it once it waits."""
        run_id = unique("run")
        job = f"{PREFIX}-{run_id}"
        archive = self.platform.registered(
            job, {"m.json": json.dumps({"job": job, "labels": GOOD}), "code/inference.py": SERVE}
        )
        left = {
            "run_id": run_id,
            "training_job": job,
            "candidate": f"{PREFIX}-candidate-{run_id}",
            "training": {"arn": f"arn:aws:sagemaker:us-east-1:123456789012:training-job/{job}"},
            "data": {"data_fingerprint": "0" * 64},
            "artifact": {**archive, "image": "sklearn"},
            "plan": {"report_key": REPORT},
            "evaluation": {"verdict": VERDICT},
        }
        machine = machine or self.trained
        execution = self.platform.states.start_execution(stateMachineArn=machine, input=json.dumps(left))
        return str(execution["executionArn"])

    def waiting(self, execution: str) -> int:
        """Return the number of the version that this execution waits for."""
        versions = wait_for(
            lambda: [each for each in pipeline.pending(self.cloud, [self.group]) if each.execution_arn == execution],
            until=bool,
        )
        return int(versions[0].number)

    def decide(self, verb: Verb, number: int | None = None, comment: str = "") -> Decision:
        return pipeline.decide(self.cloud, self.group, number, verb, comment=comment, on_event=lambda event: None)

    def described(self, number: int) -> dict[str, Any]:
        arn = f"arn:aws:sagemaker:us-east-1:123456789012:model-package/{self.group.full_name}/{number}"
        return dict(self.platform.sagemaker.describe_model_package(ModelPackageName=arn))

    def live(self) -> dict[str, Any]:
        return dict(json.loads(self.platform.ssm.get_parameter(Name=self.platform.live)["Parameter"]["Value"]))

    def tokens(self) -> list[dict[str, Any]]:
        return list(self.platform.ssm.get_parameters_by_path(Path=self.group.tokens)["Parameters"])


@pytest.fixture(scope="module")
def approvals(platform: Platform, emulator: Emulator, mocked_terraform: Terraform) -> Approvals:
    access = keys.of(emulator.endpoint)
    local = LocalAccess(emulator.endpoint, access.access_key_id, access.secret_access_key)
    return Approvals(platform, Aws("us-east-1", local), mocked_terraform)


@pytest.fixture
def endpoint(platform: Platform) -> Iterator[Endpoint]:
    made = Endpoint(platform)
    platform.told()
    yield made
    platform.sagemaker.delete_endpoint(EndpointName=made.name)
    platform.ssm.delete_parameter(Name=f"{PATH}/specs/{made.blueprint}")


def test_an_approved_version_goes_live_and_reaches_the_endpoint(approvals: Approvals, endpoint: Endpoint) -> None:
    platform = approvals.platform
    execution = approvals.start()
    number = approvals.waiting(execution)
    [token] = wait_for(approvals.tokens, until=bool)
    assert (token["Name"], token["Type"]) == (f"{approvals.group.tokens}/{number}", "SecureString")
    [notice] = platform.told(approvals.group.name)
    assert "(accuracy 0.81, f1 0.8) waits" in notice
    assert f"`orchestrator release approve test {approvals.group.name} --version {number}`" in notice
    assert approvals.live()["model_package_arn"] == endpoint.first

    done = approvals.decide("approve", comment="looks good")
    assert (done.number, done.repeated, done.execution_arn) == (number, False, execution)
    assert [(each.blueprint, each.config_name) for each in done.releases] == [
        (endpoint.blueprint, endpoint.named(done.arn))
    ]
    assert endpoint.describe()["EndpointConfigName"] == endpoint.named(done.arn)
    assert approvals.live()["model_package_arn"] == done.arn
    described = approvals.described(number)
    assert described["ModelLifeCycle"]["Stage"] == "Production"
    assert described["ApprovalDescription"].startswith("Approved by arn:aws:")
    assert described["ApprovalDescription"].endswith(": looks good")
    assert approvals.tokens() == []
    # Once more: nothing is started, nothing changes.
    again = approvals.decide("approve", number)
    assert (again.repeated, again.execution_arn, again.releases) == (True, None, ())

    # And back, as after any release.
    back = endpoint.released(model_version=endpoint.first)
    assert back["config_name"] == endpoint.launched == endpoint.describe()["EndpointConfigName"]


def test_a_token_decides_nothing_and_a_rejected_version_never_goes_live(approvals: Approvals) -> None:
    execution = approvals.start()
    number = approvals.waiting(execution)
    [token] = wait_for(approvals.tokens, until=bool)
    value = approvals.platform.ssm.get_parameter(Name=token["Name"], WithDecryption=True)["Parameter"]["Value"]
    approvals.platform.states.send_task_success(taskToken=value, output='{"status": "Approved"}')
    other = wait_for(approvals.tokens, until=lambda result: result[0]["Value"] != token["Value"])
    assert len(other) == 1, "an execution that is woken without a decision waits again"
    assert approvals.waiting(execution) == number

    done = approvals.decide("reject", number, "worse on long texts")
    assert done.execution_arn == execution
    ended = approvals.platform.ended(execution)
    assert (ended["status"], ended["error"]) == ("FAILED", "VersionRejected")
    assert "PrepareCandidate" not in approvals.platform.entered(execution)
    with pytest.raises(PlatformError, match=rf"version {number} .* is already rejected \(Rejected by .*worse on long"):
        approvals.decide("approve", number)
    assert approvals.decide("reject", number).repeated


def test_a_version_without_a_decision_is_rejected_in_the_end(approvals: Approvals) -> None:
    approvals.platform.told()
    ended = approvals.platform.ended(approvals.start(approvals.impatient()))
    assert (ended["status"], ended["error"]) == ("FAILED", "ApprovalExpired")
    number = int(ended["cause"].split("/", 1)[1].split("/", 1)[1].split(" ", 1)[0])
    assert approvals.described(number)["ModelApprovalStatus"] == "Rejected"
    assert approvals.platform.told("failed with ApprovalExpired")
    assert pipeline.pending(approvals.cloud, [approvals.group]) == ()


def test_a_version_whose_execution_is_gone_can_still_be_approved(approvals: Approvals) -> None:
    execution = approvals.start()
    number = approvals.waiting(execution)
    wait_for(approvals.tokens, until=bool)
    assert pipeline.stop_all(approvals.cloud, approvals.trained) == 1
    assert approvals.platform.ended(execution)["status"] == "ABORTED"
    [left] = pipeline.pending(approvals.cloud, [approvals.group])
    assert (left.number, left.execution_arn) == (number, None)
    done = approvals.decide("approve")
    assert str(done.execution_arn).split(":")[-2] == f"{PREFIX}-training"
    assert approvals.live()["model_package_arn"] == done.arn == left.arn
    assert approvals.live()["metrics"] == {"accuracy": 0.81, "f1": 0.8}


def test_a_version_from_elsewhere_requires_the_same_metadata(approvals: Approvals) -> None:
    number = int(approvals.platform.version(status="PendingManualApproval").rsplit("/", 1)[1])
    before = approvals.live()
    with pytest.raises(
        ReleaseFailed, match=r"VersionRefused: .* Needed is an approved version .* and model_files_sha256"
    ):
        approvals.decide("approve", number)
    assert approvals.live() == before
    # Without approval it is not accepted either, whatever starts the machine.
    pending = approvals.platform.version(status="PendingManualApproval")
    for document, cause in (
        ({"model_package_arn": pending}, "cannot go live: it is PendingManualApproval"),
        ({"model_package_arn": "arn:aws:sagemaker:us-east-1:123456789012:model-package/other/1"}, "The input needs"),
        ({"dataset": "reviews", "hyperparameters": {}, "approval": "auto"}, "this environment's is manual"),
    ):
        given = json.dumps({"run_id": unique("run"), **document})
        execution = approvals.platform.states.start_execution(stateMachineArn=approvals.machine, input=given)
        ended = approvals.platform.ended(execution["executionArn"])
        assert (ended["status"], cause in ended["cause"]) == ("FAILED", True), ended


def test_a_version_that_was_evaluated_elsewhere_goes_live_without_metrics(approvals: Approvals) -> None:
    platform, job = approvals.platform, unique("job")
    made = platform.registered(job, {"m.json": json.dumps({"job": job, "labels": GOOD}), "code/inference.py": SERVE})
    properties = {
        "training_job": job,
        "data_fingerprint": "0" * 64,
        "model_sha256": made["sha256"],
        "model_files_sha256": made["files_sha256"],
    }
    version = platform.described(made["model_data_url"], properties, "PendingManualApproval")
    done = approvals.decide("approve", int(version.rsplit("/", 1)[1]))
    assert approvals.live()["model_package_arn"] == done.arn == version
    assert approvals.live()["metrics"] == {}
    assert "PublishMetrics" not in platform.entered(str(done.execution_arn))


def test_nothing_waits_for_a_group_that_is_not_deployed(approvals: Approvals) -> None:
    nowhere = replace(approvals.group, name="nowhere", full_name=f"{PREFIX}-nowhere")
    assert pipeline.pending(approvals.cloud, [nowhere]) == ()
