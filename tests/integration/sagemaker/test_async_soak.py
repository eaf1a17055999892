"""Many asynchronous requests under faults: each ends as one object and at least one notification; none is lost.

Two hundred of them, or as many as `SOAK_REQUESTS` says.
"""

from __future__ import annotations

import json
import os
import signal
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from typing import Any

import pytest

from tests.integration.sagemaker.test_async import Async
from tests.support.compute import wait_for
from tests.support.faults import fault

pytestmark = [pytest.mark.emulator, pytest.mark.full]

REQUESTS = int(os.environ.get("SOAK_REQUESTS", "200"))
SHARE = 0.02


def test_none_is_lost(aws: Any, bucket: str, emulator: Any, seen: Any) -> None:
    queued = Async(aws, bucket)
    name = queued.serve_queued(queued.model(3), most=8)
    about = {"seconds": 900, "share": SHARE}
    with ExitStack() as stack:
        armed = []
        for kind, service, action, resource in (
            ("container-error", "sagemaker", "InvokeEndpointAsync", name),
            ("throttle", "s3", "PutObject", "async/output/*"),
            ("drop-connection", "s3", "GetObject", "async/input/*"),
            ("throttle", "sns", "Publish", queued.topics[0]),
        ):
            armed.append(
                stack.enter_context(fault(emulator.endpoint, kind, service, action=action, resource=resource, **about))
            )
        answers = _send(queued, name)
        _kill_a_server(seen, name)
        _kill_a_server(seen, name)
        notified = _notifications(queued, len(answers))
        assert all(each.fired for each in armed), [each.now for each in armed]
    outputs, failures = _keys(queued, "async/output/"), _keys(queued, "async/failures/")
    ends = Counter(
        (answer["OutputLocation"] in outputs, answer["FailureLocation"] in failures) for answer in answers.values()
    )
    assert set(ends) == {(True, False), (False, True)}
    assert sum(ends.values()) == REQUESTS
    assert ends[False, True] == int(REQUESTS * SHARE)
    assert set(notified) == set(answers)
    for inference_id, statuses in notified.items():
        expected = "Completed" if answers[inference_id]["OutputLocation"] in outputs else "Failed"
        assert statuses == {expected}
    assert queued.describe(name)["EndpointStatus"] == "InService"


def _send(queued: Async, name: str) -> dict[str, dict[str, Any]]:
    def one(number: int) -> dict[str, Any]:
        return queued.send(name, number, InferenceId=f"soak-{number}")

    with ThreadPoolExecutor(4) as pool:
        return {answer["InferenceId"]: answer for answer in pool.map(one, range(REQUESTS))}


def _kill_a_server(seen: Any, name: str) -> None:
    def running() -> list[dict[str, Any]]:
        return [each for each in seen(kind="endpoint", resource=name) if each["status"] == "running" and each["pid"]]

    [server, *_] = wait_for(running, until=bool)
    os.kill(server["pid"], signal.SIGKILL)
    wait_for(running, until=lambda result: server["pid"] not in [each["pid"] for each in result])


def _notifications(queued: Async, count: int) -> dict[str, set[str]]:
    """Return the statuses that the topics received, by inference id."""
    notified: dict[str, set[str]] = {}

    def look() -> int:
        for queue in (queued.succeeded, queued.failed):
            for message in queue.now():
                document = json.loads(message["Body"])
                notified.setdefault(document["inferenceId"], set()).add(document["invocationStatus"])
        return len(notified)

    wait_for(look, until=lambda result: result >= count, seconds=60 + count / 10)
    return notified


def _keys(queued: Async, prefix: str) -> set[str]:
    pages = queued.s3.get_paginator("list_objects_v2").paginate(Bucket=queued.bucket, Prefix=prefix)
    return {f"s3://{queued.bucket}/{stored['Key']}" for page in pages for stored in page.get("Contents", [])}
