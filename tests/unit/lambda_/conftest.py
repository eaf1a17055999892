"""Loads a function as Lambda does, its folder on the path, but in a namespace of its own: names repeat."""

from __future__ import annotations

import importlib
import io
import json
import sys
from collections.abc import Callable, Iterable
from pathlib import Path
from types import ModuleType, SimpleNamespace
from typing import Any

import pytest

from orchestrator.packaging import BUILT_ON
from tests.unit.lambda_ import stateless
from tests.unit.lambda_.batch_platform import ENVIRON, Platform

LAMBDA = Path(__file__).resolve().parents[3] / "lambda"
Load = Callable[..., SimpleNamespace]


KEPT: dict[str, dict[str, stateless.Kept]] = {}
"""By function: what need not be executed anew for each test."""


def modules_under(folder: Path, names: Iterable[str]) -> dict[str, ModuleType]:
    """Those of these modules that come from there."""
    start = f"{folder}/"
    return {name: sys.modules[name] for name in names if (_file(sys.modules[name]) or "").startswith(start)}


def _file(module: ModuleType) -> str | None:
    return getattr(module, "__file__", None)


@pytest.fixture
def load_function(monkeypatch: pytest.MonkeyPatch) -> Load:
    """`load_function("model_router", ROUTES_PREFIX=…).routing` is that module of that function."""

    def load(name: str, **environ: str) -> SimpleNamespace:
        folder = LAMBDA / name
        for key, value in {"AWS_DEFAULT_REGION": "us-east-1", "ACCOUNT_ID": "123456789012", **environ}.items():
            monkeypatch.setenv(key, value)
        before = set(sys.modules)
        folders = [folder, *([LAMBDA / BUILT_ON[name]] if name in BUILT_ON else [])]
        sys.path[:0] = map(str, folders)
        sys.modules.update({each: kept.restored() for each, kept in KEPT.get(name, {}).items()})
        try:
            for path in sorted(folder.rglob("*.py")):
                importlib.import_module(
                    ".".join(path.relative_to(folder).with_suffix("").parts).removesuffix(".__init__")
                )
            new = set(sys.modules) - before
            loaded = {each: module for found in reversed(folders) for each, module in modules_under(found, new).items()}
        finally:
            for found in folders:
                sys.path.remove(str(found))
                for module in modules_under(found, set(sys.modules) - before):
                    del sys.modules[module]
        if name not in KEPT:
            KEPT[name] = stateless.keep(loaded)
        return SimpleNamespace(**{name.replace(".", "_"): module for name, module in loaded.items()})

    return load


class FakeS3:
    """Objects by key, with the calls that the functions make."""

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
        found = [{"Key": k, "Size": len(v)} for k, v in sorted(self.objects.items()) if k.startswith(Prefix)]
        return [{"Contents": found[:1]}, {"Contents": found[1:]}] if found else [{}]


@pytest.fixture
def fake_s3() -> type[FakeS3]:
    return FakeS3


@pytest.fixture
def context() -> SimpleNamespace:
    """Lambda's context object, as much of it as is used."""
    return SimpleNamespace(aws_request_id="request-1", get_remaining_time_in_millis=lambda: 30_000)


@pytest.fixture
def logged(capsys: pytest.CaptureFixture[str]) -> Callable[[], list[dict[str, Any]]]:
    """The JSON log lines so far."""
    return lambda: [json.loads(line) for line in capsys.readouterr().out.splitlines()]


@pytest.fixture
def on_sagemaker(load_function: Load) -> Platform:
    """The batch submitter with a blueprint of SageMaker."""
    return Platform(load_function("batch_submitter", **ENVIRON), "sagemaker")


@pytest.fixture
def on_bedrock(load_function: Load) -> Platform:
    """The batch submitter with a blueprint of Bedrock."""
    function = load_function("batch_submitter", **ENVIRON)
    return Platform(function, "bedrock", records_per_file=50_000, minimum_records=100)
