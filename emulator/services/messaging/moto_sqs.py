"""SQS: the form of redrive policies, RedriveAllowPolicy, and policies that survive other changes."""

from __future__ import annotations

import json
import threading
import time
from datetime import datetime
from typing import Any

from moto.sqs import models
from moto.sqs.models import Queue, SQSBackend

from emulator.core.settings import Settings
from emulator.moto.patching import wrap


def _stay_quick() -> None:
    """Replace two slow functions of moto: for each received message it converts the times of all messages of the queue.

    With some thousand messages waiting, a call would take seconds.
    """

    @wrap(models, "unix_time_millis")
    def unix_time_millis(original: Any, moment: datetime | None = None) -> float:
        return float(original(moment)) if moment else time.time() * 1000

    @wrap(SQSBackend, "is_message_valid_based_on_retention_period")
    def is_retained(original: Any, self: Any, queue_name: str, message: Any) -> bool:
        seconds = float(self.get_queue(queue_name).message_retention_period)
        return bool(message.sent_timestamp / 1000 + seconds > time.time())


def _one_at_a_time() -> None:
    """Serialise the operations on queues; moto replaces the list of messages to delete one, without a lock.

    Concurrently, a deletion restores messages that another one deleted, loses messages that are sent meanwhile, and two
    receivers get the same message. All queues share one lock, as a message may move to another one, its dead letters.
    """
    lock = threading.RLock()

    @wrap(Queue, "__init__")
    def init(original: Any, self: Any, *arguments: Any, **more: Any) -> None:
        original(self, *arguments, **more)
        # A receiver releases it while it waits for a message.
        self._messages_lock = threading.Condition(lock)

    def locked(original: Any, self: Any, *arguments: Any, **more: Any) -> Any:
        with lock:
            return original(self, *arguments, **more)

    for method in ("add_message", "delete_message"):
        wrap(Queue, method)(locked)
    for method in ("receive_message", "change_message_visibility", "purge_queue"):
        wrap(SQSBackend, method)(locked)


def apply(settings: Settings) -> None:
    _stay_quick()
    _one_at_a_time()
    # Settable and readable once it is a known attribute; a queue without one has none.
    Queue.BASE_ATTRIBUTES = [*Queue.BASE_ATTRIBUTES, "RedriveAllowPolicy"]
    Queue.redrive_allow_policy = None  # type: ignore[attr-defined]

    @wrap(Queue, "attributes")
    def attributes(original: Any, self: Any) -> dict[str, Any]:
        attributes: dict[str, Any] = original(self)
        if not attributes.get("RedriveAllowPolicy"):
            attributes.pop("RedriveAllowPolicy", None)
        if "RedrivePolicy" in attributes and self.redrive_policy:
            # AWS returns the document without blanks; with them Terraform would plan a change every time.
            attributes["RedrivePolicy"] = json.dumps(self.redrive_policy, separators=(",", ":"))
        return attributes

    @wrap(Queue, "_set_attributes")
    def set_attributes(original: Any, self: Any, attributes: dict[str, Any], now: float | None = None) -> None:
        """Change only what the request names, as AWS does; moto drops a policy unless the request repeats it."""
        policy = attributes.get("Policy", getattr(self, "policy", None))
        original(self, attributes, now)
        self.policy = policy or None
