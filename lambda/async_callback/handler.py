"""Deliver notifications of an asynchronous blueprint to its table and webhook. Both SNS topics invoke it.

A notification that cannot be delivered fails the invocation. Lambda retries it twice, minutes apart, then moves it to
the dead-letter queue, which raises an alarm. Nothing is dropped, and a receiver may get a notification twice.
"""

from __future__ import annotations

import os
import time
from typing import Any

from async_callback import webhook
from async_callback.notifications import read
from async_callback.settings import Settings
from async_callback.stores import Secrets, Table
from inference_common import emf
from inference_common.logs import bind, get_logger, without_message

SETTINGS = Settings.read(os.environ)
LOG = get_logger("async_callback")
SECRETS = Secrets(SETTINGS.secret_parameter)
TABLE = Table(SETTINGS.table_name)


def handler(event: dict[str, Any], context: Any) -> dict[str, int]:
    """Deliver each SNS record; an exception makes Lambda retry the event."""
    for record in event["Records"]:
        document = read(record["Sns"]["Message"], SETTINGS.blueprint)
        log = bind(LOG, request_id=document["request_id"], blueprint=SETTINGS.blueprint)
        started = time.monotonic()
        try:
            tries = deliver(document)
        except Exception as error:
            _count(delivered=0, seconds=time.monotonic() - started)
            log.exception("a callback could not be delivered")
            raise without_message(error) from None
        _count(delivered=1, seconds=time.monotonic() - started)
        log.info("delivered", extra={"status": document["status"], "tries": tries})
    return {"delivered": len(event["Records"])}


def deliver(document: dict[str, Any]) -> int:
    """Write to the table, then post to the webhook; return the number of attempts.

    The table comes first, so that it has the result even when the webhook is down.
    """
    if SETTINGS.table_name:
        TABLE.put(document, int(time.time()) + SETTINGS.keep_days * 86_400)
    if not SETTINGS.webhook_url:
        return 0
    return webhook.deliver(
        document,
        lambda body, signed_headers: webhook.post(
            SETTINGS.webhook_url, body, signed_headers, loopback=SETTINGS.loopback
        ),
        SECRETS.value,
        SETTINGS.attempts,
        SETTINGS.first_pause_seconds,
        time.time,
        time.sleep,
    )


def _count(delivered: int, seconds: float) -> None:
    metrics: dict[str, tuple[float, str]] = {
        "CallbackDelivered": (delivered, "Count"),
        "CallbackFailed": (1 - delivered, "Count"),
        "CallbackSeconds": (round(seconds, 3), "Seconds"),
    }
    now = emf.milliseconds()
    emf.emit([emf.line(SETTINGS.metrics_namespace, {"blueprint": SETTINGS.blueprint}, metrics, {}, now_ms=now)])
