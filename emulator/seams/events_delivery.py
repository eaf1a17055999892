"""EventBridge delivers to functions, state machines and topics. Moto fails PutEvents when a rule has such a target.

S3's events are corrected too: moto sends them to every bus (AWS: the default one), with a number for a time.
"""

from __future__ import annotations

import json
import logging
import re
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError
from moto.events.models import Rule
from moto.utilities.arns import parse_arn

from emulator.compute.aws import ADMIN, Aws
from emulator.evidence import caused_by, current_cause
from emulator.seams.patching import wrap
from emulator.settings import Settings

LOG = logging.getLogger(__name__)
DELIVERED_HERE = ("lambda", "states", "sns")
WORKERS = 4
VARIABLE = re.compile(r"<([\w.\-]+)>")

_pool: ThreadPoolExecutor | None = None


def apply(settings: Settings) -> None:
    global _pool
    _pool = ThreadPoolExecutor(WORKERS, thread_name_prefix="events")
    delivery = _Delivery(Aws(settings))

    @wrap(Rule, "send_to_targets")
    def send_to_targets(original: Any, self: Any, original_event: Any, transform_input: bool = True) -> None:
        if original_event.get("source") == "aws.s3" and self.event_bus_name != "default":
            return
        ours = [target for target in self.targets if parse_arn(target["Arn"]).service in DELIVERED_HERE]
        event = {**original_event, "time": _text_time(original_event.get("time"))}
        if ours and self.state == "ENABLED" and self.event_pattern.matches_event(original_event):
            for target in ours:
                _submit(delivery, self, target, event)
        theirs = [target for target in self.targets if target not in ours]
        if theirs:
            # A copy of the rule with the other targets: the rule itself is shared with other requests.
            rest = object.__new__(type(self))
            rest.__dict__ = {**self.__dict__, "targets": theirs}
            original(rest, original_event, transform_input)


def shutdown() -> None:
    if _pool:
        _pool.shutdown(wait=False, cancel_futures=True)


def _submit(delivery: _Delivery, rule: Any, target: dict[str, Any], event: dict[str, Any]) -> None:
    assert _pool is not None
    cause = current_cause()

    def work() -> None:
        with caused_by(cause):
            delivery.deliver(rule, target, event)

    _pool.submit(work)


class _Delivery:
    """Calls one target with one event."""

    def __init__(self, aws: Aws) -> None:
        self._aws = aws

    def deliver(self, rule: Any, target: dict[str, Any], event: dict[str, Any]) -> None:
        """A failed delivery goes to the target's dead-letter queue, as on AWS; without one it is lost, and logged."""
        body = _input(target, event)
        arn = target["Arn"]
        try:
            self._call(rule, target, body)
        except (ClientError, BotoCoreError) as error:
            LOG.warning("rule %s could not deliver to %s: %s", rule.name, arn, error)
            queue = (target.get("DeadLetterConfig") or {}).get("Arn")
            if queue:
                self._bury(queue, rule, target, body, error)

    def _call(self, rule: Any, target: dict[str, Any], body: str) -> None:
        arn, service = target["Arn"], parse_arn(target["Arn"])
        # Functions and topics admit EventBridge by their own policy; state machines are started under a role.
        credentials = ADMIN
        if target.get("RoleArn"):
            credentials = self._aws.assume(target["RoleArn"], rule.name)
        client = self._aws.client(
            {"lambda": "lambda", "states": "stepfunctions", "sns": "sns"}[service.service], credentials, service.region
        )
        if service.service == "lambda":
            client.invoke(FunctionName=arn, InvocationType="Event", Payload=body)
        elif service.service == "states":
            client.start_execution(stateMachineArn=arn, input=body)
        else:
            client.publish(TopicArn=arn, Message=body)

    def _bury(self, queue_arn: str, rule: Any, target: dict[str, Any], body: str, error: Exception) -> None:
        found = parse_arn(queue_arn)
        sqs = self._aws.client("sqs", region=found.region)
        attributes = {"RULE_ARN": rule.arn, "TARGET_ARN": target["Arn"], "ERROR_MESSAGE": str(error)[:256]}
        sqs.send_message(
            QueueUrl=sqs.get_queue_url(QueueName=found.resource_id)["QueueUrl"],
            MessageBody=body,
            MessageAttributes={
                name: {"DataType": "String", "StringValue": value} for name, value in attributes.items()
            },
        )


def _input(target: dict[str, Any], event: dict[str, Any]) -> str:
    """The text that the target receives: a constant, a part, a template, or the event itself."""
    if target.get("Input") is not None:
        return str(target["Input"])
    if target.get("InputPath"):
        return json.dumps(_at(target["InputPath"], event), default=str)
    transformer = target.get("InputTransformer")
    if transformer:
        paths = transformer.get("InputPathsMap", {})
        return _filled(transformer["InputTemplate"], {name: _at(path, event) for name, path in paths.items()}, event)
    return json.dumps(event, default=str)


def _at(path: str, event: dict[str, Any]) -> Any:
    """The value at a JSON path such as `$.detail.name`; `None` where there is nothing."""
    value: Any = event
    for part in path.removeprefix("$").strip(".").split("."):
        if part:
            value = value.get(part) if isinstance(value, dict) else None
    return value


def _filled(template: str, values: dict[str, Any], event: dict[str, Any]) -> str:
    """A template's `<name>`: plain inside a JSON string, JSON everywhere else."""
    values = {**values, "aws.events.event.json": event, "aws.events.event": event}

    def fill(match: re.Match[str]) -> str:
        if match[1] not in values:
            return match[0]
        value = values[match[1]]
        quoted = template[: match.start()].replace('\\"', "").count('"') % 2 == 1
        if not quoted:
            return json.dumps(value, default=str)
        text = "" if value is None else value if isinstance(value, str) else json.dumps(value, default=str)
        return json.dumps(text)[1:-1]

    filled = VARIABLE.sub(fill, template)
    try:
        whole = json.loads(filled)
    except ValueError:
        return filled
    # A template that is one string arrives without its quotes.
    return whole if isinstance(whole, str) else filled


def _text_time(value: Any) -> str:
    """`2026-01-31T12:00:00Z`; moto keeps the time as a number, or as what the caller sent."""
    try:
        moment = datetime.fromtimestamp(float(value), UTC)
    except (TypeError, ValueError):
        return str(value)
    return moment.strftime("%Y-%m-%dT%H:%M:%SZ")
