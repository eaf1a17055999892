"""Bedrock's runtime answers in every format, and declares its stand-in."""

from __future__ import annotations

import json
import threading
from http.server import BaseHTTPRequestHandler, HTTPServer
from typing import Any

import pytest
from botocore.exceptions import ClientError

from tests.support.compute import unique

pytestmark = pytest.mark.emulator

GOOD = "Classify in one word: This camera is great, I love the excellent pictures."
BAD = "Classify in one word: Terrible battery, it broke after a week and I want a refund."
MODEL = "amazon.nova-lite-v1:0"


@pytest.fixture
def runtime(aws: Any) -> Any:
    return aws("bedrock-runtime")


def converse(runtime: Any, text: str, *, model: str = MODEL, **inference: Any) -> dict[str, Any]:
    return dict(
        runtime.converse(
            modelId=model,
            messages=[{"role": "user", "content": [{"text": text}]}],
            inferenceConfig={"temperature": 0, **inference},
        )
    )


def text_of(answer: dict[str, Any]) -> str:
    return str(answer["output"]["message"]["content"][0]["text"])


def test_converse_reads_the_prompt(runtime: Any) -> None:
    assert text_of(converse(runtime, GOOD)) == "positive"
    assert text_of(converse(runtime, BAD)) == "negative"
    answer = converse(runtime, "Tell me about the zebrafish and the zebrafish tank.")
    assert "zebrafish" in text_of(answer)
    assert answer["stopReason"] == "end_turn"
    usage = answer["usage"]
    assert usage["totalTokens"] == usage["inputTokens"] + usage["outputTokens"]
    assert usage["inputTokens"] == 10


def test_temperature_zero_repeats_itself_and_the_limit_cuts(runtime: Any) -> None:
    text = "What do you think of this wonderful and terrible long story about ships?"
    assert len({text_of(converse(runtime, text)) for _ in range(5)}) == 1
    short = converse(runtime, text, maxTokens=3)
    assert short["stopReason"] == "max_tokens"
    assert short["usage"]["outputTokens"] == 3


def test_the_response_declares_the_stand_in(runtime: Any, seen: Any) -> None:
    answer = converse(runtime, GOOD)
    headers = answer["ResponseMetadata"]["HTTPHeaders"]
    assert headers["x-emulator-fidelity"] == "stand-in"
    [record] = [item for item in seen(kind="bedrock") if item["id"] == headers["x-emulator-evidence"]]
    assert (record["fidelity"], record["status"], record["pid"]) == ("stand-in", "succeeded", None)
    assert record["detail"]["stand_in"] == "prompt-reader-1"


def test_the_stream_adds_up_to_the_answer(runtime: Any) -> None:
    text = "Tell me about the zebrafish and the zebrafish tank."
    answer = runtime.converse_stream(
        modelId=MODEL,
        messages=[{"role": "user", "content": [{"text": text}]}],
        inferenceConfig={"temperature": 0},
    )
    events = list(answer["stream"])
    assert [next(iter(event)) for event in (events[0], *events[-3:])] == [
        "messageStart",
        "contentBlockStop",
        "messageStop",
        "metadata",
    ]
    pieces = [event["contentBlockDelta"]["delta"]["text"] for event in events if "contentBlockDelta" in event]
    assert len(pieces) > 1
    assert "".join(pieces) == text_of(converse(runtime, text))
    assert events[-1]["metadata"]["usage"]["outputTokens"] > 0


@pytest.mark.parametrize(
    ("model", "body", "read"),
    [
        (
            "anthropic.claude-3-haiku-20240307-v1:0",
            {
                "anthropic_version": "bedrock-2023-05-31",
                "max_tokens": 50,
                "temperature": 0,
                "messages": [{"role": "user", "content": BAD}],
            },
            lambda answer: answer["content"][0]["text"],
        ),
        (
            "us.amazon.nova-micro-v1:0",
            {"messages": [{"role": "user", "content": [{"text": BAD}]}], "inferenceConfig": {"temperature": 0}},
            lambda answer: answer["output"]["message"]["content"][0]["text"],
        ),
        (
            "amazon.titan-text-lite-v1",
            {"inputText": BAD, "textGenerationConfig": {"temperature": 0}},
            lambda answer: answer["results"][0]["outputText"],
        ),
        ("meta.llama3-8b-instruct-v1:0", {"prompt": BAD, "temperature": 0}, lambda answer: answer["generation"]),
        (
            "mistral.mistral-7b-instruct-v0:2",
            {"prompt": BAD, "temperature": 0},
            lambda answer: answer["outputs"][0]["text"],
        ),
    ],
)
def test_every_family_has_its_own_body(runtime: Any, model: str, body: dict[str, Any], read: Any) -> None:
    answer = runtime.invoke_model(modelId=model, body=json.dumps(body))
    assert read(json.loads(answer["body"].read())) == "negative"
    assert int(answer["ResponseMetadata"]["HTTPHeaders"]["x-amzn-bedrock-input-token-count"]) > 5


def test_an_application_inference_profile_resolves_to_its_model(runtime: Any, aws: Any) -> None:
    arn = aws("bedrock").create_inference_profile(
        inferenceProfileName=unique("profile"),
        modelSource={"copyFrom": f"arn:aws:bedrock:us-east-1::foundation-model/{MODEL}"},
    )["inferenceProfileArn"]
    assert text_of(converse(runtime, GOOD, model=arn)) == "positive"
    body = json.dumps({"messages": [{"role": "user", "content": [{"text": BAD}]}]})
    answer = json.loads(runtime.invoke_model(modelId=arn, body=body)["body"].read())
    assert answer["output"]["message"]["content"][0]["text"] == "negative"
    with pytest.raises(ClientError) as error:
        converse(runtime, GOOD, model=arn[:-3] + "zzz")
    assert error.value.response["Error"]["Code"] == "ValidationException"


@pytest.mark.parametrize(
    ("model", "body"),
    [
        ("no.such-model", {}),
        ("anthropic.claude-3-haiku-20240307-v1:0", {"messages": [{"role": "user", "content": "x"}], "max_tokens": 1}),
        ("amazon.titan-text-lite-v1", {"prompt": "wrong member"}),
        (MODEL, {"messages": [{"role": "assistant", "content": "x"}]}),
        (MODEL, {"messages": [{"role": "user", "content": "x"}], "inferenceConfig": {"maxTokens": 0}}),
    ],
)
def test_wrong_requests_are_validation_errors(runtime: Any, model: str, body: dict[str, Any]) -> None:
    with pytest.raises(ClientError) as error:
        runtime.invoke_model(modelId=model, body=json.dumps(body))
    assert error.value.response["Error"]["Code"] == "ValidationException"


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (
            {"messages": [{"role": "user", "content": [{"text": "  "}]}]},
            "at messages.0.content.0 is blank. Add text to",
        ),
        ({"system": [{"text": " "}]}, "SystemContentBlock object at system.0 is blank"),
        ({"messages": []}, "At least one message is required"),
        ({"messages": [{"role": "user"}]}, "Value null at 'messages.1.member.content' failed to satisfy constraint"),
        ({"inferenceConfig": {"temperature": 1.5}}, "Member must have value less than or equal to 1"),
        ({"inferenceConfig": {"maxTokens": 20_000}}, "exceeds the model limit of 10000"),
    ],
)
def test_the_service_validates_unchecked_requests(aws: Any, change: dict[str, Any], message: str) -> None:
    runtime = aws("bedrock-runtime", parameter_validation=False)
    request = {"modelId": MODEL, "messages": [{"role": "user", "content": [{"text": "hi"}]}], **change}
    for call in (runtime.converse, runtime.converse_stream):
        with pytest.raises(ClientError) as error:
            call(**request)
        assert error.value.response["Error"]["Code"] == "ValidationException"
        assert message in error.value.response["Error"]["Message"]
        assert error.value.response["ResponseMetadata"]["HTTPStatusCode"] == 400


def test_a_value_of_the_wrong_type_is_a_validation_error(aws: Any) -> None:
    runtime = aws("bedrock-runtime", parameter_validation=False)
    request = {
        "messages": [{"role": "user", "content": [{"text": "hi"}, {"text": "a", "cachePoint": {"type": "default"}}]}]
    }
    with pytest.raises(ClientError) as error:
        runtime.converse(modelId=MODEL, **request)
    assert error.value.response["Error"]["Code"] == "SerializationException"


class ChatServer(BaseHTTPRequestHandler):
    def do_POST(self) -> None:
        request = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        text = f"{request['messages'][-1]['content'].upper()} ({request['max_tokens']})"
        body = json.dumps(
            {
                "choices": [{"message": {"content": text}, "finish_reason": "stop"}],
                "usage": {"prompt_tokens": 7, "completion_tokens": 2},
            }
        ).encode()
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *args: Any) -> None:
        """Quiet."""


def test_a_configured_server_answers_instead(monkeypatch: pytest.MonkeyPatch) -> None:
    from emulator.services.bedrock.answering import ServerFailed, answer
    from emulator.services.bedrock.text_model import Prompt

    server = HTTPServer(("127.0.0.1", 0), ChatServer)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    monkeypatch.setenv("EMULATOR_OPENAI_BASE_URL", f"http://127.0.0.1:{server.server_port}/v1")
    answered = answer(Prompt(("hello",), max_tokens=9))
    server.shutdown()
    server.server_close()
    assert answered.stand_in is None
    assert (answered.completion.text, answered.completion.input_tokens) == ("HELLO (9)", 7)
    with pytest.raises(ServerFailed):
        answer(Prompt(("hello",)))
