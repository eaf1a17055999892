"""Workers: programs of the emulator, with a process and a folder for each piece of work.

Unlike `jobs`, whose processes run code of the platform, they have no log stream: their output stays in `log` in the
folder. Whatever happens to a piece of work, its end is reported to the caller.
"""

from __future__ import annotations

import hashlib
import logging
import subprocess
import sys
import threading
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from emulator.core import processes
from emulator.core.aws import Aws
from emulator.core.evidence import STORE
from emulator.core.jobs import TAIL_LINES, Exit
from emulator.core.processes import Credentials

ROOT = Path(__file__).parents[2]
LOG = logging.getLogger(__name__)


@dataclass
class _Work:
    process: subprocess.Popen[bytes] | None = None
    stopped: bool = False


class Workers:
    """All running workers of one kind.

    Args:
        aws: the emulator that they call.
        program: module to run with the folder of the work as its argument.
        packages: folders of the program's files; their hash goes into the evidence.
    """

    def __init__(self, aws: Aws, program: str, *packages: Path) -> None:
        self._aws, self._program, self._packages = aws, program, packages
        self._lock = threading.Lock()
        self._works: dict[str, _Work] = {}

    def start(self, work_id: str, evidence_id: str, work: Callable[[], None], broken: Callable[[str], None]) -> None:
        """Run `work` in a new thread; `broken` receives the reason if it raises."""
        with self._lock:
            self._works[work_id] = _Work()
        threading.Thread(
            target=self._guarded, args=(work_id, evidence_id, work, broken), name=f"work-{work_id}", daemon=True
        ).start()

    def stop(self, work_id: str) -> None:
        """Stop work and wait for its process; does nothing if the work has ended."""
        with self._lock:
            work = self._works.get(work_id)
            if work is None:
                return
            work.stopped = True
        if work.process:
            processes.kill_group(work.process)

    def run(
        self,
        work_id: str,
        evidence_id: str,
        folder: Path,
        credentials: Credentials,
        region: str,
        timeout_seconds: float,
    ) -> Exit:
        """Run the program, from within the work."""
        env = processes.environment(
            endpoint=self._aws.settings.endpoint,
            region=region,
            home=folder,
            credentials=credentials,
            extra={"PYTHONPATH": str(ROOT)},
        )
        with (folder / "log").open("wb") as log:
            process = processes.spawn([sys.executable, "-m", self._program, folder], env=env, cwd=folder, stdout=log)
        STORE.update(evidence_id, pid=process.pid, artifact_sha256=self._hash())
        with self._lock:
            work = self._works[work_id]
            work.process = process
            stopped_before = work.stopped
        timed_out = False
        try:
            code = processes.kill_group(process) if stopped_before else processes.wait(process, timeout_seconds)
        except subprocess.TimeoutExpired:
            timed_out, code = True, processes.kill_group(process)
        tail = (folder / "log").read_text(errors="replace").splitlines()[-TAIL_LINES:]
        return Exit(code, timed_out, work.stopped, tuple(tail))

    def _guarded(self, work_id: str, evidence_id: str, work: Callable[[], None], broken: Callable[[str], None]) -> None:
        try:
            work()
        except Exception as error:
            # Callers that wait for this work must not wait forever.
            LOG.exception("%s: work %s broke", self._program, work_id)
            reason = f"internal failure: {type(error).__name__}: {error}"
            STORE.fail(evidence_id, reason)
            broken(reason)
        finally:
            with self._lock:
                self._works.pop(work_id, None)

    def _hash(self) -> str:
        digest = hashlib.sha256()
        for package in self._packages:
            for file in sorted(package.glob("*.py")):
                digest.update(file.read_bytes())
        return digest.hexdigest()
