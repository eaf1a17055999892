"""Queues feed functions. Moto calls the function while the message is being sent, one message at a time.

As on AWS: batches, only the failed messages of a batch stay (`ReportBatchItemFailures`), what failed comes back
after the visibility timeout and goes to the dead letters when it came too often, filters drop what nobody wants.
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
"""Seconds before a failed batch is read again, where the queue's visibility timeout is 0."""
LARGEST_BATCH = 10
AT_ONCE = 5
"""Invocations of one mapping at a time: what Lambda begins with. It would go on to more; this machine does not."""


def apply(settings: Settings) -> None:
    feeding = _Feeding(clock.start(settings.time_scale))

    @wrap(Queue, "__init__")
    def init(original: Any, self: Any, *arguments: Any, **more: Any) -> None:
        original(self, *arguments, **more)
        self.lambda_event_source_mappings = _Mappings()

    @wrap(Queue, "add_message")
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
        """Moto leaves the mapping on the queue, which goes on calling the function."""
        mapping = original(self, uuid)
        if mapping is None:
            raise GenericResourcNotFound
        for queue in _queues(mapping):
            queue.lambda_event_source_mappings.pop(mapping.function_arn, None)
        return mapping


class _Mappings(dict[str, Any]):
    """A queue's mappings by function. Moto, which walks the items while a message is being sent, finds none."""

    def items(self) -> Any:
        return ()


def _at_once(queue: Queue, mapping: Any) -> int:
    """One reader keeps the order of a first-in-first-out queue, and messages apart that are never invisible."""
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
    """Polls a queue for its functions, with as many threads as messages and the mapping's concurrency ask for."""

    def __init__(self, timer: clock.Clock) -> None:
        self._timer = timer
        self._lock = threading.Lock()
        self._busy: Counter[str] = Counter()
        self._woken: Counter[str] = Counter()
        self._due: dict[str, float] = {}
        """When a mapping's queue is looked at next, for the sake of messages that are invisible now."""

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

        # Not in the clock's pool: a function may take minutes, and everybody else's deliveries would wait for it.
        threading.Thread(target=drain, name=f"queue-{queue.name}", daemon=True).start()

    def _drain(self, queue: Queue, mapping: Any) -> None:
        try:
            while mapping.enabled and queue.lambda_event_source_mappings.get(mapping.function_arn) is mapping:
                with self._lock:
                    woken = self._woken[mapping.uuid]
                messages = self._receive(queue, mapping)
                if messages:
                    _process(queue, mapping, messages)
                    self._come_back(queue, mapping)
                    continue
                with self._lock:
                    # Whoever wakes from now on finds this thread gone, and starts one.
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
        """Look again when the next message becomes visible: the function may have chosen when."""
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
        # Invisible for as long as the function may take at least, even where the queue says 0.
        visibility = int(queue.visibility_timeout)  # type: ignore[attr-defined]
        found: list[Message] = []
        while len(found) < mapping.batch_size:
            wanted = min(LARGEST_BATCH, mapping.batch_size - len(found))
            more = backend.receive_message(queue.name, wanted, 0, visibility, ["All"])
            known = {message.id for message in found}
            found += [message for message in more if message.id not in known]
            if len(more) < wanted or visibility == 0:
                break
        return found


def _process(queue: Queue, mapping: Any, messages: list[Message]) -> bool:
    """Calls the function with one batch; `False` when messages stay behind."""
    wanted = [message for message in messages if _passes(mapping, queue, message)]
    failed = _failures(mapping, _call(mapping, queue, wanted), wanted) if wanted else set()
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
    """The function's answer; `None` when it failed."""
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
    """Ids of the messages that stay in the queue."""
    everything = {message.id for message in messages}
    if answer is None:
        return everything
    if "ReportBatchItemFailures" not in (mapping.function_response_types or ()) or not isinstance(answer, dict):
        return set()
    named = answer.get("batchItemFailures") or []
    ids = {item.get("itemIdentifier") if isinstance(item, dict) else None for item in named}
    # An empty or unknown id makes the whole batch a failure.
    return {str(found) for found in ids} if ids <= everything else everything


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
                "dataType": told["DataType"],
                "stringValue": told.get("StringValue"),
                "stringListValues": [],
                "binaryListValues": [],
            }
            for name, told in message.message_attributes.items()
        },
        "md5OfBody": message.body_md5,
        "eventSource": "aws:sqs",
        "eventSourceARN": queue.queue_arn,
        "awsRegion": queue.region,
    }
