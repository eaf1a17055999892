"""The bus itself: events reach the rules that match them, and the services of this account send theirs.

`publish` takes a whole event, `emit` what a service has to say, `wanted` tells whether anybody would listen.
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
    """Hands an event to every rule of the bus. A bus that is not there takes nothing."""
    found = events_backends[account][region].event_buses.get(bus)
    if found is None:
        return
    for rule in list(found.rules.values()):
        rule.send_to_targets({**event, "time": time_text(event.get("time"))})


def emit(
    account: str, region: str, source: str, detail_type: str, detail: dict[str, Any], resources: list[str]
) -> None:
    """An event of an AWS service, on the default bus."""
    publish(account, region, compose(account, region, source, detail_type, detail, resources))


def compose(
    account: str, region: str, source: str, detail_type: str, detail: dict[str, Any], resources: list[str]
) -> dict[str, Any]:
    """A whole event that happened now."""
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


def wanted(account: str, region: str, source: str, detail_type: str) -> bool:
    """Whether any rule of the default bus could match: composing an event for nobody costs calls."""
    bus = events_backends[account][region].event_buses["default"]
    told = {"source": source, "detail-type": detail_type}
    for rule in list(bus.rules.values()):
        pattern = rule.event_pattern.get_pattern()
        if pattern and patterns.matches({name: pattern[name] for name in told if name in pattern}, told):
            return True
    return False


def count(account: str, region: str, metric: str, rule: str) -> None:
    """One more in a metric of AWS/Events, where an alarm may watch it."""
    datum = {"MetricName": metric, "Value": 1, "Unit": "Count", "Timestamp": utcnow()}
    cloudwatch_backends[account][region].put_metric_data(
        NAMESPACE, [datum | {"Dimensions": [{"Name": "RuleName", "Value": rule}]}]
    )
