"""SQS: redrive policies as AWS spells them, RedriveAllowPolicy, policies that outlive other changes."""

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
    """Moto counts all messages of a queue for every one that it hands out, and asks a calendar for each one's time.

    With some thousand messages waiting, a call would take seconds.
    """
    calendar = models.unix_time_millis

    def unix_time_millis(moment: datetime | None = None) -> float:
        return calendar(moment) if moment else time.time() * 1000

    models.unix_time_millis = unix_time_millis

    @wrap(SQSBackend, "is_message_valid_based_on_retention_period")
    def is_retained(original: Any, self: Any, queue_name: str, message: Any) -> bool:
        seconds = float(self.get_queue(queue_name).message_retention_period)
        return bool(message.sent_timestamp / 1000 + seconds > time.time())


def _one_at_a_time() -> None:
    """Moto deletes a message by making the list of all others anew, and hands out what it has looked at a moment ago.

    Side by side, a deletion brings back what another one took away, loses what was sent meanwhile, and two readers
    get the same message. One lock for all queues: a message may go on to the dead letters of another one.
    """
    lock = threading.RLock()

    @wrap(Queue, "__init__")
    def init(original: Any, self: Any, *arguments: Any, **more: Any) -> None:
        original(self, *arguments, **more)
        # Whoever waits for a message lets go of it meanwhile.
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
        found: dict[str, Any] = original(self)
        if not found.get("RedriveAllowPolicy"):
            found.pop("RedriveAllowPolicy", None)
        if "RedrivePolicy" in found and self.redrive_policy:
            # AWS gives the document back without blanks; with them Terraform sees a difference for ever.
            found["RedrivePolicy"] = json.dumps(self.redrive_policy, separators=(",", ":"))
        return found

    @wrap(Queue, "_set_attributes")
    def set_attributes(original: Any, self: Any, attributes: dict[str, Any], now: float | None = None) -> None:
        """AWS changes what is named; moto drops the queue's policy whenever the request does not repeat it."""
        policy = attributes.get("Policy", getattr(self, "policy", None))
        original(self, attributes, now)
        self.policy = policy or None
