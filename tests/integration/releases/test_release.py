"""Releases: the real state machine as its Terraform renders it, on endpoints with real servers.

The endpoint is called all the time. Versions differ in the training job that their answers name.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from typing import Any

import pytest

from tests.support.compute import tarred, unique, wait_for
from tests.support.releases import AT_ONCE, PATH, PREFIX, SERVE, WRONG, Caller, Endpoint, Platform, arm

pytestmark = [pytest.mark.emulator, pytest.mark.terraform]


@pytest.fixture
def endpoint(platform: Platform) -> Iterator[Endpoint]:
    made = Endpoint(platform)
    platform.told()
    yield made
    platform.sagemaker.delete_endpoint(EndpointName=made.name)
    platform.ssm.delete_parameter(Name=f"{PATH}/specs/{made.blueprint}")


def test_a_new_live_version_replaces_the_old_one_and_no_caller_notices(platform: Platform, endpoint: Endpoint) -> None:
    second = platform.version()
    platform.go_live(second)
    with Caller(endpoint.runtime, endpoint.name) as caller:
        done = endpoint.released()
        wait_for(lambda: caller.jobs, until=lambda jobs: jobs[-1:] == [platform.job_of(second)])
    assert caller.errors == []
    # Once the new version has answered, the old one never does again.
    assert list(dict.fromkeys(caller.jobs)) == [platform.job_of(endpoint.first), platform.job_of(second)]
    assert done["changed"] is True
    assert done["config_name"] == endpoint.describe()["EndpointConfigName"] == endpoint.named(second)
    assert done["previous_config_name"] == endpoint.launched
    record = endpoint.record()
    kept = ("status", "config_name", "model_package_arn", "asked", "previous_config_name")
    assert [record[key] for key in kept] == ["released", endpoint.named(second), second, False, endpoint.launched]
    assert record["execution_arn"].split(":")[-2] == f"{PREFIX}-release"
    assert not endpoint.locked()
    assert [json.loads(message)["config_name"] for message in platform.told(endpoint.blueprint)] == [
        endpoint.named(second)
    ]


def test_a_running_version_is_not_released_again(platform: Platform, endpoint: Endpoint) -> None:
    before = endpoint.describe()["LastModifiedTime"]
    execution = platform.start(blueprint=endpoint.blueprint)
    assert json.loads(platform.ended(execution)["output"])["changed"] is False
    assert "UpdateEndpoint" not in platform.entered(execution)
    record = endpoint.record()  # not reported before
    assert (record["status"], record["config_name"]) == ("released", endpoint.launched)
    again = platform.start(blueprint=endpoint.blueprint)
    assert json.loads(platform.ended(again)["output"])["changed"] is False
    assert "ConfirmRecord" not in platform.entered(again)
    assert endpoint.record() == record
    assert endpoint.describe()["LastModifiedTime"] == before
    assert platform.told() == []
    assert not endpoint.locked()


def test_another_size_of_the_same_version_is_a_release(platform: Platform, endpoint: Endpoint) -> None:
    key = "arn:aws:kms:us-east-1:123456789012:key/22222222-2222-2222-2222-222222222222"
    capture = {
        "EnableCapture": True,
        "InitialSamplingPercentage": 50,
        "DestinationS3Uri": f"s3://{platform.bucket}/captured",
        "CaptureOptions": [{"CaptureMode": "Input"}],
    }
    endpoint.specify(digest="11111111", KmsKeyId=key, DataCaptureConfig=capture)
    assert endpoint.released()["changed"] is True
    name = endpoint.named(endpoint.first, "11111111")
    config = endpoint.client.describe_endpoint_config(EndpointConfigName=name)
    assert (config["KmsKeyId"], config["DataCaptureConfig"]) == (key, capture)
    assert [variant["ModelName"] for variant in config["ProductionVariants"]] == [name]
    model = endpoint.client.describe_model(ModelName=name)
    assert model["EnableNetworkIsolation"] is True
    assert model["VpcConfig"] == {"Subnets": ["subnet-1"], "SecurityGroupIds": ["sg-1"]}
    described = endpoint.client.describe_model_package(ModelPackageName=endpoint.first)
    files = {"MODEL_FILES_SHA256": described["CustomerMetadataProperties"]["model_files_sha256"]}
    assert model["PrimaryContainer"]["Environment"] == {**endpoint.environment, **files}


def test_a_replaced_archive_is_not_released(platform: Platform, endpoint: Endpoint) -> None:
    """The bytes of the live version differ from those that were registered."""
    second = platform.version()
    package = endpoint.client.describe_model_package(ModelPackageName=second)
    url = package["InferenceSpecification"]["Containers"][0]["ModelDataUrl"]
    other = tarred({"m.json": "{}", "code/inference.py": SERVE})
    platform.aws("s3").put_object(Bucket=platform.bucket, Key=url.split("/", 3)[3], Body=other)
    platform.go_live(second)
    ended = endpoint.release()
    assert (ended["status"], ended["error"]) == ("FAILED", "ArtifactChanged")
    assert package["CustomerMetadataProperties"]["model_sha256"] in ended["cause"]
    assert hashlib.sha256(other).hexdigest() in ended["cause"]
    assert endpoint.describe()["EndpointConfigName"] == endpoint.launched
    assert endpoint.record()["status"] == "failed"
    assert not endpoint.locked()


def test_a_version_without_a_hash_or_stored_elsewhere_is_not_released(platform: Platform, endpoint: Endpoint) -> None:
    made = platform.registered(unique("job"), {"m.json": "{}", "code/inference.py": SERVE})
    silent = platform.described(made["model_data_url"], {"training_job": "x"})
    refused = endpoint.release(model_version=silent)
    assert (refused["status"], refused["error"]) == ("FAILED", "VersionRefused")
    assert "does not say the sha256 of its archive" in refused["cause"]
    # A principal that may approve versions may change their metadata, and write elsewhere.
    key = "experiments/ml-engineer/model.tar.gz"
    body = tarred({"m.json": "{}", "code/inference.py": SERVE})
    platform.aws("s3").put_object(Bucket=platform.bucket, Key=key, Body=body)
    hashes = {"model_sha256": hashlib.sha256(body).hexdigest(), "model_files_sha256": made["files_sha256"]}
    moved = platform.described(f"s3://{platform.bucket}/{key}", {"training_job": "x", **hashes})
    ended = endpoint.release(model_version=moved)
    assert (ended["status"], ended["error"]) == ("FAILED", "ArtifactChanged")
    assert "is not where the archive" in ended["cause"]
    assert endpoint.describe()["EndpointConfigName"] == endpoint.launched


def test_a_version_with_wrong_answers_is_rolled_back(platform: Platform, endpoint: Endpoint) -> None:
    bad = platform.version(WRONG)
    platform.go_live(bad)
    with Caller(endpoint.runtime, endpoint.name) as caller:
        ended = endpoint.release()
    assert (ended["status"], ended["error"]) == ("FAILED", "ProbeFailed")
    assert "must be positive, got" in ended["cause"]
    assert caller.errors == []
    described = endpoint.describe()
    assert (described["EndpointStatus"], described["EndpointConfigName"]) == ("InService", endpoint.launched)
    assert caller.jobs[-1] == platform.job_of(endpoint.first)
    record = endpoint.record()
    assert (record["status"], record["reason"]) == ("rolled-back", "ProbeFailed")
    assert record["config_name"] == endpoint.launched
    [message] = platform.told(ended["executionArn"])
    assert message.startswith(f"{ended['executionArn']} failed with ProbeFailed")
    assert not endpoint.locked()


def test_a_container_that_does_not_start_leaves_the_old_version(platform: Platform, endpoint: Endpoint) -> None:
    platform.go_live(platform.version(script="raise RuntimeError('no such weights')"))
    with Caller(endpoint.runtime, endpoint.name) as caller:
        ended = endpoint.release()
    assert (ended["status"], ended["error"], caller.errors) == ("FAILED", "UpdateRolledBack", [])
    assert "no such weights" in ended["cause"]
    assert endpoint.describe()["EndpointConfigName"] == endpoint.launched
    assert endpoint.record()["status"] == "rolled-back"


def test_a_silent_rollback_is_seen(platform: Platform, endpoint: Endpoint, emulator: Any) -> None:
    arm(
        emulator,
        {
            "kind": "endpoint-update-rolls-back",
            "service": "sagemaker",
            "action": "UpdateEndpoint",
            "resource": endpoint.name,
            "count": 1,
        },
    )
    second = platform.version()
    platform.go_live(second)
    ended = endpoint.release()
    assert (ended["status"], ended["error"]) == ("FAILED", "UpdateRolledBack")
    assert f"kept {endpoint.name} on {endpoint.launched} and gives no reason" in ended["cause"]
    assert "FailureReason" not in endpoint.describe()
    assert endpoint.record()["status"] == "rolled-back"
    # The fault is over, and the same release goes through.
    assert endpoint.released()["config_name"] == endpoint.named(second)
    assert endpoint.record()["status"] == "released"


def test_an_alarm_rolls_an_update_back(platform: Platform, endpoint: Endpoint) -> None:
    alarm = unique(f"{endpoint.name}-errors")
    watch = platform.aws("cloudwatch")
    watch.put_metric_alarm(
        AlarmName=alarm,
        Namespace="AWS/SageMaker",
        MetricName="Invocation5XXErrors",
        Statistic="Sum",
        Period=60,
        EvaluationPeriods=1,
        Threshold=0,
        ComparisonOperator="GreaterThanThreshold",
        TreatMissingData="ignore",
    )
    watch.set_alarm_state(AlarmName=alarm, StateValue="ALARM", StateReason="set by a test")
    endpoint.specify(
        digest="22222222", deployment={**AT_ONCE, "AutoRollbackConfiguration": {"Alarms": [{"AlarmName": alarm}]}}
    )
    ended = endpoint.release()
    assert (ended["status"], ended["error"]) == ("FAILED", "UpdateRolledBack")
    assert alarm in ended["cause"]


def test_a_version_that_is_not_approved_is_refused_and_nothing_is_touched(
    platform: Platform, endpoint: Endpoint
) -> None:
    pending = platform.version(status="PendingManualApproval")
    ended = endpoint.release(model_version=pending)
    assert (ended["status"], ended["error"]) == ("FAILED", "VersionRefused")
    assert ended["cause"].startswith(f"{pending} is PendingManualApproval")
    assert endpoint.configurations() == {endpoint.launched}
    assert endpoint.record()["status"] == "failed"
    assert not endpoint.locked()


def test_a_requested_version_runs_until_another_one_goes_live(platform: Platform, endpoint: Endpoint) -> None:
    second = platform.version()
    platform.go_live(second)
    endpoint.released()
    assert endpoint.released(model_version=endpoint.first)["config_name"] == endpoint.launched
    assert endpoint.record()["asked"] is True
    assert endpoint.released()["config_name"] == endpoint.named(second)
    assert endpoint.record()["asked"] is False


@pytest.mark.full
def test_three_configurations_stay_and_the_launchs_always(platform: Platform, endpoint: Endpoint) -> None:
    versions = []
    for _ in range(4):
        versions.append(platform.version())
        platform.go_live(versions[-1])
        endpoint.released()
    kept = {endpoint.named(version) for version in versions[1:]}
    assert endpoint.configurations() == kept | {endpoint.launched}
    models = endpoint.client.list_models(NameContains=f"{endpoint.name}-")["Models"]
    assert {model["ModelName"] for model in models} == kept | {endpoint.launched}


@pytest.mark.full
def test_concurrent_releases_run_one_after_the_other(platform: Platform, endpoint: Endpoint) -> None:
    platform.go_live(platform.version())
    executions = [platform.start(blueprint=endpoint.blueprint) for _ in range(2)]
    changed = [json.loads(platform.ended(each)["output"])["changed"] for each in executions]
    assert sorted(changed) == [False, True]
    assert sum("UpdateEndpoint" in platform.entered(each) for each in executions) == 1
    assert not endpoint.locked()


@pytest.mark.full
def test_a_stopped_release_is_succeeded(platform: Platform, endpoint: Endpoint) -> None:
    name = f"{PATH}/locks/{endpoint.blueprint}"
    execution = platform.start(blueprint=endpoint.blueprint)
    platform.ended(execution)
    platform.ssm.put_parameter(Name=name, Type="String", Value=execution)
    again = platform.start(blueprint=endpoint.blueprint)
    assert platform.ended(again)["status"] == "SUCCEEDED"
    assert "SucceedHolder" in platform.entered(again)
    assert not endpoint.locked()


def test_every_endpoint_of_a_group_is_released_and_no_other(platform: Platform, endpoint: Endpoint) -> None:
    other = Endpoint(platform)
    second = platform.version()
    platform.go_live(second)
    done = platform.ended(platform.start(model_package_group_name=platform.group))
    assert done["status"] == "SUCCEEDED"
    for each in (endpoint, other):
        wait_for(each.describe, until=lambda result, each=each: result["EndpointConfigName"] == each.named(second))  # type: ignore[misc]
        wait_for(each.locked, until=lambda held: not held)
    execution = platform.start(model_package_group_name="mlops-test-another")
    assert platform.ended(execution)["status"] == "SUCCEEDED"
    assert "StartRelease" not in platform.entered(execution)


@pytest.mark.parametrize(
    ("document", "error"),
    [({}, "InvalidInput"), ({"blueprint": "other-knows"}, "NoEndpoint")],
    ids=["empty", "unknown"],
)
def test_bad_input_is_reported_in_a_sentence(platform: Platform, document: dict[str, str], error: str) -> None:
    ended = platform.ended(platform.start(**document))
    assert (ended["status"], ended["error"]) == ("FAILED", error)
    assert ended["cause"].endswith(".")
