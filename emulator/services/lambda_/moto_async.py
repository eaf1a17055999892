"""Results of asynchronous invocations: destinations, and the dead-letter queues of functions that kept failing."""

from __future__ import annotations

import json
import logging
from datetime import UTC, datetime
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError
from moto.utilities.arns import parse_arn

from emulator.core.aws import Aws
from emulator.core.evidence import STORE, caused_by
from emulator.services.events import moto_bus, moto_resource_policies
from emulator.services.events.courier import DeliveryFailed, failure, no_resource
from emulator.services.lambda_.runtime import Outcome

LOG = logging.getLogger(__name__)
SERVICE = "lambda.amazonaws.com"
ACTIONS = {
    "sqs": "sqs:SendMessage",
    "sns": "sns:Publish",
    "lambda": "lambda:InvokeFunction",
    "events": "events:PutEvents",
}


def ended(aws: Aws, stored: Any, payload: str, request_id: str, attempts: int, outcome: Outcome | None) -> None:
    """Notify the destinations; `outcome` is `None` if every attempt was throttled."""
    failed = outcome is None or outcome.failed
    kind = "OnFailure" if failed else "OnSuccess"
    destination = ((_configured(stored).get("DestinationConfig") or {}).get(kind) or {}).get("Destination")
    if destination:
        record = _record(stored, payload, request_id, attempts, outcome)
        _deliver(aws, stored, destination, json.dumps(record), {}, detail_type=_detail_type(failed))
    queue = (getattr(stored, "emulator_extra", {}).get("DeadLetterConfig") or {}).get("TargetArn")
    if failed and queue:
        answer = json.loads(outcome.payload) if outcome else {"errorMessage": "Rate Exceeded."}
        attributes = {
            "RequestID": ("String", request_id),
            "ErrorCode": ("Number", "200" if outcome else "429"),
            "ErrorMessage": ("String", str(answer.get("errorMessage") or "no message")[:1024]),
        }
        _deliver(aws, stored, queue, payload, attributes, detail_type="")
    if failed and not destination and not queue:
        LOG.warning(
            "asynchronous invocation of %s failed %d times; the event is dropped", stored.function_name, attempts
        )


def maximum_retries(stored: Any, default: int) -> int:
    configured = _configured(stored).get("MaximumRetryAttempts")
    return default if configured is None else int(configured)


def _configured(stored: Any) -> dict[str, Any]:
    """Return the latest configuration; moto keeps all of them."""
    return stored.event_invoke_config[-1].config if stored.event_invoke_config else {}


def _detail_type(failed: bool) -> str:
    return f"Lambda Function Invocation Result - {'Failure' if failed else 'Success'}"


def _record(stored: Any, payload: str, request_id: str, attempts: int, outcome: Outcome | None) -> dict[str, Any]:
    failed = outcome is None or outcome.failed
    record: dict[str, Any] = {
        "version": "1.0",
        "timestamp": datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%S.%f")[:-3] + "Z",
        "requestContext": {
            "requestId": request_id,
            "functionArn": f"{stored.function_arn}:{stored.version}",
            "condition": "RetriesExhausted" if failed else "Success",
            "approximateInvokeCount": attempts,
        },
        "requestPayload": json.loads(payload),
    }
    if outcome:
        context: dict[str, Any] = {"statusCode": 200, "executedVersion": str(stored.version)}
        record["responseContext"] = context | ({"functionError": "Unhandled"} if outcome.failed else {})
        record["responsePayload"] = json.loads(outcome.payload or "null")
    return record


def _deliver(
    aws: Aws, stored: Any, target: str, body: str, attributes: dict[str, tuple[str, str]], *, detail_type: str
) -> None:
    """Deliver under the function's role, as AWS does: without permission the event is lost."""
    record = STORE.begin("event-delivery", target, detail={"from": stored.function_arn})
    try:
        with caused_by(record.id):
            _send(aws, stored, target, body, attributes, detail_type)
    except (DeliveryFailed, ClientError, BotoCoreError) as error:
        failed = failure(error)
        STORE.fail(record.id, f"{failed.code}: {failed.message}")
        LOG.warning("%s could not reach its destination %s: %s", stored.function_name, target, failed.message)
    else:
        STORE.succeed(record.id)


def _send(
    aws: Aws, stored: Any, target: str, body: str, attributes: dict[str, tuple[str, str]], detail_type: str
) -> None:
    arn = parse_arn(target)
    if arn.service not in ACTIONS:
        raise no_resource(f"The local emulator has no destination {target}")
    moto_resource_policies.under_role(stored.role, SERVICE, ACTIONS[arn.service], target)
    members = {name: {"DataType": kind, "StringValue": value} for name, (kind, value) in attributes.items()}
    if arn.service == "sqs":
        moto_resource_policies.queue(target)
        sqs = aws.client("sqs", region=arn.region)
        url = sqs.get_queue_url(QueueName=arn.resource_id)["QueueUrl"]
        sqs.send_message(QueueUrl=url, MessageBody=body, MessageAttributes=members)
    elif arn.service == "sns":
        aws.client("sns", region=arn.region).publish(TopicArn=target, Message=body, MessageAttributes=members)
    elif arn.service == "lambda":
        aws.client("lambda", region=arn.region).invoke(FunctionName=target, InvocationType="Event", Payload=body)
    else:
        moto_bus.publish(
            arn.account,
            arn.region,
            moto_bus.compose(arn.account, arn.region, "lambda", detail_type, json.loads(body), [stored.function_arn]),
            bus=arn.resource_id,
        )
