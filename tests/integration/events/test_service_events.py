"""AWS's services send EventBridge events in the shapes that AWS documents."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest

from tests.support.delivery import ACCOUNT, Queue, role, rule, unique

pytestmark = pytest.mark.emulator


@pytest.fixture
def queue(aws: Any) -> Iterator[Queue]:
    queue = Queue(aws, "events")
    yield queue
    queue.close()


def test_objects_are_created_and_deleted(aws: Any, queue: Queue) -> None:
    bucket, s3 = unique("watched"), aws("s3")
    s3.create_bucket(Bucket=bucket)
    s3.put_bucket_versioning(Bucket=bucket, VersioningConfiguration={"Status": "Enabled"})
    s3.put_bucket_notification_configuration(Bucket=bucket, NotificationConfiguration={"EventBridgeConfiguration": {}})
    rule(aws, {"source": ["aws.s3"], "detail": {"bucket": {"name": [bucket]}}}, {"Arn": queue.arn})
    version = s3.put_object(Bucket=bucket, Key="data/raw/a b.csv", Body="hello")["VersionId"]
    created = queue.body()
    assert (created["detail-type"], created["resources"]) == ("Object Created", [f"arn:aws:s3:::{bucket}"])
    detail = created["detail"]
    assert (detail["reason"], detail["requester"]) == ("PutObject", ACCOUNT)
    stored = {name: detail["object"][name] for name in ("key", "size", "version-id")}
    assert stored == {"key": "data/raw/a b.csv", "size": 5, "version-id": version}
    marker = s3.delete_object(Bucket=bucket, Key="data/raw/a b.csv")["VersionId"]
    deleted = queue.body()
    assert deleted["detail-type"] == "Object Deleted"
    assert deleted["detail"]["deletion-type"] == "Delete Marker Created"
    assert deleted["detail"]["object"]["version-id"] == marker
    assert deleted["detail"]["object"]["sequencer"] > detail["object"]["sequencer"]


def test_a_model_package_is_approved(aws: Any, queue: Queue) -> None:
    group, sagemaker = unique("group"), aws("sagemaker")
    rule(
        aws,
        {
            "source": ["aws.sagemaker"],
            "detail-type": ["SageMaker Model Package State Change"],
            "detail": {"ModelPackageGroupName": [group], "ModelApprovalStatus": ["Approved"]},
        },
        {"Arn": queue.arn},
    )
    sagemaker.create_model_package_group(ModelPackageGroupName=group)
    containers = [{"Image": "x", "ModelDataUrl": "s3://b/model.tar.gz"}]
    arn = sagemaker.create_model_package(
        ModelPackageGroupName=group,
        ModelApprovalStatus="PendingManualApproval",
        InferenceSpecification={
            "Containers": containers,
            "SupportedContentTypes": ["text/csv"],
            "SupportedResponseMIMETypes": ["text/csv"],
        },
    )["ModelPackageArn"]
    sagemaker.update_model_package(ModelPackageArn=arn, ModelApprovalStatus="Approved")
    event = queue.body()
    assert event["resources"] == [arn]
    detail = event["detail"]
    assert (detail["ModelPackageArn"], detail["ModelPackageVersion"]) == (arn, 1)
    assert isinstance(detail["CreationTime"], int)


def test_an_execution_starts_and_ends(aws: Any, queue: Queue) -> None:
    states = aws("stepfunctions")
    definition = {"StartAt": "A", "States": {"A": {"Type": "Fail", "Error": "Bad", "Cause": "on purpose"}}}
    machine = states.create_state_machine(
        name=unique("machine"), definition=json.dumps(definition), roleArn=role(aws, "states", "sns:Publish")
    )["stateMachineArn"]
    rule(aws, {"source": ["aws.states"], "detail": {"stateMachineArn": [machine]}}, {"Arn": queue.arn})
    execution = states.start_execution(stateMachineArn=machine, input='{"n": 1}')["executionArn"]
    events = sorted((queue.body(), queue.body()), key=lambda event: event["detail"]["status"])
    failed, running = (event["detail"] for event in events)
    assert (running["status"], running["stopDate"], running["input"]) == ("RUNNING", None, '{"n":1}')
    assert (failed["status"], failed["error"], failed["cause"]) == ("FAILED", "Bad", "on purpose")
    assert failed["stopDate"] >= failed["startDate"]
    assert [event["resources"] for event in events] == [[execution]] * 2


def test_a_processing_job_ends(aws: Any, queue: Queue) -> None:
    name = unique("processing")
    rule(
        aws,
        {
            "source": ["aws.sagemaker"],
            "detail-type": ["SageMaker Processing Job State Change"],
            "detail": {"ProcessingJobName": [name], "ProcessingJobStatus": ["Failed"]},
        },
        {"Arn": queue.arn},
    )
    aws("sagemaker").create_processing_job(
        ProcessingJobName=name,
        RoleArn=f"arn:aws:iam::{ACCOUNT}:role/missing",
        AppSpecification={"ImageUri": "x", "ContainerEntrypoint": ["bash", "run.sh"]},
        ProcessingResources={"ClusterConfig": {"InstanceCount": 1, "InstanceType": "ml.m5.large", "VolumeSizeInGB": 1}},
    )
    event = queue.body()
    assert event["resources"] == [f"arn:aws:sagemaker:us-east-1:{ACCOUNT}:processing-job/{name}"]
    assert "Python programs only" in event["detail"]["FailureReason"]
    assert event["detail"]["ProcessingEndTime"] >= event["detail"]["CreationTime"]
