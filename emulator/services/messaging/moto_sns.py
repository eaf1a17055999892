"""SNS delivery: to queues and functions that permit it, over HTTP to this machine only; e-mail goes to a file.

Moto checks no permission, fails the publisher if a subscriber is gone, passes functions an invented event, reads
the RawMessageDelivery `false` as true, and has no dead-letter queues.
"""

from __future__ import annotations

import json
import threading
from datetime import UTC, datetime
from functools import lru_cache
from pathlib import Path
from typing import Any

import requests
from cryptography.hazmat.primitives.asymmetric import rsa
from moto.sns.models import Subscription
from moto.utilities.arns import parse_arn

from emulator.core import clock
from emulator.core.aws import Aws
from emulator.core.settings import Settings
from emulator.moto.patching import replace, wrap
from emulator.services.events import moto_resource_policies
from emulator.services.events.courier import Courier, DeliveryFailed, Letter
from emulator.services.events.moto_targets import Sender, Targets
from emulator.services.events.notification import Message, http_delay, lambda_event, readable, stays_here, wants

SERVICE = "sns.amazonaws.com"
RECORDED = ("email", "email-json", "sms")
HTTP_RETRIES, OTHER_RETRIES = 50, 100_015
HTTP_TIMEOUT = 15.0


def apply(settings: Settings) -> None:
    fan_out = _FanOut(settings)
    # Moto generates a key for every subscription, which takes longer than the rest of a delivery.
    replace(Subscription, "private_key", lambda self: _signing_key())

    @wrap(Subscription, "publish")
    def publish(
        original: Any,
        self: Any,
        message: str,
        message_id: str,
        subject: str | None = None,
        message_attributes: dict[str, Any] | None = None,
        group_id: str | None = None,
        deduplication_id: str | None = None,
        message_structure: str | None = None,
    ) -> None:
        sent = Message(message_id, message, subject, message_attributes or {})
        if not wants(self._filter_policy, self.attributes.get("FilterPolicyScope"), sent):
            return
        if message_structure == "json":
            text = self._parse_message_structure(message, self.protocol)
            sent = Message(message_id, text, subject, message_attributes or {})
        fan_out.deliver(self, sent, group_id, deduplication_id)


@lru_cache(maxsize=1)
def _signing_key() -> rsa.RSAPrivateKey:
    return rsa.generate_private_key(public_exponent=65537, key_size=2048)


class _FanOut:
    """One message to one subscription."""

    def __init__(self, settings: Settings) -> None:
        self._aws = Aws(settings)
        self._courier = Courier(clock.start(settings.time_scale))
        self._targets = Targets(self._aws)
        self._outbox = Outbox(settings.data_dir / "outbox.jsonl")

    def deliver(self, subscription: Any, message: Message, group: str | None, deduplication: str | None) -> None:
        raw = str(subscription.attributes.get("RawMessageDelivery", "false")).lower() == "true"
        attributes = readable(message.attributes)
        envelope = subscription.get_post_data(message.text, message.id, message.subject, message_attributes=attributes)
        envelope["UnsubscribeURL"] = (
            f"https://sns.{subscription.topic.sns_backend.region_name}.amazonaws.com/"
            f"?Action=Unsubscribe&SubscriptionArn={subscription.arn}"
        )
        body = message.text if raw else json.dumps(envelope, indent=2)

        def send() -> dict[str, Any] | None:
            if subscription.protocol == "sqs":
                self._queue(subscription, body, message if raw else None, group, deduplication)
                return None
            if subscription.protocol == "lambda":
                self._function(subscription, json.dumps(lambda_event(envelope, subscription.arn, message)))
                return None
            if subscription.protocol in ("http", "https"):
                return self._http(subscription, body, message, raw)
            if subscription.protocol in RECORDED:
                return self._outbox.write(subscription, message)
            reason = f"The local emulator does not deliver over {subscription.protocol}"
            raise DeliveryFailed("InvalidEndpoint", reason, retriable=False)

        def bury(failed: DeliveryFailed, retries: int, exhausted: str | None) -> str | None:
            return self._bury(subscription, body, message.id, failed)

        over_http = subscription.protocol in ("http", "https")
        letter = Letter(
            source=subscription.topic.arn,
            target=subscription.endpoint,
            send=send,
            bury=bury,
            retries=_http_retries(subscription) if over_http else OTHER_RETRIES,
            detail={"message_id": message.id, "protocol": subscription.protocol},
            delay=http_delay if over_http else Letter.delay,
        )
        # Queues are in memory, and delivered to at once: a publisher finds the message there when its call returns.
        self._courier.carry(letter, now=subscription.protocol in ("sqs", *RECORDED))

    def _context(self, subscription: Any) -> dict[str, str]:
        return {"aws:SourceArn": subscription.topic.arn, "aws:SourceAccount": subscription.topic.account_id}

    def _queue(
        self, subscription: Any, body: str, raw: Message | None, group: str | None, deduplication: str | None
    ) -> None:
        from moto.sqs.models import sqs_backends

        moto_resource_policies.to_queue(subscription.endpoint, SERVICE, self._context(subscription))
        queue = parse_arn(subscription.endpoint)
        sqs_backends[queue.account][queue.region].send_message(
            queue.resource_id,
            body,
            message_attributes=_sqs_attributes(raw) if raw else None,
            deduplication_id=deduplication,
            group_id=group,
            validate_group_id=False,
        )

    def _function(self, subscription: Any, event: str) -> None:
        moto_resource_policies.to_function(subscription.endpoint, SERVICE, self._context(subscription))
        moto_resource_policies.function(subscription.endpoint).invoke(event, {"x-amz-invocation-type": "Event"}, {})

    def _http(self, subscription: Any, body: str, message: Message, raw: bool) -> dict[str, Any]:
        if not stays_here(subscription.endpoint):
            reason = f"{subscription.endpoint} is not on this machine, and the local emulator calls no other"
            raise DeliveryFailed("InvalidEndpoint", reason, retriable=False)
        headers = {
            "x-amz-sns-message-type": "Notification",
            "x-amz-sns-message-id": message.id,
            "x-amz-sns-topic-arn": subscription.topic.arn,
            "x-amz-sns-subscription-arn": subscription.arn,
            "Content-Type": "text/plain; charset=UTF-8",
            "User-Agent": "Amazon Simple Notification Service Agent",
        } | ({"x-amz-sns-rawdelivery": "true"} if raw else {})
        with requests.Session() as session:
            session.trust_env = False  # a proxy would send it off this machine
            answer = session.post(
                subscription.endpoint, body.encode(), headers=headers, timeout=HTTP_TIMEOUT, allow_redirects=False
            )
        if not 200 <= answer.status_code < 300:
            again = answer.status_code >= 500 or answer.status_code == 429
            raise DeliveryFailed(
                str(answer.status_code), f"{subscription.endpoint} responded {answer.status_code}", retriable=again
            )
        return {"status": answer.status_code}

    def _bury(self, subscription: Any, body: str, message_id: str, failed: DeliveryFailed) -> str | None:
        policy = subscription.attributes.get("RedrivePolicy")
        if not policy:
            return None
        queue = str((json.loads(policy) if isinstance(policy, str) else policy)["deadLetterTargetArn"])
        sender = Sender(subscription.topic.arn, subscription.topic.account_id, service=SERVICE)
        attributes = {"RequestID": message_id, "ErrorCode": failed.code, "ErrorMessage": failed.message[:1024]}
        return self._targets.bury(sender, queue, body, attributes)


def _http_retries(subscription: Any) -> int:
    policy = subscription.attributes.get("DeliveryPolicy")
    retry_policy = (json.loads(policy) if isinstance(policy, str) and policy else {}).get("healthyRetryPolicy") or {}
    return int(retry_policy.get("numRetries", HTTP_RETRIES))


def _sqs_attributes(message: Message) -> dict[str, Any]:
    """Return SNS attributes as SQS attributes of a raw message."""
    return {
        name: {"DataType": attribute["Type"], "BinaryValue": attribute["Value"]}
        if attribute["Type"].startswith("Binary")
        else {"DataType": attribute["Type"], "StringValue": str(attribute["Value"])}
        for name, attribute in message.attributes.items()
    }


class Outbox:
    """E-mails and text messages, written to a file as one JSON object per line instead of being sent."""

    def __init__(self, path: Path) -> None:
        self._path, self._lock = path, threading.Lock()

    def write(self, subscription: Any, message: Message) -> dict[str, Any]:
        entry = {
            "at": datetime.now(UTC).isoformat(timespec="milliseconds"),
            "protocol": subscription.protocol,
            "to": subscription.endpoint,
            "topic": subscription.topic.arn,
            "subject": message.subject or "AWS Notification Message",
            "message": message.text,
        }
        with self._lock, self._path.open("a") as stream:
            stream.write(json.dumps(entry) + "\n")
        return {"recorded": True, "outbox": self._path.name}
