"""A whole pipeline on the interpreter: crawler, job, function, training, registry, endpoint, metrics, topic."""

from __future__ import annotations

import json
import os
import signal
from typing import Any

import pytest

from tests.support.compute import ROLE, Lambdas, unique, wait_for
from tests.support.pipelines import ETL, Pipeline

pytestmark = pytest.mark.emulator


@pytest.fixture(scope="module")
def pipe(aws: Any) -> Pipeline:
    return Pipeline(aws, Lambdas(aws("lambda")))


def test_every_step_is_executed(pipe: Pipeline, aws: Any, seen: Any) -> None:
    execution = pipe.start(run=(run := unique("run")), factor="3")
    ended = pipe.ended(execution)
    assert ended["status"] == "SUCCEEDED", (ended, pipe.entered(execution))
    output = json.loads(ended["output"])
    # y = 2x, and the hyperparameter makes it 6: through S3, Glue, training, hosting and two functions.
    assert output["probe"]["value"] == {"outputs": [60.0]}
    assert isinstance(output["model"]["ended"], str)
    assert json.loads(aws("ssm").get_parameter(Name=f"/{pipe.name}/live")["Parameter"]["Value"]) == output["probe"]
    assert pipe.messages(f"done {run}") == [f"done {run}"]
    packages = pipe.sagemaker.list_model_packages(ModelPackageGroupName=pipe.name)["ModelPackageSummaryList"]
    assert [package["ModelPackageVersion"] for package in packages] == [1]
    assert pipe.entered(execution)[:2] == ["Crawl", "GetCrawler"]

    records = seen(execution=execution)
    by_kind = {record["kind"]: record for record in records if record["kind"] != "states-call"}
    assert by_kind.pop("event-delivery")["status"] == "succeeded"
    assert set(by_kind) == {"glue-crawler", "glue-job", "lambda", "training", "endpoint"}
    assert {record["fidelity"] for record in by_kind.values()} == {"executed"}
    assert by_kind["training"]["state"] == "Train"
    assert by_kind["endpoint"]["state"] == "Endpoint"
    calls = {record["state"]: record for record in records if record["kind"] == "states-call"}
    assert {record["status"] for record in calls.values()} == {"succeeded"}
    assert {calls[state]["fidelity"] for state in ("Crawl", "Etl", "Train", "Probe", "Endpoint")} == {"executed"}
    assert calls["Metric"]["fidelity"] == "emulated"
    pipe.sagemaker.delete_endpoint(EndpointName=run)


def test_calls_are_made_under_the_machines_role(pipe: Pipeline, aws: Any) -> None:
    states = {
        "Who": {
            "Type": "Task",
            "Resource": "arn:aws:states:::aws-sdk:sts:getCallerIdentity",
            "ResultSelector": {"arn.$": "$.Arn"},
            "End": True,
        }
    }
    machine = pipe.states.create_state_machine(
        name=unique("who"), definition=json.dumps({"StartAt": "Who", "States": states}), roleArn=ROLE
    )["stateMachineArn"]
    ended = pipe.ended(pipe.states.start_execution(stateMachineArn=machine)["executionArn"])
    assert json.loads(ended["output"])["arn"].endswith(":assumed-role/compute-tests/StepFunctions")


def test_a_weak_model_is_rejected(pipe: Pipeline) -> None:
    execution = pipe.start(threshold=100)
    ended = pipe.ended(execution)
    assert (ended["status"], ended["error"]) == ("FAILED", "ModelRejected")
    assert "Register" not in pipe.entered(execution)


def test_a_functions_error_is_caught_by_name(pipe: Pipeline, seen: Any) -> None:
    execution = pipe.start(least=10**9)
    ended = pipe.ended(execution)
    assert (ended["status"], ended["error"]) == ("FAILED", "PipelineFailed")
    assert pipe.messages("ValueError") == ["ValueError"]
    [call] = [record for record in seen(execution=execution, kind="states-call") if record["state"] == "Validate"]
    assert (call["status"], call["detail"]["reason"].startswith("ValueError")) == ("failed", True)


def test_killing_the_training_process_fails_the_step(pipe: Pipeline, seen: Any) -> None:
    execution = pipe.start(sleep="60", run=(run := unique("run")))
    record = running(seen, kind="training", resource=run)
    assert record["status"] == "running"
    os.kill(record["pid"], signal.SIGKILL)
    ended = pipe.ended(execution)
    assert (ended["status"], ended["error"]) == ("FAILED", "PipelineFailed")
    assert pipe.messages("States.TaskFailed") == ["States.TaskFailed"]
    job = pipe.sagemaker.describe_training_job(TrainingJobName=run)
    assert job["TrainingJobStatus"] == "Failed"
    assert "killed by signal 9" in job["FailureReason"]
    by_kind = {item["kind"]: item for item in seen(execution=execution) if item["state"] == "Train"}
    assert {item["status"] for item in by_kind.values()} == {"failed"}
    assert by_kind["training"]["exit_code"] == -9


def running(seen: Any, **filters: str) -> dict[str, Any]:
    """The record of this work, once it has a process."""
    [record] = wait_for(
        lambda: seen(**filters), until=lambda result: bool(result) and result[0]["pid"] is not None, seconds=90
    )
    return dict(record)


def test_stopping_an_execution_stops_the_training_job_it_waits_for(pipe: Pipeline, seen: Any) -> None:
    execution = pipe.start(sleep="60", run=(run := unique("run")))
    record = running(seen, kind="training", resource=run)
    pipe.states.stop_execution(executionArn=execution, error="Changed", cause="my mind")
    assert pipe.ended(execution)["status"] == "ABORTED"
    wait_for(
        lambda: pipe.sagemaker.describe_training_job(TrainingJobName=run)["TrainingJobStatus"],
        until=lambda status: status == "Stopped",
        seconds=30,
    )
    assert not os.path.exists(f"/proc/{record['pid']}")
    [call] = [item for item in seen(execution=execution, kind="states-call") if item["state"] == "Train"]
    assert (call["status"], call["detail"]["reason"]) == ("failed", "stopped before it ended")


def test_stopping_an_execution_stops_the_job_run_it_waits_for(pipe: Pipeline, seen: Any) -> None:
    pipe.put("code/etl.py", "import time; time.sleep(60)")
    try:
        execution = pipe.start()
        [run] = wait_for(
            lambda: [item for item in seen(execution=execution, kind="glue-job") if item["pid"]], until=bool, seconds=60
        )
        pipe.states.stop_execution(executionArn=execution)
        wait_for(
            lambda: pipe.glue.get_job_run(JobName=pipe.name, RunId=run["detail"]["run_id"])["JobRun"]["JobRunState"],
            until=lambda state: state == "STOPPED",
            seconds=30,
        )
    finally:
        pipe.put("code/etl.py", ETL)


def test_a_broken_crawler_target_or_script_is_caught(pipe: Pipeline) -> None:
    pipe.put("code/etl.py", "raise SystemExit('no rows')")
    try:
        ended = pipe.ended(pipe.start())
    finally:
        pipe.put("code/etl.py", ETL)
    assert ended["status"] == "FAILED"
    assert pipe.messages("States.TaskFailed") == ["States.TaskFailed"]


def test_a_name_taken_twice_is_an_error_with_the_services_name(pipe: Pipeline) -> None:
    run = unique("run")
    assert pipe.ended(pipe.start(run=run, threshold=100))["error"] == "ModelRejected"
    ended = pipe.ended(pipe.start(run=run))
    assert ended["status"] == "FAILED"
    assert pipe.messages("SageMaker.ResourceInUseException") == ["SageMaker.ResourceInUseException"]
