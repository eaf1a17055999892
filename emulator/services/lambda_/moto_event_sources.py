"""Event source mappings of queues. Moto calls the function while a message is being sent, one message at a time.

As on AWS, messages come in batches, of which only the failed ones stay (`ReportBatchItemFailures`). They return after
the visibility timeout and move to the dead letters when received too often. Filters drop messages.
"""

from __future__ import annotations

import json
import threading
import time
from collections import Counter
from typing import Any

from moto.awslambda.exceptions import GenericResourcNotFound
from moto.awslambda.models import LambdaBackend
from moto.sqs.exceptions import ReceiptHandleIsInvalid
from moto.sqs.models import Message, Queue, sqs_backends
from moto.utilities.arns import parse_arn

from emulator.core import clock
from emulator.core.evidence import STORE, caused_by, current_cause
from emulator.core.settings import Settings
from emulator.moto.patching import wrap
from emulator.services.events import moto_resource_policies, patterns
from emulator.services.events.courier import DeliveryFailed
from emulator.services.lambda_.moto_invoke import TooManyRequests

LEAST_PAUSE = 0.2
"""Seconds before a failed batch is received again if the queue's visibility timeout is 0."""
LARGEST_BATCH = 10
AT_ONCE = 5
"""Concurrent invocations of one mapping: the number that Lambda starts with. Lambda would increase it."""


def apply(settings: Settings) -> None:
    feeding = _Feeding(clock.start(settings.time_scale))

    @wrap(Queue, "__init__", after="emulator.services.messaging.moto_sqs")
    def init(original: Any, self: Any, *arguments: Any, **more: Any) -> None:
        original(self, *arguments, **more)
        self.lambda_event_source_mappings = _Mappings()

    @wrap(Queue, "add_message", after="emulator.services.messaging.moto_sqs")
    def add_message(original: Any, self: Any, message: Message) -> None:
        original(self, message)
        feeding.wake(self)

    @wrap(LambdaBackend, "create_event_source_mapping")
    def create(original: Any, self: Any, spec: dict[str, Any]) -> Any:
        mapping = original(self, spec)
        feeding.wake_all(mapping)
        return mapping

    @wrap(LambdaBackend, "update_event_source_mapping")
    def update(original: Any, self: Any, uuid: str, spec: dict[str, Any]) -> Any:
        mapping = original(self, uuid, spec)
        if mapping is not None:
            mapping.function_response_types = spec.get("FunctionResponseTypes", mapping.function_response_types)
            feeding.wake_all(mapping)
        return mapping

    @wrap(LambdaBackend, "delete_event_source_mapping")
    def delete(original: Any, self: Any, uuid: str) -> Any:
        """Remove the mapping from its queue too; moto leaves it there and goes on calling the function."""
        mapping = original(self, uuid)
        if mapping is None:
            raise GenericResourcNotFound
        for queue in _queues(mapping):
            queue.lambda_event_source_mappings.pop(mapping.function_arn, None)
        return mapping


class _Mappings(dict[str, Any]):
    """A queue's mappings by function, without items: moto iterates over those while a message is being sent."""

    def items(self) -> Any:
        return ()


def _at_once(queue: Queue, mapping: Any) -> int:
    """Return the number of readers: one, if the order counts or if messages never become invisible."""
    if queue.fifo_queue or not int(queue.visibility_timeout):  # type: ignore[attr-defined]
        return 1
    most = (mapping.scaling_config or {}).get("MaximumConcurrency")
    return min(int(most or AT_ONCE), AT_ONCE)


def _queues(mapping: Any) -> list[Queue]:
    if mapping is None or parse_arn(mapping.event_source_arn).service != "sqs":
        return []
    try:
        return [moto_resource_policies.queue(mapping.event_source_arn)]
    except DeliveryFailed:
        return []


class _Feeding:
    """Polls queues for their functions, with as many threads as there are messages, up to the mapping's concurrency."""

    def __init__(self, timer: clock.Clock) -> None:
        self._timer = timer
        self._lock = threading.Lock()
        self._busy: Counter[str] = Counter()
        self._woken: Counter[str] = Counter()
        self._due: dict[str, float] = {}
        """Times of each mapping's next poll, for messages that are invisible now."""

    def wake_all(self, mapping: Any) -> None:
        for queue in _queues(mapping):
            self.wake(queue)

    def wake(self, queue: Queue) -> None:
        for mapping in list(queue.lambda_event_source_mappings.values()):
            if mapping.enabled:
                self._poll(queue, mapping)

    def _poll(self, queue: Queue, mapping: Any) -> None:
        with self._lock:
            self._woken[mapping.uuid] += 1
            if self._busy[mapping.uuid] >= _at_once(queue, mapping):
                return
            self._busy[mapping.uuid] += 1
        cause = current_cause()

        def drain() -> None:
            with caused_by(cause):
                self._drain(queue, mapping)

        # Not in the clock's pool: a function may take minutes, and all other deliveries would wait for it.
        threading.Thread(target=drain, name=f"queue-{queue.name}", daemon=True).start()

    def _drain(self, queue: Queue, mapping: Any) -> None:
        try:
            while _is_active(queue, mapping):
                with self._lock:
                    woken = self._woken[mapping.uuid]
                messages = self._receive(queue, mapping)
                if messages:
                    _process(queue, mapping, messages)
                    self._come_back(queue, mapping)
                    continue
                with self._lock:
                    # The next wake finds this thread gone and starts another.
                    if self._woken[mapping.uuid] == woken:
                        self._busy[mapping.uuid] -= 1
                        break
            else:
                with self._lock:
                    self._busy[mapping.uuid] -= 1
        except BaseException:
            with self._lock:
                self._busy[mapping.uuid] -= 1
            raise
        finally:
            self._come_back(queue, mapping)

    def _come_back(self, queue: Queue, mapping: Any) -> None:
        """Poll again when the next message becomes visible; the function may have set the time."""
        hidden = [message.visible_at / 1000 for message in list(queue._messages) if not message.visible]
        if not hidden:
            return
        now = time.time()
        due = max(min(hidden), now + LEAST_PAUSE)
        with self._lock:
            if now < self._due.get(mapping.uuid, 0.0) <= due:
                return
            self._due[mapping.uuid] = due
        self._timer.after(due - now, lambda: self._poll(queue, mapping), scaled=False)

    def _receive(self, queue: Queue, mapping: Any) -> list[Message]:
        backend = sqs_backends[queue.account_id][queue.region]
        # Invisible at least for as long as the function may take, even if the queue's timeout is 0.
        visibility = int(queue.visibility_timeout)  # type: ignore[attr-defined]
        received: list[Message] = []
        while len(received) < mapping.batch_size:
            limit = min(LARGEST_BATCH, mapping.batch_size - len(received))
            more = backend.receive_message(queue.name, limit, 0, visibility, ["All"])
            known = {message.id for message in received}
            received += [message for message in more if message.id not in known]
            if len(more) < limit or visibility == 0:
                break
        return received


def _is_active(queue: Any, mapping: Any) -> bool:
    return mapping.enabled and queue.lambda_event_source_mappings.get(mapping.function_arn) is mapping


def _process(queue: Queue, mapping: Any, messages: list[Message]) -> bool:
    """Call the function with one batch; return `False` if messages remain in the queue."""
    passing = [message for message in messages if _passes(mapping, queue, message)]
    failed = _failures(mapping, _call(mapping, queue, passing), passing) if passing else set()
    backend = sqs_backends[queue.account_id][queue.region]
    for message in messages:
        if message.id not in failed:
            try:
                backend.delete_message(queue.name, str(message.receipt_handle))
            except ReceiptHandleIsInvalid:
                # It became visible while the function ran and went to the dead letters: AWS keeps it there too.
                continue
    return not failed


def _call(mapping: Any, queue: Queue, messages: list[Message]) -> Any:
    """Return the function's response; `None` if it failed."""
    record = STORE.begin(
        "event-delivery", mapping.function_arn, detail={"from": queue.queue_arn, "messages": len(messages)}
    )
    headers: dict[str, Any] = {}
    try:
        function = moto_resource_policies.function(mapping.function_arn)
        answer = function.invoke(
            json.dumps({"Records": [_record(queue, message) for message in messages]}), {}, headers
        )
    except DeliveryFailed as error:
        STORE.fail(record.id, error.message)
        return None
    except TooManyRequests:
        STORE.fail(record.id, "the function's reserved concurrency is used up; the batch comes back")
        return None
    if "x-amz-function-error" in headers:
        STORE.fail(record.id, "the function failed; the whole batch comes back")
        return None
    document = json.loads(answer or "null")
    STORE.succeed(record.id)
    return document if document is not None else {}


def _failures(mapping: Any, answer: Any, messages: list[Message]) -> set[str]:
    """Return the ids of the messages that remain in the queue."""
    everything = {message.id for message in messages}
    if answer is None:
        return everything
    if "ReportBatchItemFailures" not in (mapping.function_response_types or ()) or not isinstance(answer, dict):
        return set()
    named = answer.get("batchItemFailures") or []
    ids = {item.get("itemIdentifier") if isinstance(item, dict) else None for item in named}
    # An empty or unknown id makes the whole batch a failure.
    return {str(message_id) for message_id in ids} if ids <= everything else everything


def _passes(mapping: Any, queue: Queue, message: Message) -> bool:
    filters = (mapping.filter_criteria or {}).get("Filters") or []
    if not filters:
        return True
    record = _record(queue, message)
    try:
        record["body"] = json.loads(message.body)
    except ValueError:
        record["body"] = message.body
    return any(patterns.matches(json.loads(item["Pattern"]), record) for item in filters)


def _record(queue: Queue, message: Message) -> dict[str, Any]:
    attributes = {
        "ApproximateReceiveCount": str(message.approximate_receive_count),
        "SentTimestamp": str(message.sent_timestamp),
        "SenderId": message.sender_id,
        "ApproximateFirstReceiveTimestamp": str(message.approximate_first_receive_timestamp),
    }
    if queue.fifo_queue:
        attributes |= {
            "MessageGroupId": str(message.group_id),
            "MessageDeduplicationId": str(message.deduplication_id),
            "SequenceNumber": str(message.sequence_number),
        }
    return {
        "messageId": message.id,
        "receiptHandle": message.receipt_handle,
        "body": message.body,
        "attributes": attributes,
        "messageAttributes": {
            name: {
                "dataType": attribute["DataType"],
                "stringValue": attribute.get("StringValue"),
                "stringListValues": [],
                "binaryListValues": [],
            }
            for name, attribute in message.message_attributes.items()
        },
        "md5OfBody": message.body_md5,
        "eventSource": "aws:sqs",
        "eventSourceARN": queue.queue_arn,
        "awsRegion": queue.region,
    }
