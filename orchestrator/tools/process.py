"""The one door for child processes.

A child gets a session of its own (a Ctrl-C in the terminal reaches only the orchestrator, which passes
it on once, in order), a closed stdin (nothing can wait for an answer that nobody gives) and exactly the
environment it is handed. Its output is read line by line while it works; both streams are drained, so it
never blocks on a full pipe.
"""

from __future__ import annotations

import contextlib
import os
import queue
import select
import signal
import subprocess
import threading
import time
from collections.abc import Callable, Collection, Mapping, Sequence
from contextvars import ContextVar
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from orchestrator.errors import PlatformError, SetupError

gives_way: ContextVar[Callable[[], bool] | None] = ContextVar("gives_way", default=None)
"""Asked at the start of a child: whether others, for whom more is waiting, are to have the processor first."""
_NICENESS = 5
_TICK_SECONDS = 0.2
_DRAIN_SECONDS = 2.0
_STREAM_TAIL = 2000
"""Characters of each stream that fit into an error message; the error object carries all of it."""


class Cancel(threading.Event):
    """The wish to stop; `insist` is the wish to stop without waiting for an orderly end."""

    def __init__(self) -> None:
        super().__init__()
        self._insisted = threading.Event()

    def insist(self) -> None:
        self.set()
        self._insisted.set()

    @property
    def insisted(self) -> bool:
        return self._insisted.is_set()


@dataclass(frozen=True)
class Completed:
    """What a child process did."""

    command: tuple[str, ...]
    exit_code: int
    stdout: str
    stderr: str
    seconds: float
    cancelled: bool = False


class CommandFailed(PlatformError):
    """A child process ended with an exit code that was not expected of it."""

    def __init__(self, completed: Completed, *, reason: str | None = None, hint: str | None = None) -> None:
        said = (completed.stderr.strip() or completed.stdout.strip())[-_STREAM_TAIL:]
        what = reason or f"ended with exit code {completed.exit_code}"
        super().__init__(f"`{' '.join(completed.command)}` {what}" + (f":\n{said}" if said else ""), hint=hint)
        self.completed = completed
        self.command = completed.command
        self.returncode = completed.exit_code
        self.stdout = completed.stdout
        self.stderr = completed.stderr


def run(
    command: Sequence[str | Path],
    *,
    env: Mapping[str, str],
    cwd: Path | None = None,
    on_line: Callable[[str], None] | None = None,
    cancel: threading.Event | None = None,
    timeout: float | None = None,
    ok: Collection[int] | None = (0,),
    interrupt_grace: float = 30.0,
    terminate_grace: float = 10.0,
) -> Completed:
    """Run one command to its end.

    Args:
        command: program and arguments; never a shell line.
        env: the complete environment of the child.
        cwd: its working directory.
        on_line: called in this thread with every line of stdout, without the line end.
        cancel: when set, the child gets SIGINT, after `interrupt_grace` seconds SIGTERM, after another
            `terminate_grace` its whole session SIGKILL; the result then says `cancelled`. A `Cancel` that
            insists skips the first grace period.
        timeout: seconds after which the child is stopped in the same way and `CommandFailed` is raised.
        ok: exit codes that are a success; `None` accepts all. A cancelled child is never an error here.

    Raises:
        SetupError: the program does not exist or cannot be executed.
        CommandFailed: any other exit code than those in `ok`, or the timeout.
    """
    words = tuple(str(word) for word in command)
    started = time.monotonic()
    child = _start(words, env=env, cwd=cwd)
    streams = _Streams(child)
    stop = _Stop(child, interrupt_grace=interrupt_grace, terminate_grace=terminate_grace)
    timed_out = cancelled = False
    try:
        while streams.open_and_relayed(on_line):
            if child.poll() is not None and streams.abandoned():
                break
            if cancel is not None and cancel.is_set():
                cancelled = True
                stop.advance(hurry=_insisted(cancel))
            elif timeout is not None and time.monotonic() - started > timeout:
                timed_out = True
                stop.advance()
        while child.poll() is None:
            if stop.begun or (cancel is not None and cancel.is_set()):
                cancelled = cancelled or not timed_out
                stop.advance(hurry=_insisted(cancel))
            with contextlib.suppress(subprocess.TimeoutExpired):
                child.wait(_TICK_SECONDS)
    except BaseException:
        stop.to_the_end()
        raise
    finally:
        _kill_session(child)
    completed = Completed(
        command=words,
        exit_code=child.returncode,
        stdout=streams.stdout,
        stderr=streams.stderr,
        seconds=time.monotonic() - started,
        cancelled=cancelled,
    )
    if timed_out:
        raise CommandFailed(completed, reason=f"did not end within {timeout:g} seconds")
    if ok is not None and not cancelled and completed.exit_code not in ok:
        raise CommandFailed(completed)
    return completed


def _start(words: tuple[str, ...], *, env: Mapping[str, str], cwd: Path | None) -> subprocess.Popen[str]:
    try:
        child = subprocess.Popen(
            words,
            cwd=cwd,
            env=dict(env),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            encoding="utf-8",
            errors="replace",
            start_new_session=True,
        )
    except (FileNotFoundError, PermissionError) as error:
        if cwd is not None and not cwd.is_dir():
            raise SetupError(f"`{words[0]}` cannot start in {cwd}: no such folder") from error
        raise SetupError(
            f"`{words[0]}` cannot be started: {error.strerror}",
            hint="Run `make setup` to install what is missing.",
        ) from error
    asked = gives_way.get()
    if asked is not None and asked():
        with contextlib.suppress(OSError):  # it has ended already
            os.setpriority(os.PRIO_PROCESS, child.pid, os.getpriority(os.PRIO_PROCESS, 0) + _NICENESS)
    return child


def _has_more(stream: IO[str]) -> bool:
    """Whether its reader has still something to read, if only the end: on a busy machine it may come late."""
    try:
        watched = select.poll()
        watched.register(stream, select.POLLIN | select.POLLHUP)
        return bool(watched.poll(0))
    except ValueError:  # closed: the reader has come to the end, and is about to say so
        return True


def _insisted(cancel: threading.Event | None) -> bool:
    return isinstance(cancel, Cancel) and cancel.insisted


def _kill_session(child: subprocess.Popen[str]) -> None:
    """Take down what the child left in its session (a crashed terraform leaves provider processes)."""
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(child.pid, signal.SIGKILL)
    child.wait()


class _Stop:
    """Interrupt, then terminate, then kill: each step once, the next after a grace period."""

    def __init__(self, child: subprocess.Popen[str], *, interrupt_grace: float, terminate_grace: float) -> None:
        self._child = child
        self._steps = [
            (signal.SIGINT, interrupt_grace),
            (signal.SIGTERM, terminate_grace),
            (signal.SIGKILL, float("inf")),
        ]
        self._next_at = 0.0
        self.begun = False

    def advance(self, *, hurry: bool = False) -> None:
        """Take the next step if its time has come; in a `hurry` an interrupted child is given no more time."""
        interrupted = bool(self._steps) and self._steps[0][0] is signal.SIGTERM
        if not self._steps or (time.monotonic() < self._next_at and not (hurry and interrupted)):
            return
        self.begun = True
        step, grace = self._steps.pop(0)
        self._next_at = time.monotonic() + grace
        if self._child.poll() is not None:
            return
        if step is signal.SIGKILL:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(self._child.pid, step)
        else:
            self._child.send_signal(step)

    def to_the_end(self) -> None:
        """Stop the child before an exception leaves `run`: a terraform that lives on keeps its lock."""
        while self._child.poll() is None:
            self.advance()
            with contextlib.suppress(subprocess.TimeoutExpired):
                self._child.wait(_TICK_SECONDS)


class _Streams:
    """Both output streams, each read by a thread so that neither can block the child."""

    def __init__(self, child: subprocess.Popen[str]) -> None:
        assert child.stdout is not None
        assert child.stderr is not None
        self._stdout = child.stdout
        self._out: list[str] = []
        self._err: list[str] = []
        self._lines: queue.SimpleQueue[str | None] = queue.SimpleQueue()
        self._exited_at: float | None = None
        self._threads = [
            self._reader(child.stdout, self._lines.put),
            self._reader(child.stderr, self._keep_error_line),
        ]

    @staticmethod
    def _reader(stream: IO[str], sink: Callable[[str | None], None]) -> threading.Thread:
        def read() -> None:
            with stream:
                for line in stream:
                    sink(line)
            sink(None)

        thread = threading.Thread(target=read, daemon=True)
        thread.start()
        return thread

    def _keep_error_line(self, line: str | None) -> None:
        if line is not None:
            self._err.append(line)

    def open_and_relayed(self, on_line: Callable[[str], None] | None) -> bool:
        """Pass on the next line, if one comes within a tick; False once stdout is at its end."""
        try:
            line = self._lines.get(timeout=_TICK_SECONDS)
        except queue.Empty:
            return True
        if line is None:
            self._threads[1].join(_DRAIN_SECONDS)
            return False
        self._out.append(line)
        if on_line is not None:
            on_line(line.rstrip("\r\n"))
        return True

    def abandoned(self) -> bool:
        """The child has ended, but something it started still holds its stdout open and says nothing."""
        if not self._lines.empty() or _has_more(self._stdout):
            self._exited_at = None
            return False
        now = time.monotonic()
        self._exited_at = self._exited_at or now
        return now - self._exited_at > _DRAIN_SECONDS

    @property
    def stdout(self) -> str:
        return "".join(self._out)

    @property
    def stderr(self) -> str:
        return "".join(self._err)
