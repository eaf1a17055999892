"""Files of a dataset, a training on it, and an endpoint of its model."""

from __future__ import annotations

from typing import Any

import yaml

from orchestrator.config.loader import build
from orchestrator.config.model.platform import Environment
from tests.fakes.platforms import platform_file

DATASET: dict[str, Any] = {
    "name": "diabetes",
    "kind": "dataset",
    "sample": "jobs/datasets/diabetes/sample",
    "format": {"type": "csv"},
    "columns": [
        {"name": "age", "type": "double", "minimum": -1, "maximum": 1},
        {"name": "sex", "type": "string", "values": ["f", "m"], "required": False},
        {"name": "progression", "type": "double", "minimum": 0},
    ],
    "roles": {"label": "progression"},
}
TRAINING: dict[str, Any] = {
    "name": "progression",
    "kind": "training",
    "description": "Progression of diabetes after a year",
    "dataset": "diabetes",
    "code": "jobs/models/progression",
    "task": "regression",
    "gate": {"metric": "rmse", "threshold": 65},
    "golden": [{"input": {"age": 0.1, "sex": "f"}, "value": 150, "tolerance": 200}],
}
BLUEPRINT: dict[str, Any] = {
    "name": "progression",
    "kind": "realtime",
    "model": {"source": "sagemaker", "group": "progression"},
    "smoke": {"golden": [{"input": "x", "label": "y"}]},
}
Change = dict[str, Any]


def environment(
    dataset: Change | None = None,
    training: Change | None = None,
    blueprint: Change | None = None,
    target: str = "local",
    sources: Change | None = None,
) -> Environment:
    """Build an environment with one file of each family, each with some keys changed, and with data sources."""
    files = {
        folder: {content["name"]: (f"{folder}/{content['name']}.yaml", yaml.safe_dump({**content, **(change or {})}))}
        for folder, content, change in (
            ("datasets", DATASET, dataset),
            ("trainings", TRAINING, training),
            ("blueprints", BLUEPRINT, blueprint),
        )
    }
    return build(
        "here",
        platform_file(yaml.safe_dump({"owner": "me", "data": {"sources": sources or {}}}), target),
        files["blueprints"],
        datasets=files["datasets"],
        trainings=files["trainings"],
    )
