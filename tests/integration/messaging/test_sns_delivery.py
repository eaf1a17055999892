"""SNS: filters, forms of delivery, and dead letters."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from typing import Any

import pytest

from tests.support.compute import evidence
from tests.support.delivery import Queue, attributes, unique, wait_for

pytestmark = pytest.mark.emulator


@pytest.fixture
def topic(aws: Any) -> Iterator[str]:
    arn = aws("sns").create_topic(Name=unique("topic"))["TopicArn"]
    yield arn
    aws("sns").delete_topic(TopicArn=arn)


def subscribe(aws: Any, topic: str, endpoint: str, protocol: str = "sqs", **options: Any) -> str:
    attributes = {name: value if isinstance(value, str) else json.dumps(value) for name, value in options.items()}
    return str(
        aws("sns").subscribe(
            TopicArn=topic, Protocol=protocol, Endpoint=endpoint, Attributes=attributes, ReturnSubscriptionArn=True
        )["SubscriptionArn"]
    )


def publish(aws: Any, topic: str, text: str, **values: Any) -> str:
    attributes = {
        name: {"DataType": "Number" if isinstance(value, int) else "String", "StringValue": str(value)}
        for name, value in values.items()
    }
    return str(
        aws("sns").publish(TopicArn=topic, Message=text, Subject="about", MessageAttributes=attributes)["MessageId"]
    )


def test_an_envelope_and_a_raw_message(aws: Any, topic: str) -> None:
    enveloped, raw = Queue(aws, "sns"), Queue(aws, "sns")
    subscribe(aws, topic, enveloped.arn, RawMessageDelivery="false")
    subscribe(aws, topic, raw.arn, RawMessageDelivery="true")
    number = publish(aws, topic, "hello", severity=3)
    envelope = enveloped.body()
    assert (envelope["Type"], envelope["MessageId"], envelope["TopicArn"]) == ("Notification", number, topic)
    assert (envelope["Subject"], envelope["Message"]) == ("about", "hello")
    assert envelope["MessageAttributes"] == {"severity": {"Type": "Number", "Value": "3"}}
    message = raw.message()
    assert message["Body"] == "hello"
    assert attributes(message) == {"severity": "3"}


def test_filter_policies_of_attributes_and_of_the_body(aws: Any, topic: str) -> None:
    by_attribute, by_body = Queue(aws, "sns"), Queue(aws, "sns")
    policy = {"severity": [{"numeric": [">=", 3]}], "team": [{"anything-but": "ops"}]}
    subscribe(aws, topic, by_attribute.arn, FilterPolicy=policy)
    subscribe(
        aws, topic, by_body.arn, FilterPolicyScope="MessageBody", FilterPolicy={"model": {"name": [{"prefix": "rev"}]}}
    )
    publish(aws, topic, '{"model": {"name": "reviews"}}', severity=1, team="ml")
    publish(aws, topic, "no json", severity=4, team="ml")
    publish(aws, topic, "not for ops", severity=4, team="ops")
    assert [json.loads(message["Body"])["Message"] for message in by_attribute.now()] == ["no json"]
    assert [json.loads(message["Body"])["Message"] for message in by_body.now()] == ['{"model": {"name": "reviews"}}']


def test_a_queue_that_does_not_admit_sns_gets_nothing_and_the_dead_letters_do(aws: Any, topic: str) -> None:
    closed, dead = Queue(aws), Queue(aws, "sns")
    subscribe(aws, topic, closed.arn, RedrivePolicy={"deadLetterTargetArn": dead.arn})
    number = publish(aws, topic, "lost")
    message = dead.message()
    assert json.loads(message["Body"])["Message"] == "lost"
    dead_letter = attributes(message)
    assert (dead_letter["RequestID"], dead_letter["ErrorCode"]) == (number, "NO_PERMISSIONS")
    assert closed.now() == []


def test_http_on_this_machine_only(aws: Any, topic: str, emulator: Any) -> None:
    received: list[tuple[dict[str, str], str]] = []

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"])).decode()
            received.append((dict(self.headers), body))
            # The first response is an error: SNS retries.
            self.send_response(503 if len(received) == 1 else 200)
            self.end_headers()

        def log_message(self, *_: Any) -> None:
            """Quiet."""

    server = HTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    subscribe(aws, topic, f"http://127.0.0.1:{server.server_port}/hook", "http")
    subscribe(aws, topic, "https://example.com/hook", "https")
    publish(aws, topic, "over http")
    wait_for(lambda: len(received) >= 2)
    server.shutdown()
    server.server_close()
    headers, body = received[1]
    assert headers["x-amz-sns-message-type"] == "Notification"
    assert json.loads(body)["Message"] == "over http"
    [refused] = wait_for(
        lambda: [
            item
            for item in evidence(emulator.endpoint, kind="event-delivery", resource="https://example.com/hook")
            if item["status"] == "failed"
        ]
    )
    assert "not on this machine" in refused["detail"]["reason"]


def test_an_e_mail_is_recorded(aws: Any, topic: str, emulator: Any) -> None:
    address = f"{unique('team')}@example.com"
    subscribe(aws, topic, address, "email")
    publish(aws, topic, "please check")
    lines = (emulator.data_dir / "outbox.jsonl").read_text().splitlines()
    [mail] = [json.loads(line) for line in lines if address in line]
    assert (mail["to"], mail["subject"], mail["message"]) == (address, "about", "please check")
    [record] = evidence(emulator.endpoint, kind="event-delivery", resource=address)
    assert (record["fidelity"], record["status"]) == ("recorded", "succeeded")
