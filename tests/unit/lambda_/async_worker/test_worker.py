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
    Killed,
    World,
)


@pytest.fixture
def world(cold_start: Callable[..., Any]) -> World:
    return World(cold_start)


def test_an_answer_becomes_one_result_and_one_notification(world: World) -> None:
    world.answers = [world.reply()]
    assert world.work().completed
    assert world.ends() == [OUTPUT]
    document = json.loads(world.store.objects[OUTPUT])
    assert document == {"outputs": [{"text": "Hi"}], "model": {"model_id": "m"}, "usage": {"totalTokens": 3}}
    ((topic, notice),) = world.told
    assert topic == "success"
    assert (notice["invocationStatus"], notice["inferenceId"]) == ("Completed", "r1")
    assert notice["responseParameters"]["outputLocation"] == f"s3://data/{OUTPUT}"
    assert notice["eventTime"] == "2026-01-01T12:00:00.000Z"


def test_a_duplicate_message_calls_the_model_once_and_notifies_twice(world: World) -> None:
    world.answers = [world.reply()]
    world.work()
    world.work(received=2)
    assert world.asked == 1
    assert [topic for topic, _ in world.told] == ["success", "success"]


@pytest.mark.parametrize("name", ["BadRequest", "GuardrailBlocked", "InternalError"])
def test_a_permanent_error_is_a_failure_at_once(world: World, name: str) -> None:
    error = world.error("BadRequest") if name != "GuardrailBlocked" else None
    if error is None:
        from inference_common.errors import GuardrailBlocked

        error = GuardrailBlocked("said GuardrailBlocked", "input")
    elif name == "InternalError":
        error = world.error(name)
    world.answers = [error]
    assert not world.work().completed
    assert world.ends() == [FAILURE]
    said = json.loads(world.store.objects[FAILURE])["error"]
    assert said == {"type": name, "message": f"said {name}"}
    ((topic, notice),) = world.told
    assert topic == "error"
    assert notice["failureReason"] == f"{name}: said {name}"
    assert notice["failureLocation"] == f"s3://data/{FAILURE}"


@pytest.mark.parametrize("name", ["Throttled", "Unavailable", "DeadlineExceeded", "NotReady"])
def test_a_transient_error_is_retried_and_leaves_nothing(world: World, name: str) -> None:
    world.answers = [world.error(name)]
    with pytest.raises(worker.RetryLater, match=name):
        world.work()
    assert world.ends() == []
    assert world.told == []


def test_the_last_try_ends_as_a_failure(world: World) -> None:
    world.answers = [world.error("Throttled")]
    assert world.work(received=3).error == {"type": "Throttled", "message": "said Throttled"}
    assert world.ends() == [FAILURE]


def test_a_dead_letter_gets_its_failure_without_another_attempt(world: World) -> None:
    outcome = world.work(given_up=True)
    assert outcome.error["type"] == "GivenUp"
    assert world.asked == 0
    assert world.ends() == [FAILURE]


def test_a_dead_letter_whose_result_is_there_is_completed(world: World) -> None:
    world.store.objects[OUTPUT] = b"{}"
    assert world.work(given_up=True).completed
    assert world.ends() == [OUTPUT]


def test_a_request_that_waited_too_long_has_expired(world: World) -> None:
    assert world.work(age=601).error["type"] == "Expired"
    assert world.asked == 0


def test_a_failed_notification_returns_the_message_to_the_queue(world: World) -> None:
    world.answers = [world.reply()]
    sent = world.worker.publish

    def refuse(topic: str, notice: dict[str, Any]) -> None:
        raise world.error("Unavailable")

    object.__setattr__(world.worker, "publish", refuse)
    with pytest.raises(worker.RetryLater):
        world.work()
    object.__setattr__(world.worker, "publish", sent)
    world.work(received=2)
    assert world.asked == 1
    assert len(world.told) == 1


@pytest.mark.parametrize("failing", [False, True])
@pytest.mark.parametrize("kill_at", [1, 2])
def test_a_worker_killed_at_any_write_leaves_one_end(world: World, failing: bool, kill_at: int) -> None:
    answer = world.error("BadRequest") if failing else world.reply()
    world.answers = [answer, world.reply("another")]
    world.store.kill_at = kill_at
    with pytest.raises(Killed):
        world.work()
    world.work(received=2)
    assert world.ends() == [FAILURE if failing else OUTPUT]
    assert world.asked == 1, "what was paid for is kept"
    assert [topic for topic, _ in world.told] == ["error" if failing else "success"]


def test_the_first_of_two_concurrent_workers_settles_the_outcome(world: World) -> None:
    """One worker has written its result when the other settles on a failure."""
    store, job = world.store, world.job()
    store.objects[OUTPUT] = b"{}"
    store.objects[MARKER] = b'{"status": "failed", "error": {"type": "BadRequest", "message": "no"}}'
    outcome = settlement.complete(store, job, {"outputs": []}, {})
    assert outcome.error == {"type": "BadRequest", "message": "no"}
    assert world.ends() == [FAILURE]


def record(body: Any, arn: str = QUEUE, received: int = 1) -> dict[str, Any]:
    return {
        "messageId": f"m-{received}",
        "receiptHandle": "receipt",
        "body": body if isinstance(body, str) else json.dumps(body),
        "attributes": {"SentTimestamp": "1767268800000", "ApproximateReceiveCount": str(received)},
        "eventSourceARN": arn,
    }


MESSAGE = {"request_id": "r1", "blueprint": "chat-async", "input": INPUT}


def test_a_message_is_read_with_its_count_and_its_queue(world: World) -> None:
    read = messages.read
    job = read(record(MESSAGE, received=2), "chat-async", DEAD)
    assert (job.request_id, job.received, job.given_up) == ("r1", 2, False)
    assert read(record(MESSAGE, arn=DEAD), "chat-async", DEAD).given_up


@pytest.mark.parametrize(
    "body",
    ["no json", {"request_id": "r1"}, {**MESSAGE, "blueprint": "chat"}, {**MESSAGE, "input": "data/raw/x"}],
)
def test_a_malformed_message_is_not_a_request(world: World, body: Any) -> None:
    with pytest.raises(messages.MalformedMessage):
        messages.read(record(body), "chat-async", DEAD)


def test_only_failed_messages_are_retried_with_growing_delays(
    cold_start: Callable[..., Any], monkeypatch: pytest.MonkeyPatch, context: SimpleNamespace
) -> None:
    code = cold_start("async_worker", **ENVIRON)
    put_off: list[tuple[str, int]] = []
    monkeypatch.setattr(code, "QUEUE", SimpleNamespace(postpone=lambda *told: put_off.append(told)))
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


def test_pauses_double_up_to_a_quarter_of_an_hour(world: World) -> None:
    pause = messages.pause
    assert [pause(n, 10, 1.0) for n in (1, 2, 3, 20)] == [10, 20, 40, 900]
    assert pause(2, 10, 0.0) == 10
