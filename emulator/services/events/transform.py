"""Inputs of targets: the event, a part of it, a constant, or a template filled from it."""

from __future__ import annotations

import json
import re
from datetime import UTC, datetime
from typing import Any

MISSING: Any = object()
"""The value of a path that the event lacks."""
VARIABLE = re.compile(r"<([\w.\-]+)>")


def target_input(target: dict[str, Any], event: dict[str, Any], rule: dict[str, str] | None = None) -> str:
    """Return the text for the target. `rule` has `name` and `arn`, for the reserved variables of templates."""
    if target.get("Input") is not None:
        return str(target["Input"])
    if target.get("InputPath"):
        part = at(target["InputPath"], event)
        return json.dumps(None if part is MISSING else part)
    transformer = target.get("InputTransformer")
    if not transformer:
        return json.dumps(event)
    values = {name: at(path, event) for name, path in (transformer.get("InputPathsMap") or {}).items()}
    reserved: dict[str, Any] = {
        "aws.events.event.json": event,
        "aws.events.event": {name: value for name, value in event.items() if name != "detail"},
        "aws.events.event.ingestion-time": now_text(),
    }
    if rule:
        reserved |= {"aws.events.rule-name": rule["name"], "aws.events.rule-arn": rule["arn"]}
    return _filled(transformer["InputTemplate"], {**reserved, **values})


def at(path: str, event: dict[str, Any]) -> Any:
    """Return the value at a JSON path such as `$.detail.items[0].name`; `MISSING` if there is none."""
    value: Any = event
    for name, index in re.findall(r"([^.\[\]$]+)|\[(\d+)\]", path):
        if name:
            value = value.get(name, MISSING) if isinstance(value, dict) else MISSING
        else:
            value = value[int(index)] if isinstance(value, list) and int(index) < len(value) else MISSING
    return value


def _filled(template: str, values: dict[str, Any]) -> str:
    """Replace a template's `<name>`: plain inside a JSON string, JSON elsewhere, empty if the event lacks the value."""

    def fill(match: re.Match[str]) -> str:
        if match[1] not in values:
            return match[0]
        value = values[match[1]]
        if value is MISSING:
            return ""
        quoted = template[: match.start()].replace('\\"', "").count('"') % 2 == 1
        if not quoted:
            return json.dumps(value)
        text = value if isinstance(value, str) else json.dumps(value)
        return json.dumps(text)[1:-1]

    filled = VARIABLE.sub(fill, template)
    try:
        whole = json.loads(filled)
    except ValueError:
        return filled
    # A template that is one string is delivered without its quotes.
    return whole if isinstance(whole, str) else filled


def time_text(value: Any) -> str:
    """Format epoch seconds or a datetime as `2026-01-31T12:00:00Z`; return text unchanged."""
    if isinstance(value, datetime):
        moment = value if value.tzinfo else value.replace(tzinfo=UTC)
        return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    try:
        return datetime.fromtimestamp(float(value), UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    except (TypeError, ValueError):
        return str(value)


def now_text() -> str:
    return datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
