"""Process the queue of an asynchronous Bedrock blueprint; each message is one request.

Transient failures (throttling, service errors) return only their own message to the queue, with growing delays.
Permanent failures end at once with a failure object. A message that was received too often arrives once more from the
dead-letter queue and ends with a failure object too, so that no request is lost.
"""

from __future__ import annotations

import os
import random
import time
from datetime import UTC, datetime
from typing import Any

from async_worker.messages import Job, MalformedMessage, draw, pause, read
from async_worker.services import Bucket, Queue, Topics
from async_worker.settings import Settings
from async_worker.worker import RetryLater, Worker
from inference_common import emf
from inference_common.errors import ServiceError
from inference_common.logs import bind, described, get_logger
from inference_routing import telemetry
from inference_routing.circuit_breaker import CircuitBreaker
from inference_routing.clients.bedrock import BedrockBackend
from inference_routing.clients.guardrails import BedrockGuardrails
from inference_routing.clients.parameters import ParameterStore
from inference_routing.deadline import Deadline
from inference_routing.request_context import RequestContext
from inference_routing.route_table import RouteTable
from inference_routing.router import Router

SETTINGS = Settings.read(os.environ)
LOG = get_logger("async_worker")
QUEUE = Queue(SETTINGS.queue_url)
WORKER = Worker(
    settings=SETTINGS,
    region=os.environ.get("AWS_REGION", ""),
    store=Bucket(SETTINGS.bucket),
    router=Router(
        table=RouteTable(ParameterStore(SETTINGS.routes_prefix), 30, time.monotonic),
        backends={"bedrock": BedrockBackend()},
        judge=BedrockGuardrails(),
        breaker=CircuitBreaker(time.monotonic),
        clock=time.monotonic,
        pause=time.sleep,
        draw=random.Random().random,
        shadow_wait_seconds=0,
    ),
    publish=Topics().publish,
    now=lambda: datetime.now(UTC),
)


def handler(event: dict[str, Any], context: Any) -> dict[str, Any]:
    """Process a batch and report the messages to retry."""
    failed = [record for record in event["Records"] if not _done(record, context)]
    return {"batchItemFailures": [{"itemIdentifier": record["messageId"]} for record in failed]}


def _done(record: dict[str, Any], context: Any) -> bool:
    started = time.monotonic()
    log = bind(LOG, message_id=record["messageId"], blueprint=SETTINGS.blueprint)
    try:
        job = read(record, SETTINGS.blueprint, SETTINGS.dead_letter_arn)
    except MalformedMessage as error:
        log.error("malformed message", extra=described(error))
        return False
    log = bind(LOG, request_id=job.request_id, blueprint=job.blueprint)
    ctx = RequestContext(job.request_id, job.blueprint)
    seconds = context.get_remaining_time_in_millis() / 1000 - SETTINGS.margin_seconds
    try:
        outcome = WORKER.work(job, Deadline.after(seconds, time.monotonic), ctx)
    except RetryLater as again:
        log.warning("retried later", extra={**described(again), "received": job.received})
        _postpone(record, job, log)
        _report(job, ctx, None, time.monotonic() - started)
        return False
    except Exception:
        # The message becomes visible again after the queue's visibility timeout.
        log.exception("unexpected error")
        return False
    _report(job, ctx, outcome.completed, time.monotonic() - started)
    failure = outcome.error["type"] if outcome.error else None
    log.info("ended", extra={"completed": outcome.completed, "error": failure, "received": job.received})
    return True


def _postpone(record: dict[str, Any], job: Job, log: Any) -> None:
    """Delay the next attempt. Dead letters keep their queue's timeout, since only S3 or SNS can have failed them."""
    if job.given_up:
        return
    try:
        QUEUE.postpone(record["receiptHandle"], pause(job.received, SETTINGS.backoff_seconds, draw()))
    except ServiceError as error:
        log.warning("the message returns after the queue's visibility timeout", extra=described(error))


def _report(job: Job, ctx: RequestContext, completed: bool | None, seconds: float) -> None:
    """Emit the metrics of the called targets and of the finished request."""
    now = emf.milliseconds()
    lines = telemetry.metric_lines(ctx, SETTINGS.metrics_namespace, seconds, None, now)
    if completed is not None:
        metrics: dict[str, tuple[float, str]] = {
            "AsyncCompleted": (int(completed), "Count"),
            "AsyncFailed": (int(not completed), "Count"),
            "AsyncSeconds": (round(max(0.0, now - job.sent_ms) / 1000, 3), "Seconds"),
        }
        fields = {"request_id": job.request_id}
        lines.append(emf.line(SETTINGS.metrics_namespace, {"blueprint": job.blueprint}, metrics, fields, now_ms=now))
    emf.emit(lines)
