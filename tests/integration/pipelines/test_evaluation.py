"""The evaluation step as it is deployed: a processing job on real models, and the verdict that decides."""

from __future__ import annotations

import hashlib
import json
import subprocess
from pathlib import Path
from typing import Any

import pytest

from orchestrator.packaging import SourcePackager
from tests.integration.pipelines.test_quality_gate import PIPELINE, planned
from tests.support.compute import ROLE, unique, wait_for
from tests.support.delivery import Queue, told
from tests.support.process import JOBS_PYTHON
from tests.support.studio import STUDIO
from tests.terraform import hcl
from tests.terraform.conftest import Terraform

pytestmark = [pytest.mark.emulator, pytest.mark.terraform]

FIRST, AFTER = "FindChampion", "StoreModel"
TASKS: dict[str, dict[str, Any]] = {
    "wine": {"task": "classification", "slices": ["half"], "metric": "f1"},
    "diabetes": {"task": "regression", "metric": "rmse"},
}
ROUGH, IMPOSSIBLE = {"wine": 0.5, "diabetes": 100.0}, {"wine": 1.5, "diabetes": 1.0}


class Evaluation:
    """The pipeline from the end of the training on, over data sets and models of scikit-learn."""

    def __init__(self, aws: Any, bucket: str, terraform: Terraform, folder: Path) -> None:
        self.aws, self.bucket, self.terraform, self.root = aws, bucket, terraform, folder / "studio"
        script = folder / "studio.py"
        script.write_text(STUDIO)
        subprocess.run([JOBS_PYTHON, script, self.root], check=True, capture_output=True)
        package = SourcePackager(hcl.REPO).build(folder)["evaluation"].path
        self.program = self.put("evaluation.zip", package.read_bytes())
        self.code = self.put("sourcedir.tar.gz", (self.root / "code.tar.gz").read_bytes())
        self.topic = aws("sns").create_topic(Name=unique("evaluation"))["TopicArn"]
        queue = Queue(aws, "sns")
        aws("sns").subscribe(TopicArn=self.topic, Protocol="sqs", Endpoint=queue.arn)
        self.queue = str(queue.url)
        for data in TASKS:
            for file in sorted(path for path in (self.root / data).rglob("*") if path.is_file()):
                name = file.relative_to(self.root).as_posix().replace("labels.jsonl", "test.jsonl")
                self.put(name, file.read_bytes())

    def put(self, name: str, body: bytes) -> str:
        self.aws("s3").put_object(Bucket=self.bucket, Key=f"studio/{name}", Body=body)
        return f"s3://{self.bucket}/studio/{name}"

    def machine(self, data: str, **gate: Any) -> Machine:
        """Deploy the state machine for a data set, with this gate and without a live version."""
        group = unique("mlops-test")
        self.aws("sagemaker").create_model_package_group(ModelPackageGroupName=group)
        task = dict(TASKS[data])
        variables = {
            "bucket_name": self.bucket,
            "topic_arn": self.topic,
            "training": {"role_arn": ROLE, "endpoint_role_arn": ROLE, "image_uri": "sklearn", "source_uri": self.code},
            "evaluation": {
                "role_arn": ROLE,
                "program_uri": self.program,
                "spec_uri": f"s3://{self.bucket}/studio/{data}/spec.json",
                "gate": {"metric": task.pop("metric"), "above_champion": 0, **gate},
                **task,
            },
            "registry": {"group_name": group, "live_parameter_name": f"/{group}/live"},
        }
        planned_machine = planned(self.terraform, PIPELINE, "training.tftest.hcl", "aws_sfn_state_machine", variables)
        definition = {**json.loads(planned_machine["definition"]), "StartAt": FIRST}
        definition["States"][AFTER] = {"Type": "Succeed"}
        arn = self.aws("stepfunctions").create_state_machine(
            name=group, definition=json.dumps(definition), roleArn=ROLE
        )["stateMachineArn"]
        return Machine(self, arn, data, group)


class Machine:
    """One deployed state machine, and the live version that it compares with."""

    def __init__(self, evaluation: Evaluation, arn: str, data: str, group: str) -> None:
        self.evaluation, self.arn, self.data, self.group = evaluation, arn, data, group

    def set_live(self, model: str, **changes: str) -> None:
        body = (self.evaluation.root / self.data / model / "model.tar.gz").read_bytes()
        version = {
            "model_package_arn": f"arn:aws:sagemaker:us-east-1:123456789012:model-package/{self.group}/4",
            "model_data_url": f"s3://{self.evaluation.bucket}/studio/{self.data}/{model}/model.tar.gz",
            "sha256": hashlib.sha256(body).hexdigest(),
        }
        self.evaluation.aws("ssm").put_parameter(
            Name=f"/{self.group}/live", Type="String", Overwrite=True, Value=json.dumps(version | changes)
        )

    def run(self, model: str) -> dict[str, Any]:
        """Evaluate a candidate; return how the execution ends."""
        evaluation, run_id = self.evaluation, unique("run")
        labels = (evaluation.root / self.data / "labels.jsonl").read_bytes()
        left = {
            "run_id": run_id,
            "training_job": f"mlops-test-{run_id}",
            "data": {
                "data_fingerprint": "sha256:new",
                "labels_key": f"studio/{self.data}/test.jsonl",
                "labels_sha256": hashlib.sha256(labels).hexdigest(),
            },
            "plan": {
                "test_uri": f"s3://{evaluation.bucket}/studio/{self.data}/split=test/",
                "report_key": f"artifacts/evaluations/{self.group}/{run_id}",
                "former": {"data_fingerprint": ""},
            },
            "training": {"model_data_url": f"s3://{evaluation.bucket}/studio/{self.data}/{model}/model.tar.gz"},
        }
        states = evaluation.aws("stepfunctions")
        arn = states.start_execution(stateMachineArn=self.arn, input=json.dumps(left))["executionArn"]
        ended: dict[str, Any] = wait_for(
            lambda: states.describe_execution(executionArn=arn), until=lambda each: each["status"] != "RUNNING"
        )
        pages = states.get_paginator("get_execution_history").paginate(executionArn=arn)
        events = [event for page in pages for event in page["events"]]
        entered = [each["stateEnteredEventDetails"]["name"] for each in events if "stateEnteredEventDetails" in each]
        assert (AFTER in entered) is (ended["status"] == "SUCCEEDED")
        return ended | {"run_id": run_id}

    def report(self, ended: dict[str, Any], name: str = "report.json") -> Any:
        key = f"artifacts/evaluations/{self.group}/{ended['run_id']}/{name}"
        body = self.evaluation.aws("s3").get_object(Bucket=self.evaluation.bucket, Key=key)["Body"].read()
        return json.loads(body) if name.endswith(".json") else body


@pytest.fixture(scope="module")
def evaluation(
    aws: Any, bucket: str, mocked_terraform: Terraform, tmp_path_factory: pytest.TempPathFactory
) -> Evaluation:
    return Evaluation(aws, bucket, mocked_terraform, tmp_path_factory.mktemp("evaluation"))


@pytest.mark.parametrize("data", TASKS)
def test_a_candidate_is_compared_with_the_live_version(evaluation: Evaluation, data: str, seen: Any) -> None:
    machine, metric = evaluation.machine(data, threshold=ROUGH[data]), TASKS[data]["metric"]
    first = machine.run("weak")
    assert first["status"] == "SUCCEEDED", first
    verdict = json.loads(first["output"])["evaluation"]["verdict"]
    assert (verdict["passed"], verdict["champion"]) == (True, None)
    assert verdict["metric_data"][0]["Dimensions"] == [{"Name": "ModelPackageGroup", "Value": machine.group}]
    [record] = seen(kind="processing", resource=f"mlops-test-{first['run_id']}")
    assert (record["status"], record["fidelity"], record["state"]) == ("succeeded", "executed", "EvaluateModel")

    machine.set_live("weak", data_fingerprint="sha256:old")
    better = machine.run("good")
    assert better["status"] == "SUCCEEDED", better
    report = machine.report(better)
    assert report["champion"]["metrics"] == verdict["metrics"], "the same model on the same rows"
    assert "version 4 (trained on other data)" in report["gate"]["reasons"][0]
    assert report["rows_sha256"] == verdict["rows_sha256"]

    machine.set_live("good")
    told(evaluation.aws("sqs"), evaluation.queue)
    worse = machine.run("weak")
    ours, live = verdict["metrics"][metric], report["metrics"][metric]
    assert (worse["status"], worse["error"]) == ("FAILED", "ModelRejected")
    assert worse["cause"] == f"{metric} {ours:.6g} is worse than the {live:.6g} of version 4, the live version"
    [message] = told(evaluation.aws("sqs"), evaluation.queue, worse["executionArn"])
    assert worse["cause"] in message
    assert machine.report(worse)["gate"]["passed"] is False
    # Trained again with the same result, it is not worse.
    assert machine.run("good")["status"] == "SUCCEEDED"


@pytest.mark.parametrize("data", TASKS)
def test_a_threshold_that_cannot_be_met_registers_nothing_and_says_why(evaluation: Evaluation, data: str) -> None:
    machine = evaluation.machine(data, threshold=IMPOSSIBLE[data])
    ended = machine.run("good")
    assert (ended["status"], ended["error"]) == ("FAILED", "ModelRejected")
    assert ended["cause"].endswith(f"is worse than the threshold {IMPOSSIBLE[data]:.6g}")
    versions = evaluation.aws("sagemaker").list_model_packages(ModelPackageGroupName=machine.group)
    assert versions["ModelPackageSummaryList"] == []
    assert machine.report(ended, "predictions.svg" if data == "diabetes" else "confusion.svg").startswith(b"<svg")


def test_a_replaced_live_archive_or_a_candidate_that_cannot_predict_fails_the_step(evaluation: Evaluation) -> None:
    machine = evaluation.machine("wine", threshold=ROUGH["wine"])
    broken = machine.run("unfit")
    assert (broken["status"], broken["error"]) == ("FAILED", "StepFailed")
    assert "the candidate cannot predict the test rows: KeyError: 'blood'" in broken["cause"]
    machine.set_live("good", sha256="0" * 64)
    replaced = machine.run("good")
    assert replaced["error"] == "StepFailed"
    assert f"registered was {'0' * 64}" in replaced["cause"]
