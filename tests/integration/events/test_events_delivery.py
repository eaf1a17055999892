"""EventBridge delivery: permissions, inputs, retries and dead letters."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest
from botocore.exceptions import ClientError

from tests.support.compute import evidence
from tests.support.delivery import ACCOUNT, Queue, allow, attributes, role, rule, send, unique, wait_for

pytestmark = pytest.mark.emulator


@pytest.fixture
def open_queue(aws: Any) -> Iterator[Queue]:
    queue = Queue(aws, "events")
    yield queue
    queue.close()


def dead_letter(aws: Any, target: dict[str, Any]) -> dict[str, str]:
    """Return the attributes of the dead letter of an undeliverable event."""
    dead, source = Queue(aws, "events"), unique("source")
    rule(aws, {"source": [source]}, {**target, "DeadLetterConfig": {"Arn": dead.arn}})
    send(aws, source, {})
    members = attributes(dead.message())
    dead.close()
    return members


def test_without_a_permission_nothing_arrives_and_nothing_is_retried(aws: Any) -> None:
    closed = Queue(aws)
    buried = dead_letter(aws, {"Arn": closed.arn})
    assert (buried["ERROR_CODE"], buried["RETRY_ATTEMPTS"]) == ("NO_PERMISSIONS", "0")
    assert closed.arn in buried["ERROR_MESSAGE"]
    assert closed.now() == []


def test_a_topic_with_a_condition_on_its_source_refuses_events(aws: Any) -> None:
    """EventBridge sends a topic neither account nor rule."""
    sns, name = aws("sns"), unique("topic")
    topic = sns.create_topic(Name=name)["TopicArn"]
    policy = allow(("events",), "sns:Publish", topic, StringEquals={"aws:SourceAccount": ACCOUNT})
    sns.set_topic_attributes(TopicArn=topic, AttributeName="Policy", AttributeValue=policy)
    assert dead_letter(aws, {"Arn": topic})["ERROR_CODE"] == "NO_PERMISSIONS"


def test_a_queue_whose_key_does_not_admit_events_gets_nothing(aws: Any) -> None:
    kms = aws("kms")
    mine = {"Effect": "Allow", "Principal": {"AWS": f"arn:aws:iam::{ACCOUNT}:root"}, "Action": "kms:*", "Resource": "*"}
    key = kms.create_key(Policy=json.dumps({"Version": "2012-10-17", "Statement": [mine]}))["KeyMetadata"]["Arn"]
    encrypted = Queue(aws, "events", KmsMasterKeyId=key)
    buried = dead_letter(aws, {"Arn": encrypted.arn})
    assert (buried["ERROR_CODE"], key in buried["ERROR_MESSAGE"]) == ("NO_PERMISSIONS", True)
    service = {
        **mine,
        "Principal": {"Service": "events.amazonaws.com"},
        "Action": ["kms:GenerateDataKey*", "kms:Decrypt"],
    }
    kms.put_key_policy(
        KeyId=key, PolicyName="default", Policy=json.dumps({"Version": "2012-10-17", "Statement": [mine, service]})
    )
    source = unique("source")
    rule(aws, {"source": [source]}, {"Arn": encrypted.arn})
    send(aws, source, {"n": 1})
    assert encrypted.body()["detail"] == {"n": 1}


def test_a_key_may_admit_events_for_the_queue_that_it_encrypts(aws: Any) -> None:
    """SQS and SNS send the key their encryption context, the only condition that EventBridge can meet there."""
    kms = aws("kms")
    key = kms.create_key()["KeyMetadata"]["Arn"]
    queue, other = Queue(aws, "events", KmsMasterKeyId=key), Queue(aws, "events", KmsMasterKeyId=key)
    condition = {"ArnLike": {"kms:EncryptionContext:aws:sqs:arn": queue.arn}}
    service = {
        "Effect": "Allow",
        "Principal": {"Service": "events.amazonaws.com"},
        "Action": ["kms:GenerateDataKey*", "kms:Decrypt"],
        "Resource": "*",
        "Condition": condition,
    }
    kms.put_key_policy(
        KeyId=key, PolicyName="default", Policy=json.dumps({"Version": "2012-10-17", "Statement": [service]})
    )
    source = unique("source")
    rule(aws, {"source": [source]}, {"Arn": queue.arn})
    send(aws, source, {"n": 1})
    assert queue.body()["detail"] == {"n": 1}
    assert dead_letter(aws, {"Arn": other.arn})["ERROR_CODE"] == "NO_PERMISSIONS"


def test_a_role_replaces_the_resource_policy(aws: Any) -> None:
    queue, other, source = Queue(aws), Queue(aws), unique("source")
    only = role(aws, "events", "sqs:SendMessage", queue.arn)
    rule(aws, {"source": [source]}, {"Arn": queue.arn, "RoleArn": only})
    send(aws, source, {"n": 1})
    assert queue.body()["detail"] == {"n": 1}
    assert dead_letter(aws, {"Arn": other.arn, "RoleArn": only})["ERROR_CODE"] == "NO_PERMISSIONS"


def test_an_api_destination_is_refused_with_the_reason(aws: Any) -> None:
    arn = f"arn:aws:events:us-east-1:{ACCOUNT}:api-destination/out/1"
    buried = dead_letter(aws, {"Arn": arn, "RoleArn": role(aws, "events", "events:InvokeApiDestination")})
    assert "are not on this machine" in buried["ERROR_MESSAGE"]


def test_input_of_a_target(aws: Any, open_queue: Queue) -> None:
    source = unique("source")
    transformer = {
        "InputPathsMap": {"name": "$.detail.model.name", "detail": "$.detail", "gone": "$.detail.gone"},
        "InputTemplate": '{"text": "model <name><gone>", "whole": <detail>, "rule": "<aws.events.rule-name>"}',
    }
    arn = rule(
        aws,
        {"source": [source]},
        {"Arn": open_queue.arn, "Input": '"constant"'},
        {"Arn": open_queue.arn, "InputPath": "$.detail.model.versions[1]"},
        {"Arn": open_queue.arn, "InputTransformer": transformer},
    )
    detail = {"model": {"name": 'rev "2"', "versions": [1, 2]}}
    send(aws, source, detail)
    received = [open_queue.body() for _ in range(3)]
    name = arn.rsplit("/", 1)[-1]
    expected = ["constant", 2, {"text": 'model rev "2"', "whole": detail, "rule": name}]
    assert sorted(received, key=str) == sorted(expected, key=str)


def test_a_log_group_and_another_bus(aws: Any, open_queue: Queue) -> None:
    source, group, bus = unique("source"), f"/aws/events/{unique('group')}", unique("bus")
    logs, events = aws("logs"), aws("events")
    logs.create_log_group(logGroupName=group)
    arn = f"arn:aws:logs:us-east-1:{ACCOUNT}:log-group:{group}"
    document = json.loads(allow(("events", "delivery.logs"), "logs:CreateLogStream", f"{arn}:*"))
    document["Statement"][0]["Action"] = ["logs:CreateLogStream", "logs:PutLogEvents"]
    policy = unique("policy")
    logs.put_resource_policy(policyName=policy, policyDocument=json.dumps(document))
    bus_arn = events.create_event_bus(Name=bus)["EventBusArn"]
    rule(aws, {"source": [source], "account": [ACCOUNT]}, {"Arn": open_queue.arn}, bus=bus)
    forward = {"Arn": bus_arn, "RoleArn": role(aws, "events", "events:PutEvents", bus_arn)}
    rule(aws, {"source": [source]}, {"Arn": arn}, forward)
    send(aws, source, {"n": 7})
    assert open_queue.body()["detail"] == {"n": 7}
    logged = wait_for(lambda: logs.filter_log_events(logGroupName=group)["events"])
    assert json.loads(logged[0]["message"])["detail"] == {"n": 7}
    logs.delete_resource_policy(policyName=policy)


def test_deliveries_are_evidence(aws: Any, open_queue: Queue, emulator: Any) -> None:
    source = unique("source")
    arn = rule(aws, {"source": [source]}, {"Arn": open_queue.arn})
    send(aws, source, {})
    open_queue.message()
    [record] = wait_for(
        lambda: [
            item
            for item in evidence(emulator.endpoint, kind="event-delivery", resource=open_queue.arn)
            if item["status"] == "succeeded"
        ]
    )
    detail = {name: record["detail"][name] for name in ("from", "event_source", "attempts")}
    assert detail == {"from": arn, "event_source": source, "attempts": 1}
    assert record["fidelity"] == "emulated"


def test_an_archive_keeps_events_and_replays_them(aws: Any, open_queue: Queue) -> None:
    events, source, bus = aws("events"), unique("source"), unique("bus")
    bus_arn = events.create_event_bus(Name=bus)["EventBusArn"]
    name = unique("archive")
    archive = events.create_archive(ArchiveName=name, EventSourceArn=bus_arn)["ArchiveArn"]
    send(aws, source, {"n": 1}, bus)
    assert events.describe_archive(ArchiveName=name)["EventCount"] == 1
    rule(aws, {"source": [source], "replay-name": [{"exists": True}]}, {"Arn": open_queue.arn}, bus=bus)
    events.start_replay(
        ReplayName=unique("replay"),
        EventSourceArn=archive,
        EventStartTime=0,
        EventEndTime=9_999_999_999,
        Destination={"Arn": bus_arn},
    )
    assert open_queue.body()["detail"] == {"n": 1}


def test_a_rate_fires(aws: Any, open_queue: Queue) -> None:
    events, name = aws("events"), unique("rate")
    arn = events.put_rule(Name=name, ScheduleExpression="rate(1 minute)")["RuleArn"]
    events.put_targets(Rule=name, Targets=[{"Id": "1", "Arn": open_queue.arn}])
    event = open_queue.body()
    events.remove_targets(Rule=name, Ids=["1"])
    events.delete_rule(Name=name)
    assert (event["source"], event["detail-type"], event["resources"]) == ("aws.events", "Scheduled Event", [arn])


def test_a_schedule_of_the_scheduler_fires_under_its_role(aws: Any) -> None:
    queue, scheduler, name = Queue(aws), aws("scheduler"), unique("schedule")
    scheduler.create_schedule(
        Name=name,
        ScheduleExpression="rate(1 minute)",
        FlexibleTimeWindow={"Mode": "OFF"},
        Target={
            "Arn": queue.arn,
            "RoleArn": role(aws, "scheduler", "sqs:SendMessage", queue.arn),
            "Input": '{"by": "<aws.scheduler.schedule-arn>"}',
        },
    )
    assert queue.body()["by"].endswith(f"schedule/default/{name}")
    scheduler.delete_schedule(Name=name)


def test_events_of_aws_cannot_be_made_up_and_patterns_are_checked(aws: Any) -> None:
    events = aws("events")
    entry = {"DetailType": "x", "Detail": "{}"}
    answer = events.put_events(Entries=[{"Source": "aws.s3", **entry}, {"Source": "mine", **entry}])
    assert answer["FailedEntryCount"] == 1
    assert answer["Entries"][0]["ErrorCode"] == "NotAuthorizedForSourceException"
    with pytest.raises(ClientError, match="Unrecognized match type preffix"):
        events.put_rule(Name=unique("rule"), EventPattern='{"source": [{"preffix": "a"}]}')
    event = {"id": "1", "source": "a", "detail-type": "t", "account": "1", "time": "t", "region": "r", "resources": []}
    tested = events.test_event_pattern(EventPattern='{"source": [{"wildcard": "a*"}]}', Event=json.dumps(event))
    assert tested["Result"] is True
