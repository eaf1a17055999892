"""SQS: redrive policies as AWS spells them, RedriveAllowPolicy, policies that outlive other changes."""

from __future__ import annotations

import json
from typing import Any

from moto.sqs.models import Queue

from emulator.seams.patching import wrap
from emulator.settings import Settings


def apply(settings: Settings) -> None:
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
