"""Probe asynchronous requests: accepted at once, answered later, and failures reported."""

from __future__ import annotations

import json
import uuid
from collections.abc import Callable
from typing import Any

from orchestrator.config.model.platform import Blueprint
from orchestrator.smoke import answers, base
from orchestrator.smoke.base import Observation, Target, Verdict
from orchestrator.smoke.gateway import REQUEST_SECONDS, Gateway, api_key

WAIT_SECONDS = 180.0
LOCAL_PAUSE_SECONDS, AWS_PAUSE_SECONDS = 0.2, 3.0
NO_INSTANCE = "accepted; no instance runs, and the first one takes minutes"
BROKEN = b"\xff\xfe{"
"""What no model accepts: neither UTF-8 nor JSON. Only the model reads an upload."""


class AsyncCompletes:
    """Check the results of the golden cases."""

    name = "async"

    def applies(self, blueprint: Blueprint) -> bool:
        return blueprint.kind == "async"

    def check(self, target: Target) -> Verdict:
        requests = _Requests(target)
        details = []
        try:
            for case in target.blueprint.smoke.golden:
                outcome = requests.ended({"inputs": [case.input]})
                if outcome is None:
                    details.append(NO_INSTANCE)
                    break
                if outcome.get("status") != "completed":
                    raise answers.WrongAnswer(f"the request must be completed, got {answers.shown(outcome)}")
                details.append(answers.judge(case, (outcome.get("result") or {}).get("outputs"), target.repo))
        except answers.WrongAnswer as wrong:
            raise requests.seen.failed(str(wrong)) from wrong
        return requests.seen.within(target.blueprint.smoke.max_latency_ms, ", ".join(details))


class AsyncFails:
    """Check that a request the model refuses leaves a failure object and reaches the callback."""

    name = "async-failure"

    def applies(self, blueprint: Blueprint) -> bool:
        return blueprint.kind == "async"

    def check(self, target: Target) -> Verdict:
        requests = _Requests(target)
        try:
            outcome = requests.ended({"input": requests.upload(BROKEN)})
            if outcome is None:
                return requests.seen.within(target.blueprint.smoke.max_latency_ms, NO_INSTANCE)
            error = outcome.get("error")
            if outcome.get("status") != "failed" or not isinstance(error, dict) or not error.get("message"):
                raise answers.WrongAnswer(
                    f"a broken request must have failed with a reason, got {answers.shown(outcome)}"
                )
            requests.failure_object(str(outcome.get("failure")))
            listener = requests.listener(str(outcome["request_id"]))
        except answers.WrongAnswer as wrong:
            raise requests.seen.failed(str(wrong)) from wrong
        return requests.seen.within(
            target.blueprint.smoke.max_latency_ms, f"{error.get('type')}, failure object{listener}"
        )


class AsyncRefuses:
    """Check that invalid requests, and requests without a key, get a 4xx at once."""

    name = "async-bad-request"

    def applies(self, blueprint: Blueprint) -> bool:
        return blueprint.kind == "async"

    def check(self, target: Target) -> Verdict:
        requests = _Requests(target)
        name, gateway, key = target.blueprint.name, requests.gateway, requests.key
        not_uploaded = f"inference/async/input/{name}/uploads/{uuid.uuid4().hex[:16]}/{uuid.uuid4()}.json"
        cases: tuple[tuple[str, int, Callable[[], Any]], ...] = (
            ("a request without inputs", 400, lambda: gateway.post({"inputs": []}, key=key)),
            ("an input elsewhere in the bucket", 400, lambda: gateway.post({"input": "data/raw/secret.json"}, key=key)),
            ("an input that was not uploaded", 400, lambda: gateway.post({"input": not_uploaded}, key=key)),
            ("the status of an unknown request", 404, lambda: gateway.below("GET", str(uuid.uuid4()), None, key=key)),
            ("a request without a key", 401, lambda: gateway.post({"inputs": ["x"]}, key=None)),
        )
        for what, expected, send in cases:
            status, _, content = send()
            if status != expected:
                got = f"got {status}: {answers.shown(content)}"
                raise requests.seen.failed(f"{what} must be answered {expected}, {got}")
        return requests.seen.within(target.blueprint.smoke.max_latency_ms, "400, 404, 401")


class _Requests:
    """The requests of one probe to a blueprint's API."""

    def __init__(self, target: Target) -> None:
        self.target = target
        self.seen = Observation(target)
        self.key = api_key(target, self.seen)
        self.seen.latency_ms = 0.0  # of the inference, not of reading the key
        self.gateway = Gateway(self.seen)

    def ended(self, document: dict[str, Any]) -> dict[str, Any] | None:
        """Send a request and return its final status; `None` if an endpoint on AWS has no instance yet."""
        status, headers, content = self.gateway.post(document, key=self.key)
        accepted = answers.json_object(content)
        request_id = accepted.get("request_id")
        if status != 202 or not request_id or not str(headers.get("location", "")).endswith(f"/{request_id}"):
            raise answers.WrongAnswer(
                f"a request must be answered 202 with its location, got {status}: {answers.shown(accepted)}"
            )
        local = self.target.cloud.endpoint is not None
        waited, pause = 0.0, LOCAL_PAUSE_SECONDS if local else AWS_PAUSE_SECONDS
        while True:
            # The fidelity of a pending status is the emulated gateway's own and does not count.
            kept = list(self.seen.fidelities)
            status, _, content = self.gateway.below("GET", str(request_id), None, key=self.key)
            current = answers.json_object(content)
            if status != 200:
                raise answers.WrongAnswer(
                    f"the status of {request_id} must be 200, got {status}: {answers.shown(current)}"
                )
            if current.get("status") != "pending":
                return current
            self.seen.fidelities[:] = kept
            if waited >= WAIT_SECONDS:
                if not local and self._has_no_instance():
                    return None
                raise answers.WrongAnswer(f"the request {request_id} is still pending after {waited:.0f} s")
            base.sleep(pause)
            waited += pause

    def upload(self, body: bytes) -> str:
        """Upload a body to the URL that the API returns, with exactly its headers."""
        status, _, content = self.gateway.below("POST", "uploads", {"bytes": len(body)}, key=self.key)
        place = answers.json_object(content)
        if status != 201 or not isinstance(place.get("headers"), dict):
            raise answers.WrongAnswer(f"an upload must be answered 201, got {status}: {answers.shown(place)}")
        with self.seen.timed("put the upload"):
            status, _, response = self.target.cloud.http(
                str(place["method"]), str(place["url"]), headers=place["headers"], body=body, timeout=REQUEST_SECONDS
            )
        if status != 200:
            raise answers.WrongAnswer(f"the upload must be accepted, got {status}: {answers.shown(response)}")
        return str(place["input"])

    def failure_object(self, uri: str) -> None:
        bucket, _, key = uri.removeprefix("s3://").partition("/")
        if not key.startswith(f"inference/async/failures/{self.target.blueprint.name}/"):
            raise answers.WrongAnswer(f"the failure must be stored below the blueprint's folder, got `{uri}`")
        with self.seen.timed(f"read {uri}"):
            self.target.cloud.client("s3").head_object(Bucket=bucket, Key=key)

    def listener(self, request_id: str) -> str:
        """Wait for the failure in the callback's table, if the blueprint has one."""
        settings = self.target.blueprint.async_
        if settings is None or not settings.callback.table:
            return ""
        table = self.target.published("table_name")
        waited = 0.0
        while True:
            with self.seen.timed(f"read {table}"):
                response = self.target.cloud.client("dynamodb").get_item(
                    TableName=table, Key={"request_id": {"S": request_id}}, ConsistentRead=True
                )
            item = response.get("Item")
            if item is not None:
                if item["status"] != {"S": "failed"} or "reason" not in item:
                    raise answers.WrongAnswer(
                        f"the table must say why it failed, got {answers.shown(json.dumps(item).encode())}"
                    )
                return ", stored in the table"
            if waited >= WAIT_SECONDS:
                raise answers.WrongAnswer(f"the table {table} has no entry of {request_id} after {waited:.0f} s")
            base.sleep(LOCAL_PAUSE_SECONDS)
            waited += LOCAL_PAUSE_SECONDS

    def _has_no_instance(self) -> bool:
        """Return whether the endpoint has no instance: starting one takes longer than a deployment should wait."""
        if self.target.blueprint.model.source != "sagemaker":
            return False
        name = self.target.published("endpoint_name")
        with self.seen.timed(f"describe {name}"):
            described = self.target.cloud.client("sagemaker").describe_endpoint(EndpointName=name)
        return not any(each.get("CurrentInstanceCount") for each in described.get("ProductionVariants", []))
