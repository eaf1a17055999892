"""Parse the route record of a batch blueprint. Pure.

{
  "blueprint": "reviews-batch", "kind": "batch", "source": "sagemaker", "submitter": "mlops-dev-batch-submitter",
  "format": "inputs", "parameters": {}, "limits": {},
  "batch": {
    "format": "auto", "column": null, "id": null, "types": {},
    "records_per_file": 10000, "minimum_records": 1, "maximum_records": 5000000,
    "on_arrival": true, "crawler": "mlops-dev-reviews-batch-results", "prices": {"instance_usd_per_hour": 0.115},
    "model_name": "…", "model_package_arn": "…", "release_record": "/mlops/dev/releases/records/reviews-batch",
    "instance_type": "ml.m5.large", "instance_count": 1, "strategy": "MultiRecord",
    "max_payload_mb": 6, "max_concurrent_transforms": 1
  }
}

The first `format` is that of the container's payloads (`inference_common.containers`), the second that of the input
objects. On Bedrock the last two lines are `"model_id", "base_model_id", "role_arn", "timeout_hours"`.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from inference_common import bedrock_bodies, containers, embeddings, token_limits
from inference_common.errors import BadRequest, InternalError, UnknownBlueprint
from inference_common.json_input import loads
from inference_common.parameters import Takes
from inference_common.token_limits import Limits

NAME = re.compile(r"[a-z][a-z0-9-]{0,30}[a-z0-9]")
REQUEST_ID = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]{0,79}")
KIND = "batch"
ENVIRONMENT = "environment"
"""Owner of requests without a caller: arrived objects and scheduled sweeps. No API caller can have this name."""


@dataclass(frozen=True)
class Blueprint:
    name: str
    source: str
    parameters: Mapping[str, Any]
    batch: Mapping[str, Any] = field(compare=False)
    limits: Limits
    format: str = "inputs"

    @property
    def records_per_file(self) -> int:
        return int(self.batch["records_per_file"])

    def bounded(self, records: int = 1) -> dict[str, Any]:
        """Return the parameters of every record, within the blueprint's limits."""
        takes = self._takes()
        return self.limits.bound(takes, takes.merged(self.parameters, {}), records)

    def _takes(self) -> Takes:
        if self.source == "sagemaker":
            payload_format = containers.in_batches(self.format)
            # A custom container reads the parameters that its own blueprint sets, and no caller adds any.
            return Takes(open=True) if payload_format.open else payload_format.takes
        model = self.batch["base_model_id"]
        return Takes(embeddings.of(model).parameters) if embeddings.makes(model) else bedrock_bodies.of(model).takes

    @property
    def on_arrival(self) -> bool:
        return bool(self.batch.get("on_arrival", True))


def parse(name: str, text: str) -> Blueprint:
    """Parse the record of one blueprint. Raises `InternalError`, since a malformed record is a deployment defect."""
    try:
        record = loads(text)
        if record["kind"] != KIND:
            raise UnknownBlueprint(f"the blueprint '{name}' is of kind '{record['kind']}', not {KIND}")
        if record.get("guardrail"):
            raise ValueError("a guardrail that nothing applies: jobs ask the model alone")
        limits = token_limits.read(record, KIND)
        own, payload_format = dict(record.get("parameters") or {}), str(record.get("format", "inputs"))
        return Blueprint(name, record["source"], own, dict(record["batch"]), limits, payload_format)
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise InternalError(f"the route record of '{name}' is broken: {type(error).__name__} {error}") from error


def model_of(blueprint: Blueprint, release: str | None) -> dict[str, str]:
    """Return the model for a request that starts now: that of the last release, or else the first one."""
    given = blueprint.batch
    first = {"name": str(given["model_name"]), "version": str(given.get("model_package_arn", ""))}
    if release is None:
        return first
    try:
        record = loads(release)
        name, version = str(record["config_name"]), str(record["model_package_arn"])
    except (ValueError, KeyError, TypeError) as error:
        why = f"{type(error).__name__} {error}"
        raise InternalError(f"the release record of '{blueprint.name}' is broken: {why}") from error
    # Releases that failed before the first success leave the first model, which has no version.
    return {"name": name, "version": version} if version else first


def check_name(name: Any) -> str:
    if not isinstance(name, str) or not NAME.fullmatch(name):
        raise UnknownBlueprint(f"there is no blueprint '{str(name)[:64]}'")
    return name


def check_request_id(given: Any) -> str:
    if not isinstance(given, str) or not REQUEST_ID.fullmatch(given):
        raise BadRequest("'request_id' must be 1 to 80 letters, digits and . _ -, not starting with one of these")
    return given


def check_owner(given: Any) -> str:
    """Return the owner that the event names. Callers with permission to invoke the function are trusted."""
    if not isinstance(given, str) or not given:
        raise BadRequest(f"'owner' must say whose the request is; '{ENVIRONMENT}': of what arrives and of schedules")
    return given
