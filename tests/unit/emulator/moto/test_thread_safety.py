"""Moto's dicts can be iterated over while other requests change them, and otherwise behave as before."""

from __future__ import annotations

import copy
import json
import threading
from collections import OrderedDict
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
from moto.core import model as models
from moto.core.base_backend import BaseBackend
from moto.s3 import utils as s3
from moto.ssm import models as ssm

from emulator.core.settings import Settings
from emulator.moto import patching
from emulator.moto import thread_safety as walks
from emulator.services.iam import moto_patch


class Backend(BaseBackend):
    def __init__(self) -> None:
        self.roles: dict[str, int] = {"a": 1, "b": 2}
        self.topics: OrderedDict[str, int] = OrderedDict(a=1, b=2)
        self.region = "us-east-1"


@pytest.fixture(autouse=True)
def applied(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Apply the patches as the emulator does, until the test ends."""
    monkeypatch.setattr(models.ServiceModel, "operation_model", models.ServiceModel.operation_model)
    monkeypatch.setattr(ssm.ParameterDict, "__iter__", dict.__iter__, raising=False)
    backend = ssm.SimpleSystemManagerBackend
    monkeypatch.setattr(backend, "_match_filters", backend._match_filters)
    for name in ("lists", "iterlists", "items", "iteritems", "values", "itervalues"):
        monkeypatch.setattr(s3._VersionedKeyStore, name, getattr(s3._VersionedKeyStore, name))
    for holder in walks.HOLDERS:
        monkeypatch.setattr(holder, "__setattr__", object.__setattr__, raising=False)
    walks.apply(Settings("127.0.0.1", 0, "http://127.0.0.1", tmp_path))
    patching.install()


@pytest.mark.parametrize("name", ["roles", "topics"])
@pytest.mark.parametrize("view", ["keys", "values", "items"])
def test_an_iteration_covers_the_entries_at_its_start(name: str, view: str) -> None:
    held = getattr(Backend(), name)
    seen = []
    for each in getattr(held, view)():
        held[f"new-{len(held)}"] = 0
        seen.append(each)
    assert len(seen) == 2
    assert len(held) == 4


def test_parameters_can_be_put_during_an_iteration_over_names() -> None:
    held: Any = ssm.ParameterDict("123456789012", "us-east-1")
    held["/mlops/a"], held["/mlops/b"], held["/other"] = [], [], []
    names = []
    for name in held.get_keys_beginning_with("/mlops", True):
        held[f"{name}/more"] = []
        names.append(name)
    assert names == ["/mlops/a", "/mlops/b"]


def test_a_parameter_that_is_deleted_during_an_iteration_is_not_listed(monkeypatch: pytest.MonkeyPatch) -> None:
    backend: Any = ssm.SimpleSystemManagerBackend("us-east-1", "123456789012")
    for name in ("/mlops/a", "/mlops/b"):
        backend.put_parameter(name, "", "x", "String", None, None, False, [], "text", None, None)
    look_up = backend.get_parameter
    monkeypatch.setattr(backend, "get_parameter", lambda name: None if name == "/mlops/a" else look_up(name))
    assert [each.name for each in backend.describe_parameters([], [])] == ["/mlops/b"]
    [kept], _ = backend.get_parameters_by_path("/mlops", True)
    assert kept.name == "/mlops/b"


class Deleted:
    """A version of an object that is deleted once it is seen."""

    def dispose(self) -> None:
        pass


@pytest.mark.parametrize("walk", ["lists", "iterlists", "items", "iteritems", "values", "itervalues"])
def test_an_object_that_is_deleted_during_an_iteration_does_not_end_it(walk: str) -> None:
    objects: Any = s3._VersionedKeyStore()
    first, second = Deleted(), Deleted()
    objects["a"], objects["b"] = first, second
    seen = []
    for each in getattr(objects, walk)():
        for name in list(dict.keys(objects)):
            objects.pop(name)
        seen.append(each)
    lists, items = [("a", [first]), ("b", [second])], [("a", first), ("b", second)]
    assert seen == (lists if "lists" in walk else items if "items" in walk else [first, second])


def test_an_object_without_versions_is_not_iterated_over() -> None:
    objects: Any = s3._VersionedKeyStore()
    objects["a"] = Deleted()
    objects.setlist("a", [])
    assert list(objects.iterlists()) == list(objects.items()) == list(objects.values()) == []


@pytest.mark.parametrize("name", ["roles", "topics"])
def test_a_patched_attribute_otherwise_behaves_like_a_dict(name: str) -> None:
    held = getattr(Backend(), name)
    plain = {"a": 1, "b": 2}
    assert held == plain
    assert dict(held) == plain
    assert {**held} == plain
    assert json.dumps(held) == json.dumps(plain)
    assert copy.deepcopy(held) == plain
    assert held.keys() & {"b", "c"} == {"b"}
    assert len(held.values()) == 2
    held.clear()
    assert not held


def test_an_iteration_follows_a_changed_order() -> None:
    held = Backend().topics
    held.move_to_end("a")
    assert list(held.items()) == [("b", 2), ("a", 1)]


def test_other_attributes_are_not_patched() -> None:
    assert Backend().region == "us-east-1"


@pytest.mark.parametrize("view", ["keys", "values", "items"])
def test_policies_can_be_created_during_an_iteration(view: str) -> None:
    held: Any = moto_patch.Policies(list)
    held["arn:a"] = held["arn:b"] = "policy"
    for _ in getattr(held, view)():
        held[f"arn:{len(held)}"] = "policy"
    assert len(held) == 4


def test_a_thread_never_gets_an_unfinished_operation_model_of_another(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    building, may_finish = threading.Event(), threading.Event()

    class Slow(models.OperationModel):
        def __init__(self, *arguments: Any) -> None:
            building.set()
            assert may_finish.wait(10)
            super().__init__(*arguments)

    monkeypatch.setattr("moto.core.model.OperationModel", Slow)
    service = models.ServiceModel({"operations": {"Invoke": {"http": {"requestUri": "/i"}}}, "metadata": {}}, "lambda")
    with ThreadPoolExecutor(2) as pool:
        first = pool.submit(service.operation_model, "Invoke")
        assert building.wait(10)
        second = pool.submit(service.operation_model, "Invoke")
        threading.Timer(0.2, may_finish.set).start()
        assert [each.result(10).http_trait.path for each in (first, second)] == ["/i", "/i"]
