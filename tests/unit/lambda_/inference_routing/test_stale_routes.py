"""A blueprint is recreated while its old route is cached."""

from __future__ import annotations

from typing import Any

import pytest

from inference_common import errors
from tests.unit.lambda_.support.router import CHAT, Backend, Setup

RENEWED = {**CHAT, "targets": [{**CHAT["targets"][0], "model_id": "arn:chat-2"}]}


class Harness:
    """A router with a manual clock."""

    def __init__(self, cold_start: Any) -> None:
        self.now = 0.0
        self.setup = Setup(cold_start("model_router", ROUTES_PREFIX="/r"), Backend({}))
        self.setup.use({"chat": CHAT}, {"arn:chat": self.setup.text("old"), "arn:chat-2": self.setup.text("new")})
        self.table.clock = lambda: self.now
        assert self.ask() == (200, "old")

    @property
    def table(self) -> Any:
        return self.setup.modules.ROUTER.table

    def ask(self) -> tuple[int, str]:
        status, _, body = self.setup.native("chat", "hello")
        return status, body["outputs"][0]["text"] if status == 200 else body["error"]["type"]


@pytest.fixture
def harness(cold_start: Any) -> Harness:
    return Harness(cold_start)


@pytest.mark.parametrize(
    "error", [errors.BadRequest("no such model"), errors.NotReady("not found"), errors.InternalError("no right to it")]
)
def test_a_recreated_blueprint_answers_although_the_old_one_is_cached(harness: Harness, error: Exception) -> None:
    harness.table.store.records["chat"] = RENEWED
    harness.setup.backend.answers["arn:chat"] = error
    harness.now = 10.0
    assert harness.ask() == (200, "new")


def test_a_deleted_blueprint_is_unknown(harness: Harness) -> None:
    del harness.table.store.records["chat"]
    harness.setup.backend.answers["arn:chat"] = errors.BadRequest("no such model")
    harness.now = 10.0
    assert harness.ask() == (404, "UnknownBlueprint")


def test_a_bad_request_is_sent_once_and_the_store_read_rarely(harness: Harness) -> None:
    harness.setup.backend.answers["arn:chat"] = errors.BadRequest("wrong")
    harness.now = 10.0
    read: list[str] = []
    original = harness.table.store.read

    def record(name: str, seconds: float) -> Any:
        read.append(name)
        return original(name, seconds)

    harness.table.store.read = record
    before = len(harness.setup.backend.requested)
    assert [harness.ask() for _ in range(3)] == [(400, "BadRequest")] * 3
    assert len(harness.setup.backend.requested) - before == 3
    assert read == ["chat"]


def test_an_unavailable_store_changes_nothing(harness: Harness) -> None:
    def fails(name: str, seconds: float) -> str:
        raise errors.Unavailable("bad moment")

    harness.setup.backend.answers["arn:chat"] = errors.BadRequest("wrong")
    harness.table.store.read = fails
    harness.now = 10.0
    assert harness.ask() == (400, "BadRequest")
