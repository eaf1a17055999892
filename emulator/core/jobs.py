"""One batch process from start to end: its output goes to a log stream, and its exit is reported."""

from __future__ import annotations

import subprocess
import threading
import time
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from emulator.core import processes
from emulator.core.aws import Aws, LogStream

FLUSH_SECONDS = 0.5
STOP_GRACE_SECONDS = 5.0
"""Between SIGTERM and SIGKILL. SageMaker gives two minutes, as its instances have more to save."""
TAIL_LINES = 200


@dataclass(frozen=True)
class Exit:
    """How a process ended. `code` is negative for a signal."""

    code: int
    timed_out: bool
    stopped: bool
    tail: tuple[str, ...]

    @property
    def succeeded(self) -> bool:
        return self.code == 0 and not self.timed_out and not self.stopped

    @property
    def last_line(self) -> str:
        """The last line with text; in a Python traceback it names the error."""
        return next((line for line in reversed(self.tail) if line.strip()), "")


class Stoppable(Protocol):
    def stop(self) -> None: ...


class Runs:
    """Runs in progress by id, each in its own thread."""

    def __init__(self, aws: Aws) -> None:
        self._aws = aws
        self._lock = threading.Lock()
        self._running: dict[str, Stoppable] = {}

    def begin(self, run_id: str, run: Stoppable, work: Callable[[], object], name: str) -> None:
        """Do the work of a run in a new thread."""
        with self._lock:
            self._running[run_id] = run
        threading.Thread(target=self._execute, args=(run_id, work), name=name, daemon=True).start()

    def stop(self, run_id: str) -> None:
        """Stop a run; do nothing if it has ended."""
        with self._lock:
            run = self._running.get(run_id)
        if run:
            run.stop()

    def _execute(self, run_id: str, work: Callable[[], object]) -> None:
        try:
            work()
        finally:
            with self._lock:
                self._running.pop(run_id, None)


class Stopper:
    """Stops the process of one run, even if the stop is requested before there is a process."""

    def __init__(self) -> None:
        self.requested = threading.Event()
        self._job: Job | None = None

    def stop(self) -> None:
        self.requested.set()
        if self._job:
            self._job.stop()

    def take(self, job: Job) -> None:
        """Take the process of the run; stop it if that was requested meanwhile."""
        self._job = job
        if self.requested.is_set():
            job.stop()


class Job:
    """A process that can be stopped from another thread."""

    def __init__(
        self,
        argv: Sequence[str | Path],
        *,
        env: Mapping[str, str],
        cwd: Path,
        log: LogStream,
        on_line: Callable[[str], None] = lambda line: None,
        pass_fds: Sequence[int] = (),
    ) -> None:
        self._log, self._on_line = log, on_line
        self._tail: deque[str] = deque(maxlen=TAIL_LINES)
        self._stopped = threading.Event()
        self.process = processes.spawn(argv, env=env, cwd=cwd, stdout=subprocess.PIPE, pass_fds=pass_fds)
        self._reader = threading.Thread(target=self._pump, name=f"output-{self.process.pid}", daemon=True)
        self._reader.start()

    def run(self, timeout_seconds: float | None) -> Exit:
        """Wait for the process to exit; after the timeout it is stopped as by `stop`."""
        timed_out = False
        try:
            self.process.wait(timeout_seconds)
        except subprocess.TimeoutExpired:
            timed_out = True
            processes.kill_group(self.process, STOP_GRACE_SECONDS)
        code = processes.wait(self.process)
        self._reader.join(timeout=10)
        self._log.flush()
        return Exit(code, timed_out, self._stopped.is_set(), tuple(self._tail))

    def stop(self) -> None:
        """Send SIGTERM, then SIGKILL. Returns when the process has ended."""
        self._stopped.set()
        processes.kill_group(self.process, STOP_GRACE_SECONDS)

    def stop_at_once(self) -> None:
        """Send SIGKILL: for a process that has nothing to save."""
        self._stopped.set()
        processes.kill_group(self.process)

    def _pump(self) -> None:
        assert self.process.stdout is not None
        flushed = 0.0
        for raw in self.process.stdout:
            line = raw.decode(errors="replace").rstrip("\r\n")
            now = time.time()
            self._tail.append(line)
            self._on_line(line)
            self._log.write(line, now)
            if now - flushed > FLUSH_SECONDS:
                self._log.flush()
                flushed = now
