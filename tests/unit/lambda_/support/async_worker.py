"""The async worker with everything that it calls, in memory."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

from async_worker import messages, settings, worker
from inference_routing import dispatch, request_context
from inference_routing.deadline import Deadline

NOW = datetime(2026, 1, 1, 12, tzinfo=UTC)
DEAD = "arn:aws:sqs:us-east-1:123456789012:mlops-dev-chat-async-requests-dead"
QUEUE = "arn:aws:sqs:us-east-1:123456789012:mlops-dev-chat-async-requests"
ENVIRON = {
    "BLUEPRINT": "chat-async",
    "ROUTES_PREFIX": "/mlops/dev/routes",
    "BUCKET": "data",
    "QUEUE_URL": "https://sqs/requests",
    "SUCCESS_TOPIC_ARN": "success",
    "ERROR_TOPIC_ARN": "error",
    "DEAD_LETTER_ARN": DEAD,
    "MAX_ATTEMPTS": "3",
    "TTL_SECONDS": "600",
}
INPUT = "inference/async/input/chat-async/1.json"
MARKER = "inference/async/input/chat-async/r1.outcome"
OUTPUT = "inference/async/output/chat-async/r1.out"
FAILURE = "inference/async/failures/chat-async/r1-error.out"


class Killed(BaseException):
    """The worker process is killed; nothing after it runs."""


class Objects:
    """The bucket; kills the worker at write number `kill_at`."""

    def __init__(self, objects: dict[str, bytes]) -> None:
        self.objects = objects
        self.writes = 0
        self.kill_at = 0

    def read(self, key: str) -> bytes | None:
        return self.objects.get(key)

    def exists(self, key: str) -> bool:
        return key in self.objects

    def input(self, key: str, at_most: int) -> bytes:
        assert at_most == 5 * 1024 * 1024
        return self.objects[key]

    def put_new(self, key: str, body: bytes, metadata: Mapping[str, str]) -> bool:
        new = key not in self.objects
        if new:
            self.objects[key] = body
        self.writes += 1
        if self.writes == self.kill_at:
            raise Killed
        return new

    def delete(self, key: str) -> None:
        del self.objects[key]


class Harness:
    """One request and all dependencies of the worker."""

    def __init__(self, load: Callable[..., Any]) -> None:
        self.code = load("async_worker", **ENVIRON)
        self.store = Objects({INPUT: json.dumps({"inputs": ["Hello"]}).encode()})
        self.reported: list[tuple[str, Mapping[str, Any]]] = []
        self.answers: list[Any] = []
        self.requested = 0
        self.worker = worker.Worker(
            settings=settings.Settings.read(ENVIRON),
            region="us-east-1",
            store=self.store,
            router=self,
            publish=self._publish,
            now=lambda: NOW,
        )

    def _publish(self, topic: str, notice: Mapping[str, Any]) -> None:
        self.reported.append((topic, notice))

    def answer(self, request: Any, access: Any, kinds: Any, deadline: Any, ctx: Any) -> Any:
        assert kinds == ("async",)
        self.requested += 1
        answer = self.answers.pop(0)
        if isinstance(answer, BaseException):
            raise answer
        return answer

    def reply(self, text: str = "Hi") -> Any:
        return dispatch.Reply([{"text": text}], {"model_id": "m"}, {"totalTokens": 3}, "emulated")

    def error(self, name: str) -> Exception:
        from inference_common import errors

        error: Exception = getattr(errors, name)(f"said {name}")
        return error

    def job(self, *, received: int = 1, given_up: bool = False, age: int = 0) -> Any:
        sent = int((NOW - timedelta(seconds=age)).timestamp() * 1000)
        return messages.Job("r1", "chat-async", INPUT, sent, received, given_up)

    def work(self, **how: Any) -> Any:
        deadline = Deadline.after(30, lambda: 0.0)
        return self.worker.work(self.job(**how), deadline, request_context.RequestContext("r1", "chat-async"))

    def ends(self) -> list[str]:
        return [key for key in (OUTPUT, FAILURE) if key in self.store.objects]
