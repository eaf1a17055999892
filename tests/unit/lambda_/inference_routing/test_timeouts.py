"""Calls end at their deadline."""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Iterator
from typing import Any

import pytest

from inference_common import errors
from inference_common.requests import InferenceRequest
from inference_routing import routes
from inference_routing.clients import sagemaker
from inference_routing.deadline import Deadline


@pytest.fixture
def router(cold_start: Any) -> Any:
    return cold_start("model_router", ROUTES_PREFIX="/mlops/test/routes")


@pytest.fixture
def silent_server() -> Iterator[str]:
    """A server that accepts connections, counts them and never responds."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        accepted: list[socket.socket] = []

        def accept() -> None:
            while True:
                try:
                    accepted.append(server.accept()[0])
                except OSError:
                    return

        threading.Thread(target=accept, daemon=True).start()
        yield f"http://127.0.0.1:{server.getsockname()[1]}"
        deadline = time.monotonic() + 5
        while not accepted and time.monotonic() < deadline:  # a busy machine may accept it late
            time.sleep(0.01)
        assert len(accepted) == 1, "boto3 must not retry"
        for connection in accepted:
            connection.close()


def test_a_call_ends_with_the_deadline_and_is_not_repeated(
    router: Any, monkeypatch: pytest.MonkeyPatch, silent_server: str
) -> None:
    monkeypatch.setenv("AWS_ENDPOINT_URL", silent_server)
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "test")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "test")
    started = time.monotonic()
    soon = Deadline.after(0.7, time.monotonic)
    backend, target = sagemaker.SageMakerBackend(), routes.Target("p", "ep")
    router.ROUTER.backends = {"sagemaker": backend}
    with pytest.raises(errors.DeadlineExceeded):
        router.ROUTER._call_target(target, InferenceRequest(("a",)), soon, {})
    assert time.monotonic() - started < 30, "boto3 would wait for a minute"
