"""What the route record of a batch blueprint says. Pure.

{
  "blueprint": "reviews-batch", "kind": "batch", "source": "sagemaker", "submitter": "mlops-dev-batch-submitter",
  "parameters": {},
  "batch": {
    "format": "auto", "column": null, "records_per_file": 10000, "minimum_records": 1, "maximum_records": 5000000,
    "on_arrival": true, "crawler": "mlops-dev-reviews-batch-results", "prices": {"instance_usd_per_hour": 0.115},
    "model_name": "…", "instance_type": "ml.m5.large", "instance_count": 1, "strategy": "MultiRecord",
    "max_payload_mb": 6, "max_concurrent_transforms": 1
  }
}

On Bedrock the last two lines are `"model_id", "base_model_id", "role_arn", "timeout_hours"`.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from inference_common.errors import BadRequest, InternalError, UnknownBlueprint

NAME = re.compile(r"[a-z][a-z0-9-]{0,30}[a-z0-9]")
REQUEST_ID = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]{0,63}")
KIND = "batch"


@dataclass(frozen=True)
class Blueprint:
    name: str
    source: str
    parameters: Mapping[str, Any]
    batch: Mapping[str, Any] = field(compare=False)

    @property
    def records_per_file(self) -> int:
        return int(self.batch["records_per_file"])

    @property
    def on_arrival(self) -> bool:
        return bool(self.batch.get("on_arrival", True))


def parse(name: str, text: str) -> Blueprint:
    """The record of one blueprint. One that breaks the format is a defect of a deployment, not of a request."""
    try:
        record = json.loads(text)
        if record["kind"] != KIND:
            raise UnknownBlueprint(f"the blueprint '{name}' is of kind '{record['kind']}', not {KIND}")
        return Blueprint(name, record["source"], dict(record.get("parameters") or {}), dict(record["batch"]))
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise InternalError(f"the route record of '{name}' is broken: {type(error).__name__} {error}") from error


def check_name(name: Any) -> str:
    if not isinstance(name, str) or not NAME.fullmatch(name):
        raise UnknownBlueprint(f"there is no blueprint '{str(name)[:64]}'")
    return name


def check_request_id(given: Any) -> str:
    if not isinstance(given, str) or not REQUEST_ID.fullmatch(given):
        raise BadRequest("'request_id' must be 1 to 64 letters, digits and . _ -, not starting with one of these")
    return given
