"""What does not answer turns the smoke tests red, by its name and no other."""

from __future__ import annotations

import json
import os
import signal
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import pytest

from tests.support.checkout import Checkout, failed
from tests.support.shared_platform import PREFIX, Deployed

pytestmark = [pytest.mark.emulator, pytest.mark.terraform]


@pytest.fixture(scope="module")
def checkout(deployed: Deployed) -> Checkout:
    return deployed.checkout


@pytest.mark.full
def test_a_broken_route_turns_smoke_red(checkout: Checkout) -> None:
    with route(checkout, "chat", lambda record: {**record, "targets": []}):
        output = failed(checkout.orchestrator("smoke", "local"), 10)
    assert "smoke probes of chat failed: api: " in output
    result = checkout.result()
    verdicts = {probe["probe"]: probe["status"] for probe in result["smoke"] if probe["blueprint"] == "chat"}
    assert (verdicts["bedrock-direct"], verdicts["api"]) == ("ok", "failed")
    assert {probe["blueprint"] for probe in result["smoke"] if probe["status"] == "failed"} == {"chat"}


@pytest.mark.full
def test_a_dead_model_server_turns_smoke_red(checkout: Checkout) -> None:
    records = checkout.evidence(kind="endpoint", resource=f"{PREFIX}-reviews")
    servers = [record["pid"] for record in records if record["status"] == "running"]
    assert len(servers) == 1
    # Without fallback targets, so that all requests reach this server.
    with route(checkout, "reviews", lambda record: {**record, "targets": record["targets"][:1]}):
        os.kill(servers[0], signal.SIGKILL)
        output = failed(checkout.orchestrator("smoke", "local"), 10)
    assert "smoke probes of reviews failed: " in output
    assert "endpoint-direct: " in output
    assert "; api: " in output
    result = checkout.result()
    red = {(probe["blueprint"], probe["probe"]) for probe in result["smoke"] if probe["status"] == "failed"}
    assert {("reviews", "endpoint-direct"), ("reviews", "api")} <= red
    assert {blueprint for blueprint, _ in red} == {"reviews"}
    assert (result["status"], result["error"]["type"]) == ("failed", "SmokeFailed")


@contextmanager
def route(checkout: Checkout, blueprint: str, change: Callable[[dict[str, Any]], dict[str, Any]]) -> Iterator[None]:
    """Another record for the router, for as long as it takes."""
    ssm, name = checkout.client("ssm"), f"/mlops/local/routes/{blueprint}"
    record = ssm.get_parameter(Name=name)["Parameter"]["Value"]
    changed = json.dumps(change(json.loads(record)))
    ssm.put_parameter(Name=name, Value=changed, Type="String", Overwrite=True)
    let_the_router_forget(checkout)
    try:
        yield
    finally:
        ssm.put_parameter(Name=name, Value=record, Type="String", Overwrite=True)
        let_the_router_forget(checkout)


def let_the_router_forget(checkout: Checkout) -> None:
    """End the router's workers, as AWS does with idle ones, so that the next one reads the route again."""
    for pid, words in checkout.processes().items():
        if "lambda_worker" in words:
            os.kill(pid, signal.SIGKILL)
    time.sleep(0.3)
