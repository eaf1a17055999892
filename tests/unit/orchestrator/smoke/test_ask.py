"""One question through the API, over the cloud that the probes' tests ask."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Callable
from typing import Any

import pytest

from orchestrator.config.model.platform import Blueprint
from orchestrator.errors import Interrupted, PlatformError, RequestFailed
from orchestrator.smoke import ask, base
from orchestrator.smoke.base import Target
from tests.fakes.aws import FakeCloud
from tests.fakes.keys import gateway_of_keys
from tests.unit.orchestrator.smoke.conftest import CHAT, EXECUTED, KEY, OUTPUTS, REPO, REVIEWS, web_answer

KEYS = {"apigateway": gateway_of_keys(default=KEY)}
SLOW = {**REVIEWS, "name": "slow", "kind": "async"}


@pytest.fixture(autouse=True)
def no_waiting(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(base, "sleep", lambda seconds: None)


def of(blueprint: dict[str, Any], answer: Callable[..., Any] = web_answer) -> Target:
    cloud = FakeCloud(services=dict(KEYS), web=[answer])
    return Target(cloud, Blueprint.model_validate(blueprint), OUTPUTS, REPO)


def put(target: Target, text: str = "I love it.", stopping: Callable[[], bool] = lambda: False) -> ask.Reply:
    return ask.ask(target, text, stopping=stopping)


def test_a_classifier_and_a_language_model_answer() -> None:
    reply = put(of(REVIEWS))
    assert (reply.outputs, reply.fidelity) == ([{"label": "positive", "score": 0.9}], "executed")
    reply = put(of(CHAT), "hello?")
    assert (reply.outputs, reply.fidelity) == ([{"text": "Well, hello."}], "stand-in")


def test_an_input_of_any_shape_is_sent_as_it_is() -> None:
    sent: list[Any] = []

    def answer(**given: Any) -> Any:
        sent.append(json.loads(given["body"])["inputs"])
        return 200, EXECUTED, {"outputs": [{"value": 3}]}

    target = of(REVIEWS, answer)
    assert ask.ask(target, {"age": 59}, stopping=lambda: False).outputs == [{"value": 3}]
    assert sent == [[{"age": 59}]]
    assert """-d '{"inputs": [{"age": 59}]}'""" in ask.curl(target, "local", {"age": 59})


def test_a_refusal_is_reported_with_the_api_s_message() -> None:
    def refuse(**_: Any) -> Any:
        return 413, EXECUTED, {"error": {"type": "PayloadTooLarge", "message": "too much"}}

    with pytest.raises(RequestFailed, match=r"the API answered 413: .*too much") as failed:
        put(of(REVIEWS, refuse))
    assert failed.value.exit_code == 18


def asynchronous(*ends: dict[str, Any]) -> Callable[..., Any]:
    left = list(ends)

    def answer(**asked: Any) -> Any:
        if asked["method"] == "POST":
            return 202, {"location": "/v1/async/slow/r1"}, {"request_id": "r1", "status": "pending"}
        assert asked["url"].endswith("/async/slow/r1")
        return 200, EXECUTED, left.pop(0) if len(left) > 1 else left[0]

    return answer


def test_an_asynchronous_blueprint_is_waited_for() -> None:
    done = {"status": "completed", "result": {"outputs": [{"label": "positive", "score": 1}]}}
    reply = put(of(SLOW, asynchronous({"status": "pending"}, {"status": "pending"}, done)))
    assert reply.outputs == [{"label": "positive", "score": 1}]
    with pytest.raises(RequestFailed, match="r1 failed: out of memory"):
        put(of(SLOW, asynchronous({"status": "failed", "error": "out of memory"})))
    with pytest.raises(RequestFailed, match="still pending after 900 s") as late:
        put(of(SLOW, asynchronous({"status": "pending"})))
    assert "/async/slow/r1" in str(late.value.hint)


def test_an_interrupt_ends_the_waiting() -> None:
    with pytest.raises(Interrupted, match="interrupted while the request r1 was pending") as stopped:
        put(of(SLOW, asynchronous({"status": "pending"})), stopping=lambda: True)
    assert stopped.value.exit_code == 130
    assert "/async/slow/r1" in str(stopped.value.hint)


def test_a_batch_blueprint_is_refused_with_a_hint() -> None:
    batch = {**REVIEWS, "kind": "batch", "instance_type": "ml.m5.large"}
    for question in (lambda: put(of(batch)), lambda: ask.curl(of(batch), "local", "x")):
        with pytest.raises(PlatformError, match="takes files") as refused:
            question()
        assert "nightly-reports" in str(refused.value.hint)


@pytest.mark.parametrize("text", ["plain", 'it\'s "quoted" $HOME `id`', "two\nlines", "ä"])
def test_the_shell_command_contains_the_text_and_no_key(text: str) -> None:
    line = ask.curl(of(REVIEWS), "local", text)
    assert KEY not in line
    words = line.replace("curl", "printf '%s\\n'", 1).replace("$(orchestrator keys show local default)", "KEY")
    output = subprocess.run(["sh", "-c", words], capture_output=True, text=True, check=True).stdout
    assert json.dumps({"inputs": [text]}, ensure_ascii=False) in output
    assert "x-api-key: KEY" in output
