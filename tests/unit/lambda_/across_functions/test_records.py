"""Equal bytes give equal records in every API: synchronous, queued, batch, and in the platform's container."""

from __future__ import annotations

import base64
import json
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from inference_common import formats, records
from inference_common.errors import BadRequest
from inference_common.texts import kind_of
from tests.support.campaign import examples
from tests.unit.lambda_.support.async_worker import INPUT, Harness
from tests.unit.lambda_.support.batch_submitter import ENVIRON as BATCH_ENVIRON
from tests.unit.lambda_.support.batch_submitter import FOLDER, OUTPUT, Platform
from tests.unit.lambda_.support.job_api import Api
from tests.unit.lambda_.support.router import CHAT, REVIEWS, Backend, Setup

TYPES = {"jsonlines": "application/jsonlines", "csv": "text/csv", "text": "text/plain"}
SUFFIXES = {"jsonlines": "jsonl", "csv": "csv", "text": "txt"}
ODD = ["a", "b", '"', '""', ",", ";", "\n", "\r\n", "\r", " ", "\u2028", "\x85", "\v", "é", "😀", "\\ud83d", "\\u0000"]
ODD += ['{"input": "x"}', '{"id": 7, "text": "y"}', '{"input": NaN}', "1e999", "text", "id", "\0", "[", "null"]
BODIES = st.lists(st.sampled_from(ODD), max_size=14).map(lambda parts: "".join(parts).encode()) | st.binary(max_size=20)
MARKS = st.sampled_from([b"", b"\xef\xbb\xbf", b"\xff\xfe"])
STARTS = {"jsonlines": [b""], "csv": [b"", b"text\n", b"id,text\r\n", b"review;id\n"], "text": [b""]}
CASES = st.sampled_from(list(TYPES)).flatmap(
    lambda kind: st.tuples(
        st.just(kind), st.tuples(MARKS, st.sampled_from(STARTS[kind]), BODIES).map(lambda parts: b"".join(parts))
    )
)


class Ways:
    """All functions that read caller input, with their dependencies replaced."""

    def __init__(self, load: Any, monkeypatch: pytest.MonkeyPatch, context: Any) -> None:
        self.router = Setup(load("model_router", ROUTES_PREFIX="/mlops/test/routes"), Backend({}))
        answer = lambda request: self.router.text(*request.inputs)  # noqa: E731
        self.router.use({"chat": CHAT}, {"arn:chat": answer})
        self.api = Api(load, monkeypatch, context)
        self.batch = Platform(load("batch_submitter", **BATCH_ENVIRON), "sagemaker")
        self.batch.sagemaker.model = lambda line: {"label": line["input"]}
        self.harness = Harness(load)

    def at_once(self, kind: str, body: bytes) -> tuple[int, Any]:
        headers = {"content-type": kind}
        event = {"pathParameters": {"blueprint": "chat"}, "headers": headers, "isBase64Encoded": True}
        status, _, returned = self.router.call("/realtime/{blueprint}", base64.b64encode(body).decode(), **event)
        return status, [each["text"] for each in returned["outputs"]] if status == 200 else returned["error"]["message"]

    def queued(self, kind: str, body: bytes) -> tuple[int, Any]:
        """Follow the object that the job API writes to the worker's model call."""
        self.api.fresh()
        event = {
            "httpMethod": "POST",
            "resource": "/async/{blueprint}",
            "pathParameters": {"blueprint": "chat-async"},
            "headers": {"content-type": kind},
            "body": base64.b64encode(body).decode(),
            "isBase64Encoded": True,
            "requestContext": {"requestId": "g", "authorizer": {"blueprints": "*", "principal": "me"}},
        }
        response = self.api.code.handler(event, self.api.context)
        if response["statusCode"] != 202:
            return response["statusCode"], json.loads(response["body"])["error"]["message"]
        (sent,) = (body for key, body in self.api.store.objects.items() if key.endswith(".json"))
        return 202, self.worked(sent)

    def worked(self, sent: bytes) -> Any:
        """Return the worker's model request for an object, or its failure."""
        self.harness.store.objects.clear()
        self.harness.store.objects[INPUT] = sent
        requested: list[str] = []

        def answer(request: Any, access: Any, kinds: Any, deadline: Any, ctx: Any) -> Any:
            requested.extend(request.inputs)
            return self.harness.reply()

        self.harness.answer = answer  # type: ignore[method-assign]
        outcome = self.harness.work()
        return requested if outcome.completed else outcome.error["message"]

    def batched(self, kind: str, body: bytes) -> Any:
        """Return one result per record, or the refusal of the whole input."""
        platform, bucket = self.batch, self.batch.bucket
        bucket.objects.clear()
        platform.sagemaker.jobs.clear()
        key = f"{FOLDER}requests/in.{SUFFIXES[kind]}"
        bucket.put(key, body)
        answer = platform.submit(key=key)
        if "error" in answer:
            reported = platform.status()
            assert (reported["status"], reported["reason"]) == ("failed", answer["error"]["message"])
            return answer["error"]["message"]
        for job in answer["jobs"]:
            platform.sagemaker.run(job["name"])
            platform.ended(job["name"])
        assert platform.status()["status"] in ("completed", "partly_failed")
        return bucket.lines(f"{OUTPUT}results/request_id=night-1/results.jsonl")


@pytest.fixture
def ways(cold_start: Any, monkeypatch: pytest.MonkeyPatch, context: SimpleNamespace) -> Ways:
    return Ways(cold_start, monkeypatch, context)


def wanted_of(kind: str, body: bytes) -> list[records.Record] | str:
    try:
        return list(records.read(kind, [body]))
    except BadRequest as error:
        return error.message


def test_every_api_reads_the_same_records(ways: Ways) -> None:
    seen: set[str] = set()

    @settings(deadline=None, max_examples=examples())
    @given(CASES)
    @example(("csv", b"\xef\xbb\xbftext\r\nLovely lamp\r\nBad lamp\r\n"))
    @example(("csv", b"id,text\n1,Sturdy, but dear\n2,fine\n"))
    @example(("csv", b'text\nfine lamp\n"Solid" is what I call it\nfine lamp\n'))
    @example(("csv", b"review,text\nterrible,excellent\n"))
    @example(("jsonlines", '{"input":"bad\x85lamp"}\n{"id": "x", "input":"good\u2029lamp"}\n'.encode()))
    @example(("jsonlines", b'{"input":"good lamp"}\n' + b"[" * 100_000 + b'\n"x"\n'))
    @example(("jsonlines", '{"input":"good lamp"}\n'.encode("utf-16")))
    @example(("text", b'a\n"b", c\n'))
    def check(case: tuple[str, bytes]) -> None:
        kind, body = case
        parsed = wanted_of(kind, body)
        results, at_once = ways.batched(kind, body), ways.at_once(TYPES[kind], body)
        queued = ways.queued(TYPES[kind], body)
        if isinstance(parsed, str):
            assert (at_once, queued) == ((400, parsed), (400, parsed))
            assert parsed[:100] in results
            seen.add("refused")
            return
        errors = [each.error for each in parsed if each.error]
        texts = [each.input for each in parsed if not each.error]
        if errors:
            assert at_once == queued == (400, BadRequest(errors[0]).message)
        elif texts:
            assert (at_once, queued) == ((200, texts), (202, texts))
        else:
            assert at_once[0] == queued[0] == 400
        if not texts:
            assert "has no records" in results or "has 0 records" in results
            return
        expected = []
        for number, each in enumerate(parsed):
            named = {} if each.id is None else {"id": each.id}
            error = {"error": {"type": "BadRecord", "message": each.error}}
            expected.append({"record": number, **named, **(error if each.error else {"output": {"label": each.input}})})
        assert results == expected
        seen.add("mixed" if errors else "whole")

    check()
    assert seen == {"refused", "mixed", "whole"}


DOCUMENTS = [
    (b'{"inputs": ["a\\u2028", "b"]}', ["a\u2028", "b"]),
    (b'\xef\xbb\xbf{"inputs": ["a"]}', ["a"]),
    (b'{"inputs": ["   "]}', None),
    (b'{"inputs": [""]}', None),
    (b'{"inputs": [null]}', None),
    (b'{"inputs": ["a"], "parameters": {"temperature": NaN}}', None),
    (b'{"inputs": ["a"], "parameters": {"temperature": 1e400}}', None),
    (b'{"inputs": ["nice \\ud83d lamp"]}', None),
    (b'{"inputs": ["a\\u0000"]}', None),
    (b'{"inputs": ["caf\xe9"]}', None),
    ('{"inputs": ["a"]}'.encode("utf-16"), None),
    (b'{"inputs": ' + b"[" * 100_000, None),
    (json.dumps({"inputs": ["x" * 20_001]}).encode(), None),
]


def test_every_api_accepts_or_refuses_a_document_alike(ways: Ways) -> None:
    """Synchronous, queued, as an upload for the worker, and as an upload for the container."""
    read = by_the_container()
    for body, texts in DOCUMENTS:
        status, returned = ways.at_once(formats.JSON, body)
        queued, later = ways.queued(formats.JSON, body)
        worked, served = ways.worked(body), read(body)
        if texts is None:
            assert (status, queued) == (400, 400), body[:80]
            assert returned == later == worked
            assert served is None, body[:80]
        else:
            assert (status, queued) == (200, 202), body[:80]
            assert returned == later == worked == served == texts


@pytest.mark.parametrize("value", [7, [1, 2], {"age": 59}])
def test_a_model_that_takes_texts_refuses_other_inputs_alike(ways: Ways, value: Any) -> None:
    body = json.dumps({"inputs": ["fine", value]}).encode()
    at_once, queued = ways.at_once(formats.JSON, body), ways.queued(formats.JSON, body)
    rule = f"'inputs[1]' must be a string of 1 to 20000 characters: it is {kind_of(value)}"
    assert at_once == queued == (400, f"{rule}; the model behind this blueprint takes texts")
    lines = b'"fine"\n' + json.dumps({"input": value}).encode() + b"\n"
    assert ways.at_once(TYPES["jsonlines"], lines) == at_once


@pytest.mark.parametrize("value", [7, 0.5, [1, "a", None], {"age": 59, "city": None, "more": {"x": [True]}}])
def test_a_container_gets_an_input_of_any_shape_unchanged(ways: Ways, value: Any) -> None:
    seen: list[Any] = []

    def answer(request: Any) -> Any:
        seen.extend(request.inputs)
        return ways.router.label()

    ways.router.use({"chat": REVIEWS}, {"ep-reviews": answer})
    event = {"pathParameters": {"blueprint": "chat"}}
    assert ways.router.call("/realtime/{blueprint}", {"inputs": [value]}, **event)[0] == 200
    status, _, _ = ways.api.post("reviews-async", json.dumps({"inputs": [value]}))
    assert status == 202
    (sent,) = (body for key, body in ways.api.store.objects.items() if key.endswith(".json"))
    ways.batch.sagemaker.model = lambda line: {"value": line["input"]}
    assert (seen, json.loads(sent)) == ([value], {"inputs": [value], "parameters": {}})
    assert ways.batched("jsonlines", json.dumps({"id": 3, "input": value}).encode()) == [
        {"record": 0, "id": 3, "output": {"value": value}}
    ]


def by_the_container() -> Callable[[bytes], list[str] | None]:
    """Return what the platform's container reads from an object."""
    namespace: dict[str, Any] = {}
    path = Path(__file__).resolve().parents[4] / "jobs" / "models" / "reviews" / "inference.py"
    exec(compile(path.read_text(encoding="utf-8"), str(path), "exec"), namespace)

    def read(body: bytes) -> list[str] | None:
        try:
            return list(namespace["input_fn"](body, formats.JSON))
        except ValueError:
            return None

    return read


def test_a_body_above_the_limit_is_refused_by_every_path(ways: Ways) -> None:
    big = ("é" * (3 * 1024 * 1024 + 1)).encode()
    assert ways.at_once(formats.JSON, big)[0] == 413
    assert ways.queued(formats.JSON, big)[0] == 413
    for resource in ("/async/{blueprint}/uploads", "/batch/{blueprint}"):
        blueprint = "chat-batch" if "batch/" in resource else "chat-async"
        status, reported, _ = ways.api("POST", resource, big.decode(), blueprint=blueprint)
        assert (status, reported["error"]["type"]) == (413, "PayloadTooLarge")
