"""Put what was measured into two documents: a report for people, and a short verdict for the state machine.

The state machine carries the verdict along. So it has metrics also in the forms of the calls that they are passed to:
properties of a model version, and data of CloudWatch.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from evaluation.gate import shown

SCHEMA = 1


def verdict(report: Mapping[str, Any], group: str) -> dict[str, Any]:
    """Return the short document for a report."""
    measured, gate = report["metrics"], report["gate"]
    properties = {f"metric:{name}": shown(value) for name, value in measured.items()}
    if report["baseline"]:
        properties[f"baseline:{gate['metric']}"] = shown(report["baseline"][gate["metric"]])
    return {
        "schema": SCHEMA,
        "passed": gate["passed"],
        "reason": "; ".join(gate["reasons"]),
        "metric": gate["metric"],
        "summary": ", ".join(f"{name} {shown(value)}" for name, value in measured.items()),
        **{name: report[name] for name in ("metrics", "baseline", "champion", "candidate_sha256", "rows_sha256")},
        "properties": properties,
        "metric_data": [
            {
                "MetricName": name,
                "Unit": "None",
                "Value": value,
                "Dimensions": [{"Name": "ModelPackageGroup", "Value": group}],
            }
            for name, value in measured.items()
        ],
    }
