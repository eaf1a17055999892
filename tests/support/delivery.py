"""What tests of deliveries share: queues that a service may send to, roles, rules, and what arrived."""

from __future__ import annotations

import json
import time
import uuid
from collections.abc import Callable
from typing import Any

ACCOUNT = "123456789012"


def unique(prefix: str) -> str:
    return f"{prefix}-{uuid.uuid4().hex[:8]}"


def wait_for(ask: Callable[[], Any], *, until: Callable[[Any], Any] = bool, seconds: float = 20) -> Any:
    """The first answer that satisfies `until`."""
    deadline = time.monotonic() + seconds
    while True:
        answer = ask()
        if until(answer):
            return answer
        assert time.monotonic() < deadline, f"not within {seconds} seconds; last seen: {answer}"
        time.sleep(0.02)


def told(sqs: Any, url: str, about: str | None = None) -> list[str]:
    """Receive and delete a topic's messages from a queue.

    Args:
        about: waits for one that holds this text, and returns those that do: a topic delivers after it has answered
            its publisher.
    """
    messages: list[str] = []

    def look() -> list[str]:
        for message in sqs.receive_message(QueueUrl=url, MaxNumberOfMessages=10).get("Messages", []):
            sqs.delete_message(QueueUrl=url, ReceiptHandle=message["ReceiptHandle"])
            messages.append(json.loads(message["Body"])["Message"])
        return [each for each in messages if about is None or about in each]

    return look() if about is None else list(wait_for(look))


class Queue:
    """A queue, open to the services that are named."""

    def __init__(self, aws: Any, *services: str, **attributes: str) -> None:
        self.sqs, self.name = aws("sqs"), unique("queue")
        self._unread: list[dict[str, Any]] = []
        self.arn = f"arn:aws:sqs:us-east-1:{ACCOUNT}:{self.name}"
        if services:
            attributes["Policy"] = allow(services, "sqs:SendMessage", self.arn)
        self.url = self.sqs.create_queue(QueueName=self.name, Attributes=attributes)["QueueUrl"]

    def now(self) -> list[dict[str, Any]]:
        """What is there at this moment; it is taken out."""
        unread, self._unread = self._unread, []
        response = self.sqs.receive_message(
            QueueUrl=self.url, MaxNumberOfMessages=10, MessageAttributeNames=["All"], AttributeNames=["All"]
        ).get("Messages", [])
        for message in response:
            self.sqs.delete_message(QueueUrl=self.url, ReceiptHandle=message["ReceiptHandle"])
        return list(unread + response)

    def message(self) -> dict[str, Any]:
        """The next message, when it is there."""
        first, *self._unread = wait_for(self.now)
        return dict(first)

    def body(self) -> Any:
        return json.loads(self.message()["Body"])

    def close(self) -> None:
        self.sqs.delete_queue(QueueUrl=self.url)


def attributes(message: dict[str, Any]) -> dict[str, str]:
    """A message's attributes as plain text."""
    return {name: value["StringValue"] for name, value in message.get("MessageAttributes", {}).items()}


def allow(services: tuple[str, ...], action: str, resource: str, **condition: Any) -> str:
    """A resource policy that lets these service principals in."""
    statement = {
        "Effect": "Allow",
        "Principal": {"Service": [f"{service}.amazonaws.com" for service in services]},
        "Action": action,
        "Resource": resource,
    }
    if condition:
        statement["Condition"] = condition
    return json.dumps({"Version": "2012-10-17", "Statement": [statement]})


def role(aws: Any, service: str, action: str, resource: str = "*") -> str:
    """A role for this service that may do this one thing."""
    name = unique("role")
    trust = {"Effect": "Allow", "Principal": {"Service": f"{service}.amazonaws.com"}, "Action": "sts:AssumeRole"}
    permission = {"Effect": "Allow", "Action": action, "Resource": resource}
    iam = aws("iam")
    document = {"Version": "2012-10-17"}
    arn = iam.create_role(RoleName=name, AssumeRolePolicyDocument=json.dumps({**document, "Statement": [trust]}))
    iam.put_role_policy(
        RoleName=name, PolicyName="do", PolicyDocument=json.dumps({**document, "Statement": [permission]})
    )
    return str(arn["Role"]["Arn"])


def drop_role(aws: Any, arn: str) -> None:
    """Takes a role of `role` away."""
    iam, name = aws("iam"), arn.rsplit("/", 1)[-1]
    iam.delete_role_policy(RoleName=name, PolicyName="do")
    iam.delete_role(RoleName=name)


def permit(aws: Any, function: str, service: str, source: str | None = None) -> None:
    """Lets a service invoke the function."""
    condition = {"SourceArn": source} if source else {}
    aws("lambda").add_permission(
        FunctionName=function,
        StatementId=unique("s"),
        Action="lambda:InvokeFunction",
        Principal=f"{service}.amazonaws.com",
        **condition,
    )


def rule(aws: Any, pattern: dict[str, Any], *targets: dict[str, Any], bus: str = "default") -> str:
    """A rule with these targets; returns its ARN."""
    events, name = aws("events"), unique("rule")
    arn = events.put_rule(Name=name, EventPattern=json.dumps(pattern), EventBusName=bus)["RuleArn"]
    numbered = [{"Id": str(index), **target} for index, target in enumerate(targets)]
    assert events.put_targets(Rule=name, Targets=numbered, EventBusName=bus)["FailedEntryCount"] == 0
    return str(arn)


def send(aws: Any, source: str, detail: dict[str, Any], bus: str = "default", kind: str = "test") -> None:
    entry = {"Source": source, "DetailType": kind, "Detail": json.dumps(detail), "EventBusName": bus}
    assert aws("events").put_events(Entries=[entry])["FailedEntryCount"] == 0
