"""Events of the applied platform: what each rule takes, and that it arrives at the topic's subscribers.

Events in AWS's name cannot be sent, so their patterns are tested with TestEventPattern, and the deployment's own
pipeline shows that they arrive.
"""

from __future__ import annotations

import datetime as dt
import json
import time
import uuid
from collections.abc import Iterator
from typing import Any

import pytest

from tests.support import keys
from tests.support.shared_platform import ACCOUNT, PREFIX, REGION, Deployed

pytestmark = [pytest.mark.emulator, pytest.mark.terraform]

STAMP = {"id": "1", "account": ACCOUNT, "time": "2027-01-31T10:00:00Z", "region": REGION, "resources": []}
DRIFT = {"Source": "mlops.monitoring", "DetailType": "Data Drift Detected", "EventBusName": f"{PREFIX}-platform"}
ROLE = f"arn:aws:iam::{ACCOUNT}:role/{PREFIX}-monitor"


def sagemaker(kind: str, **detail: Any) -> dict[str, Any]:
    return {"Source": "aws.sagemaker", "DetailType": f"SageMaker {kind} State Change", **detail}


PUBLISHED = {
    "data-drift": {**DRIFT, "feature": "length"},
    "monitor-violations": sagemaker(
        "Processing Job",
        ProcessingJobName="model-monitoring-2027",
        ProcessingJobStatus="Completed",
        ExitMessage="CompletedWithViolations: Job completed successfully with 2 violations.",
        RoleArn=ROLE,
    ),
    "model-approved": sagemaker(
        "Model Package", ModelPackageGroupName=f"{PREFIX}-reviews", ModelApprovalStatus="Approved"
    ),
    "training-completion": sagemaker("Training Job", TrainingJobName=f"{PREFIX}-1", TrainingJobStatus="Completed"),
    "transform-completion": sagemaker("Transform Job", TransformJobName=f"{PREFIX}-1", TransformJobStatus="Failed"),
    "processing-completion": sagemaker(
        "Processing Job", ProcessingJobName=f"{PREFIX}-1", ProcessingJobStatus="Stopped"
    ),
    "etl-completion": {
        "Source": "aws.glue",
        "DetailType": "Glue Job State Change",
        "jobName": f"{PREFIX}-etl",
        "state": "TIMEOUT",
    },
    "bedrock-batch-completion": {
        "Source": "aws.bedrock",
        "DetailType": "Batch Inference Job State Change",
        "batchJobName": f"{PREFIX}-1",
        "status": "Completed",
    },
    "pipeline-completion": {
        "Source": "aws.states",
        "DetailType": "Step Functions Execution Status Change",
        "stateMachineArn": f"arn:aws:states:{REGION}:{ACCOUNT}:stateMachine:{PREFIX}-training",
        "status": "ABORTED",
    },
}
ALSO = {"transform-completion": ["batch-transform-ended"], "bedrock-batch-completion": ["batch-invocation-ended"]}
"""Rules that take the same event for the function that joins the results."""
NOT_TOLD = [
    {**DRIFT, "Source": "other.source"},
    sagemaker("Training Job", TrainingJobName="other-env-1", TrainingJobStatus="Failed"),
    sagemaker("Training Job", TrainingJobName=f"{PREFIX}-1", TrainingJobStatus="InProgress"),
    sagemaker("Model Package", ModelPackageGroupName=f"{PREFIX}-reviews", ModelApprovalStatus="Rejected"),
]
ENVELOPE = ("Source", "DetailType", "EventBusName")


@pytest.fixture(scope="module")
def queue(deployed: Deployed) -> Iterator[str]:
    """A subscriber of the topic."""
    sqs, sns = deployed.client("sqs"), deployed.client("sns")
    topic = deployed.outputs("foundation")["events"]["topic_arn"]
    url = sqs.create_queue(QueueName=f"listener-{uuid.uuid4().hex[:8]}")["QueueUrl"]
    arn = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]
    statement = {
        "Effect": "Allow",
        "Principal": {"Service": "sns.amazonaws.com"},
        "Action": "sqs:SendMessage",
        "Resource": arn,
        "Condition": {"ArnEquals": {"aws:SourceArn": topic}},
    }
    policy = json.dumps({"Version": "2012-10-17", "Statement": [statement]})
    sqs.set_queue_attributes(QueueUrl=url, Attributes={"Policy": policy})
    subscription = sns.subscribe(TopicArn=topic, Protocol="sqs", Endpoint=arn, ReturnSubscriptionArn=True)
    yield url
    sns.unsubscribe(SubscriptionArn=subscription["SubscriptionArn"])
    sqs.delete_queue(QueueUrl=url)


def put(deployed: Deployed, mark: str, *events: dict[str, Any]) -> None:
    entries = [
        {key: event[key] for key in ENVELOPE if key in event}
        | {"Detail": json.dumps({key: event[key] for key in event if key not in ENVELOPE} | {"mark": mark})}
        for event in events
    ]
    assert deployed.client("events").put_events(Entries=entries)["FailedEntryCount"] == 0


def received(deployed: Deployed, url: str, mark: str, until: str) -> dict[str, dict[str, Any]]:
    """Messages with this mark by rule, once the one of rule `until` is among them."""
    messages: dict[str, dict[str, Any]] = {}
    sqs, deadline = deployed.client("sqs"), time.monotonic() + 30
    while until not in messages:
        assert time.monotonic() < deadline, f"no message of {until}; received {sorted(messages)}"
        for message in sqs.receive_message(QueueUrl=url, MaxNumberOfMessages=10, WaitTimeSeconds=1).get("Messages", []):
            message_body = json.loads(json.loads(message["Body"])["Message"])
            if message_body.get("detail", {}).get("mark") == mark:  # functions tell the topic, too
                messages[message_body["rule"]] = message_body
            sqs.delete_message(QueueUrl=url, ReceiptHandle=message["ReceiptHandle"])
    return messages


def takes(deployed: Deployed, event: dict[str, Any]) -> set[str]:
    """Short names of the rules that take this event, on the bus on which it arrives."""
    events = deployed.client("events")
    whole = {
        **STAMP,
        "source": event["Source"],
        "detail-type": event["DetailType"],
        "detail": {key: event[key] for key in event if key not in ENVELOPE},
    }
    bus = event.get("EventBusName", "default")
    return {
        rule["Name"].removeprefix(f"{PREFIX}-")
        for rule in events.list_rules(EventBusName=bus, NamePrefix=f"{PREFIX}-")["Rules"]
        if "EventPattern" in rule
        and events.test_event_pattern(EventPattern=rule["EventPattern"], Event=json.dumps(whole))["Result"]
    }


def deliveries(deployed: Deployed) -> list[dict[str, Any]]:
    records: list[dict[str, Any]] = keys.page(deployed.endpoint, "evidence", kind="event-delivery")["evidence"]
    return records


@pytest.mark.parametrize("rule", PUBLISHED)
def test_a_rule_takes_what_happens_here(deployed: Deployed, rule: str) -> None:
    assert takes(deployed, PUBLISHED[rule]) == {rule, *ALSO.get(rule, ())}


@pytest.mark.parametrize("event", NOT_TOLD, ids=lambda event: event["DetailType"])
def test_no_rule_takes_what_concerns_others_or_is_not_over(deployed: Deployed, event: dict[str, Any]) -> None:
    assert takes(deployed, event) == set()


def test_every_rule_is_tried(deployed: Deployed) -> None:
    assert set(deployed.outputs("notifications")["event_rules"]["rule_arns"]) == set(PUBLISHED)


def test_a_drift_is_reported_to_subscribers(deployed: Deployed, queue: str) -> None:
    mark = uuid.uuid4().hex
    put(deployed, mark, PUBLISHED["data-drift"])
    notification = received(deployed, queue, mark, until="data-drift")["data-drift"]
    assert (notification["environment"], notification["type"]) == (PREFIX, "Data Drift Detected")
    assert notification["summary"] == "The platform found that live data differs from the training data"
    assert notification["detail"] == {"feature": "length", "mark": mark}


def test_a_replay_of_the_archive_tells_it_again_to_one_rule(deployed: Deployed, queue: str) -> None:
    """How what became a dead letter is delivered after all."""
    mark, events = uuid.uuid4().hex, deployed.client("events")
    published = deployed.outputs("notifications")["event_rules"]
    began = dt.datetime.now(dt.UTC)
    put(deployed, mark, PUBLISHED["data-drift"])
    received(deployed, queue, mark, until="data-drift")
    archive = events.describe_archive(ArchiveName=published["archive_names"]["platform"])
    events.start_replay(
        ReplayName=f"again-{mark}",
        EventSourceArn=archive["ArchiveArn"],
        EventStartTime=began - dt.timedelta(minutes=1),
        EventEndTime=dt.datetime.now(dt.UTC) + dt.timedelta(minutes=1),
        Destination={
            "Arn": deployed.outputs("foundation")["events"]["bus_arn"],
            "FilterArns": [published["rule_arns"]["data-drift"]],
        },
    )
    assert received(deployed, queue, mark, until="data-drift")["data-drift"]["detail"]["mark"] == mark


@pytest.mark.parametrize("rule", ["training-completion", "etl-completion", "pipeline-completion", "model-approved"])
def test_the_pipeline_of_the_deployment_was_reported(deployed: Deployed, rule: str) -> None:
    arn = deployed.outputs("notifications")["event_rules"]["rule_arns"][rule]
    assert "succeeded" in {each["status"] for each in deliveries(deployed) if each["detail"].get("from") == arn}


def test_nothing_of_the_deployment_became_a_dead_letter(deployed: Deployed) -> None:
    started = dt.datetime.fromisoformat(deployed.result["started_at"])
    ended = started + dt.timedelta(seconds=deployed.result["seconds"])
    own = [each for each in deliveries(deployed) if dt.datetime.fromisoformat(each["started_at"]) <= ended]
    assert own
    assert [each["detail"] for each in own if each["status"] == "failed"] == []


def test_what_happened_is_archived_for_a_replay(deployed: Deployed) -> None:
    names = deployed.outputs("notifications")["event_rules"]["archive_names"]
    archives = {archive["ArchiveName"]: archive for archive in deployed.client("events").list_archives()["Archives"]}
    assert {archives[name]["State"] for name in names.values()} == {"ENABLED"}
    assert archives[names["services"]]["EventSourceArn"].endswith(":event-bus/default")
