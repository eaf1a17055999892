"""Run the pipeline once, from its input to its result."""

from __future__ import annotations

import json
import secrets
import time
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from orchestrator.aws.client import error_code, explained, pages
from orchestrator.aws.model import Cloud
from orchestrator.core.types import EventSink, Json
from orchestrator.errors import PipelineFailed, PlatformError
from orchestrator.pipeline.history import Visit, find_object, find_text, step_results, visits
from orchestrator.pipeline.model import AWAITING_APPROVAL, PipelineResult
from orchestrator.pipeline.running import adopt
from orchestrator.pipeline.upload import upload
from orchestrator.release.standing import read_parameter

Evidence = Callable[..., list[Json]]
_POLL_SECONDS = {"local": 0.5, "aws": 10.0}
_HEARTBEAT_SECONDS = 2.0
_NEWEST = 30
_sleep = time.sleep


def run(
    cloud: Cloud,
    models_outputs: Mapping[str, Any],
    *,
    bucket: str,
    dataset: Path | None,
    emulator_evidence: Evidence | None,
    on_event: EventSink,
    overrides: Mapping[str, Any] | None = None,
    own: Sequence[str] = (),
) -> PipelineResult:
    """Run the pipeline once and wait for its end; a failure is a result, not an exception.

    A running execution with the same input is followed instead. Waiting for approval is an end too: the execution
    continues after the decision.

    Args:
        cloud: the account and region.
        models_outputs: the outputs of the models phase.
        bucket: the data bucket.
        dataset: folder of sample data to upload first; `None` uses the existing data.
        emulator_evidence: the emulator's records (`evidence(execution=arn)`); `None` on AWS.
        on_event: called for uploads, for every state, and regularly during a long one.
        overrides: parts of the input that differ from the default; `hyperparameters` are merged.
        own: names of executions that an unfinished run has started.

    Raises:
        PipelineFailed: it could not be started or watched.
        EmulatorError: the emulator stopped meanwhile.
    """
    machine = models_outputs["stepfunctions"]
    run_id = new_run_id()
    document = _input(machine["default_input"], overrides or {}, run_id)
    client = cloud.client("stepfunctions")
    with explained(cloud, "find a running training pipeline", PipelineFailed):
        arn = adopt(client, machine, document, own, on_event)
    if arn is None:
        if dataset is not None:
            upload(cloud, bucket, dataset, str(document["dataset"]), on_event)
        # Reported before it starts, so that a later run finds it if this one dies.
        on_event({"type": "pipeline", "@message": f"starting {run_id}", "execution_name": run_id})
        with explained(cloud, "start the training pipeline", PipelineFailed):
            arn = str(
                client.start_execution(
                    stateMachineArn=machine["state_machine_arn"], name=run_id, input=json.dumps(document)
                )["executionArn"]
            )
        on_event({"type": "pipeline", "@message": f"started {arn}", "execution_arn": arn})
    described, stays = watch(cloud, arn, on_event, until=machine.get("approval_state"))
    return _result(described, stays, machine["steps"], emulator_evidence)


def live_version(cloud: Cloud, parameter_name: str) -> Json | None:
    """Read the live model version that the pipeline wrote; `None` before the first one."""
    return read_parameter(cloud, parameter_name, hint="Run the pipeline again (`--pipeline`), which writes it.")


def new_run_id() -> str:
    """Return a unique, sortable id that is short enough for names of jobs and endpoints (24 characters at most)."""
    return f"r{datetime.now(UTC):%Y%m%d-%H%M%S}-{secrets.token_hex(2)}"


def _input(default: Mapping[str, Any], overrides: Mapping[str, Any], run_id: str) -> Json:
    hyperparameters = {
        **default.get("hyperparameters", {}),
        # SageMaker accepts only strings.
        **{name: str(value) for name, value in overrides.get("hyperparameters", {}).items()},
    }
    return {**default, **overrides, "hyperparameters": hyperparameters, "run_id": run_id}


def read(cloud: Cloud, arn: str, steps: list[Mapping[str, Any]], emulator_evidence: Evidence | None) -> PipelineResult:
    """Return an execution as it is now, without waiting."""
    client = cloud.client("stepfunctions")
    described = dict(client.describe_execution(executionArn=arn))
    return _result(described, visits(_History(client, arn).read()), steps, emulator_evidence)


def stop_all(cloud: Cloud, machine: str, cause: str = "the environment is being destroyed") -> int:
    """Stop a state machine's executions, because it cannot be deleted before they end; return their number."""
    client, stopped = cloud.client("stepfunctions"), 0
    try:
        with explained(cloud, f"stop the executions of {machine}", PipelineFailed):
            running = pages(client, "list_executions", "executions", stateMachineArn=machine, statusFilter="RUNNING")
            for each in running:
                client.stop_execution(executionArn=each["executionArn"], error="Stopped", cause=cause)
                stopped += 1
    except PlatformError as error:
        if error_code(error.__cause__) != "StateMachineDoesNotExist":
            raise
    return stopped


def watch(cloud: Cloud, arn: str, on_event: EventSink, *, until: str | None = None) -> tuple[Json, list[Visit]]:
    """Follow an execution to its end, or into the state `until`, and report every state that it enters."""
    client = cloud.client("stepfunctions")
    reported, last_event, history = 0, time.monotonic(), _History(client, arn)
    while True:
        with explained(cloud, f"watch the execution {arn}", PipelineFailed):
            described = dict(client.describe_execution(executionArn=arn))
            stays = visits(history.read())
        for stay in stays[reported:]:
            on_event({"type": "pipeline", "@message": stay.state, "state": stay.state})
            last_event = time.monotonic()
        reported = len(stays)
        if described["status"] not in ("RUNNING", "PENDING_REDRIVE"):
            return described, stays
        # Entering the state is not enough: the call that stores the token may fail.
        if until and stays and stays[-1].state == until and stays[-1].submitted:
            return {**described, "status": AWAITING_APPROVAL}, stays
        if time.monotonic() - last_event > _HEARTBEAT_SECONDS:
            # The type of Terraform's "still creating", which is shown, but not kept as a line.
            state = stays[-1].state if stays else "starting"
            on_event({"type": "apply_progress", "@message": f"{state} …", "state": state})
            last_event = time.monotonic()
        _sleep(_POLL_SECONDS["aws" if cloud.endpoint is None else "local"])


class _History:
    """Read the events of an execution; each call fetches only the new ones, because a long history is slow."""

    def __init__(self, client: Any, arn: str) -> None:
        self._client, self._arn = client, arn
        self._events: list[Json] = []

    def read(self) -> list[Json]:
        """Return all events so far, the oldest first."""
        known = self._events[-1]["id"] if self._events else 0
        new: list[Json] = []
        more: Json = {}
        while True:
            page = self._client.get_execution_history(
                executionArn=self._arn, reverseOrder=True, maxResults=_NEWEST, includeExecutionData=True, **more
            )
            fresh = [event for event in page["events"] if event["id"] > known]
            # Pages are offsets from the newest event: new events push some into the next page again.
            new += [event for event in fresh if not new or event["id"] < new[-1]["id"]]
            if len(fresh) < len(page["events"]) or not page.get("nextToken"):
                break
            more = {"nextToken": page["nextToken"]}
        self._events += reversed(new)
        return self._events


def _result(
    described: Json, stays: list[Visit], steps: list[Mapping[str, Any]], evidence: Evidence | None
) -> PipelineResult:
    arn, status = str(described["executionArn"]), str(described["status"])
    ended = described.get("stopDate") or (stays[-1].entered if stays else datetime.now(UTC))
    states = {step["name"]: step["states"] for step in steps}
    verdict = find_object(stays, states.get("evaluation", ()), "candidate_sha256") or {}
    return PipelineResult(
        execution_arn=arn,
        status=status,
        model_package_arn=find_text(stays, states.get("registry", ()), ":model-package/"),
        metrics=_metrics(verdict),
        steps=step_results(
            steps,
            stays,
            status=status,
            ended=ended,
            evidence=None if evidence is None else evidence(execution=arn),
        ),
        error=None if status in ("SUCCEEDED", AWAITING_APPROVAL, "RUNNING") else _why(described, verdict),
    )


def _why(described: Json, verdict: Mapping[str, Any]) -> str:
    parts = [_reason(str(described[name])) for name in ("error", "cause") if described.get(name)]
    if verdict.get("passed") is False and verdict.get("reason") and verdict["reason"] not in " ".join(parts):
        parts.append(str(verdict["reason"]))
    return ": ".join(parts) or f"the execution ended as {described['status']} without a reason"


def _reason(cause: str) -> str:
    """Return the reason in a cause that is the description of a failed job, as `.sync` tasks report it."""
    before, brace, rest = cause.partition("{")
    try:
        job = json.loads(brace + rest)
    except ValueError:
        return cause
    reason = next((job[name] for name in ("ExitMessage", "FailureReason", "ErrorMessage") if job.get(name)), None)
    return f"{before}{reason}" if reason else cause


def _metrics(verdict: Mapping[str, Any]) -> dict[str, float]:
    """Return the candidate's metrics, and the one that decides of the baseline and of the live version."""
    metric = verdict.get("metric")
    compared = {"baseline": verdict.get("baseline") or {}, "live": (verdict.get("champion") or {}).get("metrics") or {}}
    return {name: float(value) for name, value in verdict.get("metrics", {}).items()} | {
        f"{name} {metric}": float(measured[metric]) for name, measured in compared.items() if metric in measured
    }
