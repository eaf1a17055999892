"""All queries of this emulator: a process each, with the rights of whoever asked, as on AWS."""

from __future__ import annotations

import hashlib
import json
import subprocess
import sys
import threading
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path
from typing import Any

from emulator.athena.contract import Outcome, Request
from emulator.compute import processes
from emulator.compute.aws import Aws
from emulator.compute.processes import Credentials
from emulator.evidence import STORE, describe_exit

PACKAGE = Path(__file__).parent
ROOT = PACKAGE.parents[1]
TIMEOUT_SECONDS = 1800.0
"""Athena's own default."""

Report = Callable[[Outcome, Path], None]


class Engine:
    def __init__(self, aws: Aws) -> None:
        self._aws = aws
        self._lock = threading.Lock()
        self._running: dict[str, subprocess.Popen[bytes]] = {}

    def start(self, request: Request, credentials: Credentials, region: str, cause: str | None, report: Report) -> None:
        """Returns at once; `report` is called from the query's thread."""
        record = STORE.begin(
            "athena-query", request.query_id, parent=cause, detail={"sql": request.sql[:2000], "needs_process": True}
        )
        threading.Thread(
            target=self._run,
            args=(request, credentials, region, report, record.id),
            name=f"query-{request.query_id}",
            daemon=True,
        ).start()

    def stop(self, query_id: str) -> None:
        with self._lock:
            process = self._running.get(query_id)
        if process:
            processes.kill_group(process)

    def _run(self, request: Request, credentials: Credentials, region: str, report: Report, evidence_id: str) -> None:
        folder = self._aws.settings.data_dir / "athena" / request.query_id
        folder.mkdir(parents=True)
        (folder / "query.json").write_text(json.dumps(asdict(request)), encoding="utf-8")
        with (folder / "log").open("wb") as log:
            process = processes.spawn(
                [sys.executable, "-m", "emulator.athena.worker", folder],
                env=processes.environment(
                    endpoint=self._aws.settings.endpoint,
                    region=region,
                    home=folder,
                    credentials=credentials,
                    extra={"PYTHONPATH": ROOT},
                ),
                cwd=folder,
                stdout=log,
            )
            with self._lock:
                self._running[request.query_id] = process
            STORE.update(evidence_id, pid=process.pid, artifact_sha256=_program())
            try:
                code = processes.wait(process, TIMEOUT_SECONDS)
            except subprocess.TimeoutExpired:
                code = processes.kill_group(process)
            with self._lock:
                self._running.pop(request.query_id, None)
        outcome = _outcome(folder, code)
        if outcome.state == "SUCCEEDED":
            STORE.succeed(evidence_id, exit_code=code, detail={"scanned_bytes": outcome.scanned_bytes})
        else:
            STORE.fail(evidence_id, outcome.reason or outcome.state, exit_code=code)
        report(outcome, folder)


def _outcome(folder: Path, code: int) -> Outcome:
    file = folder / "outcome.json"
    if file.exists():
        document: dict[str, Any] = json.loads(file.read_text(encoding="utf-8"))
        return Outcome(**document)
    if code < 0:
        return Outcome(state="CANCELLED", reason=f"the query's process was {describe_exit(code)}")
    lines = (folder / "log").read_text(errors="replace").splitlines() or ["no output"]
    return Outcome(state="FAILED", reason=f"GENERIC_INTERNAL_ERROR: {describe_exit(code)}: {lines[-1]}")


def _program() -> str:
    """Hash of what ran."""
    digest = hashlib.sha256()
    for file in sorted(PACKAGE.glob("*.py")):
        digest.update(file.read_bytes())
    return digest.hexdigest()
