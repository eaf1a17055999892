"""Run child processes.

A child gets its own session (a Ctrl-C in the terminal reaches only the orchestrator, which forwards it once, in order),
a closed stdin (so that it cannot wait for input) and exactly the given environment. Its output goes into files, which
are read as they grow: it never waits for its reader, and survives if that is killed. With a pipe, the next line it
writes would kill it.
"""

from __future__ import annotations

import contextlib
import os
import select
import shutil
import signal
import subprocess
import tempfile
import threading
import time
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from contextvars import ContextVar
from dataclasses import dataclass
from pathlib import Path

from orchestrator.errors import Interrupted, PlatformError, SetupError

has_lower_priority: ContextVar[Callable[[], bool] | None] = ContextVar("has_lower_priority", default=None)
"""Called at the start of a child: whether it gets a lower priority than stacks with more dependents."""
_NICENESS = 5
_TICK_SECONDS = 0.1
"""The longest delay before a line is read or a stop request is noticed."""
_CHUNK = 256 * 1024
_STREAM_TAIL = 2000
"""Characters of each stream that go into an error message; the error object has all of it."""
_GATE = 'read -r _ && unset PWD OLDPWD SHLVL && exec "$@" </dev/null'
"""Becomes the program, under the same pid, on a line of input; at the end of the input it exits instead."""


class Cancel(threading.Event):
    """A stop request; `insist` requests a stop without waiting for an orderly end."""

    def __init__(self) -> None:
        super().__init__()
        self._insisted = threading.Event()
        self._abandoned = threading.Event()

    def abandon(self) -> None:
        """Kill the children at once, because what they work on is gone and they cannot store their results."""
        self._abandoned.set()
        self.insist()

    def insist(self) -> None:
        self.set()
        self._insisted.set()

    @property
    def insisted(self) -> bool:
        return self._insisted.is_set()

    @property
    def abandoned(self) -> bool:
        return self._abandoned.is_set()


def abandon(cancel: threading.Event) -> None:
    """Stop the children that watch this event, at once if possible."""
    if isinstance(cancel, Cancel):
        cancel.abandon()
    else:
        cancel.set()


@dataclass(frozen=True)
class Completed:
    """The outcome of a child process."""

    command: tuple[str, ...]
    exit_code: int
    stdout: str
    stderr: str
    seconds: float
    cancelled: bool = False


class CommandFailed(PlatformError):
    """A child process ended with an unexpected exit code."""

    def __init__(self, completed: Completed, *, reason: str | None = None, hint: str | None = None) -> None:
        output = (completed.stderr.strip() or completed.stdout.strip())[-_STREAM_TAIL:]
        what = reason or f"ended with exit code {completed.exit_code}"
        super().__init__(f"`{' '.join(completed.command)}` {what}" + (f":\n{output}" if output else ""), hint=hint)
        self.completed = completed
        self.command = completed.command
        self.returncode = completed.exit_code
        self.stdout = completed.stdout
        self.stderr = completed.stderr


class StillWorking(Interrupted):
    """A child was interrupted and is not waited for any longer: it ends on its own, and its files have the outcome."""

    def __init__(self, command: Sequence[str], pid: int) -> None:
        super().__init__(f"`{' '.join(command)}` (pid {pid}) was interrupted and is still running")
        self.pid = pid


@dataclass(frozen=True)
class Outliving:
    """The files of a child that must survive this process, since it may be about to record what it has created."""

    stdout: Path
    stderr: Path
    started: Callable[[int], None]
    """Called with its pid before the program itself runs; if this fails, or this process dies before, it never runs."""


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
    outliving: Outliving | None = None,
) -> Completed:
    """Run a command to its end.

    Args:
        command: program and arguments; never a shell line.
        env: the complete environment of the child.
        cwd: its working directory.
        on_line: called in this thread with every line of stdout, without the line end.
        cancel: when set, the child gets SIGINT, after `interrupt_grace` seconds SIGTERM, after another
            `terminate_grace` its whole session SIGKILL; the result then says `cancelled`. A `Cancel` that
            insists skips the first grace period, one that abandons sends SIGKILL at once.
        timeout: seconds after which the child is stopped in the same way and `CommandFailed` is raised.
        ok: exit codes that are a success; `None` accepts all. A cancelled child is never an error here.
        outliving: the files of its output, if it may outlive this process. It only gets SIGINT; when the grace
            period is over, or skipped, it is not waited for any longer.

    Raises:
        SetupError: the program does not exist or cannot be executed.
        CommandFailed: the exit code is not in `ok`, or the timeout is over.
        StillWorking: an outliving child is still running after its grace period.
    """
    words = tuple(str(word) for word in command)
    started = time.monotonic()
    with _outputs(outliving) as (stdout, stderr):
        child = _start(words, env=env, cwd=cwd, outputs=(stdout, stderr), outliving=outliving)
        stop = _Stop(
            child,
            words,
            cancel=cancel,
            deadline=started + timeout if timeout is not None else None,
            interrupt_grace=interrupt_grace,
            terminate_grace=None if outliving else terminate_grace,
        )
        try:
            _follow(child, stdout, on_line or (lambda line: None), stop.if_requested)
        except StillWorking:
            threading.Thread(target=child.wait, daemon=True).start()  # to leave no zombie
            raise
        except BaseException:
            stop.to_the_end()
            _kill_session(child)
            raise
        completed = Completed(
            command=words,
            exit_code=child.returncode,
            stdout=_content(stdout),
            stderr=_content(stderr),
            seconds=time.monotonic() - started,
            cancelled=stop.cancelled,
        )
    if stop.timed_out:
        raise CommandFailed(completed, reason=f"did not end within {timeout:g} seconds")
    if ok is not None and not completed.cancelled and completed.exit_code not in ok:
        raise CommandFailed(completed)
    return completed


def _follow(
    child: subprocess.Popen[bytes], stdout: int, on_line: Callable[[str], None], meanwhile: Callable[[], None]
) -> None:
    """Pass every line of a child to `on_line`, until it has ended."""
    follower = _Follower(stdout)
    while True:
        ended = child.poll() is not None  # checked before reading, so that its whole output is read
        if ended:
            _kill_session(child)
        lines = follower.read()
        for line in lines or ():
            on_line(line)
        if ended and lines is None:
            break
        if not ended:
            meanwhile()
        if lines is None:
            _wait(child, _TICK_SECONDS)
    if last := follower.rest():
        on_line(last)


@contextlib.contextmanager
def _outputs(outliving: Outliving | None) -> Iterator[tuple[int, int]]:
    """Open files for both streams: named ones that stay, or temporary ones without a name."""
    with contextlib.ExitStack() as stack:
        if outliving is None:
            yield (
                stack.enter_context(tempfile.TemporaryFile()).fileno(),
                stack.enter_context(tempfile.TemporaryFile()).fileno(),
            )
            return
        opened = []
        for path in (outliving.stdout, outliving.stderr):
            opened.append(os.open(path, os.O_RDWR | os.O_CREAT | os.O_TRUNC | os.O_APPEND, 0o600))
            stack.callback(os.close, opened[-1])
        yield opened[0], opened[1]


def _start(
    words: tuple[str, ...],
    *,
    env: Mapping[str, str],
    cwd: Path | None,
    outputs: tuple[int, int],
    outliving: Outliving | None,
) -> subprocess.Popen[bytes]:
    if outliving is not None and shutil.which(words[0], path=env.get("PATH", os.defpath)) is None:
        raise _cannot_start(words[0], "No such file or directory")
    try:
        child = subprocess.Popen(
            words if outliving is None else ("/bin/sh", "-c", _GATE, "sh", *words),
            cwd=cwd,
            env=dict(env),
            stdin=subprocess.DEVNULL if outliving is None else subprocess.PIPE,
            stdout=outputs[0],
            stderr=outputs[1],
            start_new_session=True,
        )
    except (FileNotFoundError, PermissionError) as error:
        if cwd is not None and not cwd.is_dir():
            raise SetupError(f"`{words[0]}` cannot start in {cwd}: no such folder") from error
        raise _cannot_start(words[0], error.strerror) from error
    lower_priority = has_lower_priority.get()
    if lower_priority is not None and lower_priority():
        with contextlib.suppress(OSError):  # it has ended already
            os.setpriority(os.PRIO_PROCESS, child.pid, os.getpriority(os.PRIO_PROCESS, 0) + _NICENESS)
    if outliving is not None:
        _let_go(child, outliving)
    return child


def _let_go(child: subprocess.Popen[bytes], outliving: Outliving) -> None:
    """Let the program start, once its pid is recorded."""
    assert child.stdin is not None
    try:
        outliving.started(child.pid)
    except BaseException:
        _kill_session(child)
        raise
    finally:
        with contextlib.suppress(BrokenPipeError):  # it was killed: its exit code says so
            if child.poll() is None:
                child.stdin.write(b"\n")
            child.stdin.close()


def _cannot_start(program: str, reason: str | None) -> SetupError:
    return SetupError(f"`{program}` cannot be started: {reason}", hint="Run `make setup` to install what is missing.")


def _wait(child: subprocess.Popen[bytes], seconds: float) -> None:
    """Wait until the child has ended, for at most so many seconds."""
    try:
        end = os.pidfd_open(child.pid)
    except (AttributeError, OSError):  # not on every system
        with contextlib.suppress(subprocess.TimeoutExpired):
            child.wait(seconds)
        return
    try:
        watched = select.poll()
        watched.register(end, select.POLLIN)
        watched.poll(seconds * 1000)
    finally:
        os.close(end)


def _kill_session(child: subprocess.Popen[bytes]) -> None:
    """Kill the processes that the child left in its session (a crashed terraform leaves provider processes)."""
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(child.pid, signal.SIGKILL)
    child.wait()


def _content(file: int) -> str:
    """Read the whole file again, so that `_Follower` has to keep only unfinished lines."""
    pieces = [b""]
    position = 0
    while piece := os.pread(file, _CHUNK, position):
        pieces.append(piece)
        position += len(piece)
    return b"".join(pieces).decode("utf-8", errors="replace")


class _Stop:
    """Interrupt, then terminate, then kill: each step once, the next after a grace period.

    A child without a `terminate_grace` is interrupted once and not signalled again: terraform takes any second signal
    as the order to exit at once and to write nothing.
    """

    def __init__(
        self,
        child: subprocess.Popen[bytes],
        words: tuple[str, ...],
        *,
        cancel: threading.Event | None,
        deadline: float | None,
        interrupt_grace: float,
        terminate_grace: float | None,
    ) -> None:
        self._child, self._words, self._cancel, self._deadline = child, words, cancel, deadline
        self._steps: list[tuple[signal.Signals | None, float]] = [(signal.SIGINT, interrupt_grace)]
        if terminate_grace is None:
            self._steps.append((None, 0.0))
        else:
            self._steps += [(signal.SIGTERM, terminate_grace), (signal.SIGKILL, float("inf"))]
        self._next_at = 0.0
        self.cancelled = self.timed_out = False

    def if_requested(self) -> None:
        """Take the next step if a stop was requested."""
        if isinstance(self._cancel, Cancel) and self._cancel.abandoned:
            self.cancelled = not self.timed_out
            self._steps, self._next_at = [(signal.SIGKILL, float("inf"))], 0.0
            self.advance()
        elif self._cancel is not None and self._cancel.is_set():
            self.cancelled = not self.timed_out
            self.advance(hurry=isinstance(self._cancel, Cancel) and self._cancel.insisted)
        elif self._deadline is not None and time.monotonic() > self._deadline:
            self.timed_out = True
            self.advance()

    def advance(self, *, hurry: bool = False) -> None:
        """Take the next step if its time has come; in a `hurry`, an interrupted child gets no more time."""
        interrupted = bool(self._steps) and self._steps[0][0] in (signal.SIGTERM, None)
        if not self._steps or (time.monotonic() < self._next_at and not (hurry and interrupted)):
            return
        step, grace = self._steps.pop(0)
        self._next_at = time.monotonic() + grace
        if self._child.poll() is not None:
            return
        if step is None:
            raise StillWorking(self._words, self._child.pid)
        if step is signal.SIGKILL:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(self._child.pid, step)
        else:
            self._child.send_signal(step)

    def to_the_end(self) -> None:
        """Stop the child before an exception leaves `run`: a terraform that keeps running keeps its lock."""
        while self._child.poll() is None:
            self.advance()
            _wait(self._child, _TICK_SECONDS)


class _Follower:
    """Read a growing file line by line, by position, because the child writes through the same descriptor."""

    def __init__(self, file: int) -> None:
        self._file, self._position = file, 0
        self._begun: list[bytes] = []

    def read(self) -> list[str] | None:
        """Return the lines that the next piece completes; `None` without new output."""
        piece = os.pread(self._file, _CHUNK, self._position)
        if not piece:
            return None
        self._position += len(piece)
        *whole, rest = piece.split(b"\n")
        if whole:
            whole[0] = b"".join([*self._begun, whole[0]])
            self._begun = []
        if rest:
            self._begun.append(rest)
        return [_line(each) for each in whole]

    def rest(self) -> str:
        """Return the text after the last line end."""
        return _line(b"".join(self._begun))


def _line(raw: bytes) -> str:
    return raw.decode("utf-8", errors="replace").rstrip("\r")
