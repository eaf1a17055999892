"""Child processes: streams, environment, errors and stopping."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from orchestrator.errors import SetupError
from orchestrator.system import process

PYTHON = sys.executable
ENV = {"PATH": os.environ["PATH"]}


def python(code: str, *, env: dict[str, str] | None = None, **options: Any) -> process.Completed:
    return process.run([PYTHON, "-u", "-c", code], env=ENV if env is None else env, **options)


def test_lines_arrive_while_the_child_works_and_both_streams_are_kept() -> None:
    seen: list[tuple[str, float]] = []
    code = "import sys,time\nprint('one')\ntime.sleep(0.6)\nprint('two')\nprint('oops', file=sys.stderr)"
    done = python(code, on_line=lambda line: seen.append((line, time.monotonic())))
    assert [line for line, _ in seen] == ["one", "two"]
    assert seen[1][1] - seen[0][1] > 0.3
    assert (done.exit_code, done.stdout, done.stderr) == (0, "one\ntwo\n", "oops\n")


def test_the_environment_is_exactly_as_given_and_stdin_is_closed() -> None:
    code = "import os,sys; print(sorted(k for k in os.environ if k != 'LC_CTYPE'), repr(sys.stdin.read()))"
    assert python(code, env={"ONLY": "this"}).stdout == "['ONLY'] ''\n"


def test_the_child_has_its_own_session() -> None:
    child = int(python("import os; print(os.getsid(0))").stdout)
    assert child != os.getsid(0)


def test_a_failure_has_command_exit_code_and_both_streams() -> None:
    with pytest.raises(process.CommandFailed) as caught:
        python("import sys; print('half'); print('why', file=sys.stderr); sys.exit(3)")
    error = caught.value
    assert (error.returncode, error.stdout, error.stderr) == (3, "half\n", "why\n")
    assert error.command[0] == PYTHON
    assert "exit code 3" in error.message
    assert "why" in error.message


def test_accepted_exit_codes_are_not_failures() -> None:
    assert python("import sys; sys.exit(2)", ok=(0, 2)).exit_code == 2
    assert python("import sys; sys.exit(9)", ok=None).exit_code == 9


def test_a_missing_program_is_a_set_up_error() -> None:
    with pytest.raises(SetupError, match="no-such-program"):
        process.run(["no-such-program"], env=ENV)


def test_a_missing_folder_is_named(tmp_path: Path) -> None:
    with pytest.raises(SetupError, match="no such folder"):
        process.run([PYTHON, "-c", ""], env=ENV, cwd=tmp_path / "gone")


def test_a_large_stderr_does_not_block_the_child() -> None:
    done = python("import sys; sys.stderr.write('x' * 1_000_000); print('done')", timeout=20)
    assert done.stdout == "done\n"
    assert len(done.stderr) == 1_000_000


def test_cancel_interrupts_first() -> None:
    cancel = threading.Event()
    code = (
        "import signal,time\n"
        # A shell without job control starts what runs in its background with SIGINT ignored, and that is inherited.
        "signal.signal(signal.SIGINT, signal.default_int_handler)\n"
        "try:\n    print('ready')\n    time.sleep(30)\n"
        "except KeyboardInterrupt:\n    print('saved')\n    raise SystemExit(1)"
    )
    done = python(code, cancel=cancel, on_line=lambda line: cancel.set())
    assert done.cancelled
    assert done.stdout == "ready\nsaved\n"
    assert done.seconds < 10


@pytest.mark.parametrize(("ignored", "ends_with"), [("SIGINT", -15), ("SIGINT,SIGTERM", -9)], ids=["terminate", "kill"])
def test_cancel_goes_on_to_terminate_and_kill(ignored: str, ends_with: int) -> None:
    cancel = threading.Event()
    code = (
        "import signal,time\n"
        f"for name in {ignored!r}.split(','): signal.signal(getattr(signal, name), signal.SIG_IGN)\n"
        "print('ready')\ntime.sleep(30)"
    )
    done = python(code, cancel=cancel, on_line=lambda line: cancel.set(), interrupt_grace=0.3, terminate_grace=0.3)
    assert done.cancelled
    assert done.exit_code == ends_with


def test_insisting_skips_the_grace_period() -> None:
    cancel = process.Cancel()
    code = "import signal,time\nsignal.signal(signal.SIGINT, signal.SIG_IGN)\nprint('ready')\ntime.sleep(60)"
    threading.Timer(1.0, cancel.insist).start()
    done = python(code, cancel=cancel, on_line=lambda line: cancel.set(), interrupt_grace=50)
    assert (done.cancelled, done.exit_code) == (True, -15)
    assert done.seconds < 45


def test_a_timeout_stops_the_child_and_is_reported() -> None:
    with pytest.raises(process.CommandFailed, match=r"within 0\.5 seconds"):
        python("import time; time.sleep(30)", timeout=0.5, interrupt_grace=1)


def test_processes_that_the_child_leaves_are_killed() -> None:
    sleeper = "[sys.executable, '-c', 'import time; time.sleep(60)']"
    code = f"import subprocess,sys; print(subprocess.Popen({sleeper}).pid)"
    started = time.monotonic()
    done = python(code)
    assert time.monotonic() - started < 50, "the child would sleep for a minute"
    assert not _alive(int(done.stdout))


def test_an_exception_in_the_reader_stops_the_child() -> None:
    pids: list[int] = []

    def refuse(line: str) -> None:
        pids.append(int(line))
        raise RuntimeError("sink failed")

    with pytest.raises(RuntimeError, match="sink failed"):
        python("import os,time; print(os.getpid()); time.sleep(60)", on_line=refuse)
    assert not _alive(pids[0])


def _alive(pid: int) -> bool:
    deadline = time.monotonic() + 5
    while time.monotonic() < deadline:
        stat = Path(f"/proc/{pid}/stat")
        if not stat.exists() or stat.read_text().rpartition(")")[2].split()[0] == "Z":
            return False
        time.sleep(0.05)
    return True


@pytest.mark.parametrize(("check", "more"), [(None, 0), (lambda: False, 0), (lambda: True, 5)])
def test_a_child_gets_a_lower_priority_on_request(check: Callable[[], bool] | None, more: int) -> None:
    token = process.has_lower_priority.set(check)
    try:
        done = process.run(
            # Its priority is set from outside, after it has started.
            [sys.executable, "-c", "import os, time; time.sleep(0.3); print(os.getpriority(os.PRIO_PROCESS, 0))"],
            env=dict(os.environ),
        )
    finally:
        process.has_lower_priority.reset(token)
    lowest = 19  # the tests themselves may run with it
    assert int(done.stdout) == min(os.getpriority(os.PRIO_PROCESS, 0) + more, lowest)


def test_every_line_is_passed_on_in_order() -> None:
    seen: list[str] = []
    lines = 60_000  # 3 MB: more than one piece, and a line across every border
    code = f"import sys\nsys.stdout.write(''.join(f'{{n}} {{\"ü\" * 24}}\\n' for n in range({lines})) + 'no end')"
    python(code, on_line=seen.append)
    assert seen == [*(f"{n} {'ü' * 24}" for n in range(lines)), "no end"]


@pytest.mark.full
def test_a_hundred_megabytes_are_followed() -> None:
    size = 0

    def count(line: str) -> None:
        nonlocal size
        size += len(line) + 1

    done = python("for n in range(100): print('x' * 999_999)\nfor n in range(1000): print('y' * 9)", on_line=count)
    assert size == len(done.stdout) == 100_010_000


@pytest.fixture
def files(tmp_path: Path) -> process.Outliving:
    def started(pid: int) -> None:
        (tmp_path / "pid").write_text(str(pid))

    return process.Outliving(tmp_path / "stdout", tmp_path / "stderr", started)


def shell(script: str, files: process.Outliving, **options: Any) -> process.Completed:
    return process.run(["sh", "-c", script], env=ENV, outliving=files, **options)


def test_the_pid_is_recorded_before_the_program_runs(tmp_path: Path, files: process.Outliving) -> None:
    seen: list[str] = []
    done = shell(f"cat {tmp_path}/pid; echo; echo $$; echo why >&2; cat", files, on_line=seen.append)
    assert len(seen) == 2
    assert seen[0] == seen[1]
    assert (done.stdout, done.stderr) == (files.stdout.read_text(), "why\n")
    assert files.stdout.stat().st_mode & 0o77 == 0


def test_an_outliving_program_that_is_missing_is_a_set_up_error(files: process.Outliving) -> None:
    with pytest.raises(SetupError, match="no-such-program"):
        process.run(["no-such-program"], env=ENV, outliving=files)


def test_a_program_that_cannot_be_recorded_does_not_run(tmp_path: Path, files: process.Outliving) -> None:
    def full(pid: int) -> None:
        raise OSError("no space left")

    with pytest.raises(OSError, match="no space left"):
        shell(f"touch {tmp_path}/ran", process.Outliving(files.stdout, files.stderr, full))
    assert not (tmp_path / "ran").exists()


PARENT = """
import os, sys
from pathlib import Path
from orchestrator.system import process

folder, at = Path(sys.argv[1]), sys.argv[2]

def started(pid):
    (folder / "pid").write_text(str(pid))
    if at == "gate":
        os.kill(os.getpid(), 9)

def line(text):
    os.kill(os.getpid(), 9)

files = process.Outliving(folder / "stdout", folder / "stderr", started)
script = f"echo one; sleep 0.5; echo two; echo three >&2; echo kept > {folder}/state"
process.run(["sh", "-c", script], env={"PATH": os.environ["PATH"]}, outliving=files, on_line=line)
"""


def killed_parent(folder: Path, at: str) -> None:
    repo = str(Path(__file__).resolve().parents[4])
    command = [PYTHON, "-c", PARENT, str(folder), at]
    done = subprocess.run(command, env={**ENV, "PYTHONPATH": repo}, capture_output=True, check=False)
    assert done.returncode == -9, done.stderr
    assert not _alive(int((folder / "pid").read_text()))


def test_a_killed_parent_does_not_end_an_outliving_child(tmp_path: Path) -> None:
    killed_parent(tmp_path, "work")
    contents = [(tmp_path / name).read_text() for name in ("stdout", "stderr", "state")]
    assert contents == ["one\ntwo\n", "three\n", "kept\n"]


def test_a_parent_killed_at_the_gate_has_started_nothing(tmp_path: Path) -> None:
    killed_parent(tmp_path, "gate")
    assert (tmp_path / "stdout").read_text() == ""
    assert not (tmp_path / "state").exists()


SAVES = """
signals=0
trap 'signals=$((signals + 1)); echo signals $signals' INT TERM
echo ready
while [ $signals = 0 ]; do sleep 0.05; done
sleep 0.6
echo saved $signals
"""


@pytest.mark.parametrize(("insists", "grace"), [(True, 60.0), (False, 0.2)], ids=["insisted", "out of patience"])
def test_an_outliving_child_is_interrupted_once(files: process.Outliving, insists: bool, grace: float) -> None:
    cancel = process.Cancel()

    def listen(line: str) -> None:
        if line == "ready" or insists:
            cancel.set() if line == "ready" else cancel.insist()

    with pytest.raises(process.StillWorking) as caught:
        shell(SAVES, files, cancel=cancel, on_line=listen, interrupt_grace=grace)
    assert caught.value.exit_code == 130
    assert "saved" not in files.stdout.read_text()
    assert not _alive(caught.value.pid)
    assert files.stdout.read_text() == "ready\nsignals 1\nsaved 1\n"


def test_an_outliving_child_that_stops_in_time_is_waited_for(files: process.Outliving) -> None:
    cancel = process.Cancel()
    done = shell(SAVES, files, cancel=cancel, on_line=lambda line: cancel.set())
    assert (done.cancelled, done.stdout) == (True, "ready\nsignals 1\nsaved 1\n")


def test_an_abandoned_child_is_killed_at_once() -> None:
    """It ignores all other signals."""
    cancel = process.Cancel()
    code = (
        "import signal,time\nfor name in ('SIGINT', 'SIGTERM'): signal.signal(getattr(signal, name), signal.SIG_IGN)\n"
        "print('ready', flush=True)\ntime.sleep(60)"
    )
    done = python(code, cancel=cancel, on_line=lambda line: process.abandon(cancel), terminate_grace=50)
    assert (done.cancelled, done.exit_code) == (True, -9)
    assert done.seconds < 10


def test_an_abandoned_outliving_child_is_killed(files: process.Outliving) -> None:
    cancel = process.Cancel()
    script = "trap '' INT TERM; echo ready; while :; do sleep 0.05; done"
    done = shell(script, files, cancel=cancel, on_line=lambda line: process.abandon(cancel))
    assert (done.cancelled, done.exit_code) == (True, -9)
    assert done.seconds < 10
