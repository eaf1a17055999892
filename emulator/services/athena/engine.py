"""Run each query in its own process with the permissions of its caller, as AWS does."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path
from typing import Any

from emulator.core.aws import Aws
from emulator.core.evidence import STORE, describe_exit
from emulator.core.jobs import Exit
from emulator.core.processes import Credentials
from emulator.core.workers import Workers
from emulator.services.athena.contract import Outcome, Request

TIMEOUT_SECONDS = 1800.0
"""Athena's own default."""
INTERNAL = "GENERIC_INTERNAL_ERROR"

Report = Callable[[Outcome, Path], None]
"""Called once, from the query's thread."""


class Engine:
    def __init__(self, aws: Aws) -> None:
        self._folder = aws.settings.data_dir / "athena"
        self._workers = Workers(aws, "emulator.services.athena.worker", Path(__file__).parent)

    def start(self, request: Request, credentials: Credentials, region: str, cause: str | None, report: Report) -> None:
        """Start a query and return at once."""
        record = STORE.begin(
            "athena-query", request.query_id, parent=cause, detail={"sql": request.sql[:2000], "needs_process": True}
        )
        folder = self._folder / request.query_id
        self._workers.start(
            request.query_id,
            record.id,
            lambda: self._run(request, folder, credentials, region, report, record.id),
            lambda reason: report(_without_result(request, "FAILED", f"{INTERNAL}: {reason}"), folder),
        )

    def stop(self, query_id: str) -> None:
        self._workers.stop(query_id)

    def _run(
        self,
        request: Request,
        folder: Path,
        credentials: Credentials,
        region: str,
        report: Report,
        evidence_id: str,
    ) -> None:
        folder.mkdir(parents=True)
        (folder / "query.json").write_text(json.dumps(asdict(request)), encoding="utf-8")
        ended = self._workers.run(request.query_id, evidence_id, folder, credentials, region, TIMEOUT_SECONDS)
        outcome = _outcome(request, folder, ended)
        if outcome.state == "SUCCEEDED":
            STORE.succeed(evidence_id, exit_code=ended.code, detail={"scanned_bytes": outcome.scanned_bytes})
        else:
            STORE.fail(evidence_id, outcome.reason or outcome.state, exit_code=ended.code)
        report(outcome, folder)


def _outcome(request: Request, folder: Path, ended: Exit) -> Outcome:
    file = folder / "outcome.json"
    if file.exists():
        document: dict[str, Any] = json.loads(file.read_text(encoding="utf-8"))
        return Outcome(**document)
    if ended.stopped:
        return _without_result(request, "CANCELLED", "Query cancelled by user")
    if ended.timed_out:
        return _without_result(request, "FAILED", "Query timeout")
    reason = f"{INTERNAL}: {describe_exit(ended.code)}: {ended.last_line or 'no output'}"
    return _without_result(request, "FAILED", reason)


def _without_result(request: Request, state: str, reason: str) -> Outcome:
    return Outcome(state=state, reason=reason, output=f"{request.output}{request.query_id}.csv")
