"""EventBridge and S3 deliver to functions, state machines and topics."""

from __future__ import annotations

import json
from typing import Any

import pytest

from tests.support.compute import ROLE, Lambdas, unique, wait_for
from tests.support.delivery import Queue, allow, attributes, permit, role, rule, send

pytestmark = pytest.mark.emulator

KEEP = """
import boto3, json
def handler(event, context):
    boto3.client("s3").put_object(Bucket={bucket!r}, Key={key!r}, Body=json.dumps(event))
"""


class Recorder:
    """A function that stores what it receives."""

    def __init__(self, lambdas: Any, aws: Any, bucket: str) -> None:
        self.s3, self.bucket, self.key = aws("s3"), bucket, f"recorded/{unique('event')}.json"
        self.arn = lambdas.arn(lambdas.deploy(KEEP.format(bucket=bucket, key=self.key)))
        permit(aws, self.arn, "events")

    def event(self) -> Any:
        def ask() -> Any:
            contents = self.s3.list_objects_v2(Bucket=self.bucket, Prefix=self.key).get("Contents")
            return json.loads(self.s3.get_object(Bucket=self.bucket, Key=self.key)["Body"].read()) if contents else None

        return wait_for(ask, until=lambda event: event is not None, seconds=20)


@pytest.fixture
def recorder(lambdas: Lambdas, aws: Any, bucket: str) -> Recorder:
    return Recorder(lambdas, aws, bucket)


def test_a_rule_reaches_function_machine_and_topic(aws: Any, recorder: Recorder) -> None:
    source = unique("source")
    states = aws("stepfunctions")
    machine = states.create_state_machine(
        name=unique("machine"),
        definition=json.dumps({"StartAt": "A", "States": {"A": {"Type": "Pass", "End": True}}}),
        roleArn=ROLE,
    )["stateMachineArn"]
    queue, sns = Queue(aws, "sns"), aws("sns")
    topic = sns.create_topic(Name=unique("topic"))["TopicArn"]
    sns.set_topic_attributes(
        TopicArn=topic, AttributeName="Policy", AttributeValue=allow(("events",), "sns:Publish", topic)
    )
    sns.subscribe(TopicArn=topic, Protocol="sqs", Endpoint=queue.arn)
    rule(
        aws,
        {"source": [source]},
        {"Arn": recorder.arn},
        {"Arn": machine, "RoleArn": role(aws, "events", "states:StartExecution", machine), "InputPath": "$.detail"},
        {
            "Arn": topic,
            "InputTransformer": {"InputPathsMap": {"n": "$.detail.name"}, "InputTemplate": '"model <n> is ready"'},
        },
    )
    send(aws, source, {"name": "reviews"})
    event = recorder.event()
    assert (event["source"], event["detail"], event["account"]) == (source, {"name": "reviews"}, "123456789012")
    assert event["time"].endswith("Z")
    executions = wait_for(lambda: states.list_executions(stateMachineArn=machine)["executions"], until=bool, seconds=20)
    execution = states.describe_execution(executionArn=executions[0]["executionArn"])
    assert json.loads(execution["input"]) == {"name": "reviews"}
    assert queue.body()["Message"] == "model reviews is ready"


def test_other_events_and_disabled_rules_deliver_nothing(aws: Any, recorder: Recorder) -> None:
    source, bus = unique("source"), unique("bus")
    aws("events").create_event_bus(Name=bus)
    rule(aws, {"source": [source], "detail": {"relevant": [True]}}, {"Arn": recorder.arn}, bus=bus)
    send(aws, source, {"relevant": False}, bus)
    send(aws, source, {"relevant": True})
    send(aws, source, {"relevant": True, "right": 1}, bus)
    assert recorder.event()["detail"]["right"] == 1


def test_an_object_created_in_s3_reaches_the_function(aws: Any, recorder: Recorder) -> None:
    bucket = unique("watched")
    s3 = aws("s3")
    s3.create_bucket(Bucket=bucket)
    s3.put_bucket_notification_configuration(Bucket=bucket, NotificationConfiguration={"EventBridgeConfiguration": {}})
    pattern = {"source": ["aws.s3"], "detail-type": ["Object Created"], "detail": {"bucket": {"name": [bucket]}}}
    rule(aws, pattern, {"Arn": recorder.arn})
    s3.put_object(Bucket=bucket, Key="data/raw/new.txt", Body="hello")
    event = recorder.event()
    assert (event["detail"]["object"]["key"], event["detail"]["object"]["size"]) == ("data/raw/new.txt", 5)


def test_an_undeliverable_event_goes_to_the_dead_letter_queue(aws: Any) -> None:
    dead, source = Queue(aws, "events"), unique("source")
    missing = "arn:aws:states:us-east-1:123456789012:stateMachine:not-there"
    target = {"Arn": missing, "RoleArn": role(aws, "events", "states:StartExecution")}
    arn = rule(aws, {"source": [source]}, {**target, "DeadLetterConfig": {"Arn": dead.arn}})
    send(aws, source, {"n": 1})
    message = dead.message()
    assert json.loads(message["Body"])["detail"] == {"n": 1}
    dead_letter = attributes(message)
    assert (dead_letter["RULE_ARN"], dead_letter["TARGET_ARN"]) == (arn, missing)
    assert (dead_letter["ERROR_CODE"], dead_letter["RETRY_ATTEMPTS"]) == ("NO_RESOURCE", "0")
    assert "not-there" in dead_letter["ERROR_MESSAGE"]
