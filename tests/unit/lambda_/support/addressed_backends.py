"""Route records and a backend that responds per address, for tests of the router's handler."""

from __future__ import annotations

import json
from typing import Any

SAGEMAKER = {
    "blueprint": "reviews",
    "kind": "realtime",
    "source": "sagemaker",
    "targets": [{"name": "primary", "endpoint_name": "one", "weight": 1}],
    "parameters": {},
}
TWO = {**SAGEMAKER, "targets": [*SAGEMAKER["targets"], {"name": "spare", "endpoint_name": "two", "weight": 0}]}


class Store:
    """Route records by name; counts reads."""

    def __init__(self, records: dict[str, Any]) -> None:
        self.records = records
        self.reads = 0

    def read(self, name: str, timeout_seconds: float) -> str | None:
        self.reads += 1
        return json.dumps(self.records[name]) if name in self.records else None

    def list(self, timeout_seconds: float) -> list[Any]:
        raise AssertionError("nothing here lists")


class Backend:
    """Responds or fails per address."""

    def __init__(self, answers: dict[str, Any]) -> None:
        self.answers = answers
        self.requests: list[Any] = []

    def invoke(self, target: Any, request: Any, deadline: Any, kept: Any) -> Any:
        self.requests.append(request)
        answer = self.answers[target.address]
        if isinstance(answer, Exception):
            raise answer
        return answer
