"""Patches are installed in the order that they declare; without one, two modules may not patch the same target."""

from __future__ import annotations

from graphlib import CycleError
from typing import Any

import pytest

from emulator.moto import patching
from emulator.moto.patching import Patch, PatchConflict, ordered


class Queue:
    def send(self, text: str) -> str:
        return text

    @staticmethod
    def check(text: str) -> bool:
        return bool(text)

    @property
    def name(self) -> str:
        return "work"


def patch(module: str, after: str | None = None, target: str = "Queue.send") -> Patch:
    return Patch(target, module, after, lambda: None)


def test_the_order_follows_from_what_is_declared() -> None:
    patches = [patch("metrics", "sources"), patch("sources", "locks"), patch("locks"), patch("metrics", target="x")]
    assert [each.module for each in ordered(patches)] == ["locks", "sources", "metrics", "metrics"]


@pytest.mark.parametrize(
    ("patches", "message"),
    [
        ([patch("a"), patch("b")], r"Queue\.send is patched by a and b; declare their order with `after`"),
        ([patch("a"), patch("c", "a"), patch("b", "a")], "is patched by b and c"),
        ([patch("a"), patch("a")], r"Queue\.send is patched twice by a"),
        ([patch("a", "b")], r"a patches Queue\.send after b, which does not patch it"),
    ],
)
def test_a_conflict_is_refused(patches: list[Patch], message: str) -> None:
    with pytest.raises(PatchConflict, match=message):
        ordered(patches)


def test_a_cycle_is_refused() -> None:
    with pytest.raises(CycleError):
        ordered([patch("a", "b"), patch("b", "a")])


def test_nothing_is_installed_if_two_patches_are_in_conflict() -> None:
    for _ in range(2):
        patching.replace(Queue, "send", lambda self, text: "")
    with pytest.raises(PatchConflict):
        patching.install()
    assert Queue().send("a") == "a"
    assert patching.install() == []


def test_each_kind_of_patch_is_in_force_once_it_is_installed(monkeypatch: pytest.MonkeyPatch) -> None:
    for patched in ("send", "check", "name"):
        monkeypatch.setattr(Queue, patched, vars(Queue)[patched])

    @patching.wrap(Queue, "send")
    def send(original: Any, self: Any, text: str) -> str:
        return f"<{original(self, text)}>"

    @patching.wrap(Queue, "name")
    def name(original: Any, self: Any) -> str:
        return f"my-{original(self)}"

    @patching.add(Queue)
    def purge(self: Any) -> str:
        return "purged"

    patching.replace(Queue, "check", lambda text: False)
    queue: Any = Queue()
    assert (queue.send("a"), queue.name, queue.check("a"), hasattr(queue, "purge")) == ("a", "work", True, False)
    assert [each.target.rpartition(".")[2] for each in patching.install()] == ["send", "name", "purge", "check"]
    assert (queue.send("a"), queue.name, queue.check("a"), queue.purge()) == ("<a>", "my-work", False, "purged")
    del Queue.purge  # type: ignore[attr-defined]


def test_what_moto_already_has_is_not_added_and_what_it_lacks_is_not_replaced() -> None:
    patching.add(Queue)(Queue.send)
    with pytest.raises(TypeError, match="Queue already has send"):
        patching.install()
    patching.replace(Queue, "receive", lambda self: None)
    with pytest.raises(TypeError, match="Queue has no receive"):
        patching.install()
