"""Messages of topics: filter policies, and the forms in which subscribers receive them."""

from __future__ import annotations

import base64
import ipaddress
import json
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from emulator.services.events import patterns


@dataclass(frozen=True)
class Message:
    """One published message. `attributes` are SNS's: name → Type and Value."""

    id: str
    text: str
    subject: str | None
    attributes: dict[str, dict[str, Any]]


def wants(policy: dict[str, Any] | None, scope: str | None, message: Message) -> bool:
    """Return whether a subscription's filter policy admits the message."""
    if not policy:
        return True
    if scope == "MessageBody":
        try:
            body = json.loads(message.text)
        except ValueError:
            return False
        return isinstance(body, dict) and patterns.matches(policy, body)
    return patterns.matches(policy, {name: _value(attribute) for name, attribute in message.attributes.items()})


def _value(attribute: dict[str, Any]) -> Any:
    """Return an attribute's value for filter policies; binary ones match nothing."""
    kind, value = attribute["Type"], attribute["Value"]
    if kind.startswith("Number"):
        return float(value)
    if kind == "String.Array":
        return json.loads(value)
    return None if kind.startswith("Binary") else value


def readable(attributes: dict[str, dict[str, Any]]) -> dict[str, dict[str, str]]:
    """Return attributes as JSON, with binary values in base64."""
    return {
        name: {
            "Type": attribute["Type"],
            "Value": base64.b64encode(attribute["Value"]).decode()
            if isinstance(attribute["Value"], bytes)
            else str(attribute["Value"]),
        }
        for name, attribute in attributes.items()
    }


def lambda_event(envelope: dict[str, Any], subscription_arn: str, message: Message) -> dict[str, Any]:
    """Return the event for a function: spelled differently from the envelope, always with attributes."""
    fields = {
        "Type": "Notification",
        "MessageId": message.id,
        "TopicArn": envelope["TopicArn"],
        "Subject": message.subject,
        "Message": envelope["Message"],
        "Timestamp": envelope["Timestamp"],
        "SignatureVersion": envelope["SignatureVersion"],
        "Signature": envelope["Signature"],
        "SigningCertUrl": envelope["SigningCertURL"],
        "UnsubscribeUrl": envelope["UnsubscribeURL"],
        "MessageAttributes": readable(message.attributes),
    }
    record = {"EventSource": "aws:sns", "EventVersion": "1.0", "EventSubscriptionArn": subscription_arn, "Sns": fields}
    return {"Records": [record]}


def stays_here(url: str) -> bool:
    """Return whether a URL leads to this machine."""
    host = urlsplit(url).hostname or ""
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def http_delay(attempt: int) -> float:
    """Return the delay of the next HTTP attempt: SNS's default policy (3 at once, 2 after 1 s, then up to 20 s)."""
    if attempt < 3:
        return 0.0
    return 1.0 if attempt < 5 else min(20.0, 1.35 ** (attempt - 4))
