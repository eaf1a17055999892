"""The job API with all its dependencies in memory."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import UTC, datetime
from types import SimpleNamespace
from typing import Any

import pytest

from job_api import async_jobs, backends, ids, records

NOW = datetime(2026, 1, 1, 12, tzinfo=UTC)
ENVIRON = {
    "ROUTES_PREFIX": "/mlops/dev/routes",
    "BUCKET": "data",
    "KEY_ARN": "arn:aws:kms:::key/data",
    "SECRET_PARAMETER": "/mlops/dev/secrets/job-ids",
}
BODY = json.dumps({"inputs": ["Hello"], "parameters": {"max_tokens": 5}})
JOB = {"ttl_seconds": 600, "invocation_timeout_seconds": 60, "max_input_mb": 1}
BEDROCK = {
    "blueprint": "chat-async",
    "kind": "async",
    "source": "bedrock",
    "targets": [{"name": "primary", "model_id": "m"}],
    "parameters": {"max_tokens": 9, "temperature": 0},
    "job": {**JOB, "queue_url": "https://sqs/requests"},
}
SAGEMAKER = {
    "blueprint": "reviews-async",
    "kind": "async",
    "source": "sagemaker",
    "targets": [{"name": "primary", "endpoint_name": "mlops-dev-reviews-async"}],
    "parameters": {},
    "job": JOB,
}
BATCH = {"blueprint": "chat-batch", "kind": "batch", "source": "bedrock", "submitter": "mlops-dev-batch-submitter"}
REVIEWS_BATCH = {**BATCH, "blueprint": "reviews-batch", "source": "sagemaker"}
RECORDS = {
    "chat-async": json.dumps(BEDROCK),
    "reviews-async": json.dumps(SAGEMAKER),
    "chat-batch": json.dumps(BATCH),
    "reviews-batch": json.dumps(REVIEWS_BATCH),
    "chat": json.dumps({"blueprint": "chat", "kind": "realtime", "source": "bedrock", "targets": []}),
    "broken": json.dumps({"kind": "async", "source": "bedrock", "targets": []}),
}


ME = ("", "me")


def context_of(who: tuple[str, str], allowed: str) -> dict[str, Any]:
    """Return the request context of API Gateway for a caller and authentication method."""
    auth_path, name = who
    limits: dict[str, Any] = {"blueprints": allowed}
    if auth_path == "/iam":
        return {"identity": {"userArn": name}, "authorizer": limits}
    if auth_path == "/cognito":
        claims = {"iss": "https://cognito-idp.us-east-1.amazonaws.com/pool", "sub": name}
        return {"authorizer": {**limits, "claims": claims}}
    return {"authorizer": {**limits, "principal": name}}


class Objects:
    """The bucket."""

    name = "data"

    def __init__(self, stored: Any) -> None:
        self.objects: dict[str, bytes] = {}
        self.metadata: dict[str, dict[str, str]] = {}
        self.writes: list[str] = []
        self._stored = stored

    def uri(self, key: str) -> str:
        return f"s3://data/{key}"

    def put(self, key: str, body: bytes) -> None:
        self.writes.append(key)
        self.objects[key] = body

    def put_new(self, key: str, body: bytes) -> bool:
        if key in self.objects:
            return False
        self.put(key, body)
        return True

    def size(self, key: str) -> int | None:
        return len(self.objects[key]) if key in self.objects else None

    def read(self, key: str, at_most: int) -> Any:
        if key not in self.objects:
            return None
        body = self.objects[key]
        return self._stored(len(body), body if len(body) <= at_most else None, self.metadata.get(key, {}), "")

    def address(self, key: str, seconds: int) -> str:
        return f"https://s3/{key}?for={seconds}"

    def upload_address(self, key: str, size: int, seconds: int) -> tuple[str, dict[str, str]]:
        return f"https://s3/{key}?for={seconds}", {"content-length": str(size)}


class Api:
    """The function, with its dependencies replaced by recording fakes."""

    def __init__(self, load: Callable[..., Any], monkeypatch: pytest.MonkeyPatch, context: Any) -> None:
        self.code = load("job_api", **ENVIRON)
        self.now = NOW
        self.reply: Any = {}
        self.context = context
        table = records.RecordTable(SimpleNamespace(read=lambda name, seconds: RECORDS.get(name)), 30, lambda: 0.0)
        monkeypatch.setattr(self.code, "RECORDS", table)
        monkeypatch.setattr(self.code, "FUNCTIONS", SimpleNamespace(call=self._call))
        monkeypatch.setattr(self.code, "IDS", ids.Ids(lambda: b"s" * 32))
        self.fresh()

    def fresh(self) -> None:
        """Start without any requests."""
        self.requested: list[tuple[Any, ...]] = []
        self.store = Objects(backends.Stored)
        self.code.JOBS = async_jobs.Jobs(
            self.store, SimpleNamespace(ask=self._ask), SimpleNamespace(send=self._send), lambda: self.now, 900, 100
        )

    def _ask(self, record: Any, request_id: str, *more: str) -> tuple[str, str]:
        self.requested.append((record.endpoint_name, request_id, *more))
        below = f"{record.blueprint}/made-for-{request_id}"
        return f"s3://data/inference/async/output/{below}.out", f"s3://data/inference/async/failures/{below}-error.out"

    def _send(self, url: str, message: dict[str, Any]) -> None:
        self.requested.append((url, message))

    def _call(self, name: str, question: dict[str, Any]) -> Any:
        self.requested.append((name, question))
        return self.reply(question) if callable(self.reply) else self.reply

    def __call__(
        self,
        method: str,
        resource: str,
        body: str = "",
        *,
        headers: dict[str, str] | None = None,
        who: tuple[str, str] = ME,
        **given: str,
    ) -> tuple[int, dict[str, Any], dict[str, str]]:
        """Send a request as one caller, given by authentication method and name."""
        allowed = given.pop("allowed", "*")
        resource = f"{who[0]}{resource}"
        event = {
            "httpMethod": method,
            "resource": resource,
            "pathParameters": given,
            "headers": headers or {"Content-Type": "application/json"},
            "body": body,
            "requestContext": {
                "requestId": "gateway-1",
                "path": "/v1" + resource.format(**{"blueprint": "", "request_id": "", **given}),
                **context_of(who, allowed),
            },
        }
        response = self.code.handler(event, self.context)
        return response["statusCode"], json.loads(response["body"]), response["headers"]

    def post(self, blueprint: str, body: str = BODY, **more: Any) -> tuple[int, dict[str, Any], dict[str, str]]:
        return self("POST", "/async/{blueprint}", body, blueprint=blueprint, **more)

    def get(self, blueprint: str, request_id: str, **more: Any) -> tuple[int, dict[str, Any], dict[str, str]]:
        return self("GET", "/async/{blueprint}/{request_id}", blueprint=blueprint, request_id=request_id, **more)
