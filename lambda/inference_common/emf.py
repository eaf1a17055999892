"""Metrics as log lines in CloudWatch's embedded metric format: no call, no library, no waiting."""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Mapping, Sequence
from typing import Any

Metrics = Mapping[str, tuple[float, str]]
"""Value and unit by name."""


def line(
    namespace: str, dimensions: Mapping[str, str], metrics: Metrics, fields: Mapping[str, Any], *, now_ms: int
) -> str:
    """One line: metrics under one set of dimensions, with fields that can be searched but are no dimension."""
    directive = {
        "Namespace": namespace,
        "Dimensions": [list(dimensions)],
        "Metrics": [{"Name": name, "Unit": unit} for name, (_, unit) in metrics.items()],
    }
    values = {name: value for name, (value, _) in metrics.items()}
    return json.dumps(
        {**fields, **dimensions, **values, "_aws": {"Timestamp": now_ms, "CloudWatchMetrics": [directive]}}
    )


def emit(lines: Sequence[str]) -> None:
    """To stdout, where Lambda's logs come from."""
    if lines:
        sys.stdout.write("\n".join(lines) + "\n")
        sys.stdout.flush()


def milliseconds() -> int:
    return time.time_ns() // 1_000_000
