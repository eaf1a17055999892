"""The answers that a candidate must give before it may go live."""

from __future__ import annotations

import io
import json
import re
from pathlib import Path
from typing import Any

import pytest
from botocore.exceptions import ClientError

from endpoint_probe import probes
from orchestrator.config.model.golden import GoldenCase, for_probe
from orchestrator.smoke import answers

CASES = json.dumps([{"input": "I love it.", "label": "positive"}, {"input": "Awful.", "label": "negative"}])
GOOD: dict[str, Any] = {
    "outputs": [{"label": "positive", "score": 0.9}, {"label": "negative", "score": 1}],
    "model": {"training_job": "job-1", "data_fingerprint": "sha256:f", "seed": 42},
}


class Endpoint:
    def __init__(self, answer: bytes | Exception) -> None:
        self.answer = answer
        self.calls: list[dict[str, Any]] = []

    def invoke_endpoint(self, **arguments: Any) -> dict[str, Any]:
        self.calls.append(arguments)
        if isinstance(self.answer, Exception):
            raise self.answer
        return {"Body": io.BytesIO(self.answer)}


def probe(cold_start: Any, context: Any, answer: Any, **event: Any) -> tuple[Any, Endpoint]:
    function = cold_start("endpoint_probe")
    raw = answer if isinstance(answer, bytes | Exception) else json.dumps(answer).encode()
    function.RUNTIME = endpoint = Endpoint(raw)
    return function.handler(
        {"endpoint_name": "candidate", "training_job": "job-1", "cases": CASES, **event}, context
    ), endpoint


def test_a_healthy_candidate_passes(cold_start: Any, context: Any) -> None:
    verdict, endpoint = probe(cold_start, context, GOOD)
    assert verdict == {"passed": True, **GOOD}
    [call] = endpoint.calls
    assert call["EndpointName"] == "candidate"
    assert len(json.loads(call["Body"])["inputs"]) == 2


def test_a_named_variant_is_invoked(cold_start: Any, context: Any) -> None:
    _, endpoint = probe(cold_start, context, GOOD, target_variant="primary")
    assert endpoint.calls[0]["TargetVariant"] == "primary"
    _, endpoint = probe(cold_start, context, GOOD)
    assert not [name for name in endpoint.calls[0] if name.startswith("Target")]


def test_a_model_or_container_may_answer_for_another_training_job(cold_start: Any, context: Any) -> None:
    other = {**GOOD, "model": {"training_job": "another"}}
    event: dict[str, Any] = {"target_model": "a.tar.gz", "target_container": "second", "any_training_job": True}
    verdict, endpoint = probe(cold_start, context, other, **event)
    assert verdict["model"] == {"training_job": "another"}
    requested = {name: value for name, value in endpoint.calls[0].items() if name.startswith("Target")}
    assert requested == {"TargetModel": "a.tar.gz", "TargetContainerHostname": "second"}
    wrong = {**other, "outputs": [{"label": "positive", "score": 0.9}] * 2}
    with pytest.raises(Exception, match='must be negative, got "positive"'):
        probe(cold_start, context, wrong, **event)


@pytest.mark.parametrize(
    ("answer", "message"),
    [
        (b"<html>", "not JSON"),
        ([], "does not follow the contract"),
        ({**GOOD, "model": {"training_job": "job-0"}}, "from training job 'job-0', not from 'job-1'"),
        ({**GOOD, "model": {}}, "from training job 'None'"),
        ({**GOOD, "model": None}, "does not follow the contract"),
        ({**GOOD, "outputs": [GOOD["outputs"][0]]}, "did not answer with 2 outputs"),
        ({**GOOD, "outputs": [{"score": 1}] * 2}, '"I love it." must be positive, got null'),
        ({**GOOD, "outputs": [{"label": "positive", "score": 1.5}] * 2}, "1.5 is not a probability"),
        ({**GOOD, "outputs": [{"label": "positive", "score": True}] * 2}, "True is not a probability"),
        (
            {**GOOD, "outputs": [{"label": "positive", "score": 0.9}] * 2},
            '"Awful." must be negative, got "positive"',
        ),
    ],
)
def test_a_wrong_answer_fails_by_name(cold_start: Any, context: Any, answer: Any, message: str) -> None:
    with pytest.raises(Exception, match=message) as raised:
        probe(cold_start, context, answer)
    assert type(raised.value).__name__ == "ProbeFailed"


def test_no_answer_is_a_retryable_error(cold_start: Any, context: Any) -> None:
    error = ClientError({"Error": {"Code": "ModelError", "Message": "500 from model"}}, "InvokeEndpoint")
    with pytest.raises(Exception, match="500 from model") as raised:
        probe(cold_start, context, error)
    assert type(raised.value).__name__ == "EndpointUnavailable"


@pytest.mark.parametrize(
    ("case", "output", "message"),
    [
        ({"value": 150, "tolerance": 10}, {"value": 155.5}, None),
        ({"value": 150, "tolerance": 10}, {"value": 161}, '{"age": 59} must be 150 ± 10, got 161'),
        ({"value": 150}, {"value": "150"}, "must be a number"),
        ({"contains": "hello"}, {"text": "Oh, Hello"}, None),
        ({"contains": "hello"}, {"text": "no"}, "must contain 'hello'"),
        ({"contains": ""}, {"text": " "}, "non-empty"),
        ({"length": 2}, {"embedding": [0.5, 1]}, None),
        ({"length": 3}, {"embedding": [0.5, 1]}, "a list of 3 finite numbers"),
        ({"schema": {}}, {"anything": [1]}, None),
    ],
)
def test_an_output_is_judged_by_its_case(
    cold_start: Any, context: Any, case: Any, output: Any, message: str | None
) -> None:
    answer = {"outputs": [output], "model": {"training_job": "job-1"}}
    cases = json.dumps([{"input": {"age": 59}, **case}])
    if message is None:
        verdict, endpoint = probe(cold_start, context, answer, cases=cases)
        assert verdict["outputs"] == [output]
        assert json.loads(endpoint.calls[0]["Body"])["inputs"] == [{"age": 59}]
        return
    with pytest.raises(Exception, match=re.escape(message)) as raised:
        probe(cold_start, context, answer, cases=cases)
    assert type(raised.value).__name__ == "ProbeFailed"


def test_a_container_of_another_format_is_probed_in_it(cold_start: Any, context: Any) -> None:
    cases = json.dumps([{"input": [1, 2], "value": 3}, {"input": "4,5", "value": 9}])
    verdict, endpoint = probe(cold_start, context, b"3\n9.0\n", cases=cases, format="csv")
    assert verdict == {"passed": True, "outputs": [{"prediction": [3.0]}, {"prediction": [9.0]}], "model": None}
    [call] = endpoint.calls
    assert (call["ContentType"], call["Accept"], call["Body"]) == ("text/csv", "text/csv", b"1,2\n4,5")
    one_each = json.dumps([{"input": {"a": 1}, "value": 7}, {"input": [2], "value": 7}])
    verdict, endpoint = probe(cold_start, context, b'{"value": 7}', cases=one_each, format="json")
    assert [call["Body"] for call in endpoint.calls] == [b'{"a": 1}', b"[2]"]
    assert verdict["outputs"] == [{"value": 7}, {"value": 7}]


def test_a_release_without_cases_needs_an_answer_of_the_right_model(cold_start: Any, context: Any) -> None:
    """As specifications of earlier versions are."""
    function = cold_start("endpoint_probe")
    answer = {"outputs": [{"label": "positive", "score": 0.9}], "model": {"training_job": "job-1"}}
    function.RUNTIME = Endpoint(json.dumps(answer).encode())
    event = {"endpoint_name": "reviews", "training_job": "job-1"}
    assert function.handler(event, context)["outputs"] == answer["outputs"]
    function.RUNTIME = Endpoint(json.dumps({**answer, "model": {"training_job": "job-0"}}).encode())
    with pytest.raises(Exception, match="not from 'job-1'"):
        function.handler(event, context)


@pytest.mark.parametrize("cases", ["[]", '[{"label": "x"}]', '{"input": "x"}'])
def test_cases_without_an_input_fail_the_probe(cold_start: Any, context: Any, cases: str) -> None:
    with pytest.raises(Exception, match="at least one case with an 'input'"):
        probe(cold_start, context, GOOD, cases=cases)


def test_the_orchestrator_s_cases_are_judged_alike() -> None:
    """The smoke tests and this function have the same rules; schemas and checks are left to the former."""
    cases = [
        {"input": "a", "label": "x"},
        {"input": "a", "value": 2, "tolerance": 0.5},
        {"input": "a", "contains": "hi"},
        {"input": "a", "length": 2},
    ]
    outputs: list[dict[str, Any]] = [
        *({"label": "x", "score": 0.5}, {"label": "x", "score": 2}, {"label": "y"}, {"value": 2.5}, {"value": 2.6}),
        *({"text": "Hi"}, {"text": ""}, {"embedding": [1, 2]}, {"embedding": [1]}, {"prediction": [2]}, {}),
    ]
    for case in cases:
        golden = GoldenCase.model_validate(case)
        assert for_probe([golden]) == [case]
        for output in outputs:
            assert passes(lambda c=case, o=output: probes.judge(c, o)) == passes(
                lambda g=golden, o=output: answers.judge(g, [o], Path())
            ), (case, output)


def passes(judged: Any) -> bool:
    try:
        judged()
    except (probes.ProbeFailed, answers.WrongAnswer):
        return False
    return True


# --- asynchronous endpoints ------------------------------------------------------------------------------------


class Bucket:
    """S3 and the endpoint's queue; records all calls."""

    def __init__(self, **objects: bytes) -> None:
        self.objects = {f"out/{name}": body for name, body in objects.items()}
        self.calls: list[dict[str, Any]] = []

    def put_object(self, **arguments: Any) -> None:
        self.objects[arguments["Key"]] = arguments["Body"]

    def get_object(self, **arguments: Any) -> dict[str, Any]:
        assert arguments["Bucket"] == "data"
        if arguments["Key"] not in self.objects:
            raise ClientError({"Error": {"Code": "NoSuchKey", "Message": "not there"}}, "GetObject")
        return {"Body": io.BytesIO(self.objects[arguments["Key"]])}

    def invoke_endpoint_async(self, **arguments: Any) -> dict[str, Any]:
        self.calls.append(arguments)
        return {"OutputLocation": "s3://data/out/result", "FailureLocation": "s3://data/out/failure"}


def queue_probe(cold_start: Any, context: Any, bucket: Bucket, **event: Any) -> Any:
    function = cold_start("endpoint_probe")
    function.RUNTIME, function._CLIENTS["s3"] = bucket, bucket
    return function.handler({"training_job": "job-1", "cases": CASES, **event}, context)


PLACES = {"output": "s3://data/out/result", "failure": "s3://data/out/failure"}


def test_a_queue_is_probed_with_one_request_of_the_release(cold_start: Any, context: Any) -> None:
    bucket = Bucket()
    queue = {"input": "s3://data/in/releases", "timeout_seconds": 90}
    assert queue_probe(cold_start, context, bucket, endpoint_name="slow", queue=queue) == {
        **PLACES,
        "cases": CASES,
        "format": "inputs",
    }
    assert json.loads(bucket.objects["in/releases/job-1.json"])["inputs"] == ["I love it.", "Awful."]
    [call] = bucket.calls
    assert (call["EndpointName"], call["InputLocation"]) == ("slow", "s3://data/in/releases/job-1.json")
    assert (call["InvocationTimeoutSeconds"], call["RequestTTLSeconds"]) == (90, 3600)
    assert call["InferenceId"] == "release-job-1"


def test_an_asynchronous_answer_is_checked_like_any_other(cold_start: Any, context: Any) -> None:
    right = Bucket(result=json.dumps(GOOD).encode())
    assert queue_probe(cold_start, context, right, **PLACES) == {"passed": True, **GOOD}
    other = Bucket(result=json.dumps({**GOOD, "model": {"training_job": "job-0"}}).encode())
    with pytest.raises(Exception, match="from training job 'job-0', not from 'job-1'"):
        queue_probe(cold_start, context, other, **PLACES)


def test_an_imported_model_behind_a_queue_may_name_any_training_job(cold_start: Any, context: Any) -> None:
    other = Bucket(result=json.dumps({**GOOD, "model": {"training_job": "another"}}).encode())
    with pytest.raises(Exception, match="comes from training job 'another'"):
        queue_probe(cold_start, context, other, **PLACES)
    assert queue_probe(cold_start, context, other, **PLACES, any_training_job=True)["passed"] is True


@pytest.mark.parametrize(
    ("objects", "name", "message"),
    [
        ({}, "AnswerPending", "no object s3://data/out/result yet"),
        ({"failure": b"ModelError: 500"}, "ProbeFailed", "the request failed: ModelError: 500"),
    ],
)
def test_a_probe_is_pending_until_a_result_or_a_failure(
    cold_start: Any, context: Any, objects: dict[str, bytes], name: str, message: str
) -> None:
    with pytest.raises(Exception, match=message) as raised:
        queue_probe(cold_start, context, Bucket(**objects), **PLACES)
    assert type(raised.value).__name__ == name


def test_an_endpoint_that_accepts_no_request_is_retryable(cold_start: Any, context: Any) -> None:
    class Closed(Bucket):
        def invoke_endpoint_async(self, **arguments: Any) -> dict[str, Any]:
            raise ClientError(
                {"Error": {"Code": "ValidationError", "Message": "not in service"}}, "InvokeEndpointAsync"
            )

    queue = {"input": "s3://data/in/releases", "timeout_seconds": 90}
    with pytest.raises(Exception, match="not in service") as raised:
        queue_probe(cold_start, context, Closed(), endpoint_name="slow", queue=queue)
    assert type(raised.value).__name__ == "EndpointUnavailable"
