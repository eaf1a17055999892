"""Alarms change their state by their metric, and notify topics and the bus."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest

from tests.support.delivery import Queue, rule, unique, wait_for

pytestmark = pytest.mark.emulator


@pytest.fixture
def notices(aws: Any) -> Iterator[tuple[str, Queue]]:
    """A topic with SNS's default policy, and a queue that gets what the topic gets."""
    queue, topic = Queue(aws, "sns"), aws("sns").create_topic(Name=unique("topic"))["TopicArn"]
    aws("sns").subscribe(TopicArn=topic, Protocol="sqs", Endpoint=queue.arn)
    yield topic, queue
    aws("sns").delete_topic(TopicArn=topic)
    queue.close()


def alarm(aws: Any, metric: str, topic: str | None = None, **changes: Any) -> str:
    name = unique("alarm")
    options = {
        "Namespace": "Tests",
        "MetricName": metric,
        "Statistic": "Sum",
        "Period": 86_400,
        "EvaluationPeriods": 1,
        "Threshold": 5,
        "ComparisonOperator": "GreaterThanOrEqualToThreshold",
        "TreatMissingData": "notBreaching",
        "AlarmActions": [topic] if topic else [],
    }
    aws("cloudwatch").put_metric_alarm(AlarmName=name, **{**options, **changes})
    return name


def measure(aws: Any, metric: str, value: float) -> None:
    aws("cloudwatch").put_metric_data(Namespace="Tests", MetricData=[{"MetricName": metric, "Value": value}])


def state(aws: Any, name: str) -> str:
    [alarm] = aws("cloudwatch").describe_alarms(AlarmNames=[name])["MetricAlarms"]
    return str(alarm["StateValue"])


def test_a_crossed_threshold_reaches_the_topic(aws: Any, notices: tuple[str, Queue]) -> None:
    topic, queue = notices
    metric = unique("errors")
    name = alarm(aws, metric, topic)
    assert state(aws, name) == "OK"
    measure(aws, metric, 2)
    assert state(aws, name) == "OK"
    measure(aws, metric, 4)
    wait_for(lambda: state(aws, name) == "ALARM")
    envelope = queue.body()
    message = json.loads(envelope["Message"])
    assert envelope["Subject"] == f'ALARM: "{name}" in us-east-1'
    assert (message["AlarmName"], message["OldStateValue"], message["NewStateValue"]) == (name, "OK", "ALARM")
    assert message["NewStateReason"].startswith("Threshold Crossed: 1 out of the last 1 datapoints [6.0 (")
    assert message["Trigger"]["Threshold"] == 5


def test_a_change_is_an_event(aws: Any) -> None:
    queue, metric = Queue(aws, "events"), unique("errors")
    name = alarm(aws, metric)
    rule(aws, {"source": ["aws.cloudwatch"], "detail": {"alarmName": [name]}}, {"Arn": queue.arn})
    measure(aws, metric, 9)
    event = queue.body()
    assert event["detail-type"] == "CloudWatch Alarm State Change"
    detail = event["detail"]
    assert (detail["previousState"]["value"], detail["state"]["value"]) == ("OK", "ALARM")
    assert detail["configuration"]["metrics"][0]["metricStat"]["metric"]["name"] == metric
    assert json.loads(detail["state"]["reasonData"])["recentDatapoints"] == [9.0]
    queue.close()


def test_without_data_it_is_insufficient_and_a_new_threshold_keeps_the_state(aws: Any) -> None:
    metric = unique("errors")
    name = alarm(aws, metric, TreatMissingData="missing")
    assert state(aws, name) == "INSUFFICIENT_DATA"
    measure(aws, metric, 9)
    wait_for(lambda: state(aws, name) == "ALARM")


def test_an_undelivered_event_raises_an_alarm(aws: Any) -> None:
    """FailedInvocations of a rule is measured as on AWS, so an alarm may watch it."""
    source = unique("source")
    arn = rule(aws, {"source": [source]}, {"Arn": "arn:aws:sqs:us-east-1:123456789012:not-there"})
    dimensions = [{"Name": "RuleName", "Value": arn.rsplit("/", 1)[-1]}]
    name = alarm(aws, "FailedInvocations", Namespace="AWS/Events", Dimensions=dimensions, Threshold=1)
    aws("events").put_events(Entries=[{"Source": source, "DetailType": "x", "Detail": "{}"}])
    wait_for(lambda: state(aws, name) == "ALARM")


def test_a_message_that_waits_raises_the_alarm_of_its_queue(aws: Any, notices: tuple[str, Queue]) -> None:
    topic, queue = notices
    watched = Queue(aws)
    name = alarm(
        aws,
        "ApproximateNumberOfMessagesVisible",
        topic,
        Namespace="AWS/SQS",
        Dimensions=[{"Name": "QueueName", "Value": watched.name}],
        Statistic="Maximum",
        ComparisonOperator="GreaterThanThreshold",
        Threshold=0,
    )
    assert state(aws, name) == "OK"
    watched.sqs.send_message(QueueUrl=watched.url, MessageBody="waiting")
    assert json.loads(queue.body()["Message"])["NewStateValue"] == "ALARM"
    watched.close()
