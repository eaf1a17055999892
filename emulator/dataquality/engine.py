"""Evaluation runs: a process each, under the role that the run names."""

from __future__ import annotations

import hashlib
import json
import subprocess
import sys
import threading
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from botocore.exceptions import ClientError

from emulator.compute import processes
from emulator.compute.aws import Aws
from emulator.evidence import STORE, describe_exit

PACKAGE = Path(__file__).parent
ROOT = PACKAGE.parents[1]

Report = Callable[[str, dict[str, Any]], None]
"""Called once with SUCCEEDED, FAILED, STOPPED or TIMEOUT, and the worker's document or `{"error": …}`."""


@dataclass(frozen=True)
class EvaluationRun:
    run_id: str
    role_arn: str
    region: str
    database: str
    table: str
    rulesets: dict[str, str]
    """DQDL by the ruleset's name."""
    timeout_seconds: float
    cause: str | None


class Evaluations:
    """All running evaluations of this emulator."""

    def __init__(self, aws: Aws) -> None:
        self._aws = aws
        self._lock = threading.Lock()
        self._running: dict[str, subprocess.Popen[bytes]] = {}
        self._stopped: set[str] = set()

    def start(self, run: EvaluationRun, report: Report) -> None:
        """Returns at once; `report` is called from the run's thread."""
        record = STORE.begin(
            "data-quality",
            run.run_id,
            parent=run.cause,
            detail={"table": f"{run.database}.{run.table}", "needs_process": True},
        )
        threading.Thread(
            target=self._run, args=(run, report, record.id), name=f"quality-{run.run_id}", daemon=True
        ).start()

    def stop(self, run_id: str) -> None:
        with self._lock:
            self._stopped.add(run_id)
            process = self._running.get(run_id)
        if process:
            processes.kill_group(process)

    def _run(self, run: EvaluationRun, report: Report, evidence_id: str) -> None:
        folder = self._aws.settings.data_dir / "dataquality" / run.run_id
        folder.mkdir(parents=True)
        request = {"database": run.database, "table": run.table, "rulesets": run.rulesets}
        (folder / "run.json").write_text(json.dumps(request), encoding="utf-8")
        try:
            credentials = self._aws.assume(
                run.role_arn, f"GlueDataQuality-{run.run_id[:32]}", service="glue.amazonaws.com"
            )
        except ClientError as error:
            STORE.fail(evidence_id, str(error))
            report("FAILED", {"error": str(error)})
            return
        STORE.lend_credentials(credentials.access_key_id, evidence_id)
        try:
            state, document, code = self._work(run, folder, credentials, evidence_id)
        except Exception as error:
            # Whoever waits for this run must not wait for ever; the traceback goes to the emulator's log.
            STORE.fail(evidence_id, str(error))
            report("FAILED", {"error": f"internal failure: {error}"})
            raise
        finally:
            STORE.lend_credentials(credentials.access_key_id, None)
        if state == "SUCCEEDED":
            STORE.succeed(evidence_id, exit_code=code, detail={"rows": document["rows"]})
        else:
            STORE.fail(evidence_id, str(document["error"]), exit_code=code)
        report(state, document)

    def _work(
        self, run: EvaluationRun, folder: Path, credentials: processes.Credentials, evidence_id: str
    ) -> tuple[str, dict[str, Any], int]:
        env = processes.environment(
            endpoint=self._aws.settings.endpoint,
            region=run.region,
            home=folder,
            credentials=credentials,
            extra={"PYTHONPATH": str(ROOT)},
        )
        with (folder / "log").open("wb") as log:
            process = processes.spawn(
                [sys.executable, "-m", "emulator.dataquality.worker", folder], env=env, cwd=folder, stdout=log
            )
            with self._lock:
                self._running[run.run_id] = process
            STORE.update(evidence_id, pid=process.pid, artifact_sha256=_program())
            timed_out = False
            try:
                code = processes.wait(process, run.timeout_seconds)
            except subprocess.TimeoutExpired:
                timed_out, code = True, processes.kill_group(process)
            with self._lock:
                self._running.pop(run.run_id, None)
                stopped = run.run_id in self._stopped
        if timed_out:
            return "TIMEOUT", {"error": f"the evaluation took more than {run.timeout_seconds:g} s"}, code
        if stopped:
            return "STOPPED", {"error": "stopped on request"}, code
        if code != 0:
            lines = (folder / "log").read_text(errors="replace").splitlines() or ["no output"]
            return "FAILED", {"error": f"{describe_exit(code)}: {lines[-1]}"}, code
        document: dict[str, Any] = json.loads((folder / "result.json").read_text(encoding="utf-8"))
        return ("FAILED" if "error" in document else "SUCCEEDED"), document, code


def _program() -> str:
    """Hash of what ran."""
    digest = hashlib.sha256()
    for file in (*sorted(PACKAGE.glob("*.py")), *sorted((PACKAGE.parent / "athena").glob("*.py"))):
        digest.update(file.read_bytes())
    return digest.hexdigest()
