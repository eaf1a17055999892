"""A request ends exactly once, as a result or as a failure, whatever happens to its worker."""

from __future__ import annotations

import json
from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

import pytest

from async_worker import messages, settlement, worker
from tests.unit.lambda_.support.async_worker import (
    DEAD,
    ENVIRON,
    FAILURE,
    INPUT,
    MARKER,
    OUTPUT,
    QUEUE,
    Harness,
    Killed,
)


@pytest.fixture
def harness(cold_start: Callable[..., Any]) -> Harness:
    return Harness(cold_start)


def test_an_answer_becomes_one_result_and_one_notification(harness: Harness) -> None:
    harness.answers = [harness.reply()]
    assert harness.work().completed
    assert harness.ends() == [OUTPUT]
    document = json.loads(harness.store.objects[OUTPUT])
    assert document == {"outputs": [{"text": "Hi"}], "model": {"model_id": "m"}, "usage": {"totalTokens": 3}}
    ((topic, notice),) = harness.reported
    assert topic == "success"
    assert (notice["invocationStatus"], notice["inferenceId"]) == ("Completed", "r1")
    assert notice["responseParameters"]["outputLocation"] == f"s3://data/{OUTPUT}"
    assert notice["eventTime"] == "2026-01-01T12:00:00.000Z"


def test_a_duplicate_message_calls_the_model_once_and_notifies_twice(harness: Harness) -> None:
    harness.answers = [harness.reply()]
    harness.work()
    harness.work(received=2)
    assert harness.requested == 1
    assert [topic for topic, _ in harness.reported] == ["success", "success"]


@pytest.mark.parametrize("name", ["BadRequest", "GuardrailBlocked", "InternalError"])
def test_a_permanent_error_is_a_failure_at_once(harness: Harness, name: str) -> None:
    error = harness.error("BadRequest") if name != "GuardrailBlocked" else None
    if error is None:
        from inference_common.errors import GuardrailBlocked

        error = GuardrailBlocked("said GuardrailBlocked", "input")
    elif name == "InternalError":
        error = harness.error(name)
    harness.answers = [error]
    assert not harness.work().completed
    assert harness.ends() == [FAILURE]
    returned = json.loads(harness.store.objects[FAILURE])["error"]
    assert returned == {"type": name, "message": f"said {name}"}
    ((topic, notice),) = harness.reported
    assert topic == "error"
    assert notice["failureReason"] == f"{name}: said {name}"
    assert notice["failureLocation"] == f"s3://data/{FAILURE}"


@pytest.mark.parametrize("name", ["Throttled", "Unavailable", "DeadlineExceeded", "NotReady"])
def test_a_transient_error_is_retried_and_leaves_nothing(harness: Harness, name: str) -> None:
    harness.answers = [harness.error(name)]
    with pytest.raises(worker.RetryLater, match=name):
        harness.work()
    assert harness.ends() == []
    assert harness.reported == []


def test_the_last_try_ends_as_a_failure(harness: Harness) -> None:
    harness.answers = [harness.error("Throttled")]
    assert harness.work(received=3).error == {"type": "Throttled", "message": "said Throttled"}
    assert harness.ends() == [FAILURE]


def test_a_dead_letter_gets_its_failure_without_another_attempt(harness: Harness) -> None:
    outcome = harness.work(given_up=True)
    assert outcome.error["type"] == "GivenUp"
    assert harness.requested == 0
    assert harness.ends() == [FAILURE]


def test_a_dead_letter_whose_result_is_there_is_completed(harness: Harness) -> None:
    harness.store.objects[OUTPUT] = b"{}"
    assert harness.work(given_up=True).completed
    assert harness.ends() == [OUTPUT]


def test_a_request_that_waited_too_long_has_expired(harness: Harness) -> None:
    assert harness.work(age=601).error["type"] == "Expired"
    assert harness.requested == 0


def test_a_failed_notification_returns_the_message_to_the_queue(harness: Harness) -> None:
    harness.answers = [harness.reply()]
    sent = harness.worker.publish

    def refuse(topic: str, notice: dict[str, Any]) -> None:
        raise harness.error("Unavailable")

    object.__setattr__(harness.worker, "publish", refuse)
    with pytest.raises(worker.RetryLater):
        harness.work()
    object.__setattr__(harness.worker, "publish", sent)
    harness.work(received=2)
    assert harness.requested == 1
    assert len(harness.reported) == 1


@pytest.mark.parametrize("failing", [False, True])
@pytest.mark.parametrize("kill_at", [1, 2])
def test_a_worker_killed_at_any_write_leaves_one_end(harness: Harness, failing: bool, kill_at: int) -> None:
    answer = harness.error("BadRequest") if failing else harness.reply()
    harness.answers = [answer, harness.reply("another")]
    harness.store.kill_at = kill_at
    with pytest.raises(Killed):
        harness.work()
    harness.work(received=2)
    assert harness.ends() == [FAILURE if failing else OUTPUT]
    assert harness.requested == 1, "what was paid for is kept"
    assert [topic for topic, _ in harness.reported] == ["error" if failing else "success"]


def test_the_first_of_two_concurrent_workers_settles_the_outcome(harness: Harness) -> None:
    """One worker has written its result when the other settles on a failure."""
    store, job = harness.store, harness.job()
    store.objects[OUTPUT] = b"{}"
    store.objects[MARKER] = b'{"status": "failed", "error": {"type": "BadRequest", "message": "no"}}'
    outcome = settlement.complete(store, job, {"outputs": []}, {})
    assert outcome.error == {"type": "BadRequest", "message": "no"}
    assert harness.ends() == [FAILURE]


def record(body: Any, arn: str = QUEUE, received: int = 1) -> dict[str, Any]:
    return {
        "messageId": f"m-{received}",
        "receiptHandle": "receipt",
        "body": body if isinstance(body, str) else json.dumps(body),
        "attributes": {"SentTimestamp": "1767268800000", "ApproximateReceiveCount": str(received)},
        "eventSourceARN": arn,
    }


MESSAGE = {"request_id": "r1", "blueprint": "chat-async", "input": INPUT}


def test_a_message_is_read_with_its_count_and_its_queue(harness: Harness) -> None:
    read = messages.read
    job = read(record(MESSAGE, received=2), "chat-async", DEAD)
    assert (job.request_id, job.received, job.given_up) == ("r1", 2, False)
    assert read(record(MESSAGE, arn=DEAD), "chat-async", DEAD).given_up


@pytest.mark.parametrize(
    "body",
    ["no json", {"request_id": "r1"}, {**MESSAGE, "blueprint": "chat"}, {**MESSAGE, "input": "data/raw/x"}],
)
def test_a_malformed_message_is_not_a_request(harness: Harness, body: Any) -> None:
    with pytest.raises(messages.MalformedMessage):
        messages.read(record(body), "chat-async", DEAD)


def test_only_failed_messages_are_retried_with_growing_delays(
    cold_start: Callable[..., Any], monkeypatch: pytest.MonkeyPatch, context: SimpleNamespace
) -> None:
    code = cold_start("async_worker", **ENVIRON)
    put_off: list[tuple[str, int]] = []
    monkeypatch.setattr(code, "QUEUE", SimpleNamespace(postpone=lambda *reported: put_off.append(reported)))
    monkeypatch.setattr(code, "draw", lambda: 1.0)

    def work(job: Any, deadline: Any, ctx: Any) -> Any:
        if job.received > 1:
            raise worker.RetryLater("Throttled: slow down")
        return settlement.Outcome()

    monkeypatch.setattr(code, "WORKER", SimpleNamespace(work=work))
    event = {"Records": [record(MESSAGE), record(MESSAGE, received=3), record("no json", received=9)]}
    answer = code.handler(event, context)
    assert answer == {"batchItemFailures": [{"itemIdentifier": "m-3"}, {"itemIdentifier": "m-9"}]}
    assert put_off == [("receipt", 40)]


def test_pauses_double_up_to_a_quarter_of_an_hour(harness: Harness) -> None:
    pause = messages.pause
    assert [pause(n, 10, 1.0) for n in (1, 2, 3, 20)] == [10, 20, 40, 900]
    assert pause(2, 10, 0.0) == 10
