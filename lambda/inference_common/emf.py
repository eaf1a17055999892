"""Write metrics as log lines in CloudWatch's embedded metric format, without API calls."""

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
    """Build one line: metrics with one set of dimensions, and searchable fields that are not dimensions."""
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
    """Write lines to stdout, which Lambda logs."""
    if lines:
        sys.stdout.write("\n".join(lines) + "\n")
        sys.stdout.flush()


def milliseconds() -> int:
    return time.time_ns() // 1_000_000
