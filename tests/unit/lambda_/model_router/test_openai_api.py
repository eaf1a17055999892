"""The OpenAI-compatible API."""

from __future__ import annotations

import base64
import json
import struct
from typing import Any

import pytest

from inference_common import errors
from inference_routing import dispatch
from inference_routing.clients import bedrock, sagemaker
from model_router.openai_api import chat as openai_api_chat
from model_router.openai_api import completions
from tests.unit.lambda_.support.router import BOTH, CHAT, REVIEWS, Backend, Setup

USAGE = {"inputTokens": 7, "outputTokens": 3, "totalTokens": 10}
HELLO = [{"role": "user", "content": "hello"}]


@pytest.fixture
def setup(cold_start: Any, monkeypatch: pytest.MonkeyPatch) -> Setup:
    made = Setup(cold_start("model_router", ROUTES_PREFIX="/mlops/test/routes"), Backend({}))
    for module in (openai_api_chat, completions):
        monkeypatch.setattr(module.time, "time", lambda: 1_800_000_000.5)
    return made


def chat(setup: Setup, **body: Any) -> tuple[int, dict[str, str], Any]:
    return setup.call("/v1/chat/completions", {"model": "chat", "messages": HELLO, **body})


def requested(setup: Setup) -> Any:
    return setup.backend.requested[-1][1]


def test_a_chat_response_has_openai_s_format(setup: Setup) -> None:
    setup.use({"chat": CHAT}, {"arn:chat": setup.text("hi there", stops=("end_turn",), usage=USAGE)})
    status, headers, body = chat(setup)
    assert status == 200
    assert body == {
        "id": "chatcmpl-r-1",
        "object": "chat.completion",
        "created": 1_800_000_000,
        "model": "chat",
        "choices": [
            {
                "index": 0,
                "message": {"role": "assistant", "content": "hi there", "refusal": None},
                "logprobs": None,
                "finish_reason": "stop",
            }
        ],
        "usage": {"prompt_tokens": 7, "completion_tokens": 3, "total_tokens": 10},
    }
    assert (headers["x-request-id"], headers["x-route-decision"]) == ("r-1", "primary")


def test_a_conversation_reaches_the_model_as_one(setup: Setup) -> None:
    setup.use({"chat": CHAT}, {"arn:chat": setup.text("fine")})
    messages = [
        {"role": "system", "content": "be brief"},
        {"role": "developer", "content": "and kind"},
        {"role": "user", "content": [{"type": "text", "text": "hello"}, {"type": "text", "text": "you"}]},
        {"role": "user", "content": "there"},
        {"role": "assistant", "content": "hi"},
        {"role": "user", "content": "how are you"},
    ]
    assert chat(setup, messages=messages)[0] == 200
    request = requested(setup)
    assert request.turns == (("user", "hello\nyou\nthere"), ("assistant", "hi"), ("user", "how are you"))
    assert request.parameters == {"max_tokens": 100, "system": "be brief\nand kind"}
    assert request.inputs == ("how are you",)


@pytest.mark.parametrize(
    ("body", "parameters"),
    [
        ({"max_tokens": 5}, {"max_tokens": 5}),
        ({"max_completion_tokens": 6, "max_tokens": 5}, {"max_tokens": 6}),
        ({"temperature": 0.5, "top_p": 1}, {"max_tokens": 100, "temperature": 0.5, "top_p": 1}),
        ({"stop": "END"}, {"max_tokens": 100, "stop_sequences": ["END"]}),
        ({"stop": ["A", "B"]}, {"max_tokens": 100, "stop_sequences": ["A", "B"]}),
        ({"user": "ann", "frequency_penalty": 0, "tools": [], "seed": None}, {"max_tokens": 100}),
        ({"response_format": {"type": "text"}, "logprobs": False, "stop": None}, {"max_tokens": 100}),
    ],
)
def test_options_have_their_names_of_the_platform(setup: Setup, body: Any, parameters: Any) -> None:
    setup.use({"chat": CHAT}, {"arn:chat": setup.text("fine")})
    assert chat(setup, **body)[0] == 200
    assert requested(setup).parameters == parameters


def test_n_choices_are_n_answers_to_one_conversation(setup: Setup) -> None:
    setup.use({"chat": CHAT}, {"arn:chat": setup.text("one", "two", stops=("end_turn", "max_tokens"))})
    _, _, body = chat(setup, n=2)
    assert requested(setup).inputs == ("hello", "hello")
    choices = [(c["index"], c["message"]["content"], c["finish_reason"]) for c in body["choices"]]
    assert choices == [(0, "one", "stop"), (1, "two", "length")]


@pytest.mark.parametrize(
    ("body", "param", "says"),
    [
        ({"tools": [{"type": "function"}]}, "tools", "does not support the parameter 'tools'"),
        ({"seed": 7}, "seed", "does not support the parameter 'seed'"),
        ({"frequency_penalty": 0.5}, "frequency_penalty", "does not support"),
        ({"response_format": {"type": "json_object"}}, "response_format", "does not support"),
        ({"made_up": 1}, "made_up", "does not support"),
        ({"n": 9}, "n", "must be an integer from 1 to 8"),
        ({"n": True}, "n", "must be an integer"),
        ({"max_tokens": 0}, "max_tokens", "must be an integer"),
        ({"temperature": 3}, "temperature", "must be a number from 0 to 2"),
        ({"stop": ["a"] * 5}, "stop", "a list of up to 4"),
        ({"stream": "yes"}, "stream", "must be true or false"),
        ({"stream_options": 1}, "stream_options", "must be an object"),
        ({"messages": []}, "messages", "a list of 1 to 200"),
        ({"messages": [{"role": "assistant", "content": "x"}]}, "messages", "begin and end with"),
        ({"messages": [{"role": "tool", "content": "x"}]}, "messages[0].role", "must be system"),
        ({"messages": ["x"]}, "messages[0]", "must be an object"),
        ({"messages": [{"role": "user", "content": "x" * 20_001}]}, "messages[0].content", "must have 1 to 20000"),
        ({"messages": [{"role": "user", "content": ""}]}, "messages[0].content", "is blank"),
        ({"messages": [{"role": "user", "content": " \n\u3000"}]}, "messages[0].content", "is blank"),
        ({"messages": [{"role": "user", "content": []}]}, "messages[0].content", "list of text parts"),
        ({"messages": [{"role": "system", "content": " "}, *HELLO]}, "messages[0].content", "is blank"),
        ({"messages": [*HELLO, {"role": "assistant", "content": "\t"}, *HELLO]}, "messages[1].content", "is blank"),
        (
            {"messages": [{"role": "user", "content": [{"type": "text", "text": "x"}, {"type": "text", "text": " "}]}]},
            "messages[0].content[1].text",
            "is blank",
        ),
        (
            {"messages": [{"role": "user", "content": [{"type": "image_url", "image_url": {}}]}]},
            "messages[0].content[0]",
            "is not text",
        ),
        ({"messages": [{"role": "user", "content": "x", "tool_calls": [1]}]}, "messages[0].tool_calls", "calls of"),
        ({"model": 1}, "model", "must be a string"),
    ],
)
def test_unsupported_fields_are_refused_by_name(setup: Setup, body: Any, param: str, says: str) -> None:
    setup.use({"chat": CHAT}, {})
    status, _, answer = chat(setup, **body)
    assert (status, answer["error"]["type"], answer["error"]["param"]) == (400, "invalid_request_error", param)
    assert says in answer["error"]["message"]
    assert set(answer["error"]) == {"message", "type", "param", "code"}
    assert setup.backend.requested == []


@pytest.mark.parametrize(
    ("error", "status", "kind", "code"),
    [
        (errors.Throttled("x"), 429, "rate_limit_error", "rate_limit_exceeded"),
        (errors.NotReady("x"), 503, "service_unavailable_error", "model_not_ready"),
        (errors.Unavailable("x"), 503, "service_unavailable_error", "model_unavailable"),
        (errors.DeadlineExceeded("x"), 504, "timeout_error", "timeout"),
        (errors.PayloadTooLarge("x"), 413, "invalid_request_error", "request_too_large"),
        (errors.ModelFailed("x"), 424, "api_error", "ModelFailed"),
        (errors.BadRequest("x", "temperature"), 400, "invalid_request_error", None),
        (KeyError("secret"), 500, "api_error", "InternalError"),
    ],
)
def test_errors_have_openai_s_format(setup: Setup, error: Exception, status: int, kind: str, code: str | None) -> None:
    setup.use({"chat": CHAT}, {"arn:chat": error})
    found, headers, body = chat(setup)
    assert (found, body["error"]["type"], body["error"]["code"]) == (status, kind, code)
    assert ("retry-after" in headers) == (status in (429, 503))
    assert "secret" not in json.dumps(body)


@pytest.mark.parametrize("model", ["unknown", "Not A Name"])
def test_an_unknown_model_is_404(setup: Setup, model: str) -> None:
    setup.use({"chat": CHAT}, {})
    status, _, body = chat(setup, model=model)
    assert (status, body["error"]["param"], body["error"]["code"]) == (404, "model", "model_not_found")


def test_a_token_permits_its_models_only(setup: Setup) -> None:
    setup.use({"chat": CHAT, "reviews": REVIEWS}, {"arn:chat": setup.text("hi")})
    context = {"requestContext": {"requestId": "r-1", "authorizer": {"principal": "p", "blueprints": "reviews"}}}
    status, _, body = setup.call("/v1/chat/completions", {"model": "chat", "messages": HELLO}, **context)
    assert (status, body["error"]["type"], body["error"]["param"]) == (403, "permission_error", "model")
    _, _, listed = setup.call("/v1/models", None, **context)
    assert [model["id"] for model in listed["data"]] == ["reviews"]
    path = {"pathParameters": {"model": "chat"}}
    assert setup.call("/v1/models/{model}", None, **context, **path)[0] == 403


def test_a_classifier_answers_with_its_output_as_json(setup: Setup) -> None:
    setup.use({"reviews": REVIEWS}, {"ep-reviews": setup.label("negative", 0.75)})
    status, _, body = chat(setup, model="reviews")
    message = body["choices"][0]["message"]
    assert (status, json.loads(message["content"])) == (200, {"label": "negative", "score": 0.75})
    assert (requested(setup).inputs, body["usage"]) == (("hello",), None)


def test_failover_between_sources_is_reported_here_too(setup: Setup) -> None:
    setup.use({"chat": BOTH}, {"arn:chat": errors.Throttled("x"), "ep-spare": setup.text("from the spare")})
    status, headers, body = chat(setup)
    assert (status, headers["x-route-decision"]) == (200, "spare; after=primary:Throttled")
    assert body["choices"][0]["message"]["content"] == "from the spare"


# ---- streams -------------------------------------------------------------------------------------------------------


def events_of(body: str) -> list[Any]:
    lines = body.split("\n\n")
    assert lines.pop() == ""
    assert all(line.startswith("data: ") for line in lines)
    assert lines.pop() == "data: [DONE]"
    return [json.loads(line.removeprefix("data: ")) for line in lines]


def test_a_stream_is_buffered_and_says_so(setup: Setup) -> None:
    setup.use({"chat": CHAT}, {"arn:chat": setup.text("hi there", stops=("end_turn",), usage=USAGE)})
    status, headers, body = chat(setup, stream=True, stream_options={"include_usage": True})
    assert (status, headers["content-type"], headers["x-stream"]) == (200, "text/event-stream", "buffered")
    events = events_of(body)
    assert {event["object"] for event in events} == {"chat.completion.chunk"}
    assert [event["choices"][0]["delta"] for event in events[:-1]] == [
        {"role": "assistant", "content": ""},
        {"content": "hi there"},
        {},
    ]
    assert [event["choices"][0]["finish_reason"] for event in events[:-1]] == [None, None, "stop"]
    assert (events[-1]["choices"], events[-1]["usage"]["total_tokens"]) == ([], 10)


def test_an_error_is_not_streamed(setup: Setup) -> None:
    setup.use({"chat": CHAT}, {"arn:chat": errors.Throttled("x")})
    status, headers, body = chat(setup, stream=True)
    assert (status, headers["content-type"], body["error"]["type"]) == (429, "application/json", "rate_limit_error")


# ---- completions ---------------------------------------------------------------------------------------------------


def test_a_completion_has_a_choice_per_prompt_and_n(setup: Setup) -> None:
    setup.use({"chat": CHAT}, {"arn:chat": setup.text("1", "2", "3", "4", usage=USAGE)})
    body = {"model": "chat", "prompt": ["one", "two"], "n": 2, "max_tokens": 9}
    status, _, answer = setup.call("/v1/completions", body)
    assert (status, answer["object"], answer["id"]) == (200, "text_completion", "cmpl-r-1")
    assert [(c["index"], c["text"]) for c in answer["choices"]] == [(0, "1"), (1, "2"), (2, "3"), (3, "4")]
    assert requested(setup).inputs == ("one", "one", "two", "two")
    assert requested(setup).parameters == {"max_tokens": 9}
    assert answer["usage"]["total_tokens"] == 10


def test_a_completion_streams_buffered_too(setup: Setup) -> None:
    setup.use({"chat": CHAT}, {"arn:chat": setup.text("1", usage=USAGE)})
    body = {"model": "chat", "prompt": "one", "stream": True, "stream_options": {"include_usage": True}}
    _, headers, answer = setup.call("/v1/completions", body)
    assert headers["x-stream"] == "buffered"
    assert [event["choices"][:1] and event["choices"][0]["text"] for event in events_of(answer)] == ["1", []]


@pytest.mark.parametrize(
    ("body", "param"), [({}, "prompt[0]"), ({"prompt": []}, "prompt"), ({"prompt": "x", "suffix": "y"}, "suffix")]
)
def test_a_completion_without_a_prompt_is_refused(setup: Setup, body: Any, param: str) -> None:
    setup.use({"chat": CHAT}, {})
    status, _, answer = setup.call("/v1/completions", {"model": "chat", **body})
    assert (status, answer["error"]["param"]) == (400, param)


# ---- embeddings ----------------------------------------------------------------------------------------------------


EMBEDDER = {
    "kind": "realtime",
    "source": "bedrock",
    "targets": [{"name": "primary", "model_id": "arn:vectors", "base_model_id": "amazon.titan-embed-text-v2:0"}],
}


def vectors(*values: list[float]) -> Any:
    usage = {"inputTokens": 4, "outputTokens": 0, "totalTokens": 4}
    return dispatch.Reply([{"embedding": value} for value in values], {"model_id": "m"}, usage)


def test_embeddings_have_openai_s_format(setup: Setup) -> None:
    setup.use({"vectors": EMBEDDER}, {"arn:vectors": vectors([0.5, 1], [2, 3])})
    status, _, body = setup.call("/v1/embeddings", {"model": "vectors", "input": ["a", "b"], "dimensions": 256})
    assert status == 200
    assert body == {
        "object": "list",
        "data": [
            {"object": "embedding", "index": 0, "embedding": [0.5, 1]},
            {"object": "embedding", "index": 1, "embedding": [2, 3]},
        ],
        "model": "vectors",
        "usage": {"prompt_tokens": 4, "total_tokens": 4},
    }
    request = requested(setup)
    assert (request.task, request.inputs, request.parameters) == ("embed", ("a", "b"), {"dimensions": 256})


def test_embeddings_can_be_base64(setup: Setup) -> None:
    setup.use({"vectors": EMBEDDER}, {"arn:vectors": vectors([0.5, -1])})
    body = {"model": "vectors", "input": "a", "encoding_format": "base64"}
    _, _, answer = setup.call("/v1/embeddings", body)
    assert struct.unpack("<2f", base64.b64decode(answer["data"][0]["embedding"])) == (0.5, -1.0)


@pytest.mark.parametrize("record", [CHAT, REVIEWS])
def test_a_blueprint_without_embeddings_is_refused(setup: Setup, record: Any) -> None:
    setup.use({"plain": record}, {})
    setup.modules.ROUTER.backends = {
        "sagemaker": sagemaker.SageMakerBackend(),
        "bedrock": bedrock.BedrockBackend(),
    }
    status, _, body = setup.call("/v1/embeddings", {"model": "plain", "input": "a"})
    assert (status, body["error"]["type"], body["error"]["param"]) == (400, "invalid_request_error", "model")
    assert "embeddings" in body["error"]["message"]


@pytest.mark.parametrize(
    ("body", "param"),
    [
        ({}, "input[0]"),
        ({"input": [1, 2]}, "input[0]"),
        ({"input": "a", "encoding_format": "int8"}, "encoding_format"),
        ({"input": "a", "dimensions": "many"}, "dimensions"),
    ],
)
def test_an_embedding_of_nothing_is_refused(setup: Setup, body: Any, param: str) -> None:
    setup.use({"vectors": CHAT}, {})
    status, _, answer = setup.call("/v1/embeddings", {"model": "vectors", **body})
    assert (status, answer["error"]["param"]) == (400, param)


# ---- models --------------------------------------------------------------------------------------------------------


def test_models_are_the_synchronous_blueprints(setup: Setup) -> None:
    records = {"reviews": REVIEWS, "chat": CHAT, "nightly": {**REVIEWS, "kind": "batch"}, "broken": {}}
    setup.use(records, {})
    status, _, body = setup.call("/v1/models", None)
    assert (status, body["object"]) == (200, "list")
    assert body["data"] == [
        {"id": name, "object": "model", "created": 1_700_000_000, "owned_by": "blueprints"}
        for name in ("chat", "reviews")
    ]
    status, _, one = setup.call("/v1/models/{model}", None, pathParameters={"model": "chat"})
    assert (status, one) == (200, body["data"][0])
    status, _, none = setup.call("/v1/models/{model}", None, pathParameters={"model": "nightly"})
    assert (status, none["error"]["code"]) == (404, "model_not_found")


def test_a_batch_blueprint_does_not_chat(setup: Setup) -> None:
    setup.use({"chat": {**CHAT, "kind": "batch"}}, {})
    status, _, body = chat(setup)
    assert (status, body["error"]["code"]) == (404, "model_not_found")
    assert "of kind 'batch', not realtime or serverless" in body["error"]["message"]


@pytest.mark.parametrize("auth_path", ["", "/iam", "/cognito"])
def test_every_authentication_method_reaches_this_api(setup: Setup, auth_path: str) -> None:
    setup.use({"chat": CHAT}, {"arn:chat": setup.text("hi")})
    status, _, body = setup.call(f"{auth_path}/v1/chat/completions", {"model": "chat", "messages": HELLO})
    assert (status, body["object"]) == (200, "chat.completion")
    assert setup.call(f"{auth_path}/v1/models", None)[2]["object"] == "list"


def test_other_paths_are_not_found(setup: Setup) -> None:
    setup.use({}, {})
    status, _, body = setup.call("/v1/images", {"model": "chat"})
    assert (status, body["error"]["message"]) == (404, "there is nothing under /v1/images")


def test_a_body_that_is_not_a_json_object_is_refused(setup: Setup) -> None:
    setup.use({"chat": CHAT}, {})
    status, _, body = setup.call("/v1/chat/completions", "[1]")
    assert (status, body["error"]["message"]) == (400, "the body must be a JSON object")
