"""The probe of batch blueprints: counts, order, names, the bad record and the golden answers."""

from __future__ import annotations

import io
import json
from collections.abc import Callable
from typing import Any

import pytest
from botocore.exceptions import ClientError

from orchestrator.config.model.platform import Blueprint
from orchestrator.smoke import base
from orchestrator.smoke.base import ProbeFailed, Target, Verdict
from orchestrator.smoke.batch import Batch
from orchestrator.smoke.model import Proven
from tests.fakes.aws import FakeCloud
from tests.fakes.keys import gateway_of_keys, published
from tests.unit.orchestrator.smoke.conftest import REPO

GOLDEN = [{"input": "I love it.", "label": "positive"}, {"input": "Awful.", "label": "negative"}]
OUTPUTS: Any = {
    "foundation": {"s3": {"bucket_name": "data"}},
    "inference": {"api": {"rest_api_id": "abc123", "stage_name": "v1", "keys": published("default")}},
    "blueprint-reviews": {"submitter_name": "mlops-local-batch-submitter"},
    "blueprint-chat": {"submitter_name": "mlops-local-batch-submitter"},
}
EXECUTED = {"ResponseMetadata": {"HTTPHeaders": {"x-emulator-fidelity": "executed"}}}


class Submitter:
    """Answers as the function does; `damage` changes what comes back."""

    def __init__(self) -> None:
        self.objects: dict[str, bytes] = {}
        self.polls = 0
        self.damage: Callable[[list[Any]], list[Any]] = lambda lines: lines
        self.refuses = True
        self.status = "partly_failed"
        self.api_status = 200

    def web(self, *, method: str, body: bytes, headers: dict[str, str], **_: Any) -> Any:
        """The API, which calls the function with its caller's name."""
        assert headers["x-api-key"] == "the-key"
        headers = {"x-emulator-fidelity": "executed"}
        if method == "GET":
            return self.api_status, headers, self.answer()
        request = json.loads(body)
        if request["input"] not in self.objects:
            error = {"type": "BadRequest", "message": f"there is no object '{request['input']}'"}
            return (400, headers, {"error": error}) if self.refuses else (202, headers, {"status": "running"})
        self._run(self.objects[request["input"]])
        return 202, headers, {"status": "running", "records": {}}

    def answer(self) -> Any:
        self.polls += 1
        if self.polls < 3:
            return {"status": "running", "records": {}}
        jobs = [{"name": "job-1", "status": "Completed", "reason": "no capacity" if self.status == "failed" else ""}]
        uris = {"output": "s3://data/results.jsonl", "errors": "s3://data/errors.jsonl"}
        return {"status": self.status, "records": {"total": 1}, "jobs": jobs, **uris}

    def _run(self, body: bytes) -> None:
        lines = self.damage([{"record": n, **self._one(line)} for n, line in enumerate(body.splitlines())])
        self.objects["results.jsonl"] = b"".join(json.dumps(line).encode() + b"\n" for line in lines)
        bad = [line for line in lines if "error" in line]
        self.objects["errors.jsonl"] = b"".join(json.dumps(line).encode() + b"\n" for line in bad)

    def _one(self, line: bytes) -> Any:
        try:
            record = json.loads(line)
        except ValueError:
            return {"error": {"type": "BadRecord", "message": "not JSON"}}
        text = record["input"]
        output = {"label": "negative" if "Awful" in text else "positive", "score": 0.9, "text": text}
        return {"id": record["id"], "output": output}

    def put_object(self, *, Bucket: str, Key: str, Body: bytes) -> None:
        self.objects[Key] = Body

    def get_object(self, *, Bucket: str, Key: str) -> Any:
        if Key not in self.objects:
            raise ClientError({"Error": {"Code": "NoSuchKey", "Message": "none"}}, "GetObject")
        return {"Body": io.BytesIO(self.objects[Key])}

    def describe_transform_job(self, *, TransformJobName: str) -> Any:
        return EXECUTED

    def list_model_invocation_jobs(self, *, nameContains: str) -> Any:
        return EXECUTED


@pytest.fixture
def submitter(monkeypatch: pytest.MonkeyPatch) -> Submitter:
    monkeypatch.setattr(base, "sleep", lambda seconds: None)
    return Submitter()


def probe(
    submitter: Submitter,
    source: str = "sagemaker",
    *,
    local: bool = True,
    limit: int = 30_000,
    proven: Proven | None = None,
) -> Verdict:
    model = {"source": "sagemaker", "group": "reviews"}
    golden: Any = GOLDEN
    if source == "bedrock":
        model, golden = {"source": "bedrock", "model_id": "m.x"}, [{"input": "Say hello.", "contains": "hello"}]
    name = "chat" if source == "bedrock" else "reviews"
    smoke = {"golden": golden, "max_latency_ms": limit}
    blueprint = Blueprint.model_validate({"name": name, "kind": "batch", "model": model, "smoke": smoke})
    services: dict[str, dict[str, Any]] = {
        "s3": {"put_object": submitter.put_object, "get_object": submitter.get_object},
        "sagemaker": {"describe_transform_job": submitter.describe_transform_job},
        "apigateway": gateway_of_keys(default="the-key"),
        "bedrock": {"list_model_invocation_jobs": submitter.list_model_invocation_jobs},
    }
    cloud = FakeCloud(endpoint="http://127.0.0.1:4566" if local else None, services=services, web=[submitter.web])
    assert Batch().applies(blueprint)
    return Batch().check(Target(cloud, blueprint, OUTPUTS, REPO, {"batch": proven} if proven else {}))


def test_proven_jobs_are_not_repeated_but_the_refusal_is_checked(submitter: Submitter) -> None:
    earlier = Proven(at="2026-01-02T03:04:05.000Z", fidelity="emulated", detail="7 records in order")
    verdict = probe(submitter, proven=earlier)
    assert verdict.detail == (
        "a missing input is 400; nothing changed since 2026-01-02T03:04:05.000Z: 7 records in order"
    )
    assert (verdict.proven_at, verdict.fidelity) == ("2026-01-02T03:04:05.000Z", "emulated")
    assert submitter.polls == 0
    submitter.refuses = False
    with pytest.raises(ProbeFailed, match="must be refused by name"):
        probe(submitter, proven=earlier)


@pytest.mark.parametrize(("source", "records"), [("sagemaker", 103), ("bedrock", 102)])
def test_every_record_is_returned_in_order_under_its_name(submitter: Submitter, source: str, records: int) -> None:
    verdict = probe(submitter, source)
    assert verdict.detail == f"{records} records in order, 1 bad one reported; a missing input is 400"
    assert verdict.fidelity == "executed"


def test_no_job_of_bedrock_gates_a_deployment_on_aws(submitter: Submitter) -> None:
    detail = probe(submitter, "bedrock", local=False).detail
    assert detail == "a missing input is 400; jobs of Bedrock take hours: none was run"


@pytest.mark.parametrize(
    ("damage", "message"),
    [
        (lambda lines: lines[:-1], "103 records must come back in their order, got 102 lines"),
        (lambda lines: [lines[1], lines[0], *lines[2:]], "103 records must come back in their order"),
        (lambda lines: [{**line, "error": {}} for line in lines], r"only the records \[2\] are bad"),
        (lambda lines: [{"record": line["record"], "output": {}} for line in lines], r"only the records \[2\] are bad"),
        (
            lambda lines: [line if line["record"] < 9 else {**line, "output": {"label": "negative"}} for line in lines],
            "`I love it.` must be positive, got negative",
        ),
        (
            lambda lines: [{**line, "id": "x"} if line["record"] == 7 else line for line in lines],
            'the record 7 must keep its name, got `"x"`',
        ),
    ],
)
def test_lost_or_wrong_records_are_reported(submitter: Submitter, damage: Any, message: str) -> None:
    submitter.damage = damage
    with pytest.raises(ProbeFailed, match=message):
        probe(submitter)


def test_a_missing_input_must_be_refused(submitter: Submitter) -> None:
    submitter.refuses = False
    with pytest.raises(ProbeFailed, match="a missing input must be refused by name"):
        probe(submitter)


def test_a_failed_request_is_reported_with_its_reason(submitter: Submitter) -> None:
    submitter.status = "failed"
    with pytest.raises(ProbeFailed, match="no capacity"):
        probe(submitter)


def test_a_request_that_does_not_end_times_out(submitter: Submitter) -> None:
    with pytest.raises(ProbeFailed, match="is still running after"):
        probe(submitter, limit=400)


def test_the_api_must_return_the_status_of_a_request(submitter: Submitter) -> None:
    submitter.api_status = 404
    with pytest.raises(ProbeFailed, match="the API must return the status of a request, got 404"):
        probe(submitter)
