"""Asynchronous requests through the API: taken at once, answered later, and their failure told properly."""

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
BROKEN = b'{"inputs": []}'
"""No model takes this. The API refuses it in a body; an upload, which the API does not read, the model refuses."""


class AsyncCompletes:
    """The golden cases come back, as results."""

    name = "async"

    def applies(self, blueprint: Blueprint) -> bool:
        return blueprint.kind == "async"

    def check(self, target: Target) -> Verdict:
        asked = _Asked(target)
        source = target.blueprint.model.source
        said = []
        try:
            for case in target.blueprint.smoke.golden:
                answers.expect(case, source)
                told = asked.ended({"inputs": [case.input]})
                if told is None:
                    said.append("taken; no instance runs, and the first one takes minutes")
                    break
                if told.get("status") != "completed":
                    raise answers.WrongAnswer(f"the request must be completed, got {answers.shown(told)}")
                said.append(answers.judge(case, source, (told.get("result") or {}).get("outputs")))
        except answers.WrongAnswer as wrong:
            raise asked.seen.failed(str(wrong)) from wrong
        return asked.seen.within(target.blueprint.smoke.max_latency_ms, ", ".join(said))


class AsyncFails:
    """What the model refuses ends as a failure object, and whoever listens is told."""

    name = "async-failure"

    def applies(self, blueprint: Blueprint) -> bool:
        return blueprint.kind == "async"

    def check(self, target: Target) -> Verdict:
        asked = _Asked(target)
        try:
            told = asked.ended({"input": asked.upload(BROKEN)})
            if told is None:
                detail = "taken; no instance runs, and the first one takes minutes"
                return asked.seen.within(target.blueprint.smoke.max_latency_ms, detail)
            error = told.get("error")
            if told.get("status") != "failed" or not isinstance(error, dict) or not error.get("message"):
                raise answers.WrongAnswer(f"a broken request must have failed with a reason, got {answers.shown(told)}")
            asked.failure_object(str(told.get("failure")))
            listener = asked.listener(str(told["request_id"]))
        except answers.WrongAnswer as wrong:
            raise asked.seen.failed(str(wrong)) from wrong
        return asked.seen.within(
            target.blueprint.smoke.max_latency_ms, f"{error.get('type')}, failure object{listener}"
        )


class AsyncRefuses:
    """Wrong requests get their 4xx at once, and so does who has no key."""

    name = "async-bad-request"

    def applies(self, blueprint: Blueprint) -> bool:
        return blueprint.kind == "async"

    def check(self, target: Target) -> Verdict:
        asked = _Asked(target)
        name, gateway, key = target.blueprint.name, asked.gateway, asked.key
        not_uploaded = f"inference/async/input/{name}/uploads/{uuid.uuid4().hex[:16]}/{uuid.uuid4()}.json"
        cases: tuple[tuple[str, int, Callable[[], Any]], ...] = (
            ("a request without inputs", 400, lambda: gateway.post({"inputs": []}, key=key)),
            ("an input elsewhere in the bucket", 400, lambda: gateway.post({"input": "data/raw/secret.json"}, key=key)),
            ("an input that was not uploaded", 400, lambda: gateway.post({"input": not_uploaded}, key=key)),
            ("a request that nobody sent", 404, lambda: gateway.below("GET", str(uuid.uuid4()), None, key=key)),
            ("a request without a key", 401, lambda: gateway.post({"inputs": ["x"]}, key=None)),
        )
        for what, wanted, ask in cases:
            status, _, content = ask()
            if status != wanted:
                got = f"got {status}: {answers.shown(content)}"
                raise asked.seen.failed(f"{what} must be answered {wanted}, {got}")
        return asked.seen.within(target.blueprint.smoke.max_latency_ms, "400, 404, 401")


class _Asked:
    """One blueprint's API and the requests of one probe."""

    def __init__(self, target: Target) -> None:
        self.target = target
        self.seen = Observation(target)
        self.key = api_key(target, self.seen)
        self.seen.latency_ms = 0.0  # of the inference, not of reading the key
        self.gateway = Gateway(self.seen)

    def ended(self, document: dict[str, Any]) -> dict[str, Any] | None:
        """What became of one request; nothing while an endpoint of AWS has no instance yet."""
        status, headers, content = self.gateway.post(document, key=self.key)
        taken = answers.json_object(content)
        request_id = taken.get("request_id")
        if status != 202 or not request_id or not str(headers.get("location", "")).endswith(f"/{request_id}"):
            raise answers.WrongAnswer(
                f"a request must be answered 202 with its place, got {status}: {answers.shown(taken)}"
            )
        local = self.target.cloud.endpoint is not None
        waited, pause = 0.0, LOCAL_PAUSE_SECONDS if local else AWS_PAUSE_SECONDS
        while True:
            # What counts is the way through the API, not the emulated gateway's own word on a waiting request.
            kept = list(self.seen.fidelities)
            status, _, content = self.gateway.below("GET", str(request_id), None, key=self.key)
            told = answers.json_object(content)
            if status != 200:
                raise answers.WrongAnswer(
                    f"the status of {request_id} must be 200, got {status}: {answers.shown(told)}"
                )
            if told.get("status") != "pending":
                return told
            self.seen.fidelities[:] = kept
            if waited >= WAIT_SECONDS:
                if not local and self._sleeps():
                    return None
                raise answers.WrongAnswer(f"the request {request_id} is still pending after {waited:.0f} s")
            base.sleep(pause)
            waited += pause

    def upload(self, body: bytes) -> str:
        """Put a body where the API says, with exactly the headers that it says."""
        status, _, content = self.gateway.below("POST", "uploads", {"bytes": len(body)}, key=self.key)
        place = answers.json_object(content)
        if status != 201 or not isinstance(place.get("headers"), dict):
            raise answers.WrongAnswer(f"an upload must be answered 201, got {status}: {answers.shown(place)}")
        with self.seen.asking("put the upload"):
            status, _, said = self.target.cloud.http(
                str(place["method"]), str(place["url"]), headers=place["headers"], body=body, timeout=REQUEST_SECONDS
            )
        if status != 200:
            raise answers.WrongAnswer(f"the upload must be taken, got {status}: {answers.shown(said)}")
        return str(place["input"])

    def failure_object(self, uri: str) -> None:
        bucket, _, key = uri.removeprefix("s3://").partition("/")
        if not key.startswith(f"inference/async/failures/{self.target.blueprint.name}/"):
            raise answers.WrongAnswer(f"the failure must lie below the blueprint's folder, got `{uri}`")
        with self.seen.asking(f"read {uri}"):
            self.target.cloud.client("s3").head_object(Bucket=bucket, Key=key)

    def listener(self, request_id: str) -> str:
        """The callback's table must hear of it, where the blueprint has one."""
        asked = self.target.blueprint.async_
        if asked is None or not asked.callback.table:
            return ""
        table = self.target.published("table_name")
        waited = 0.0
        while True:
            with self.seen.asking(f"read {table}"):
                found = self.target.cloud.client("dynamodb").get_item(
                    TableName=table, Key={"request_id": {"S": request_id}}, ConsistentRead=True
                )
            item = found.get("Item")
            if item is not None:
                if item["status"] != {"S": "failed"} or "reason" not in item:
                    raise answers.WrongAnswer(
                        f"the table must say why it failed, got {answers.shown(json.dumps(item).encode())}"
                    )
                return ", told to the table"
            if waited >= WAIT_SECONDS:
                raise answers.WrongAnswer(f"the table {table} has not heard of {request_id} after {waited:.0f} s")
            base.sleep(LOCAL_PAUSE_SECONDS)
            waited += LOCAL_PAUSE_SECONDS

    def _sleeps(self) -> bool:
        """Whether the endpoint has no instance: the first one takes longer than a deployment should wait."""
        if self.target.blueprint.model.source != "sagemaker":
            return False
        name = self.target.published("endpoint_name")
        with self.seen.asking(f"look at {name}"):
            found = self.target.cloud.client("sagemaker").describe_endpoint(EndpointName=name)
        return not any(each.get("CurrentInstanceCount") for each in found.get("ProductionVariants", []))
