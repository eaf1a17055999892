"""Events, route records and fake backends for tests of the router's handler."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from types import SimpleNamespace
from typing import Any

from inference_routing import circuit_breaker, dispatch, route_table

CHAT: dict[str, Any] = {
    "kind": "realtime",
    "source": "bedrock",
    "targets": [{"name": "primary", "model_id": "arn:chat", "base_model_id": "amazon.nova-lite-v1:0"}],
    "parameters": {"max_tokens": 100},
}
REVIEWS: dict[str, Any] = {
    "kind": "realtime",
    "source": "sagemaker",
    "targets": [{"name": "primary", "endpoint_name": "ep-reviews"}],
}
BOTH = {
    **CHAT,
    "targets": [
        {"name": "primary", "model_id": "arn:chat", "weight": 1, "timeout_seconds": 0.6},
        {"name": "spare", "source": "sagemaker", "endpoint_name": "ep-spare", "weight": 0},
    ],
}


@dataclass
class Backend:
    """Responds or fails by the target's address; functions are called, so that they may take time."""

    answers: dict[str, Any]
    requested: list[tuple[str, Any]] = field(default_factory=list)

    def invoke(self, target: Any, request: Any, deadline: Any, kept: Any) -> Any:
        self.requested.append((target.address, request))
        answer = self.answers[target.address]
        answer = answer(request) if callable(answer) else answer
        if isinstance(answer, Exception):
            raise answer
        return answer


@dataclass
class Store:
    records: dict[str, Any]
    record_of: Any

    def read(self, name: str, timeout_seconds: float) -> str | None:
        return json.dumps(self.records[name]) if name in self.records else None

    def list(self, timeout_seconds: float) -> list[Any]:
        return [self.record_of(name, 1_700_000_000, json.dumps(record)) for name, record in self.records.items()]


@dataclass
class Setup:
    """A router with a fake backend."""

    modules: SimpleNamespace
    backend: Backend
    judge: Any = None

    def text(self, *texts: str, stops: tuple[str, ...] = (), usage: Any = None) -> Any:
        outputs = [{"text": text} for text in texts]
        return dispatch.Reply(outputs, {"model_id": "m"}, usage, None, stops)

    def label(self, label: str = "positive", score: float = 0.9) -> Any:
        return dispatch.Reply([{"label": label, "score": score}], {"training_job": "j"})

    def use(self, records: dict[str, Any], answers: dict[str, Any], judge: Any = None) -> None:
        router = self.modules.ROUTER
        self.backend.answers = answers
        router.table = route_table.RouteTable(Store(records, route_table.Record), 30, lambda: 0.0)
        router.backends = {"sagemaker": self.backend, "bedrock": self.backend}
        router.judge = judge
        router.breaker = circuit_breaker.CircuitBreaker(router.clock)
        router.pause = lambda seconds: None

    def call(self, resource: str, body: Any, **event: Any) -> tuple[int, dict[str, str], Any]:
        """Send a request; return status, headers and body, parsed if it is JSON."""
        context = SimpleNamespace(aws_request_id="r", get_remaining_time_in_millis=lambda: event.pop("left_ms", 30_000))
        request = {
            "resource": resource,
            "httpMethod": "POST" if body is not None else "GET",
            "requestContext": {"requestId": "r-1"},
            "body": body if isinstance(body, str) else json.dumps(body) if body is not None else None,
            **event,
        }
        response = self.modules.handler(request, context)
        is_json = response["headers"]["content-type"] == "application/json"
        return (
            response["statusCode"],
            response["headers"],
            json.loads(response["body"]) if is_json else response["body"],
        )

    def native(self, blueprint: str, *inputs: str, **event: Any) -> tuple[int, dict[str, str], Any]:
        event = {"resource": "/realtime/{blueprint}", "pathParameters": {"blueprint": blueprint}, **event}
        return self.call(event.pop("resource"), {"inputs": list(inputs)}, **event)
