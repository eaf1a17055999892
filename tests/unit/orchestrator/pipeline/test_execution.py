"""The pipeline seen from outside: input, uploads, history to steps, fidelity, metrics."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from botocore.exceptions import ClientError, EndpointConnectionError

from orchestrator import pipeline
from orchestrator.core.types import Json
from orchestrator.errors import EmulatorError, PipelineFailed, PlatformError
from orchestrator.pipeline import execution
from orchestrator.pipeline.model import PipelineResult
from tests.fakes.aws import FakeCloud, paged

START = datetime(2026, 1, 1, tzinfo=UTC)
ARN = "arn:aws:states:us-east-1:123456789012:execution:mlops-local-training:r1"
PACKAGE = "arn:aws:sagemaker:us-east-1:123456789012:model-package/mlops-local-reviews/1"
STEPS = [
    {"name": "ingestion", "states": ["CheckInput", "FindRawData", "NoInputData"]},
    {"name": "crawler", "states": ["StartCrawler", "WaitForCrawler"]},
    {"name": "training", "states": ["TrainModel"]},
    {"name": "evaluation", "states": ["EvaluateModel", "ReadVerdict", "ModelPassed", "RejectModel"]},
    {"name": "registry", "states": ["RegisterModel"]},
    {"name": "monitoring", "states": ["PublishMetrics", "NotifyFailure", "Failed"]},
]
OUTPUTS: dict[str, Json] = {
    "stepfunctions": {
        "state_machine_arn": "arn:aws:states:us-east-1:123456789012:stateMachine:mlops-local-training",
        "default_input": {"dataset": "reviews", "hyperparameters": {"seed": "42", "c": "4.0"}},
        "steps": STEPS,
    }
}
VERDICT = {
    "passed": True,
    "reason": "above",
    "metric": "accuracy",
    "metrics": {"accuracy": 0.81, "f1": 0.84},
    "baseline": {"accuracy": 0.54, "f1": 0.7},
    "champion": {"version": PACKAGE, "metrics": {"accuracy": 0.79, "f1": 0.8}},
    "candidate_sha256": "0a",
}


def read(verdict: Json) -> Json:
    """What the state machine makes of a verdict's object."""
    return {"plan": {"report_key": "r"}, "evaluation": {"verdict": verdict}}


class Script:
    """Writes a history as Step Functions would; one second passes between events."""

    def __init__(self) -> None:
        self.events: list[Json] = []

    def _add(self, kind: str, **details: Any) -> None:
        number = len(self.events) + 1
        self.events.append(
            {"id": number, "type": kind, "timestamp": START + timedelta(seconds=number), **details},
        )

    def state(self, name: str, output: Any = None, *, error: tuple[str, str] | None = None) -> Script:
        self._add("TaskStateEntered", stateEnteredEventDetails={"name": name})
        if error is not None:
            self._add("TaskFailed", taskFailedEventDetails={"error": error[0], "cause": error[1]})
        elif output is not None:
            self._add("TaskSucceeded", taskSucceededEventDetails={"output": json.dumps(output)})
        self._add("TaskStateExited", stateExitedEventDetails={"name": name, "output": json.dumps({"kept": True})})
        return self

    def fail_state(self, name: str) -> Script:
        self._add("FailStateEntered", stateEnteredEventDetails={"name": name})
        self._add("ExecutionFailed", executionFailedEventDetails={"error": name, "cause": "see above"})
        return self


def good_run() -> Script:
    return (
        Script()
        .state("CheckInput")
        .state("FindRawData", {"KeyCount": 1})
        .state("StartCrawler", {})
        .state("WaitForCrawler")
        .state("WaitForCrawler")
        .state("TrainModel", {"ModelArtifacts": {"S3ModelArtifacts": "s3://b/model.tar.gz"}})
        .state("EvaluateModel", {"ProcessingJobStatus": "Completed"})
        .state("ReadVerdict", read(VERDICT))
        .state("ModelPassed")
        .state("RegisterModel", {"ModelPackageArn": PACKAGE})
        .state("PublishMetrics", {})
    )


def cloud_with(script: Script, status: str = "SUCCEEDED", **described: Any) -> FakeCloud:
    stop = script.events[-1]["timestamp"]

    def history(**asked: Any) -> Json:
        """Two pages, so that reading only the first one would be noticed."""
        events = script.events[::-1] if asked.get("reverseOrder") else script.events
        half = len(events) // 2
        if "nextToken" in asked:
            return {"events": events[half:]}
        return {"events": events[:half], "nextToken": "more"}

    answers = {
        "start_execution": {"executionArn": ARN},
        "describe_execution": {"executionArn": ARN, "status": status, "stopDate": stop, **described},
        "get_execution_history": history,
        "get_paginator": paged(list_executions={"executions": []}),
    }
    return FakeCloud(services={"stepfunctions": answers, "s3": {}})


def run(cloud: FakeCloud, **options: Any) -> PipelineResult:
    given: dict[str, Any] = {
        "bucket": "data",
        "dataset": None,
        "emulator_evidence": lambda **_: [],
        "on_event": lambda event: None,
    }
    return pipeline.run(cloud, OUTPUTS, **(given | options))


def by_name(result: PipelineResult) -> dict[str, tuple[str, str]]:
    return {step.name: (step.status, step.fidelity) for step in result.steps}


def record(state: str, kind: str, fidelity: str = "executed", status: str = "succeeded", **more: Any) -> Json:
    return {"state": state, "kind": kind, "fidelity": fidelity, "status": status, "resource": "r", **more}


EVIDENCE = [
    record("FindRawData", "states-call", "emulated"),
    record("StartCrawler", "states-call", "emulated"),
    record("StartCrawler", "glue-crawler"),
    record("TrainModel", "states-call", "emulated"),
    record("TrainModel", "training"),
    record("EvaluateModel", "processing"),
    record("EvaluateModel", "bedrock", "stand-in"),
]


def test_a_run_that_waits_for_approval_ends() -> None:
    script = good_run()
    del script.events[
        script.events.index(
            next(e for e in script.events if e.get("stateEnteredEventDetails") == {"name": "PublishMetrics"})
        ) :
    ]
    script._add("TaskStateEntered", stateEnteredEventDetails={"name": "AwaitApproval"})
    script._add("TaskScheduled")
    script._add("TaskSubmitted", taskSubmittedEventDetails={"output": "{}"})
    waiting = {**OUTPUTS["stepfunctions"], "approval_state": "AwaitApproval"}
    steps = [{**s, "states": [*s["states"], "AwaitApproval"]} if s["name"] == "registry" else s for s in STEPS]
    outputs = {"stepfunctions": {**waiting, "steps": steps}}
    cloud = cloud_with(script, status="RUNNING")
    result = pipeline.run(
        cloud, outputs, bucket="data", dataset=None, emulator_evidence=None, on_event=lambda event: None
    )
    assert (result.status, result.error, result.model_package_arn) == ("AWAITING_APPROVAL", None, PACKAGE)
    assert by_name(result)["registry"] == ("ok", "executed")
    assert by_name(result)["monitoring"] == ("not-run", "not-run")
    assert {step.status for step in result.steps} == {"ok", "not-run"}


def test_a_run_that_cannot_store_its_token_fails() -> None:
    """The state is entered, and its call is refused: it could never be woken."""
    script = Script().state("CheckInput")
    script._add("TaskStateEntered", stateEnteredEventDetails={"name": "AwaitApproval"})
    script._add("TaskScheduled")
    cloud = cloud_with(script, status="RUNNING")
    looks = iter(["RUNNING", "FAILED"])
    ended = {"error": "Ssm.AccessDeniedException", "cause": "not authorized", "stopDate": START}
    cloud.services["stepfunctions"]["describe_execution"] = lambda executionArn: {
        "executionArn": executionArn,
        "status": next(looks),
        **ended,
    }
    outputs = {"stepfunctions": {**OUTPUTS["stepfunctions"], "approval_state": "AwaitApproval"}}
    result = pipeline.run(cloud, outputs, bucket="data", dataset=None, emulator_evidence=None, on_event=lambda e: None)
    assert (result.status, result.error) == ("FAILED", "Ssm.AccessDeniedException: not authorized")


def test_a_green_run_reports_steps_metrics_and_model() -> None:
    filters_used: list[dict[str, str]] = []

    def evidence(**filters: str) -> list[Json]:
        filters_used.append(filters)
        return EVIDENCE

    result = run(cloud_with(good_run()), emulator_evidence=evidence)
    assert filters_used == [{"execution": ARN}]
    assert (result.status, result.error, result.execution_arn) == ("SUCCEEDED", None, ARN)
    assert result.model_package_arn == PACKAGE
    assert result.metrics == {"accuracy": 0.81, "f1": 0.84, "baseline accuracy": 0.54, "live accuracy": 0.79}
    assert by_name(result) == {
        "ingestion": ("ok", "emulated"),
        "crawler": ("ok", "executed"),
        "training": ("ok", "executed"),
        "evaluation": ("ok", "stand-in"),
        "registry": ("ok", "emulated"),
        "monitoring": ("ok", "emulated"),
    }


def test_seconds_add_up_over_all_stays_of_a_step() -> None:
    crawler = next(step for step in run(cloud_with(good_run())).steps if step.name == "crawler")
    assert crawler.seconds == 2 + 1 + 1


def test_on_aws_everything_that_ran_was_executed() -> None:
    cloud = cloud_with(good_run())
    cloud.endpoint = None
    result = run(cloud, emulator_evidence=None)
    assert {step.fidelity for step in result.steps} == {"executed"}


def test_the_input_is_the_default_with_overrides_and_a_unique_name() -> None:
    cloud = cloud_with(good_run())
    run(cloud, overrides={"hyperparameters": {"seed": 7}, "approval": "manual"})
    run(cloud)
    first, second = cloud.called("stepfunctions.start_execution")
    assert json.loads(first["input"]) == {
        "run_id": first["name"],
        "dataset": "reviews",
        "hyperparameters": {"seed": "7", "c": "4.0"},
        "approval": "manual",
    }
    assert first["name"] != second["name"]
    assert len(first["name"]) <= 24
    assert set(first["name"]) <= set("abcdefghijklmnopqrstuvwxyz0123456789-")


def test_a_running_execution_is_followed_without_an_upload(tmp_path: Path) -> None:
    cloud = cloud_with(good_run(), input=json.dumps({**OUTPUTS["stepfunctions"]["default_input"], "run_id": "r1"}))
    cloud.services["stepfunctions"] |= {
        "get_paginator": paged(list_executions={"executions": [{"name": "r1", "executionArn": ARN}]}),
        "describe_state_machine": {"definition": "d"},
        "describe_state_machine_for_execution": {"definition": "d"},
    }
    result = run(cloud, dataset=tmp_path)
    assert (result.status, result.execution_arn) == ("SUCCEEDED", ARN)
    assert cloud.called("stepfunctions.start_execution") == []


def test_a_failed_task_fails_its_step_and_later_ones_do_not_run() -> None:
    script = (
        Script()
        .state("CheckInput")
        .state("StartCrawler", {})
        .state("TrainModel", error=("SageMaker.AlgorithmError", "worker was killed"))
        .state("NotifyFailure", {})
        .fail_state("Failed")
    )
    records = [*EVIDENCE[:4], record("TrainModel", "training", "not-run", "failed")]
    cloud = cloud_with(script, "FAILED", error="Failed", cause="see above")
    result = run(cloud, emulator_evidence=lambda **_: records)
    assert by_name(result) == {
        "ingestion": ("ok", "emulated"),
        "crawler": ("ok", "executed"),
        "training": ("failed", "not-run"),
        "evaluation": ("not-run", "not-run"),
        "registry": ("not-run", "not-run"),
        "monitoring": ("not-run", "not-run"),
    }
    assert result.steps[2].detail == "SageMaker.AlgorithmError: worker was killed"
    assert result.error == "Failed: see above"
    assert result.model_package_arn is None


def test_a_rejected_model_is_reported_with_its_metrics() -> None:
    reason = "accuracy 0.55 is worse than the 0.79 of version 1, the live version"
    verdict = {**VERDICT, "passed": False, "metrics": {"accuracy": 0.55}, "baseline": None, "reason": reason}
    script = (
        Script()
        .state("CheckInput")
        .state("StartCrawler", {})
        .state("TrainModel", {})
        .state("EvaluateModel", {"ProcessingJobStatus": "Completed"})
        .state("ReadVerdict", read(verdict))
        .state("ModelPassed")
        .fail_state("RejectModel")
    )
    result = run(cloud_with(script, "FAILED", error="ModelRejected", cause="the gate said no"))
    assert by_name(result)["evaluation"][0] == "failed"
    assert by_name(result)["registry"][0] == "not-run"
    assert result.metrics == {"accuracy": 0.55, "live accuracy": 0.79}
    assert result.error == f"ModelRejected: the gate said no: {reason}"


def test_missing_input_data_is_the_first_steps_failure() -> None:
    script = Script().state("CheckInput").state("FindRawData", {}).state("NoInputData")
    result = run(cloud_with(script.state("NotifyFailure", {}).fail_state("Failed"), "FAILED", error="NoInputData"))
    assert [(step.name, step.status) for step in result.steps][:2] == [("ingestion", "failed"), ("crawler", "not-run")]


def test_a_step_without_successful_work_fails() -> None:
    records = [record("TrainModel", "training", status="failed", detail={"reason": "exit code 9"})]
    result = run(cloud_with(good_run()), emulator_evidence=lambda **_: records)
    assert by_name(result)["training"] == ("failed", "executed")
    assert "exit code 9" in result.steps[2].detail


def test_a_successful_retry_counts() -> None:
    records = [record("TrainModel", "training", "not-run", "failed"), record("TrainModel", "training")]
    result = run(cloud_with(good_run()), emulator_evidence=lambda **_: records)
    assert by_name(result)["training"] == ("ok", "executed")


def test_every_state_is_reported_once_with_heartbeats(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(execution, "_sleep", lambda seconds: None)
    monkeypatch.setattr(execution, "_HEARTBEAT_SECONDS", -1.0)
    cloud = cloud_with(good_run())
    final: Any = cloud.services["stepfunctions"]["describe_execution"]
    answers = [{**final, "status": "RUNNING"}, {**final, "status": "RUNNING"}, final]
    cloud.services["stepfunctions"]["describe_execution"] = lambda **_: answers.pop(0)
    events: list[Json] = []
    run(cloud, on_event=events.append)
    assert [event["state"] for event in events if event["type"] == "pipeline" and "state" in event] == [
        "CheckInput", "FindRawData", "StartCrawler", "WaitForCrawler", "WaitForCrawler", "TrainModel",
        "EvaluateModel", "ReadVerdict", "ModelPassed", "RegisterModel", "PublishMetrics",
    ]  # fmt: skip
    assert [event["@message"] for event in events if event["type"] == "apply_progress"] == ["PublishMetrics …"] * 2


def refuse(code: str) -> Callable[..., Any]:
    def call(**_: Any) -> Any:
        raise ClientError({"Error": {"Code": code, "Message": "no"}}, "Operation")

    return call


def test_only_new_events_are_fetched() -> None:
    script, sizes = Script(), []

    class Client:
        def get_execution_history(self, *, maxResults: int, nextToken: str = "0", **_: Any) -> Json:
            first = int(nextToken)
            page = script.events[::-1][first : first + maxResults]
            sizes.append(len(page))
            if len(sizes) == 2:
                script.state("InBetween")  # pages are offsets from the newest event: they shift
            more = {"nextToken": str(first + maxResults)} if first + maxResults < len(script.events) else {}
            return {"events": page, **more}

    history = execution._History(Client(), ARN)
    for _ in range(40):
        script.state("Early")
    assert [event["id"] for event in history.read()] == list(range(1, 81))
    sizes.clear()
    script.state("Late")
    assert [event["id"] for event in history.read()] == list(range(1, 85))
    assert sizes == [30]
    assert [event["id"] for event in history.read()] == list(range(1, 85))


def test_a_pipeline_that_cannot_start_says_why() -> None:
    nothing = paged(list_executions={"executions": []})
    answers = {"start_execution": refuse("StateMachineDoesNotExist"), "get_paginator": nothing}
    cloud = FakeCloud(services={"stepfunctions": answers})
    with pytest.raises(PipelineFailed, match="cannot start the training pipeline: StateMachineDoesNotExist: no"):
        run(cloud)


def test_an_emulator_that_dies_meanwhile_is_reported() -> None:
    cloud = cloud_with(good_run())
    cloud.services["stepfunctions"]["describe_execution"] = EndpointConnectionError(endpoint_url="http://x")
    with pytest.raises(EmulatorError, match=r"the emulator at http://127\.0\.0\.1:4566 does not answer"):
        run(cloud)


def test_the_live_version() -> None:
    cloud = FakeCloud(services={"ssm": {"get_parameter": {"Parameter": {"Value": '{"image": "i"}'}}}})
    assert pipeline.live_version(cloud, "/p") == {"image": "i"}
    cloud.services["ssm"]["get_parameter"] = refuse("ParameterNotFound")
    assert pipeline.live_version(cloud, "/p") is None
    cloud.services["ssm"]["get_parameter"] = refuse("AccessDeniedException")
    with pytest.raises(PlatformError, match="cannot read the parameter /p: AccessDeniedException"):
        pipeline.live_version(cloud, "/p")
    cloud.services["ssm"]["get_parameter"] = {"Parameter": {"Value": "later"}}
    with pytest.raises(PlatformError, match="got `later`"):
        pipeline.live_version(cloud, "/p")


def test_a_failed_job_is_reported_by_its_reason() -> None:
    job = {"ProcessingInputs": [{"InputName": "rows"}], "ExitMessage": "the test split lacks id"}
    script = good_run().state("EvaluateModel", error=("States.TaskFailed", "x"))
    cause = f"States.TaskFailed: {json.dumps(job)}"
    result = run(cloud_with(script, status="FAILED", error="StepFailed", cause=cause))
    assert result.error == "StepFailed: States.TaskFailed: the test split lacks id"
