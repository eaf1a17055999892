"""Glue Data Quality: rulesets are stored and evaluation runs executed. Moto implements neither."""

from __future__ import annotations

import threading
import uuid
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from moto.core.exceptions import JsonRESTError
from moto.core.responses import ActionResult, EmptyResult
from moto.core.utils import utcnow
from moto.glue.models import GlueBackend
from moto.glue.responses import GlueResponse

from emulator.core.aws import Aws
from emulator.core.evidence import current_cause
from emulator.core.settings import Settings
from emulator.moto.patching import add
from emulator.services.glue.data_quality.dqdl import DqdlError, parse
from emulator.services.glue.data_quality.engine import EvaluationRun, Evaluations

ACTIVE = ("STARTING", "RUNNING", "STOPPING")
DEFAULT_TIMEOUT_MINUTES = 120


def apply(settings: Settings) -> None:
    aws = Aws(settings)
    _rulesets()
    _runs(aws, Evaluations(aws))
    _results()


class NotFound(JsonRESTError):
    def __init__(self, what: str) -> None:
        super().__init__("EntityNotFoundException", f"{what} is not found.")


class AlreadyExists(JsonRESTError):
    def __init__(self, name: str) -> None:
        super().__init__("AlreadyExistsException", f"Data quality ruleset {name} already exists.")


class InvalidInput(JsonRESTError):
    def __init__(self, message: str) -> None:
        super().__init__("InvalidInputException", message)


@dataclass
class Run:
    """An evaluation run, as `GetDataQualityRulesetEvaluationRun` describes it."""

    id: str
    parameters: dict[str, Any]
    started: datetime
    status: str = "STARTING"
    error: str | None = None
    ended: datetime | None = None
    result_ids: list[str] = field(default_factory=list)


@dataclass
class Store:
    """Rulesets, runs and results of one account and region."""

    rulesets: dict[str, dict[str, Any]] = field(default_factory=dict)
    runs: dict[str, Run] = field(default_factory=dict)
    results: dict[str, dict[str, Any]] = field(default_factory=dict)


_lock = threading.Lock()
_stores: dict[int, Store] = {}


def _store(backend: GlueBackend) -> Store:
    with _lock:
        return _stores.setdefault(id(backend), Store())


def _ruleset(store: Store, name: str) -> dict[str, Any]:
    ruleset = store.rulesets.get(name)
    if ruleset is None:
        raise NotFound(f"Data quality ruleset {name}")
    return ruleset


def _checked(text: str) -> str:
    try:
        parse(text)
    except DqdlError as error:
        raise InvalidInput(f"Invalid DQDL: {error}") from error
    return text


def _arn(backend: GlueBackend, name: str) -> str:
    return f"arn:{backend.partition}:glue:{backend.region_name}:{backend.account_id}:dataQualityRuleset/{name}"


def _rulesets() -> None:
    @add(GlueResponse)
    def create_data_quality_ruleset(self: Any) -> Any:
        store, request = _store(self.glue_backend), self.parameters
        if request["Name"] in store.rulesets:
            raise AlreadyExists(request["Name"])
        now = utcnow()
        kept = {name: request[name] for name in ("Name", "Description", "TargetTable") if request.get(name) is not None}
        store.rulesets[request["Name"]] = {
            **kept,
            "Ruleset": _checked(request["Ruleset"]),
            "CreatedOn": now,
            "LastModifiedOn": now,
        }
        self.glue_backend.tag_resource(_arn(self.glue_backend, request["Name"]), request.get("Tags") or {})
        return ActionResult({"Name": request["Name"]})

    @add(GlueResponse)
    def get_data_quality_ruleset(self: Any) -> Any:
        return ActionResult(_ruleset(_store(self.glue_backend), self.parameters["Name"]))

    @add(GlueResponse)
    def update_data_quality_ruleset(self: Any) -> Any:
        ruleset, request = _ruleset(_store(self.glue_backend), self.parameters["Name"]), self.parameters
        if request.get("Ruleset") is not None:
            ruleset["Ruleset"] = _checked(request["Ruleset"])
        if request.get("Description") is not None:
            ruleset["Description"] = request["Description"]
        ruleset["LastModifiedOn"] = utcnow()
        return ActionResult({name: ruleset.get(name) for name in ("Name", "Description", "Ruleset")})

    @add(GlueResponse)
    def delete_data_quality_ruleset(self: Any) -> Any:
        store, name = _store(self.glue_backend), self.parameters["Name"]
        _ruleset(store, name)
        del store.rulesets[name]
        self.glue_backend.tagger.delete_all_tags_for_resource(_arn(self.glue_backend, name))
        return EmptyResult()

    @add(GlueResponse)
    def list_data_quality_rulesets(self: Any) -> Any:
        shown = ("Name", "Description", "CreatedOn", "LastModifiedOn", "TargetTable")
        rulesets = [
            {name: ruleset[name] for name in shown if name in ruleset} | {"RuleCount": len(parse(ruleset["Ruleset"]))}
            for ruleset in _store(self.glue_backend).rulesets.values()
        ]
        return ActionResult({"Rulesets": rulesets})


def _runs(aws: Aws, evaluations: Evaluations) -> None:
    @add(GlueResponse)
    def start_data_quality_ruleset_evaluation_run(self: Any) -> Any:
        store, request = _store(self.glue_backend), self.parameters
        table = (request["DataSource"].get("GlueTable")) or request["DataSource"]["DataQualityGlueTable"]
        rulesets = {name: _ruleset(store, name)["Ruleset"] for name in request["RulesetNames"]}
        run = Run(f"dqrun-{uuid.uuid4().hex}", dict(request), utcnow())
        store.runs[run.id] = run

        def report(state: str, document: dict[str, Any]) -> None:
            run.ended = utcnow()
            if state == "SUCCEEDED":
                _keep(store, run, document["results"])
            else:
                run.error = document["error"]
            run.status = state

        run.status = "RUNNING"
        evaluations.start(
            EvaluationRun(
                run_id=run.id,
                role_arn=aws.role_arn(request["Role"]),
                region=self.glue_backend.region_name,
                database=table["DatabaseName"],
                table=table["TableName"],
                rulesets=rulesets,
                timeout_seconds=60.0 * (request.get("Timeout") or DEFAULT_TIMEOUT_MINUTES),
                cause=current_cause(),
            ),
            report,
        )
        return ActionResult({"RunId": run.id})

    @add(GlueResponse)
    def get_data_quality_ruleset_evaluation_run(self: Any) -> Any:
        run = _run(self)
        seconds = int(((run.ended or utcnow()) - run.started).total_seconds())
        document = {
            "RunId": run.id,
            "Status": run.status,
            "ErrorString": run.error,
            "StartedOn": run.started,
            "LastModifiedOn": run.ended or run.started,
            "CompletedOn": run.ended,
            "ExecutionTime": seconds,
            "ResultIds": run.result_ids,
            **{
                name: run.parameters[name]
                for name in ("DataSource", "Role", "NumberOfWorkers", "Timeout", "AdditionalRunOptions", "RulesetNames")
                if run.parameters.get(name) is not None
            },
        }
        return ActionResult({name: value for name, value in document.items() if value is not None})

    @add(GlueResponse)
    def list_data_quality_ruleset_evaluation_runs(self: Any) -> Any:
        runs = [
            {
                "RunId": run.id,
                "Status": run.status,
                "StartedOn": run.started,
                "DataSource": run.parameters["DataSource"],
            }
            for run in _store(self.glue_backend).runs.values()
        ]
        return ActionResult({"Runs": runs})

    @add(GlueResponse)
    def cancel_data_quality_ruleset_evaluation_run(self: Any) -> Any:
        run = _run(self)
        if run.status in ACTIVE:
            run.status = "STOPPING"
            threading.Thread(target=evaluations.stop, args=(run.id,), daemon=True).start()
        return EmptyResult()


def _run(response: Any) -> Run:
    name = response.parameters["RunId"]
    run = _store(response.glue_backend).runs.get(name)
    if run is None:
        raise NotFound(f"Data quality ruleset evaluation run {name}")
    return run


def _keep(store: Store, run: Run, results: dict[str, list[dict[str, Any]]]) -> None:
    for ruleset, rules in results.items():
        passed = sum(rule["Result"] == "PASS" for rule in rules)
        result_id = f"dqresult-{uuid.uuid4().hex}"
        store.results[result_id] = {
            "ResultId": result_id,
            "Score": passed / len(rules),
            "DataSource": run.parameters["DataSource"],
            "RulesetName": ruleset,
            "StartedOn": run.started,
            "CompletedOn": run.ended,
            "RulesetEvaluationRunId": run.id,
            "RuleResults": rules,
        }
        run.result_ids.append(result_id)


def _results() -> None:
    @add(GlueResponse)
    def get_data_quality_result(self: Any) -> Any:
        name = self.parameters["ResultId"]
        result = _store(self.glue_backend).results.get(name)
        if result is None:
            raise NotFound(f"Data quality result {name}")
        return ActionResult(result)

    @add(GlueResponse)
    def batch_get_data_quality_result(self: Any) -> Any:
        known, ids = _store(self.glue_backend).results, self.parameters["ResultIds"]
        return ActionResult(
            {
                "Results": [known[name] for name in ids if name in known],
                "ResultsNotFound": [name for name in ids if name not in known],
            }
        )

    @add(GlueResponse)
    def list_data_quality_results(self: Any) -> Any:
        shown = ("ResultId", "DataSource", "StartedOn")
        results = _store(self.glue_backend).results.values()
        return ActionResult({"Results": [{name: result[name] for name in shown} for result in results]})
