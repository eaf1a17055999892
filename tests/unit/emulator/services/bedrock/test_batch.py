"""A batch job of Bedrock, from input to output files, without a local AWS."""

from __future__ import annotations

import io
import json
from typing import Any

import pytest

from emulator.services.bedrock.batch import LEAST_RECORDS, Faults, JobRequest, Run

ARN = "arn:aws:bedrock:us-east-1:123456789012:model-invocation-job/abcdefghijkl"


class Storage:
    """A fake of S3 and of the emulator's clients."""

    def __init__(self, **files: str) -> None:
        self.objects = {f"in/{name}.jsonl": text.encode() for name, text in files.items()}

    def assume(self, *_: Any, **__: Any) -> str:
        return "session"

    def client(self, *_: Any) -> Storage:
        return self

    def get_paginator(self, _: str) -> Storage:
        return self

    def paginate(self, **_: Any) -> list[dict[str, Any]]:
        return [{"Contents": [{"Key": key} for key in self.objects]}]

    def get_object(self, Key: str, **_: Any) -> dict[str, Any]:
        return {"Body": io.BytesIO(self.objects[Key])}

    def put_object(self, Key: str, Body: bytes, **_: Any) -> None:
        self.objects[Key] = Body

    def lines(self, name: str) -> list[dict[str, Any]]:
        return [json.loads(line) for line in self.objects[f"out/abcdefghijkl/{name}"].splitlines()]


def prompts(count: int) -> str:
    body = {"messages": [{"role": "user", "content": [{"text": "great"}]}]}
    return "\n".join(json.dumps({"recordId": str(number), "modelInput": body}) for number in range(count))


def run(storage: Storage, faults: Faults | None = None) -> tuple[list[tuple[str, str]], Run]:
    reports: list[tuple[str, str]] = []
    model = "amazon.nova-lite-v1:0"
    request = JobRequest(ARN, "job", "us-east-1", "arn:role", model, model, "s3://b/in/", "s3://b/out")
    job = Run(storage, request, lambda *status: reports.append(status), faults or Faults())  # type: ignore[arg-type]
    job.execute()
    return reports, job


def test_records_come_out_in_order_with_a_summary() -> None:
    storage = Storage(a=prompts(LEAST_RECORDS), b=json.dumps({"recordId": "x", "modelInput": {"messages": []}}))
    told, _ = run(storage)
    assert [status for status, _ in told] == ["Validating", "InProgress", "Completed"]
    assert [line["recordId"] for line in storage.lines("a.jsonl.out")] == [str(n) for n in range(LEAST_RECORDS)]
    [refused] = storage.lines("b.jsonl.out")
    assert (refused["error"]["errorCode"], "modelOutput" in refused) == (400, False)
    [manifest] = storage.lines("manifest.json.out")
    assert (manifest["totalRecordCount"], manifest["successRecordCount"], manifest["errorRecordCount"]) == (101, 100, 1)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        (prompts(LEAST_RECORDS - 1), "less than the minimum of 100 records"),
        (prompts(LEAST_RECORDS) + "\n{", "Line 101 of a.jsonl is not valid JSON"),
        (prompts(LEAST_RECORDS) + "\n[]", "Line 101 of a.jsonl has no modelInput"),
    ],
)
def test_an_invalid_job_writes_nothing(text: str, words: str) -> None:
    storage = Storage(a=text)
    told, _ = run(storage)
    assert told[-1][0] == "Failed"
    assert words in told[-1][1]
    assert list(storage.objects) == ["in/a.jsonl"]


def test_a_job_that_times_out_keeps_its_outputs() -> None:
    storage = Storage(a=prompts(LEAST_RECORDS))
    told, job = run(storage, Faults(record=lambda: True, share=0.25))
    assert told[-1][0] == "PartiallyCompleted"
    assert (job.counts.processed, job.counts.failed) == (25, 25)
    assert {line["error"]["errorCode"] for line in storage.lines("a.jsonl.out")} == {500}
