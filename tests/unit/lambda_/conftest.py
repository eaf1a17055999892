"""Fixtures for all functions: a cold start, a context object, and captured log lines."""

from __future__ import annotations

import importlib
import io
import json
import sys
from collections.abc import Callable
from types import ModuleType, SimpleNamespace
from typing import Any

import pytest

from inference_routing import clients
from inference_routing.clients import fanout
from tests.unit.lambda_.support.batch_submitter import ENVIRON, Platform

ColdStart = Callable[..., ModuleType]


@pytest.fixture(autouse=True)
def no_cached_clients(monkeypatch: pytest.MonkeyPatch) -> None:
    """Give each test its own cache of AWS clients."""
    monkeypatch.setattr(clients, "_CLIENTS", {})


@pytest.fixture
def one_call_at_a_time(monkeypatch: pytest.MonkeyPatch) -> None:
    """Call models one after the other: stubbed responses come in a fixed order."""
    monkeypatch.setattr(fanout, "PARALLEL_CALLS", 1)


@pytest.fixture
def cold_start(monkeypatch: pytest.MonkeyPatch) -> ColdStart:
    """Import a function's handler module again with these variables: `cold_start("job_api", BUCKET="data")`."""

    def start(function: str, **environ: str) -> ModuleType:
        for key, value in {"AWS_DEFAULT_REGION": "us-east-1", "ACCOUNT_ID": "123456789012", **environ}.items():
            monkeypatch.setenv(key, value)
        name = f"{function}.handler"
        monkeypatch.delitem(sys.modules, name, raising=False)
        return importlib.import_module(name)

    return start


class FakeS3:
    """Objects by key, with the S3 calls that the functions make."""

    def __init__(self, objects: dict[str, bytes]) -> None:
        self.objects = objects

    def get_object(self, Bucket: str, Key: str) -> dict[str, Any]:
        assert Bucket == "data"
        return {"Body": io.BytesIO(self.objects[Key])}

    def get_paginator(self, operation: str) -> FakeS3:
        assert operation == "list_objects_v2"
        return self

    def paginate(self, Bucket: str, Prefix: str) -> list[dict[str, Any]]:
        assert Bucket == "data"
        listed = [{"Key": k, "Size": len(v)} for k, v in sorted(self.objects.items()) if k.startswith(Prefix)]
        return [{"Contents": listed[:1]}, {"Contents": listed[1:]}] if listed else [{}]


@pytest.fixture
def fake_s3() -> type[FakeS3]:
    return FakeS3


@pytest.fixture
def context() -> SimpleNamespace:
    """Lambda's context object, with the members that are used."""
    return SimpleNamespace(aws_request_id="request-1", get_remaining_time_in_millis=lambda: 30_000)


@pytest.fixture
def logged(capsys: pytest.CaptureFixture[str]) -> Callable[[], list[dict[str, Any]]]:
    """Return the JSON log lines so far."""
    return lambda: [json.loads(line) for line in capsys.readouterr().out.splitlines()]


@pytest.fixture
def on_sagemaker(cold_start: ColdStart) -> Platform:
    """The batch submitter with a SageMaker blueprint."""
    return Platform(cold_start("batch_submitter", **ENVIRON), "sagemaker")


@pytest.fixture
def on_bedrock(cold_start: ColdStart) -> Platform:
    """The batch submitter with a Bedrock blueprint."""
    function = cold_start("batch_submitter", **ENVIRON)
    return Platform(function, "bedrock", records_per_file=50_000, minimum_records=100)
