"""The event bus: it passes events of clients and of this account's services to the rules that match them.

`publish` takes a complete event, `emit` the detail of a service's event; `has_listener` tells if a rule could match.
"""

from __future__ import annotations

import uuid
from typing import Any

from moto.cloudwatch.models import cloudwatch_backends
from moto.core.utils import utcnow
from moto.events.models import events_backends

from emulator.services.events import patterns
from emulator.services.events.transform import now_text, time_text

NAMESPACE = "AWS/Events"


def publish(account: str, region: str, event: dict[str, Any], *, bus: str = "default") -> None:
    """Pass an event to every rule of the bus. Do nothing if the bus does not exist."""
    target = events_backends[account][region].event_buses.get(bus)
    if target is None:
        return
    for rule in list(target.rules.values()):
        stamped: Any = {**event, "time": time_text(event.get("time"))}
        rule.send_to_targets(stamped)


def emit(
    account: str, region: str, source: str, detail_type: str, detail: dict[str, Any], resources: list[str]
) -> None:
    """Publish an event of an AWS service on the default bus."""
    publish(account, region, compose(account, region, source, detail_type, detail, resources))


def compose(
    account: str, region: str, source: str, detail_type: str, detail: dict[str, Any], resources: list[str]
) -> dict[str, Any]:
    """Make a complete event with the current time."""
    return {
        "version": "0",
        "id": str(uuid.uuid4()),
        "detail-type": detail_type,
        "source": source,
        "account": account,
        "time": now_text(),
        "region": region,
        "resources": resources,
        "detail": detail,
    }


def has_listener(account: str, region: str, source: str, detail_type: str) -> bool:
    """Return whether a rule of the default bus could match: composing an event takes calls."""
    bus = events_backends[account][region].event_buses["default"]
    known = {"source": source, "detail-type": detail_type}
    for rule in list(bus.rules.values()):
        pattern = rule.event_pattern.get_pattern()
        if pattern and patterns.matches({name: pattern[name] for name in known if name in pattern}, known):
            return True
    return False


def count(account: str, region: str, metric: str, rule: str) -> None:
    """Count one in a metric of AWS/Events, which an alarm may watch."""
    datum = {"MetricName": metric, "Value": 1, "Unit": "Count", "Timestamp": utcnow()}
    cloudwatch_backends[account][region].put_metric_data(
        NAMESPACE, [datum | {"Dimensions": [{"Name": "RuleName", "Value": rule}]}]
    )
