"""The order of the steps."""

from __future__ import annotations

import contextlib
import fcntl
import sys
import time
from collections.abc import Iterator
from pathlib import Path

from tooling.install import dataset, machine, provider, terraform, venvs
from tooling.install.report import SetupProblem, say

EXIT_CODE = 4
"""The orchestrator's code for "a tool or package is missing on this machine"."""


def run(root: str) -> int:
    repo = Path(root)
    try:
        with _alone(repo):
            _steps(repo)
    except SetupProblem as problem:
        sys.stderr.write(f"error: {problem.message}\nhint: {problem.hint}\n")
        return EXIT_CODE
    except KeyboardInterrupt:
        sys.stderr.write("\nset-up was interrupted; run `make setup` to go on\n")
        return 130
    return 0


def _steps(repo: Path) -> None:
    started = time.monotonic()
    machine.check_python()
    machine.check_memory()
    if not all(venvs.is_current(repo, env) for env in venvs.ALL):
        machine.check_venv()
        machine.check_disk(repo)
        say("packages", "installing into three virtual environments; the first time takes a few minutes")
    venvs.install_all(repo)
    binary = terraform.ensure_terraform(repo)
    provider.ensure_provider(repo, binary)
    dataset.ensure_dataset(repo)
    say("done", "this checkout is ready", started)


@contextlib.contextmanager
def _alone(repo: Path) -> Iterator[None]:
    """Hold a lock, so that two simultaneous makes do not install into the same folders; the second waits."""
    tools = repo / ".tools"
    tools.mkdir(exist_ok=True)
    with (tools / "setup.lock").open("w") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            say("waiting", "another set-up of this checkout is running")
            fcntl.flock(file, fcntl.LOCK_EX)
        yield
