"""Starts and stops of the servers of serverless and multi-model variants."""

from __future__ import annotations

import threading
from typing import Any

import pytest

from emulator.services.sagemaker import variants
from emulator.services.sagemaker.model_server import Answer, HostingFailed, Model, Request
from emulator.services.sagemaker.variants import MultiModel, OnDemand, Refused, Serverless, Variant

MODEL = Model("m", "us-east-1", "role", "image", "s3://bucket/models/", {})
REQUEST = Request(b"{}", "application/json", "application/json")


class Server:
    """Answers at once, and records that it was stopped."""

    def __init__(self, model: Model = MODEL) -> None:
        self.model, self.stopped, self.ended = model, "", threading.Event()

    def start(self) -> None: ...
    def note(self, **detail: Any) -> None: ...

    def invoke(self, request: Request) -> Answer:
        return Answer(200, (self.model.data_url or "").encode(), "text/plain", "primary", "ev-1")

    def stop(self, reason: str) -> None:
        self.stopped = reason
        self.ended.set()


def on_demand(servers: list[Server], idle_seconds: float = 60, **limits: int) -> OnDemand:
    def make(died: Any) -> Any:
        servers.append(Server())
        return servers[-1]

    variant = Variant("primary", (MODEL,), serverless=Serverless(limits.pop("max_concurrency", 5), **limits))
    return OnDemand(variant, make, idle_seconds)


def test_an_idle_server_is_dropped_and_the_next_request_starts_another() -> None:
    servers: list[Server] = []
    serving = on_demand(servers, idle_seconds=0.05)
    serving.start()
    assert servers == []
    serving.invoke(REQUEST)
    assert servers[0].ended.wait(10)
    assert servers[0].stopped == "idle"
    serving.invoke(REQUEST)
    assert len(servers) == 2


def test_a_provisioned_server_stays() -> None:
    servers: list[Server] = []
    serving = on_demand(servers, idle_seconds=0.01, provisioned_concurrency=1)
    serving.start()
    assert serving.invoke(REQUEST).cold_start_ms == 0
    assert not servers[0].ended.wait(0.2)


def test_nothing_is_started_for_a_deleted_endpoint() -> None:
    servers: list[Server] = []
    serving = on_demand(servers)
    serving.stop("endpoint deleted")
    answer = serving.invoke(REQUEST)
    assert (answer.status, answer.body) == (502, b"the endpoint was deleted")
    assert servers == []


def test_the_least_recently_used_model_is_dropped(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(variants, "LOADED_MODELS", 2)
    made: list[Server] = []

    def make(model: Model, died: Any) -> Any:
        made.append(Server(model))
        return made[-1]

    serving = MultiModel(Variant("primary", (MODEL,), "multi-model"), make)
    serving.start()
    for target in ("a", "b", "a", "c"):
        request = Request(b"", "text/csv", "text/csv", model=f"{target}.tar.gz")
        assert serving.invoke(request).body == f"s3://bucket/models/{target}.tar.gz".encode()
    assert [server.stopped for server in made] == ["", "replaced by another model", ""]


@pytest.mark.parametrize("target", ["../secret.tar.gz", "/etc/x", None])
def test_a_model_outside_the_prefix_is_refused(target: str | None) -> None:
    serving = MultiModel(Variant("primary", (MODEL,), "multi-model"), lambda model, died: pytest.fail("started"))
    with pytest.raises(Refused):
        serving.invoke(Request(b"", "text/csv", "text/csv", model=target))


def test_a_multi_model_container_needs_a_prefix() -> None:
    one = Model("m", "us-east-1", "role", "image", "s3://bucket/model.tar.gz", {})
    with pytest.raises(HostingFailed, match="requires an S3 prefix"):
        MultiModel(Variant("primary", (one,), "multi-model"), lambda model, died: pytest.fail("started")).start()
