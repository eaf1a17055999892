"""SQS: redrive policies as AWS spells them, and RedriveAllowPolicy."""

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
