"""Run each evaluation in its own process, under the role that the run names."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from botocore.exceptions import ClientError

from emulator.core.aws import Aws
from emulator.core.evidence import STORE, describe_exit
from emulator.core.jobs import Exit
from emulator.core.workers import Workers

PACKAGE = Path(__file__).parent

Report = Callable[[str, dict[str, Any]], None]
"""Called once, with SUCCEEDED, FAILED, STOPPED or TIMEOUT, and the worker's document or `{"error": …}`."""


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
        self._workers = Workers(aws, "emulator.services.glue.data_quality.worker", PACKAGE, PACKAGE.parent / "athena")

    def start(self, run: EvaluationRun, report: Report) -> None:
        """Start an evaluation and return at once; `report` is called from its thread."""
        record = STORE.begin(
            "data-quality",
            run.run_id,
            parent=run.cause,
            detail={"table": f"{run.database}.{run.table}", "needs_process": True},
        )
        self._workers.start(
            run.run_id,
            record.id,
            lambda: self._run(run, report, record.id),
            lambda reason: report("FAILED", {"error": reason}),
        )

    def stop(self, run_id: str) -> None:
        self._workers.stop(run_id)

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
            ended = self._workers.run(run.run_id, evidence_id, folder, credentials, run.region, run.timeout_seconds)
        finally:
            STORE.lend_credentials(credentials.access_key_id, None)
        state, document = _concluded(run, folder, ended)
        if state == "SUCCEEDED":
            STORE.succeed(evidence_id, exit_code=ended.code, detail={"rows": document["rows"]})
        else:
            STORE.fail(evidence_id, str(document["error"]), exit_code=ended.code)
        report(state, document)


def _concluded(run: EvaluationRun, folder: Path, ended: Exit) -> tuple[str, dict[str, Any]]:
    if ended.timed_out:
        return "TIMEOUT", {"error": f"the evaluation took more than {run.timeout_seconds:g} s"}
    if ended.stopped:
        return "STOPPED", {"error": "stopped on request"}
    if ended.code != 0:
        return "FAILED", {"error": f"{describe_exit(ended.code)}: {ended.last_line or 'no output'}"}
    document: dict[str, Any] = json.loads((folder / "result.json").read_text(encoding="utf-8"))
    return ("FAILED" if "error" in document else "SUCCEEDED"), document
