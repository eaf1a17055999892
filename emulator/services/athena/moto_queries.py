"""Athena queries, executed. Moto advances their state with each description and returns canned rows."""

from __future__ import annotations

import json
import re
import time
from pathlib import Path
from typing import Any

from moto.athena import models
from moto.athena.models import AthenaBackend, Execution, WorkGroup
from moto.athena.responses import AthenaResponse

from emulator.core.administrator import ADMIN
from emulator.core.aws import Aws
from emulator.core.evidence import current_cause
from emulator.core.settings import Settings
from emulator.moto.patching import add, replace, wrap
from emulator.moto.status import ProcessStatus
from emulator.services.athena.contract import Outcome, Request
from emulator.services.athena.engine import Engine
from emulator.services.iam import moto_identities

ACTIVE = ("QUEUED", "RUNNING")
PAGE = 1000


def apply(settings: Settings) -> None:
    engine = Engine(Aws(settings))
    replace(models, "Execution", RealExecution)
    _start(engine)
    _stop(engine)
    replace(AthenaResponse, "get_query_execution", _get_query_execution)
    replace(AthenaResponse, "get_query_results", _get_query_results)

    @add(AthenaResponse)
    def batch_get_query_execution(self: Any) -> str:
        known = self.athena_backend.executions
        ids = self._get_param("QueryExecutionIds")
        missing = [{"QueryExecutionId": item, "ErrorCode": "INVALID_INPUT"} for item in ids if item not in known]
        executions = [known[item].describe() for item in ids if item in known]
        return json.dumps({"QueryExecutions": executions, "UnprocessedQueryExecutionIds": missing})


class RealExecution(ProcessStatus, Execution):
    """A query whose state follows its process."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        self._state = "QUEUED"
        self.outcome = Outcome()
        self.folder: Path | None = None
        super().__init__(*args, **kwargs)
        self.end_time: float | None = None  # type: ignore[assignment]

    def report(self, outcome: Outcome, folder: Path) -> None:
        self.outcome, self.folder, self.end_time = outcome, folder, time.time()
        self._state = outcome.state

    def describe(self) -> dict[str, Any]:
        """Return the `QueryExecution`."""
        status: dict[str, Any] = {"State": self._state, "SubmissionDateTime": self.start_time}
        if self.end_time is not None:
            status["CompletionDateTime"] = self.end_time
        if self.outcome.reason:
            status["StateChangeReason"] = self.outcome.reason
            status["AthenaError"] = {"ErrorCategory": 2, "Retryable": False, "ErrorMessage": self.outcome.reason}
        millis = int(self.outcome.seconds * 1000)
        statistics: dict[str, Any] = {
            "EngineExecutionTimeInMillis": millis,
            "TotalExecutionTimeInMillis": int(((self.end_time or time.time()) - self.start_time) * 1000),
            "DataScannedInBytes": self.outcome.scanned_bytes,
            "ResultReuseInformation": {"ReusedPreviousResult": False},
        }
        if self.outcome.manifest:
            statistics["DataManifestLocation"] = self.outcome.manifest
        document = {
            "QueryExecutionId": self.id,
            "Query": self.query,
            "StatementType": self.outcome.type,
            "ResultConfiguration": {**(self.config or {}), "OutputLocation": self.outcome.output},
            "ResultReuseConfiguration": {"ResultReuseByAgeConfiguration": {"Enabled": False}},
            "QueryExecutionContext": self.context or {},
            "Status": status,
            "Statistics": statistics,
            "WorkGroup": self.workgroup.name if self.workgroup else "primary",
            "EngineVersion": {
                "SelectedEngineVersion": "AUTO",
                "EffectiveEngineVersion": "Athena engine version 3",
            },
        }
        if self.execution_parameters is not None:
            document["ExecutionParameters"] = self.execution_parameters
        return document


def _start(engine: Engine) -> None:
    def start_query_execution(self: Any) -> Any:
        """Start a query; moto accepts queries without an output location."""
        backend: AthenaBackend = self.athena_backend
        name = self._get_param("WorkGroup") or "primary"
        group = backend.work_groups.get(name)
        if group is None:
            return self.error(f"WorkGroup {name} is not found.", 400)
        if group.state != "ENABLED":
            return self.error(f"WorkGroup {name} is disabled.", 400)
        given = self._get_param("ResultConfiguration") or {}
        result = _result_configuration(group, given)
        if not result.get("OutputLocation"):
            return self.error(
                "No output location provided. An output location is required either through the Workgroup result "
                "configuration setting or as an API input.",
                400,
            )
        context = self._get_param("QueryExecutionContext") or {}
        parameters = self._get_param("ExecutionParameters")
        execution = RealExecution(self._get_param("QueryString"), context, dict(given), group, parameters)
        execution.config = result
        output = result["OutputLocation"]
        request = Request(
            query_id=execution.id,
            sql=execution.query,
            database=(context.get("Database") or "default").lower(),
            parameters=list(parameters or []),
            output=output if output.endswith("/") else output + "/",
            enforced=_enforces(group),
            limit_bytes=group.configuration.get("BytesScannedCutoffPerQuery"),
            encryption=_encryption(result),
        )
        execution.outcome.output = f"{request.output}{execution.id}.csv"
        backend.executions[execution.id] = execution
        execution.status = "RUNNING"
        caller = moto_identities.credentials(backend.account_id, _access_key(self.headers))
        engine.start(request, caller, backend.region_name, current_cause(), execution.report)
        return json.dumps({"QueryExecutionId": execution.id})

    replace(AthenaResponse, "start_query_execution", start_query_execution)


def _access_key(headers: Any) -> str:
    match = re.search(r"Credential=([^/]+)/", headers.get("Authorization", ""))
    return match[1] if match else ADMIN.access_key_id


def _enforces(group: WorkGroup) -> bool:
    return bool(group.configuration.get("EnforceWorkGroupConfiguration"))


def _result_configuration(group: WorkGroup, given: dict[str, Any]) -> dict[str, Any]:
    own: dict[str, Any] = group.configuration.get("ResultConfiguration") or {}
    return dict(own) if _enforces(group) else {**own, **given}


def _encryption(result: dict[str, Any]) -> dict[str, str]:
    configuration = result.get("EncryptionConfiguration") or {}
    if configuration.get("EncryptionOption") == "SSE_KMS":
        return {"ServerSideEncryption": "aws:kms", "SSEKMSKeyId": configuration["KmsKey"]}
    return {"ServerSideEncryption": "AES256"} if configuration else {}


def _stop(engine: Engine) -> None:
    @wrap(AthenaBackend, "stop_query_execution")
    def stop_query_execution(original: Any, self: Any, exec_id: str) -> None:
        if self.executions[exec_id].status in ACTIVE:
            engine.stop(exec_id)


def _get_query_execution(self: Any) -> Any:
    execution = self.athena_backend.executions.get(self._get_param("QueryExecutionId"))
    if execution is None:
        return _unknown(self)
    return json.dumps({"QueryExecution": execution.describe()})


def _unknown(self: Any) -> Any:
    return self.error(f"QueryExecution {self._get_param('QueryExecutionId')} was not found", 400)


def _get_query_results(self: Any) -> Any:
    """Return a page of the rows that the query's process wrote. `NextToken` is the number of rows returned so far."""
    # Not imported at the start of the emulator: most runs make no queries.
    from emulator.services.athena.results import row

    execution = self.athena_backend.executions.get(self._get_param("QueryExecutionId"))
    if execution is None:
        return _unknown(self)
    if execution.status != "SUCCEEDED":
        state = execution.status
        words = "Query has not yet finished" if state in ACTIVE else "Query did not finish successfully"
        return self.error(f"{words}. Final query state: {state}" if state not in ACTIVE else f"{words}: {state}", 400)
    outcome, first = execution.outcome, int(self._get_param("NextToken") or 0)
    size = min(int(self._get_param("MaxResults") or PAGE), PAGE)
    rows: list[dict[str, Any]] = []
    more = False
    with (execution.folder / "rows.jsonl").open(encoding="utf-8") as kept:
        lines = iter(kept)
        number = 0
        if outcome.has_header:
            if first == 0:
                rows.append(row([column["Name"] for column in outcome.columns or []]))
            number = 1
        for line in lines:
            if number >= first:
                if len(rows) == size:
                    more = True
                    break
                rows.append(row(json.loads(line)))
            number += 1
    document: dict[str, Any] = {
        "UpdateCount": 0,
        "ResultSet": {"Rows": rows, "ResultSetMetadata": {"ColumnInfo": outcome.columns or []}},
    }
    if more:
        document["NextToken"] = str(first + size)
    return json.dumps(document)
