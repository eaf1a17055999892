"""The job API accepts requests, reports their status, and reads no other objects for callers."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import timedelta
from types import SimpleNamespace
from typing import Any

import pytest

from inference_common import errors
from job_api import backends, ids
from tests.unit.lambda_.support.clients import use_client
from tests.unit.lambda_.support.job_api import BODY, NOW, Api


@pytest.fixture
def api(cold_start: Callable[..., Any], monkeypatch: pytest.MonkeyPatch, context: SimpleNamespace) -> Api:
    return Api(cold_start, monkeypatch, context)


def test_a_bedrock_request_is_queued_and_its_location_returned(api: Api) -> None:
    status, reported, headers = api.post("chat-async")
    request_id = reported["request_id"]
    assert status == 202
    assert reported["status"] == "pending"
    assert reported["output"] == f"s3://data/inference/async/output/chat-async/{request_id}.out"
    assert headers["location"] == f"/v1/async/chat-async/{request_id}"
    key = f"inference/async/input/chat-async/{request_id}.json"
    assert api.requested == [
        ("https://sqs/requests", {"request_id": request_id, "blueprint": "chat-async", "input": key})
    ]
    # The worker adds the blueprint's own parameters; what is in here is checked as the caller's.
    assert json.loads(api.store.objects[key]) == {"inputs": ["Hello"], "parameters": {"max_tokens": 5}}


def test_a_sagemaker_request_goes_to_the_endpoint_and_its_location_is_returned(api: Api) -> None:
    status, reported, _ = api.post("reviews-async")
    request_id = reported["request_id"]
    assert status == 202
    uri = f"s3://data/inference/async/input/reviews-async/{request_id}.json"
    assert api.requested == [("mlops-dev-reviews-async", request_id, uri, "application/json")]
    output = f"inference/async/output/reviews-async/made-for-{request_id}.out"
    assert reported["output"] == f"s3://data/{output}"
    api.store.objects[output] = b'{"outputs": [{"label": "positive"}]}'
    _, reported, _ = api.get("reviews-async", request_id)
    assert (reported["status"], reported["result"]) == ("completed", {"outputs": [{"label": "positive"}]})


def test_the_status_of_a_request(api: Api) -> None:
    _, taken, _ = api.post("chat-async")
    request_id = taken["request_id"]
    status, reported, headers = api.get("chat-async", request_id)
    assert (status, reported["status"], headers["retry-after"]) == (200, "pending", "2")
    output = f"inference/async/output/chat-async/{request_id}.out"
    api.store.objects[output] = b'{"outputs": [{"text": "Hi"}]}'
    api.store.metadata[output] = {"fidelity": "stand-in"}
    status, reported, headers = api.get("chat-async", request_id)
    assert (status, reported["status"], reported["result"]) == (200, "completed", {"outputs": [{"text": "Hi"}]})
    assert headers["x-fidelity"] == "stand-in"


def test_a_large_result_is_a_presigned_url(api: Api) -> None:
    _, taken, _ = api.post("chat-async")
    key = f"inference/async/output/chat-async/{taken['request_id']}.out"
    api.store.objects[key] = b"x" * 101
    _, reported, _ = api.get("chat-async", taken["request_id"])
    assert "result" not in reported
    assert (reported["result_url"], reported["expires_in"], reported["bytes"]) == (
        f"https://s3/{key}?for=900",
        900,
        101,
    )


@pytest.mark.parametrize(
    ("returned", "error"),
    [
        (b'{"error": {"type": "BadRequest", "message": "no"}}', {"type": "BadRequest", "message": "no"}),
        (b"container says 500", {"type": "ModelFailed", "message": "container says 500"}),
        (b"", {"type": "ModelFailed", "message": "the model failed and said nothing"}),
    ],
)
def test_a_failure_has_its_reason(api: Api, returned: bytes, error: dict[str, str]) -> None:
    _, taken, _ = api.post("chat-async")
    api.store.objects[f"inference/async/failures/chat-async/{taken['request_id']}-error.out"] = returned
    _, reported, _ = api.get("chat-async", taken["request_id"])
    assert (reported["status"], reported["error"]) == ("failed", error)


def test_an_expired_request_has_failed(api: Api) -> None:
    _, taken, _ = api.post("chat-async")
    api.now = NOW + timedelta(seconds=600 + 60 + 299)
    assert api.get("chat-async", taken["request_id"])[1]["status"] == "pending"
    api.now = NOW + timedelta(seconds=600 + 60 + 302)
    reported = api.get("chat-async", taken["request_id"])[1]
    assert (reported["status"], reported["error"]["type"]) == ("failed", "Expired")


@pytest.mark.parametrize("request_id", ["0c3cf4f1-3f6f-4a0b-8f5e-c0ffee000000", "../../data/raw", "1"])
def test_an_unknown_request_is_not_found(api: Api, request_id: str) -> None:
    status, reported, _ = api.get("chat-async", request_id)
    assert (status, reported["error"]["type"]) == (404, "UnknownRequest")


def test_the_same_key_of_a_caller_is_one_request(api: Api) -> None:
    headers = {"Idempotency-Key": "order-4711"}
    first, again = (api.post("chat-async", headers=headers)[1] for _ in range(2))
    other = api.post("chat-async", headers={"Idempotency-Key": "order-4712"})[1]
    assert first == again
    assert other["request_id"] != first["request_id"]
    assert len(api.requested) == 2
    assert api.post("chat-async", headers={"Idempotency-Key": "short"})[0] == 400


def test_reusing_a_key_for_another_request_is_refused_and_the_first_stands(api: Api) -> None:
    headers = {"Idempotency-Key": "order-4711"}
    first = api.post("chat-async", headers=headers)[1]
    before = dict(api.store.objects)
    for body in ('{"inputs": ["Another"]}', '{"inputs": ["Hello"], "parameters": {"max_tokens": 6}}'):
        status, reported, _ = api.post("chat-async", body, headers=headers)
        assert (status, reported["error"]["type"]) == (400, "BadRequest")
        assert "'idempotency-key' came with another request before" in reported["error"]["message"]
    assert api.store.objects == before
    assert len(api.requested) == 1
    spaced = BODY.replace(",", " , ")
    assert api.post("chat-async", spaced, headers=headers)[1] == first


def test_the_key_of_an_interrupted_request_is_valid_for_that_request_only(api: Api) -> None:
    headers = {"Idempotency-Key": "order-4711"}

    def refuse(url: str, message: Any) -> None:
        raise errors.NotReady("the blueprint's queue does not exist or is still being made")

    object.__setattr__(api.code.JOBS, "queues", SimpleNamespace(send=refuse))
    assert api.post("chat-async", headers=headers)[0] == 503
    object.__setattr__(api.code.JOBS, "queues", SimpleNamespace(send=api._send))
    assert api.post("chat-async", '{"inputs": ["Another"]}', headers=headers)[0] == 400
    assert api.requested == []
    assert api.post("chat-async", headers=headers)[0] == 202


@pytest.mark.parametrize(
    ("body", "status", "words"),
    [
        ("no json", 400, "not JSON"),
        ('{"inputs": []}', 400, "'inputs' must be a list of 1 to 100"),
        ('{"inputs": ["x"], "more": 1}', 400, "unknown field 'more'"),
        ('{"inputs": ["x"], "input": "k"}', 400, "nothing beside it"),
        ('{"input": "data/raw/secret.csv"}', 400, "of an upload to this blueprint"),
        ('{"input": "inference/async/input/reviews-async/uploads/x.json"}', 400, "of an upload"),
        ('{"input": "inference/async/input/chat-async/uploads/../1.json"}', 400, "of an upload"),
        ('{"input": 7}', 400, "of an upload"),
        (
            '{"input": "inference/async/input/chat-async/uploads/'
            '0123456789abcdef/0c3cf4f1-3f6f-4a0b-8f5e-c0ffee000000.json"}',
            400,
            "not uploaded",
        ),
    ],
)
def test_an_invalid_request_is_refused_before_any_call(api: Api, body: str, status: int, words: str) -> None:
    got, reported, _ = api.post("chat-async", body)
    assert got == status
    assert words in reported["error"]["message"]
    assert api.requested == []
    assert api.store.writes == []


def test_csv_and_json_lines_are_read_as_everywhere(api: Api) -> None:
    assert api.post("chat-async", "a\nb\n", headers={"content-type": "text/csv"})[0] == 202
    assert api.post("chat-async", '"a"\n"b"\n', headers={"content-type": "application/jsonlines"})[0] == 202
    assert [json.loads(body)["inputs"] for key, body in api.store.objects.items() if key.endswith(".json")] == [
        ["a", "b"],
        ["a", "b"],
    ]


def test_a_large_input_is_uploaded_and_then_named(api: Api) -> None:
    status, place, headers = api("POST", "/async/{blueprint}/uploads", '{"bytes": 20}', blueprint="chat-async")
    assert (status, place["method"], place["headers"]["content-length"]) == (201, "PUT", "20")
    assert headers["cache-control"] == "no-store"
    api.store.objects[place["input"]] = b'{"inputs": ["Hello"]}'
    assert api.post("chat-async", json.dumps({"input": place["input"]}))[0] == 202
    assert api.requested[0][1]["input"] == place["input"]


@pytest.mark.parametrize(
    ("body", "status"),
    [('{"bytes": 1048577}', 413), ('{"bytes": 0}', 400), ('{"bytes": true}', 400), ("{}", 400), ("[]", 400)],
)
def test_an_upload_must_not_exceed_the_blueprint_s_limit(api: Api, body: str, status: int) -> None:
    assert api("POST", "/async/{blueprint}/uploads", body, blueprint="chat-async")[0] == status


def test_an_oversized_body_is_referred_to_uploads(api: Api) -> None:
    status, reported, _ = api.post("chat-async", "x" * (6 * 1024 * 1024 + 1))
    assert (status, reported["error"]["type"]) == (413, "PayloadTooLarge")
    assert "POST /async/chat-async/uploads" in reported["error"]["message"]


def test_an_upload_that_grew_is_refused(api: Api) -> None:
    key = api("POST", "/async/{blueprint}/uploads", '{"bytes": 20}', blueprint="chat-async")[1]["input"]
    api.store.objects[key] = b"x" * (1024 * 1024 + 1)
    assert api.post("chat-async", json.dumps({"input": key}))[0] == 413


@pytest.mark.parametrize(
    ("blueprint", "status", "type_"),
    [
        ("unknown", 404, "UnknownBlueprint"),
        ("chat", 404, "UnknownBlueprint"),
        ("chat-batch", 404, "UnknownBlueprint"),
        ("Not A Name", 404, "UnknownBlueprint"),
        ("broken", 500, "InternalError"),
    ],
)
def test_only_asynchronous_blueprints_accept_requests(api: Api, blueprint: str, status: int, type_: str) -> None:
    got, reported, _ = api.post(blueprint)
    assert (got, reported["error"]["type"]) == (status, type_)


@pytest.mark.parametrize("auth_path", ["", "/iam", "/cognito"])
def test_a_key_permits_its_blueprints_only_with_each_authentication_method(api: Api, auth_path: str) -> None:
    path, who = "/async/{blueprint}", (auth_path, "me")
    status, reported, _ = api("POST", path, BODY, who=who, blueprint="chat-async", allowed="reviews-async,chat")
    assert (status, reported["error"]["type"]) == (403, "Forbidden")
    status, _, headers = api("POST", path, BODY, who=who, blueprint="chat-async", allowed="chat-async")
    assert status == 202
    assert headers["location"].startswith(f"/v1{auth_path}/async/chat-async/")


def test_a_batch_job_is_submitted_and_its_status_read(api: Api) -> None:
    kept_as = ids.Ids(lambda: b"s" * 32).job("chat-batch", "key:me", "nightly-1")
    api.reply = {"request_id": "nightly-1", "status": "accepted", "jobs": []}
    status, reported, headers = api(
        "POST", "/batch/{blueprint}", '{"input": "inference/batch/input/a.jsonl", "request_id": "nightly-1"}',
        blueprint="chat-batch",
    )  # fmt: skip
    assert status == 202
    assert reported == {
        **api.reply,
        "blueprint": "chat-batch",
        "status_url": "/batch/chat-batch/nightly-1",
    }
    assert headers["location"] == "/v1/batch/chat-batch/nightly-1"
    about = {"blueprint": "chat-batch", "request_id": kept_as, "owner": "key:me"}
    requested = {**about, "action": "submit", "name": "nightly-1", "input": "inference/batch/input/a.jsonl"}
    assert api.requested == [("mlops-dev-batch-submitter", requested)]
    api.reply = {"request_id": "nightly-1", "status": "completed"}
    status, reported, _ = api("GET", "/batch/{blueprint}/{request_id}", blueprint="chat-batch", request_id="nightly-1")
    assert (status, reported["status"]) == (200, "completed")
    assert api.requested[1:] == [("mlops-dev-batch-submitter", {**about, "action": "status"})]


@pytest.mark.parametrize(
    ("reply", "status"),
    [
        ({"error": {"code": "BadRequest", "message": "no"}}, 400),
        ({"error": {"code": "UnknownRequest", "message": "no"}}, 404),
        ({"error": {"code": "PayloadTooLarge", "message": "no"}}, 413),
        ({"error": {"code": "Exception", "message": "no"}}, 500),
        ({"error": {"code": "os", "message": "no"}}, 500),
        ({}, 500),
        ([], 500),
    ],
)
def test_a_refusal_of_the_submitter_is_returned(api: Api, reply: Any, status: int) -> None:
    api.reply = reply
    assert api("POST", "/batch/{blueprint}", '{"input": "x"}', blueprint="chat-batch")[0] == status


@pytest.mark.parametrize(
    "body", ["{}", '{"input": ""}', '{"input": "x", "request_id": "a/b"}', '{"input": "x", "y": 1}']
)
def test_an_invalid_job_is_refused(api: Api, body: str) -> None:
    assert api("POST", "/batch/{blueprint}", body, blueprint="chat-batch")[0] == 400
    assert api.requested == []


def test_a_truncated_response_of_the_submitter_is_transient() -> None:
    payload = SimpleNamespace(read=lambda: b'{"request_id": "nigh')
    use_client("lambda", SimpleNamespace(invoke=lambda **_: {"Payload": payload}))
    with pytest.raises(errors.Unavailable, match="cannot be read"):
        backends.Functions().call("mlops-dev-batch-submitter", {})


def test_a_truncated_ticket_is_transient(api: Api) -> None:
    _, taken, _ = api.post("chat-async")
    (ticket,) = [key for key in api.store.objects if key.endswith(".ticket")]
    api.store.objects[ticket] = api.store.objects[ticket][:-3]
    status, reported, headers = api.get("chat-async", taken["request_id"])
    assert (status, reported["error"]["type"], headers["retry-after"]) == (503, "Unavailable", "1")


def test_other_paths_are_unknown(api: Api) -> None:
    assert api("DELETE", "/async/{blueprint}", blueprint="chat-async")[0] == 404


def test_a_defect_is_an_internal_error_and_logged(api: Api, logged: Callable[[], list[dict[str, Any]]]) -> None:
    api.store.read = None  # type: ignore[method-assign, assignment]
    status, reported, _ = api.post("chat-async")
    assert (status, reported["error"]["type"]) == (500, "InternalError")
    assert any("exception" in line for line in logged())


def test_a_missing_queue_is_not_ready(api: Api) -> None:
    def refuse(url: str, message: Any) -> None:
        raise errors.NotReady("the blueprint's queue does not exist or is still being made")

    object.__setattr__(api.code.JOBS, "queues", SimpleNamespace(send=refuse))
    status, _, headers = api.post("chat-async")
    assert (status, headers["retry-after"]) == (503, "5")
    assert not any(key.endswith(".ticket") for key in api.store.objects)
