"""Parse queue messages and name the S3 objects of their requests. Pure.

{"request_id": "…", "blueprint": "chat-async", "input": "inference/async/input/chat-async/….json"}
"""

from __future__ import annotations

import random
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from inference_common.json_input import loads

LONGEST_PAUSE_SECONDS = 900


class MalformedMessage(Exception):
    """The message holds no valid request; it goes to the dead-letter queue for inspection."""


@dataclass(frozen=True)
class Job:
    """One request. `received` counts its deliveries, including this one."""

    request_id: str
    blueprint: str
    input_key: str
    sent_ms: int
    received: int
    given_up: bool

    @property
    def marker_key(self) -> str:
        """The object that records the outcome; it is written once and never changed."""
        return f"inference/async/input/{self.blueprint}/{self.request_id}.outcome"

    @property
    def output_key(self) -> str:
        return f"inference/async/output/{self.blueprint}/{self.request_id}.out"

    @property
    def failure_key(self) -> str:
        return f"inference/async/failures/{self.blueprint}/{self.request_id}-error.out"


def read(record: Mapping[str, Any], blueprint: str, dead_letter_arn: str) -> Job:
    """Parse one SQS record. Only the platform sends to this queue."""
    try:
        message = loads(record["body"])
        attributes = record["attributes"]
        job = Job(
            request_id=str(message["request_id"]),
            blueprint=str(message["blueprint"]),
            input_key=str(message["input"]),
            sent_ms=int(attributes["SentTimestamp"]),
            received=int(attributes["ApproximateReceiveCount"]),
            given_up=record["eventSourceARN"] == dead_letter_arn,
        )
    except (ValueError, KeyError, TypeError) as error:
        raise MalformedMessage(f"{type(error).__name__} {error}") from error
    if job.blueprint != blueprint or not job.input_key.startswith(f"inference/async/input/{blueprint}/"):
        raise MalformedMessage(f"the message is for '{job.blueprint[:64]}', this is the worker of '{blueprint}'")
    return job


def pause(received: int, base_seconds: float, draw: float) -> int:
    """Return the delay before the next attempt: doubled each time, with jitter."""
    longest: float = min(LONGEST_PAUSE_SECONDS, base_seconds * 2 ** min(received - 1, 16))
    return round(longest * (0.5 + draw / 2))


def draw() -> float:
    return random.random()
