"""Workers: how the end of a process is reported, and that all work ends."""

from __future__ import annotations

import signal
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from emulator.core.aws import Aws
from emulator.core.evidence import STORE
from emulator.core.jobs import Exit
from emulator.core.processes import Credentials
from emulator.core.settings import Settings
from emulator.core.workers import Workers

SLEEPER = "import time\nprint('begun', flush=True)\ntime.sleep(60)\n"


class Bench:
    """Workers whose program is in the folder of the work."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        aws = Aws(Settings(host="127.0.0.1", port=1, endpoint="http://127.0.0.1:1", data_dir=folder))
        self.workers = Workers(aws, "program", folder)
        self.evidence = STORE.begin("athena-query", "w1", detail={"needs_process": True}).id
        self.broken: list[str] = []
        self.done = threading.Event()

    def start(self, work: Callable[[], None]) -> None:
        def broken(reason: str) -> None:
            self.broken.append(reason)
            self.done.set()

        self.workers.start("w1", self.evidence, work, broken)

    def ended(self, program: str, *, timeout: float = 30, before: Any = None) -> Exit:
        """Run a program and return how it ended."""
        (self.folder / "program.py").write_text(program, encoding="utf-8")
        exits: list[Exit] = []

        def work() -> None:
            if before:
                before()
            exits.append(
                self.workers.run("w1", self.evidence, self.folder, Credentials("a", "b", "c", ""), "us-east-1", timeout)
            )
            self.done.set()

        self.start(work)
        self.done.wait(30)
        assert not self.broken
        [ended] = exits
        return ended

    def record(self) -> dict[str, Any]:
        record = STORE.as_dict(self.evidence)
        assert record
        return record


@pytest.fixture
def bench(tmp_path: Path) -> Bench:
    return Bench(tmp_path)


def test_the_exit_code_and_last_line_of_a_process_are_reported(bench: Bench) -> None:
    ended = bench.ended("import sys\nprint('why not')\nsys.exit(3)\n")
    assert (ended.code, ended.timed_out, ended.stopped, ended.last_line) == (3, False, False, "why not")
    assert bench.record()["pid"]
    assert len(bench.record()["artifact_sha256"]) == 64


def test_a_process_that_exceeds_its_timeout_is_killed(bench: Bench) -> None:
    ended = bench.ended(SLEEPER, timeout=0.3)
    assert (ended.code, ended.timed_out, ended.stopped) == (-signal.SIGKILL, True, False)


def test_work_is_stopped_from_another_thread(bench: Bench) -> None:
    def stop() -> None:
        while not (bench.folder / "log").exists() or not (bench.folder / "log").read_text():
            time.sleep(0.01)
        bench.workers.stop("w1")

    threading.Thread(target=stop, daemon=True).start()
    ended = bench.ended(SLEEPER)
    assert (ended.code, ended.timed_out, ended.stopped, ended.last_line) == (-signal.SIGKILL, False, True, "begun")


def test_work_that_was_stopped_before_its_process_began_does_not_run(bench: Bench) -> None:
    ended = bench.ended(SLEEPER, before=lambda: bench.workers.stop("w1"))
    assert ended.stopped


def test_stopping_ended_work_changes_nothing(bench: Bench) -> None:
    assert bench.ended("").code == 0
    bench.workers.stop("w1")
    bench.done.clear()
    assert not bench.ended("").stopped


def test_work_that_raises_is_reported_as_broken(bench: Bench) -> None:
    def work() -> None:
        raise RuntimeError("no such thing")

    bench.start(work)
    assert bench.done.wait(30)
    assert bench.broken == ["internal failure: RuntimeError: no such thing"]
    assert (bench.record()["status"], bench.record()["fidelity"]) == ("failed", "not-run")
    assert bench.record()["detail"]["reason"] == bench.broken[0]
