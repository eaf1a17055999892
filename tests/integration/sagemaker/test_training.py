"""Training jobs run the user's script as the containers do."""

from __future__ import annotations

import json
import os
import signal
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
from botocore.exceptions import ClientError

from emulator.core import opt_ml
from tests.support.compute import ROLE, members, tarred, unique, wait_for

pytestmark = pytest.mark.emulator

TRAIN = """
import argparse, json, os, pathlib, sys
p = argparse.ArgumentParser()
p.add_argument("--learning-rate", type=float); p.add_argument("--name"); p.add_argument("-C", type=int)
a = p.parse_args()
data = pathlib.Path(os.environ["SM_CHANNEL_TRAIN"])
files = sorted(str(f.relative_to(data)) for f in data.rglob("*") if f.is_file())
print("files", files)
for step in (1, 2):
    print(f"validation-accuracy={step / 4};", flush=True)
model = pathlib.Path(os.environ["SM_MODEL_DIR"]); (model / "code").mkdir()
(model / "weights.json").write_text(json.dumps({"lr": a.learning_rate, "name": a.name, "C": a.C, "files": files}))
(model / "code" / "inference.py").write_text("")
(pathlib.Path(os.environ["SM_OUTPUT_DATA_DIR"]) / "metrics.json").write_text(os.environ["SM_HPS"])
(pathlib.Path(os.environ["SM_OUTPUT_DATA_DIR"]) / "env.json").write_text(os.environ["SM_TRAINING_ENV"])
"""


class Training:
    def __init__(self, aws: Any, bucket: str) -> None:
        self.client, self.s3, self.bucket = aws("sagemaker"), aws("s3"), bucket

    def start(
        self,
        code: str | Mapping[str, str | bytes],
        *,
        prefix: str | None = None,
        max_seconds: int = 60,
        instances: int = 1,
        **hyperparameters: str,
    ) -> str:
        """Start a job with an archive of code; a text is its train.py."""
        name = unique("train")
        key = f"code/{name}.tar.gz"
        files = {"train.py": code} if isinstance(code, str) else code
        self.s3.put_object(Bucket=self.bucket, Key=key, Body=tarred(files))
        source = {"S3DataType": "S3Prefix", "S3Uri": f"s3://{self.bucket}/{prefix}"}
        self.client.create_training_job(
            TrainingJobName=name,
            RoleArn=ROLE,
            AlgorithmSpecification={
                "TrainingImage": "sklearn",
                "TrainingInputMode": "File",
                "MetricDefinitions": [{"Name": "validation:accuracy", "Regex": "validation-accuracy=([0-9.]+);"}],
            },
            HyperParameters={
                "sagemaker_program": "train.py",
                "sagemaker_submit_directory": json.dumps(f"s3://{self.bucket}/{key}"),
                **hyperparameters,
            },
            **(
                {"InputDataConfig": [{"ChannelName": "train", "DataSource": {"S3DataSource": source}}]}
                if prefix
                else {}
            ),
            OutputDataConfig={"S3OutputPath": f"s3://{self.bucket}/out"},
            ResourceConfig={"InstanceType": "ml.m5.large", "InstanceCount": instances, "VolumeSizeInGB": 5},
            StoppingCondition={"MaxRuntimeInSeconds": max_seconds},
        )
        return name

    def describe(self, name: str) -> dict[str, Any]:
        return dict(self.client.describe_training_job(TrainingJobName=name))

    def ended(self, name: str) -> dict[str, Any]:
        over = ("Completed", "Failed", "Stopped")
        return dict(wait_for(lambda: self.describe(name), until=lambda job: job["TrainingJobStatus"] in over))

    def training(self, name: str) -> None:
        wait_for(lambda: self.describe(name), until=lambda job: job["SecondaryStatus"] == "Training")

    def output(self, name: str, archive: str) -> dict[str, bytes]:
        key = f"out/{name}/output/{archive}"
        return members(self.s3.get_object(Bucket=self.bucket, Key=key)["Body"].read())


@pytest.fixture
def training(aws: Any, bucket: str) -> Training:
    return Training(aws, bucket)


def test_script_mode_from_channel_to_artifacts(training: Training, bucket: str, aws: Any, seen: Any) -> None:
    for key in ("tdata/a.csv", "tdata/deep/b.csv"):
        training.s3.put_object(Bucket=bucket, Key=key, Body="1,2")
    hyperparameters: dict[str, Any] = {"learning-rate": "0.5", "name": '"quoted"', "C": "3"}
    name = training.start(TRAIN, prefix="tdata/", **hyperparameters)
    first = training.describe(name)
    assert first["TrainingJobStatus"] == "InProgress"
    assert "ModelArtifacts" not in first or not first["ModelArtifacts"].get("S3ModelArtifacts")
    job = training.ended(name)
    assert job["TrainingJobStatus"] == "Completed", job
    assert job["ModelArtifacts"]["S3ModelArtifacts"] == f"s3://{bucket}/out/{name}/output/model.tar.gz"
    model = training.output(name, "model.tar.gz")
    assert set(model) == {"weights.json", "code/inference.py"}
    weights = json.loads(model["weights.json"])
    assert weights == {"lr": 0.5, "name": "quoted", "C": 3, "files": ["a.csv", "deep/b.csv"]}
    output = training.output(name, "output.tar.gz")
    assert json.loads(output["metrics.json"]) == {"learning-rate": 0.5, "name": "quoted", "C": 3}
    assert json.loads(output["env.json"])["job_name"] == name
    [metric] = job["FinalMetricDataList"]
    assert (metric["MetricName"], metric["Value"]) == ("validation:accuracy", 0.5)
    steps = [step["Status"] for step in job["SecondaryStatusTransitions"]]
    assert steps == ["Starting", "Downloading", "Training", "Uploading", "Completed"]
    streams = aws("logs").describe_log_streams(
        logGroupName="/aws/sagemaker/TrainingJobs", logStreamNamePrefix=f"{name}/algo-1-"
    )["logStreams"]
    assert len(streams) == 1
    [record] = seen(kind="training", resource=name)
    assert (record["status"], record["fidelity"], record["exit_code"]) == ("succeeded", "executed", 0)
    import hashlib

    stored = training.s3.get_object(Bucket=bucket, Key=f"out/{name}/output/model.tar.gz")["Body"].read()
    assert record["artifact_sha256"] == hashlib.sha256(stored).hexdigest()


def test_a_failing_script_is_the_failure_reason(training: Training, seen: Any) -> None:
    job = training.ended(training.start("raise ValueError('too few rows')"))
    assert job["TrainingJobStatus"] == "Failed"
    assert job["FailureReason"].startswith("AlgorithmError: ExecuteUserScriptError:\nExitCode 1\n")
    assert "ValueError: too few rows" in job["FailureReason"]
    assert "ModelArtifacts" not in job or not job["ModelArtifacts"].get("S3ModelArtifacts")


def test_a_channel_without_objects_fails(training: Training) -> None:
    job = training.ended(training.start(TRAIN, prefix="nothing/here/"))
    assert job["TrainingJobStatus"] == "Failed"
    assert job["FailureReason"].startswith('ClientError: No S3 objects found under S3 URL "s3://')


def test_killing_the_process_fails_the_job(training: Training, seen: Any) -> None:
    name = training.start("import time\ntime.sleep(60)")
    training.training(name)
    [record] = wait_for(lambda: seen(kind="training", resource=name), until=lambda result: result[0]["pid"])
    os.kill(record["pid"], signal.SIGKILL)
    job = training.ended(name)
    assert job["TrainingJobStatus"] == "Failed"
    assert "killed by signal 9" in job["FailureReason"]
    [record] = seen(kind="training", resource=name)
    assert (record["status"], record["exit_code"]) == ("failed", -9)


def test_stopping_and_the_time_limit(training: Training) -> None:
    name = training.start("import time\ntime.sleep(60)")
    training.training(name)
    training.client.stop_training_job(TrainingJobName=name)
    assert training.ended(name)["TrainingJobStatus"] == "Stopped"
    with pytest.raises(ClientError):
        training.client.stop_training_job(TrainingJobName=name)
    job = training.ended(training.start("import time\ntime.sleep(60)", max_seconds=1))
    assert (job["TrainingJobStatus"], job["SecondaryStatus"]) == ("Stopped", "MaxRuntimeExceeded")


def test_a_name_is_used_once(training: Training) -> None:
    name = training.start("pass")
    with pytest.raises(ClientError) as error:
        training.client.create_training_job(
            TrainingJobName=name,
            RoleArn=ROLE,
            AlgorithmSpecification={"TrainingImage": "x", "TrainingInputMode": "File"},
            OutputDataConfig={"S3OutputPath": "s3://x/y"},
            ResourceConfig={"InstanceType": "ml.m5.large", "InstanceCount": 1, "VolumeSizeInGB": 5},
            StoppingCondition={"MaxRuntimeInSeconds": 1},
        )
    assert error.value.response["Error"]["Code"] == "ResourceInUse"
    training.ended(name)


def test_jobs_that_are_not_emulated_are_rejected(training: Training) -> None:
    with pytest.raises(ClientError) as error:
        training.client.create_compilation_job(
            CompilationJobName=unique("compilation"),
            RoleArn=ROLE,
            OutputConfig={"S3OutputLocation": f"s3://{training.bucket}/out"},
            StoppingCondition={"MaxRuntimeInSeconds": 60},
        )
    assert error.value.response["Error"]["Code"] == "NotImplemented"


SHELL = """\
#!/bin/bash
set -e
test "$1 $2" = "--rate 0.5"
python3 -c "import sklearn" || exit 7
echo "$SM_HP_RATE" > "$SM_MODEL_DIR/rate"
"""


def test_a_shell_script_is_run_by_the_shell(training: Training) -> None:
    name = training.start({"bin/train.sh": SHELL}, sagemaker_program="bin/train.sh", rate="0.5")
    job = training.ended(name)
    assert job["TrainingJobStatus"] == "Completed", job
    assert training.output(name, "model.tar.gz") == {"rate": b"0.5\n"}
    job = training.ended(training.start({"t.sh": "echo 'no rows' >&2\nexit 3"}, sagemaker_program="t.sh"))
    assert 'ExitCode 3\nErrorMessage "no rows"' in job["FailureReason"]
    assert "/bin/sh -c ./t.sh" in job["FailureReason"]


def test_a_source_that_would_be_installed_as_a_package_is_refused(training: Training) -> None:
    job = training.ended(training.start({"train.py": "pass", "setup.py": ""}))
    assert job["TrainingJobStatus"] == "Failed"
    assert "has a setup.py" in job["FailureReason"]


def test_a_job_on_two_instances_is_refused(training: Training) -> None:
    with pytest.raises(ClientError, match="runs a job on one instance, received 2 in ResourceConfig"):
        training.start("pass", instances=2)


HARD_CODED = """
import json, pathlib
config = json.loads(pathlib.Path("/opt/ml/input/config/hyperparameters.json").read_text())
files = [path.name for path in pathlib.Path("/opt/ml/input/data/train").iterdir()]
pathlib.Path("/opt/ml/model/weights.json").write_text(json.dumps([config["rate"], files]))
"""


@pytest.mark.skipif(not opt_ml.available(), reason="this machine permits no mount namespaces")
def test_a_script_may_name_the_folders_of_the_container(training: Training, bucket: str) -> None:
    training.s3.put_object(Bucket=bucket, Key="hdata/a.csv", Body="1")
    name = training.start(HARD_CODED, prefix="hdata/", rate="0.5")
    job = training.ended(name)
    assert job["TrainingJobStatus"] == "Completed", job
    assert json.loads(training.output(name, "model.tar.gz")["weights.json"]) == ["0.5", ["a.csv"]]
    assert not Path("/opt/ml").exists(), "only the job sees it"
