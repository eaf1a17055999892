"""Guardrail and limits hold for asynchronous requests and batch jobs too."""

from __future__ import annotations

import json
from collections.abc import Callable
from contextlib import suppress
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from inference_common import errors
from inference_common.requests import parse_request
from inference_routing import callers, deadline, request_context
from job_api import async_jobs, records
from tests.unit.lambda_.support.batch_submitter import FOLDER, Platform
from tests.unit.lambda_.support.job_api import BEDROCK, SAGEMAKER
from tests.unit.lambda_.support.recorded_aws import tokens_in
from tests.unit.lambda_.support.router import Backend, Setup
from tests.unit.lambda_.support.router_requests import (
    EXAMPLES,
    GUARDRAIL,
    LIMITS,
    OWN,
    Request,
    check_bounds,
    native,
    no_call_left,
    record,
    use,
)


def worker_of(load: Callable[..., Any]) -> Any:
    names = ("QUEUE_URL", "SUCCESS_TOPIC_ARN", "ERROR_TOPIC_ARN", "DEAD_LETTER_ARN", "BUCKET")
    return load("async_worker", BLUEPRINT="asked", ROUTES_PREFIX="/r", **dict.fromkeys(names, "x"))


def test_a_queued_request_is_guarded_and_limited_like_any_other(cold_start: Callable[..., Any]) -> None:
    """From the job API's object, or an upload, to the worker's model call."""
    worker = worker_of(cold_start)
    setup = Setup(worker, Backend({}))
    worker.ROUTER = worker.WORKER.router
    one = {**BEDROCK, **record("converse", "async", guardrail=GUARDRAIL)}
    kept = records.parse("asked", json.dumps(one))
    assert isinstance(kept, records.AsyncRecord)
    seen: list[int] = []

    @settings(deadline=None, max_examples=EXAMPLES)
    @given(request=native("converse"), uploaded=st.booleans(), failing=st.booleans())
    def check(request: Request, uploaded: bool, failing: bool) -> None:
        aws = use(worker, setup, one, failing=failing)
        with no_call_left(), suppress(errors.BadRequest, errors.Throttled):
            text = json.dumps(request[1])
            if not uploaded:
                text = async_jobs.payload(kept, parse_request(text)).decode()
            worker.ROUTER.answer(
                parse_request(text, 1000),
                callers.Access(),
                ("async",),
                deadline.Deadline.after(30, lambda: 0.0),
                request_context.RequestContext("r", "asked"),
            )
        assert "mark" not in aws.returned
        assert not any("OPERATOR" in text for text in aws.checked)
        check_bounds(aws, "converse")
        seen.append(len(aws.calls))

    check()
    assert sum(map(bool, seen)) > 2


def test_a_request_to_an_asynchronous_endpoint_is_limited_when_it_is_accepted() -> None:
    kept = records.parse("asked", json.dumps({**SAGEMAKER, "parameters": {**OWN, "mode": "fast"}, "limits": LIMITS}))
    assert isinstance(kept, records.AsyncRecord)

    @settings(deadline=None, max_examples=EXAMPLES)
    @given(request=native("ep-inputs"))
    def check(request: Request) -> None:
        try:
            sent = json.loads(async_jobs.payload(kept, parse_request(json.dumps(request[1]))))
        except errors.BadRequest:
            return
        assert set(sent) == {"inputs", "parameters"}
        assert sent["inputs"] == request[1]["inputs"]
        assert len(sent["inputs"]) <= LIMITS["max_inputs"]
        assert sent["parameters"]["max_tokens"] <= LIMITS["max_tokens"]
        assert tokens_in(sent) <= LIMITS["max_total_tokens"]
        assert sent["parameters"]["system"].startswith("OPERATOR")

    check()


def test_a_guardrail_that_would_not_be_applied_is_a_malformed_record(on_bedrock: Platform) -> None:
    with pytest.raises(errors.InternalError, match="a guardrail that nothing applies"):
        records.parse("asked", json.dumps({**SAGEMAKER, "guardrail": GUARDRAIL}))
    on_bedrock.record["guardrail"] = GUARDRAIL
    on_bedrock.bucket.put(f"{FOLDER}requests/in.jsonl", ["hi"] * 100)
    assert "a guardrail that nothing applies" in on_bedrock.submit()["error"]["message"]


@pytest.mark.parametrize("source", ["on_sagemaker", "on_bedrock"])
def test_records_of_a_batch_are_texts_and_nothing_else(source: str, request: pytest.FixtureRequest) -> None:
    platform: Platform = request.getfixturevalue(source)
    platform.record |= {"parameters": {"max_tokens": 80, "system": "OPERATOR", "input": "own"}, "limits": LIMITS}
    if source == "on_bedrock":
        platform.record["parameters"] = {"max_tokens": 80, "system": "OPERATOR"}
    platform.batch |= {"minimum_records": 1, "records_per_file": 2}
    lines = [{"text": "hi", "max_tokens": 10**6, "system": "mark1", "mark2": {"messages": "mark3"}, "n": 9}] * 4
    platform.bucket.put(f"{FOLDER}requests/in.jsonl", lines)
    platform.submit()
    parts = [key for key in platform.bucket.objects if "/_parts/" in key and key.endswith(".jsonl")]
    sent = [line for key in sorted(parts) for line in platform.bucket.lines(key)]
    assert len(sent) == 4
    assert "mark" not in json.dumps(sent)
    assert all("hi" in json.dumps(line) for line in sent)
    assert [tokens_in(line) for line in sent] == [50] * 4, "the limit, not the record's number nor the default above it"
    assert sum(map(tokens_in, sent)) <= LIMITS["max_total_tokens"]

    platform.bucket.put(f"{FOLDER}requests/more.jsonl", [*lines, *lines[:1]])
    error = platform.submit("night-2", f"{FOLDER}requests/more.jsonl")["error"]
    assert (error["code"], "5 answers of up to 50 tokens" in error["message"]) == ("BadRequest", True)
