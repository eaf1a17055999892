"""Live: what happens in the account reaches the topic, what cannot be delivered waits; nothing is left behind."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from typing import Any

import pytest

from tests.support.compute import evidence
from tests.support.delivery import Queue, attributes, drop_role, role, unique, wait_for
from tests.support.shared_platform import ACCOUNT, PREFIX, REGION, Deployed

pytestmark = [pytest.mark.emulator, pytest.mark.terraform]


class Inbox:
    """A queue on the platform's topic. Other tests cause notices too: filter for one's own."""

    def __init__(self, deployed: Deployed) -> None:
        self._queue = Queue(deployed.client, "sns")
        self._sns = deployed.client("sns")
        topic = deployed.outputs("foundation")["events"]["topic_arn"]
        self._subscription = self._sns.subscribe(TopicArn=topic, Protocol="sqs", Endpoint=self._queue.arn)
        self._seen: list[dict[str, Any]] = []

    def notice(self, rule: str, mine: str) -> dict[str, Any]:
        """The notice of this rule whose details mention `mine`."""

        def look() -> list[dict[str, Any]]:
            self._seen += [json.loads(json.loads(message["Body"])["Message"]) for message in self._queue.now()]
            return [seen for seen in self._seen if seen.get("rule") == rule and mine in json.dumps(seen["detail"])]

        return dict(wait_for(look, seconds=60)[0])

    def close(self) -> None:
        self._sns.unsubscribe(SubscriptionArn=self._subscription["SubscriptionArn"])
        self._queue.close()


@pytest.fixture
def inbox(deployed: Deployed) -> Iterator[Inbox]:
    inbox = Inbox(deployed)
    yield inbox
    inbox.close()


@pytest.fixture
def bus(deployed: Deployed) -> str:
    return str(deployed.outputs("foundation")["events"]["bus_name"])


def test_an_approved_model_reaches_the_topic(deployed: Deployed, inbox: Inbox) -> None:
    sagemaker, group = deployed.client("sagemaker"), f"{PREFIX}-{unique('events')}"
    sagemaker.create_model_package_group(ModelPackageGroupName=group)
    specification = {
        "Containers": [{"Image": "x", "ModelDataUrl": "s3://none/model.tar.gz"}],
        "SupportedContentTypes": ["text/csv"],
        "SupportedResponseMIMETypes": ["text/csv"],
    }
    package = sagemaker.create_model_package(
        ModelPackageGroupName=group,
        InferenceSpecification=specification,
        ModelApprovalStatus="PendingManualApproval",
    )["ModelPackageArn"]
    sagemaker.update_model_package(ModelPackageArn=package, ModelApprovalStatus="Approved")
    notice = inbox.notice("model-approved", package)
    assert (notice["environment"], notice["detail"]["ModelApprovalStatus"]) == (PREFIX, "Approved")
    sagemaker.delete_model_package(ModelPackageName=package)
    sagemaker.delete_model_package_group(ModelPackageGroupName=group)


def test_the_end_of_a_pipeline_reaches_the_topic(deployed: Deployed, inbox: Inbox) -> None:
    states, caller = deployed.client("stepfunctions"), role(deployed.client, "states", "sns:Publish")
    definition = {"StartAt": "A", "States": {"A": {"Type": "Fail", "Error": "Bad", "Cause": "on purpose"}}}
    machine = states.create_state_machine(
        name=f"{PREFIX}-{unique('events')}",
        definition=json.dumps(definition),
        roleArn=caller,
    )["stateMachineArn"]
    execution = states.start_execution(stateMachineArn=machine, input="{}")["executionArn"]
    notice = inbox.notice("pipeline-completion", execution)
    assert (notice["detail"]["status"], notice["detail"]["error"]) == ("FAILED", "Bad")
    states.delete_state_machine(stateMachineArn=machine)
    drop_role(deployed.client, caller)


def test_what_cannot_be_delivered_waits_in_the_dead_letters(deployed: Deployed, bus: str) -> None:
    events, sqs, name = deployed.client("events"), deployed.client("sqs"), f"{PREFIX}-{unique('events')}"
    queue = deployed.outputs("notifications")["event_rules"]["dead_letter_queue_arn"]
    url = sqs.get_queue_url(QueueName=queue.rsplit(":", 1)[-1])["QueueUrl"]
    rule = events.put_rule(Name=name, EventPattern=json.dumps({"source": [name]}), EventBusName=bus)["RuleArn"]
    missing = f"arn:aws:sqs:{REGION}:{ACCOUNT}:{name}"
    target = {"Id": "1", "Arn": missing, "DeadLetterConfig": {"Arn": queue}}
    events.put_targets(Rule=name, EventBusName=bus, Targets=[target])
    events.put_events(Entries=[{"Source": name, "DetailType": "x", "Detail": '{"n": 1}', "EventBusName": bus}])

    def mine() -> list[dict[str, Any]]:
        """Others' letters become visible again at once."""
        response = sqs.receive_message(
            QueueUrl=url, MaxNumberOfMessages=10, MessageAttributeNames=["All"], VisibilityTimeout=1
        ).get("Messages", [])
        return [message for message in response if attributes(message).get("RULE_ARN") == rule]

    [message] = wait_for(mine, seconds=60)
    letter = attributes(message)
    assert (letter["TARGET_ARN"], letter["ERROR_CODE"]) == (missing, "NO_RESOURCE")
    assert json.loads(message["Body"])["detail"] == {"n": 1}
    sqs.delete_message(QueueUrl=url, ReceiptHandle=message["ReceiptHandle"])
    [record] = evidence(deployed.endpoint, kind="event-delivery", resource=missing)
    assert record["detail"]["dead_letter_queue"] == queue
    events.remove_targets(Rule=name, EventBusName=bus, Ids=["1"])
    events.delete_rule(Name=name, EventBusName=bus)


def test_an_alarm_of_the_platform_reaches_the_topic(deployed: Deployed) -> None:
    """Its own policy and key let CloudWatch in: the history of deliveries says so."""
    cloudwatch = deployed.client("cloudwatch")
    topic = deployed.outputs("foundation")["events"]["topic_arn"]
    name = f"{PREFIX}-{unique('events')}"
    cloudwatch.put_metric_alarm(
        AlarmName=name,
        Namespace="Tests",
        MetricName=name,
        Statistic="Sum",
        Period=60,
        EvaluationPeriods=1,
        Threshold=1,
        ComparisonOperator="GreaterThanOrEqualToThreshold",
        AlarmActions=[topic],
    )
    began = time.time()
    cloudwatch.put_metric_data(Namespace="Tests", MetricData=[{"MetricName": name, "Value": 1, "Timestamp": began}])
    [record] = wait_for(
        lambda: [
            record
            for record in evidence(deployed.endpoint, kind="event-delivery", resource=topic)
            if record["detail"]["from"].endswith(f":alarm:{name}") and record["status"] != "running"
        ],
        seconds=60,
    )
    assert record["status"] == "succeeded", record["detail"]
    cloudwatch.delete_alarms(AlarmNames=[name])
