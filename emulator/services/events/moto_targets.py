"""Targets of rules, schedules and buses, called with the permissions of the sender. Raises `DeliveryFailed`."""

from __future__ import annotations

import json
import uuid
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from moto.core.utils import unix_time_millis
from moto.logs.models import logs_backends
from moto.utilities.arns import parse_arn

from emulator.core.administrator import ADMIN
from emulator.core.aws import Aws
from emulator.core.evidence import current_cause
from emulator.moto.lineage import HEADER
from emulator.services.events import moto_resource_policies
from emulator.services.events.courier import DeliveryFailed, no_resource

EVENTS, SCHEDULER = "events.amazonaws.com", "scheduler.amazonaws.com"


@dataclass(frozen=True)
class Sender:
    """The rule or schedule on whose behalf a target is called."""

    arn: str
    """The rule or schedule."""
    account: str
    service: str = EVENTS
    session: str = "events"
    """Name of the session under which a target's role is assumed."""

    @property
    def context(self) -> dict[str, str]:
        return {"aws:SourceArn": self.arn, "aws:SourceAccount": self.account}


class Targets:
    """Calls one target with one input."""

    def __init__(self, aws: Aws) -> None:
        self._aws = aws
        self._kinds: dict[str, Callable[[Sender, dict[str, Any], str], None]] = {
            "lambda": self._function,
            "states": self._machine,
            "sns": self._topic,
            "sqs": self._queue,
            "logs": self._log_group,
            "events": self._bus,
        }

    def call(self, sender: Sender, target: dict[str, Any], body: str) -> None:
        arn = parse_arn(target["Arn"])
        if arn.service == "events" and arn.resource_type == "api-destination":
            raise DeliveryFailed(
                "SDK_CLIENT_ERROR",
                "API destinations are not on this machine, and the local emulator calls none",
                retriable=False,
            )
        kind = self._kinds.get(arn.service)
        if kind is None:
            message = f"The local emulator does not deliver to {arn.service} ({target['Arn']})"
            raise DeliveryFailed("SDK_CLIENT_ERROR", message, retriable=False)
        kind(sender, target, body)

    def bury(self, sender: Sender, queue_arn: str, body: str, attributes: dict[str, str]) -> str:
        """Send a dead letter and return the queue's ARN."""
        moto_resource_policies.to_queue(queue_arn, sender.service, sender.context)
        self.send(queue_arn, body, attributes=attributes)
        return queue_arn

    def _client(self, service: str, sender: Sender, target: dict[str, Any], action: str) -> Any:
        credentials = ADMIN
        if target.get("RoleArn"):
            moto_resource_policies.under_role(target["RoleArn"], sender.service, action, target["Arn"], sender.context)
            credentials = self._aws.assume(
                target["RoleArn"], sender.session, service=sender.service, source_arn=sender.arn
            )
        client = self._aws.client(service, credentials, parse_arn(target["Arn"]).region)
        client.meta.events.register("before-call", _tell_cause, unique_id="emulator-cause")
        return client

    def _function(self, sender: Sender, target: dict[str, Any], body: str) -> None:
        if not target.get("RoleArn"):
            moto_resource_policies.to_function(target["Arn"], sender.service, sender.context)
        client = self._client("lambda", sender, target, "lambda:InvokeFunction")
        client.invoke(FunctionName=target["Arn"], InvocationType="Event", Payload=body)

    def _machine(self, sender: Sender, target: dict[str, Any], body: str) -> None:
        if not target.get("RoleArn"):
            raise DeliveryFailed(
                "NO_PERMISSIONS", f"{target['Arn']} requires a role, and the target has none", retriable=False
            )
        client = self._client("stepfunctions", sender, target, "states:StartExecution")
        client.start_execution(stateMachineArn=target["Arn"], input=body)

    def _topic(self, sender: Sender, target: dict[str, Any], body: str) -> None:
        if not target.get("RoleArn"):
            # EventBridge sends topics (and their keys) neither account nor rule: conditions on them are never met.
            context = {} if sender.service == EVENTS else sender.context
            moto_resource_policies.to_topic(target["Arn"], sender.service, context)
        self._client("sns", sender, target, "sns:Publish").publish(TopicArn=target["Arn"], Message=body)

    def _queue(self, sender: Sender, target: dict[str, Any], body: str) -> None:
        if target.get("RoleArn"):
            moto_resource_policies.queue(target["Arn"])
            moto_resource_policies.under_role(
                target["RoleArn"], sender.service, "sqs:SendMessage", target["Arn"], sender.context
            )
        else:
            moto_resource_policies.to_queue(target["Arn"], sender.service, sender.context)
        self.send(target["Arn"], body, group=(target.get("SqsParameters") or {}).get("MessageGroupId"))

    def send(self, arn: str, body: str, *, group: str | None = None, attributes: dict[str, str] | None = None) -> None:
        queue = parse_arn(arn)
        sqs = self._aws.client("sqs", region=queue.region)
        sqs.meta.events.register("before-call", _tell_cause, unique_id="emulator-cause")
        message_attributes = {
            name: {"DataType": "String", "StringValue": value} for name, value in (attributes or {}).items() if value
        }
        url = sqs.get_queue_url(QueueName=queue.resource_id, QueueOwnerAWSAccountId=queue.account)["QueueUrl"]
        options = {"MessageGroupId": group} if group else {}
        sqs.send_message(QueueUrl=url, MessageBody=body, MessageAttributes=message_attributes, **options)

    def _log_group(self, sender: Sender, target: dict[str, Any], body: str) -> None:
        log_group = parse_arn(target["Arn"])
        name = log_group.resource_id.removesuffix(":*")
        backend = logs_backends[log_group.account][log_group.region]
        if name not in backend.groups:
            raise no_resource(f"The log group {name} does not exist")
        moto_resource_policies.to_log_group(target["Arn"], sender.service, sender.context)
        stream, timestamp, message = str(uuid.uuid4()), int(unix_time_millis()), body
        if target.get("InputTransformer"):
            # A transformed input has to be {"timestamp": …, "message": …}; AWS drops everything else.
            document = json.loads(body)
            timestamp, message = int(document["timestamp"]), str(document["message"])
        backend.create_log_stream(name, stream)
        backend.put_log_events(name, stream, [{"timestamp": timestamp, "message": message}])

    def _bus(self, sender: Sender, target: dict[str, Any], body: str) -> None:
        from emulator.services.events import moto_bus

        if target.get("RoleArn"):
            moto_resource_policies.under_role(
                target["RoleArn"], sender.service, "events:PutEvents", target["Arn"], sender.context
            )
        else:
            moto_resource_policies.to_bus(target["Arn"], sender.service, sender.context)
        bus = parse_arn(target["Arn"])
        # Source, account, region and time stay those of the event; the input of a bus cannot be transformed.
        moto_bus.publish(bus.account, bus.region, json.loads(body), bus=bus.resource_id)


def _tell_cause(params: dict[str, Any], **_: Any) -> None:
    cause = current_cause()
    if cause:
        params["headers"][HEADER] = cause
