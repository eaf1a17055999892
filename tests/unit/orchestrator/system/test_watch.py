"""A process that ends is noticed at once, and told once; one that lives on, or is not known, is not."""

from __future__ import annotations

import subprocess
import sys
import threading
import time

import pytest

from orchestrator.system import identity, watch
from orchestrator.system.watch import Watch


@pytest.fixture(autouse=True)
def often(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(watch, "EVERY_SECONDS", 0.01)


def test_the_end_of_a_process_is_told_once() -> None:
    child = subprocess.Popen([sys.executable, "-S", "-c", "input()"], stdin=subprocess.PIPE)
    told: list[float] = []
    noticed = threading.Event()
    process = identity.of(child.pid)
    with Watch(lambda: process, lambda: (told.append(time.monotonic()), noticed.set())[0]) as watching:
        assert not noticed.wait(0.1)
        child.kill()  # and nobody waits for it: a zombie counts as gone
        assert noticed.wait(5)
        time.sleep(0.05)
        assert watching.gone
    child.wait()
    assert len(told) == 1


def test_what_lives_and_what_is_not_known_is_not_told() -> None:
    for process in (identity.own(), None):
        with Watch(lambda process=process: process, lambda: pytest.fail("told")) as watching:
            time.sleep(0.05)
        assert not watching.gone
