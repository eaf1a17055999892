"""The end of a process is reported at once, and once; a live or unknown process is not reported."""

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


def test_the_end_of_a_process_is_reported_once() -> None:
    child = subprocess.Popen([sys.executable, "-S", "-c", "input()"], stdin=subprocess.PIPE)
    reports: list[float] = []
    noticed = threading.Event()
    process = identity.of(child.pid)

    def notice() -> None:
        reports.append(time.monotonic())
        noticed.set()

    with Watch(lambda: process, notice) as watching:
        assert not noticed.wait(0.1)
        child.kill()  # without a wait: a zombie counts as ended
        assert noticed.wait(5)
        time.sleep(0.05)
        assert watching.gone
    child.wait()
    assert len(reports) == 1


@pytest.mark.parametrize("process", [identity.own(), None], ids=["live", "unknown"])
def test_live_and_unknown_processes_are_not_reported(process: identity.Identity | None) -> None:
    with Watch(lambda: process, lambda: pytest.fail("reported")) as watching:
        time.sleep(0.05)
    assert not watching.gone
