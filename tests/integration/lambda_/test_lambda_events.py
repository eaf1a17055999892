"""Event source mappings of queues, and results of asynchronous invocations."""

from __future__ import annotations

import json
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime
from typing import Any

import pytest

from tests.support.compute import Lambdas
from tests.support.delivery import Queue, attributes, role, wait_for

pytestmark = pytest.mark.emulator

REPORT = """
import json
def handler(event, context):
    failed = [r["messageId"] for r in event["Records"] if json.loads(r["body"]).get("bad")]
    return {"batchItemFailures": [{"itemIdentifier": i} for i in failed]}
"""
FAIL = "def handler(event, context):\n    raise ValueError('no ' + str(event.get('n')))"
ECHO = "def handler(event, context):\n    return {'got': event}"


@pytest.fixture
def queues(aws: Any) -> Iterator[tuple[Queue, Queue]]:
    """A queue with two attempts per message, and its dead-letter queue."""
    dead = Queue(aws)
    redrive = json.dumps({"deadLetterTargetArn": dead.arn, "maxReceiveCount": 2})
    yield (live := Queue(aws, RedrivePolicy=redrive, VisibilityTimeout="0")), dead
    live.close()
    dead.close()


def feed(lambdas: Lambdas, queue: Queue, source: str, **options: Any) -> str:
    name = lambdas.deploy(source)
    mapping = lambdas.client.create_event_source_mapping(EventSourceArn=queue.arn, FunctionName=name, **options)
    return str(mapping["UUID"])


def test_only_the_failed_messages_of_a_batch_come_back(lambdas: Lambdas, queues: tuple[Queue, Queue]) -> None:
    live, dead = queues
    mapping = feed(lambdas, live, REPORT, FunctionResponseTypes=["ReportBatchItemFailures"], BatchSize=10)
    entries = [{"Id": str(n), "MessageBody": json.dumps({"n": n, "bad": n == 2})} for n in range(4)]
    live.sqs.send_message_batch(QueueUrl=live.url, Entries=entries)
    message = dead.message()
    assert json.loads(message["Body"])["n"] == 2
    assert int(message["Attributes"]["ApproximateReceiveCount"]) >= 2
    assert dead.now() == live.now() == []
    lambdas.client.delete_event_source_mapping(UUID=mapping)
    for call in (lambdas.client.get_event_source_mapping, lambdas.client.delete_event_source_mapping):
        with pytest.raises(lambdas.client.exceptions.ResourceNotFoundException):
            call(UUID=mapping)  # the provider polls until it gets that
    live.sqs.send_message(QueueUrl=live.url, MessageBody="{}")
    assert len(live.now()) == 1


def test_a_failed_batch_goes_to_the_dead_letters(lambdas: Lambdas, queues: tuple[Queue, Queue]) -> None:
    live, dead = queues
    feed(lambdas, live, FAIL)
    live.sqs.send_message(QueueUrl=live.url, MessageBody="lost")
    assert dead.message()["Body"] == "lost"


def test_a_filter_drops_other_messages(lambdas: Lambdas, queues: tuple[Queue, Queue]) -> None:
    live, dead = queues
    pattern = json.dumps({"body": {"kind": ["relevant"]}})
    feed(lambdas, live, FAIL, FilterCriteria={"Filters": [{"Pattern": pattern}]})
    for kind in ("other", "relevant"):
        live.sqs.send_message(QueueUrl=live.url, MessageBody=json.dumps({"kind": kind}))
    assert dead.body() == {"kind": "relevant"}
    assert dead.now() == live.now() == []


def test_destinations_of_an_asynchronous_invocation(aws: Any, lambdas: Lambdas) -> None:
    for source, kind in ((FAIL, "OnFailure"), (ECHO, "OnSuccess")):
        queue = Queue(aws)
        name = lambdas.deploy(source)
        lambdas.client.put_function_event_invoke_config(
            FunctionName=name, MaximumRetryAttempts=1, DestinationConfig={kind: {"Destination": queue.arn}}
        )
        lambdas.client.invoke(FunctionName=name, InvocationType="Event", Payload='{"n": 7}')
        record = queue.body()
        assert record["requestPayload"] == {"n": 7}
        context = record["requestContext"]
        expected = ("RetriesExhausted", 2) if kind == "OnFailure" else ("Success", 1)
        assert (context["condition"], context["approximateInvokeCount"]) == expected
        if kind == "OnFailure":
            assert record["responseContext"]["functionError"] == "Unhandled"
            assert record["responsePayload"]["errorMessage"] == "no 7"
        else:
            assert record["responsePayload"] == {"got": {"n": 7}}


def test_dead_letters_of_a_function_under_its_own_role(aws: Any, lambdas: Lambdas, seen: Any) -> None:
    queue, closed = Queue(aws), Queue(aws)
    for target, may in ((queue, True), (closed, False)):
        name = lambdas.deploy(FAIL, DeadLetterConfig={"TargetArn": target.arn})
        if not may:
            only = role(aws, "lambda", "sqs:SendMessage", queue.arn)
            lambdas.client.update_function_configuration(FunctionName=name, Role=only)
        lambdas.client.put_function_event_invoke_config(FunctionName=name, MaximumRetryAttempts=0)
        lambdas.client.invoke(FunctionName=name, InvocationType="Event", Payload='{"n": 8}')
    message = queue.message()
    dead_letter = attributes(message)
    assert json.loads(message["Body"]) == {"n": 8}
    assert (dead_letter["ErrorCode"], dead_letter["ErrorMessage"]) == ("200", "no 8")
    [refused] = wait_for(
        lambda: [item for item in seen(kind="event-delivery", resource=closed.arn) if item["status"] == "failed"]
    )
    assert "does not allow sqs:SendMessage" in refused["detail"]["reason"]
    assert closed.now() == []


SLOW = """
import json, time
def handler(event, context):
    time.sleep(1)
    return {}
"""


@pytest.mark.parametrize("most", [2, 5])
def test_a_mapping_runs_up_to_its_concurrency(aws: Any, lambdas: Lambdas, seen: Any, most: int) -> None:
    queue = Queue(aws, VisibilityTimeout="60")
    mapping = feed(lambdas, queue, SLOW, BatchSize=1, ScalingConfig={"MaximumConcurrency": most})
    function = lambdas.client.get_event_source_mapping(UUID=mapping)["FunctionArn"]
    for number in range(5):
        queue.sqs.send_message(QueueUrl=queue.url, MessageBody=json.dumps({"n": number}))
    done = wait_for(
        lambda: [each for each in seen(kind="event-delivery", resource=function) if each["status"] == "succeeded"],
        until=lambda result: len(result) == 5,
    )
    spans = [(datetime.fromisoformat(each["started_at"]), datetime.fromisoformat(each["ended_at"])) for each in done]
    together = max(sum(begin <= start < end for begin, end in spans) for start, _ in spans)
    assert 2 <= together <= most
    assert queue.now() == []


def test_concurrent_senders_leave_nothing_in_the_queue(aws: Any, lambdas: Lambdas) -> None:
    queue = Queue(aws)
    feed(lambdas, queue, ECHO)

    def send(number: int) -> None:
        entries = [{"Id": str(n), "MessageBody": f"{number}-{n}"} for n in range(10)]
        for _ in range(20):
            queue.sqs.send_message_batch(QueueUrl=queue.url, Entries=entries)

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(send, range(8)))
    queue.sqs.send_message(QueueUrl=queue.url, MessageBody="the last one")
    names = ["ApproximateNumberOfMessages", "ApproximateNumberOfMessagesNotVisible"]

    def drained() -> bool:
        left = queue.sqs.get_queue_attributes(QueueUrl=queue.url, AttributeNames=names)["Attributes"]
        return set(left.values()) == {"0"}

    wait_for(drained, seconds=60)
    queue.close()
