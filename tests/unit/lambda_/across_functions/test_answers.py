"""Whatever a model returns, callers get strict JSON: outputs, or one clear error."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from inference_routing.clients import bedrock, sagemaker
from tests.support.campaign import examples
from tests.unit.lambda_.support import strict_json as strict
from tests.unit.lambda_.support.batch_services import BUCKET
from tests.unit.lambda_.support.batch_submitter import FOLDER, Platform
from tests.unit.lambda_.support.clients import use_client
from tests.unit.lambda_.support.job_api import Api
from tests.unit.lambda_.support.router import CHAT, REVIEWS, Backend, Setup

TRIED = settings(deadline=None, max_examples=examples())
FORMATS = ("inputs", "text", "classify", "messages", "csv", "jsonlines")
ACCEPT = ("application/json", "application/jsonlines", "text/csv")
ALMOST = st.sampled_from(
    [
        b'{"outputs": [{"label": "a", "score": NaN}], "model": {}}',
        b'{"outputs": [{"label": "\\ud83d", "score": 1}], "model": {}}',
        b'{"outputs": [{"label": "a", "score": 0.5}], "model": {"v": 1e999}}',
        b'{"outputs": [{"label": "a\\rb", "score": 0.5}], "model": {"v": 1}}',
        b'[[{"label": "a", "score": Infinity}, {"label": "b", "score": 0.1}]]',
        b'[{"generated_text": "\\udc00"}]',
        b'{"choices": [{"message": {"content": "hi"}}], "usage": {"prompt_tokens": NaN}}',
        b"[[0.1, NaN]]",
        b"[[1e39, 0]]",
        b"[[0.1, 0.2]]",
        b"nan",
        b"1_0",
        b"0.5,1e999",
        b"0.5,0.25\r\n",
    ]
)
BODIES = strict.BODIES | ALMOST


@pytest.fixture
def setup(cold_start: Any) -> Setup:
    made = Setup(cold_start("model_router", ROUTES_PREFIX="/mlops/test/routes"), Backend({}))
    speaking(made, "inputs")
    return made


def speaking(setup: Setup, spoken: str) -> None:
    """Use the router's real backends, with a container of this payload format."""
    target = {"name": "primary", "endpoint_name": "ep-reviews", "format": spoken}
    setup.use({"reviews": {**REVIEWS, "targets": [target]}, "chat": CHAT}, {})
    setup.modules.ROUTER.backends = {
        "sagemaker": sagemaker.SageMakerBackend(),
        "bedrock": bedrock.BedrockBackend(),
    }


def answers(body: bytes) -> None:
    """Make every endpoint return this body."""
    runtime = SimpleNamespace(invoke_endpoint=lambda **_: {"Body": io.BytesIO(body)})
    use_client("sagemaker-runtime", runtime)


def called(setup: Setup, resource: str, body: Any, **event: Any) -> tuple[int, str, str]:
    """Return status, content type and raw body of a response."""
    context = SimpleNamespace(aws_request_id="r", get_remaining_time_in_millis=lambda: 30_000)
    request = {"resource": resource, "httpMethod": "POST", "body": json.dumps(body), **event}
    response = setup.modules.handler({**request, "requestContext": {"requestId": "r-1"}}, context)
    return response["statusCode"], response["headers"]["content-type"], response["body"]


def checked(status: int, kind: str, body: str) -> None:
    body.encode()
    if status != 200:
        assert (status, strict.loads(body)["error"].get("type")) in ((424, "MalformedAnswer"), (424, "api_error")), body
    elif kind == "application/json":
        strict.loads(body)
    elif kind == "application/jsonlines":
        assert len([strict.loads(line) for line in body.splitlines()]) == 1
    else:
        assert len(list(csv.reader(io.StringIO(body, newline=""), strict=True))) == 2


def test_container_output_becomes_json_or_an_error(setup: Setup) -> None:
    @TRIED
    @given(st.sampled_from(FORMATS), BODIES, st.sampled_from(ACCEPT))
    def check(spoken: str, body: bytes, accept: str) -> None:
        speaking(setup, spoken)
        answers(body)
        native = {"pathParameters": {"blueprint": "reviews"}, "headers": {"accept": accept}}
        checked(*called(setup, "/realtime/{blueprint}", {"inputs": ["1"]}, **native))
        chat = {"model": "reviews", "messages": [{"role": "user", "content": "1"}]}
        checked(*called(setup, "/v1/chat/completions", chat))

    check()


def test_vectors_are_returned_as_32_bit_floats(setup: Setup) -> None:
    speaking(setup, "embed")

    @TRIED
    @given(BODIES | st.lists(st.floats(), min_size=1).map(lambda v: json.dumps([v]).encode()), st.booleans())
    def check(body: bytes, packed: bool) -> None:
        answers(body)
        requested = {"model": "reviews", "input": "a", **({"encoding_format": "base64"} if packed else {})}
        checked(*called(setup, "/v1/embeddings", requested))

    check()


def test_converse_output_becomes_json_or_an_error(setup: Setup) -> None:
    @TRIED
    @given(strict.TEXTS | strict.VALUES, strict.VALUES, strict.TEXTS | strict.VALUES)
    def check(text: Any, usage: Any, stop: Any) -> None:
        answer = {"output": {"message": {"content": [{"text": text}]}}, "usage": usage, "stopReason": stop}
        runtime = SimpleNamespace(converse=lambda **_: answer)
        use_client("bedrock-runtime", runtime)
        requested = {"model": "chat", "messages": [{"role": "user", "content": "1"}]}
        checked(*called(setup, "/v1/chat/completions", requested))

    check()


def test_a_line_of_a_transform_job_is_an_output_or_its_record_s_error(on_sagemaker: Platform) -> None:
    platform = on_sagemaker

    @TRIED
    @given(st.lists(BODIES.map(lambda body: body.replace(b"\n", b" ")), min_size=3, max_size=3))
    def check(lines: list[bytes]) -> None:
        platform.bucket.objects.clear()
        platform.sagemaker.jobs.clear()
        platform.bucket.put(f"{FOLDER}requests/in.jsonl", [{"input": str(n)} for n in range(3)])
        (job,) = platform.submit()["jobs"]
        platform.sagemaker.run(job["name"])
        (out,) = [key for key in platform.bucket.objects if key.endswith(".out")]
        platform.bucket.objects[out] = b"\n".join(line if line.strip() else b"{}" for line in lines) + b"\n"
        platform.ended(job["name"])
        joined(platform, 3)

    check()


def joined(platform: Platform, records: int) -> list[Any]:
    """Return the lines of a result, parsed strictly, one per record."""
    (results,) = [key for key in platform.bucket.objects if key.endswith("/results.jsonl")]
    lines = [strict.loads(line) for line in platform.bucket.objects[results].split(b"\n")[:-1]]
    assert [line["record"] for line in lines] == list(range(records))
    assert all(("output" in line) != ("error" in line) for line in lines)
    return lines


def test_a_line_of_a_bedrock_job_is_an_output_or_its_record_s_error(on_bedrock: Platform) -> None:
    platform, records = on_bedrock, 100

    @settings(deadline=None, max_examples=examples(8))
    @given(st.lists(BODIES.map(lambda body: body.replace(b"\n", b" ")), min_size=1, max_size=3), strict.VALUES)
    def check(outputs: list[bytes], reported: Any) -> None:
        platform.bucket.objects.clear()
        for known in (platform.bedrock.jobs, platform.bedrock.tokens):
            known.clear()
        platform.bucket.put(f"{FOLDER}requests/in.jsonl", [{"input": str(n)} for n in range(records)])
        platform.submit()
        name = platform.bedrock.run(0)
        (out,) = [key for key in platform.bucket.objects if key.endswith(".out")]
        lines = platform.bucket.objects[out].splitlines()
        broken = [b'{"recordId": "R%010d", "modelOutput": %b}' % (n, body) for n, body in enumerate(outputs)]
        broken.append(b'{"recordId": "R0000000003", "error": %b}' % json.dumps(reported).encode())
        platform.bucket.objects[out] = b"\n".join([*lines[:-4], *broken]) + b"\n"
        platform.bedrock_ended(name)
        results = joined(platform, records)
        assert all("output" in line for line in results[4:]), "a broken line costs its own record"

    check()


def test_an_unreadable_line_of_bedrock_is_its_record_s_error_with_the_reason(on_bedrock: Platform) -> None:
    platform = on_bedrock
    platform.bucket.put(f"{FOLDER}requests/in.jsonl", [{"input": str(n)} for n in range(100)])
    platform.submit()
    name = platform.bedrock.run(0)
    (out,) = [key for key in platform.bucket.objects if key.endswith(".out")]
    lines = platform.bucket.objects[out].splitlines()
    deep = b'{"recordId":"R0000000000","modelOutput":' + b"[" * 100_000
    nan = b'{"modelOutput": NaN, "recordId": "R0000000001"}'
    platform.bucket.objects[out] = b"\n".join([*lines[:-2], nan, deep]) + b"\n"
    platform.bedrock_ended(name)
    assert [(e["record"], e["error"]["type"]) for e in platform.errors()] == [
        (0, "MalformedAnswer"),
        (1, "MalformedAnswer"),
    ]
    assert "nested deeper" in platform.errors()[0]["error"]["message"]
    assert f"s3://{BUCKET}" in platform.status()["output"]


@pytest.fixture
def api(cold_start: Callable[..., Any], monkeypatch: pytest.MonkeyPatch, context: SimpleNamespace) -> Api:
    return Api(cold_start, monkeypatch, context)


@pytest.mark.parametrize(
    ("body", "status", "result"),
    [
        (b'{"score": 1}', "completed", {"score": 1}),
        (b"plain words", "completed", "plain words"),
        (b'{"score": NaN}', "failed", None),
        (b'["\\ud83d"]', "failed", None),
        (b"[" * 70, "failed", None),
        (b"caf\xe9", "failed", None),
    ],
)
def test_an_asynchronous_result_is_json_or_a_failure_that_says_why(
    api: Api, body: bytes, status: str, result: Any
) -> None:
    _, taken, _ = api.post("reviews-async")
    request_id = taken["request_id"]
    output = f"inference/async/output/reviews-async/made-for-{request_id}.out"
    api.store.objects[output] = body
    code, reported, _ = api.get("reviews-async", request_id)
    assert (code, reported["status"], reported.get("result")) == (200, status, result)
    assert reported["output"] == f"s3://data/{output}", "what was written can be read"
    if status == "failed":
        assert reported["error"]["type"] == "MalformedAnswer"
        assert reported["error"]["message"].startswith("the model's answer")


@pytest.mark.parametrize("accept", ACCEPT)
def test_a_lone_surrogate_from_converse_is_a_malformed_answer(setup: Setup, accept: str) -> None:
    answer = {"output": {"message": {"content": [{"text": "hi \ud83d"}]}}, "stopReason": "end_turn"}
    use_client("bedrock-runtime", SimpleNamespace(converse=lambda **_: answer))
    native = {"pathParameters": {"blueprint": "chat"}, "headers": {"accept": accept}}
    status, _, body = called(setup, "/realtime/{blueprint}", {"inputs": ["1"]}, **native)
    assert (status, strict.loads(body)["error"]) == (
        424,
        {
            "type": "MalformedAnswer",
            "message": "the model's answer has half of a surrogate pair, which is not a character, at outputs[0].text",
        },
    )
