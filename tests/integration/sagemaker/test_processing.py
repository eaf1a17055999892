"""Processing jobs run the user's program on inputs from S3 and upload its outputs."""

from __future__ import annotations

import os
import signal
from typing import Any

import pytest
from botocore.exceptions import ClientError

from emulator.core import opt_ml
from tests.support.compute import ROLE, unique, wait_for

pytestmark = pytest.mark.emulator

PROGRAM = """
import argparse, os, pathlib
p = argparse.ArgumentParser()
p.add_argument("--data"); p.add_argument("--result"); p.add_argument("--message")
a = p.parse_args()
files = sorted(str(f.relative_to(a.data)) for f in pathlib.Path(a.data).rglob("*") if f.is_file())
target = pathlib.Path(a.result) / "deep"; target.mkdir()
(target / "names.txt").write_text(" ".join(files) + " " + os.environ["KIND"] + " " + os.environ["PROCESSING_JOB_NAME"])
pathlib.Path(a.message).write_text(f"{len(files)} files")
print("done", flush=True)
"""
LASTING = "import time\ntime.sleep(60)"


class Processing:
    def __init__(self, aws: Any, bucket: str) -> None:
        self.client, self.s3, self.bucket = aws("sagemaker"), aws("s3"), bucket

    def start(self, program: str, *, max_seconds: int = 60, **changes: Any) -> str:
        name = unique("process")
        self.s3.put_object(Bucket=self.bucket, Key=f"code/{name}/program.py", Body=program)
        folders = {"code": f"code/{name}/", "data": "pdata/"}
        inputs = [
            {
                "InputName": key,
                "S3Input": {
                    "S3Uri": f"s3://{self.bucket}/{prefix}",
                    "LocalPath": f"/opt/ml/processing/input/{key}",
                    "S3DataType": "S3Prefix",
                    "S3InputMode": "File",
                },
            }
            for key, prefix in folders.items()
        ]
        output = {"S3Uri": f"s3://{self.bucket}/pout/{name}", "LocalPath": "/opt/ml/processing/output"}
        request: dict[str, Any] = {
            "ProcessingJobName": name,
            "RoleArn": ROLE,
            "AppSpecification": {
                "ImageUri": "sklearn",
                "ContainerEntrypoint": ["python3", "/opt/ml/processing/input/code/program.py"],
                "ContainerArguments": [
                    *("--data", "/opt/ml/processing/input/data", "--result", "/opt/ml/processing/output"),
                    *("--message", "/opt/ml/output/message"),
                ],
            },
            "Environment": {"KIND": "reviews"},
            "ProcessingInputs": inputs,
            "ProcessingOutputConfig": {
                "Outputs": [{"OutputName": "o", "S3Output": {**output, "S3UploadMode": "EndOfJob"}}]
            },
            "ProcessingResources": {
                "ClusterConfig": {"InstanceCount": 1, "InstanceType": "ml.m5.large", "VolumeSizeInGB": 5}
            },
            "StoppingCondition": {"MaxRuntimeInSeconds": max_seconds},
        }
        self.client.create_processing_job(**request | changes)
        return name

    def describe(self, name: str) -> dict[str, Any]:
        return dict(self.client.describe_processing_job(ProcessingJobName=name))

    def ended(self, name: str) -> dict[str, Any]:
        over = ("Completed", "Failed", "Stopped")
        return dict(wait_for(lambda: self.describe(name), until=lambda job: job["ProcessingJobStatus"] in over))

    def running(self, name: str) -> None:
        wait_for(lambda: self.describe(name), until=lambda job: "ProcessingStartTime" in job)

    def written(self, name: str) -> dict[str, str]:
        listed = self.s3.list_objects_v2(Bucket=self.bucket, Prefix=f"pout/{name}/").get("Contents", [])
        read = {each["Key"]: self.s3.get_object(Bucket=self.bucket, Key=each["Key"])["Body"].read() for each in listed}
        return {key.removeprefix(f"pout/{name}/"): body.decode() for key, body in read.items()}


@pytest.fixture
def processing(aws: Any, bucket: str) -> Processing:
    for key in ("pdata/a.csv", "pdata/deep/b.csv"):
        aws("s3").put_object(Bucket=bucket, Key=key, Body="1,2")
    return Processing(aws, bucket)


def test_from_inputs_to_outputs(processing: Processing, aws: Any, seen: Any) -> None:
    name = processing.start(PROGRAM)
    first = processing.describe(name)
    assert first["ProcessingJobStatus"] == "InProgress"
    assert "ProcessingEndTime" not in first
    job = processing.ended(name)
    assert job["ProcessingJobStatus"] == "Completed", job
    assert job["ExitMessage"] == "2 files"
    assert job["Environment"] == {"KIND": "reviews"}
    assert job["ProcessingResources"]["ClusterConfig"]["InstanceCount"] == 1
    assert job["CreationTime"] <= job["ProcessingStartTime"] <= job["ProcessingEndTime"]
    assert processing.written(name) == {"deep/names.txt": f"a.csv deep/b.csv reviews {name}"}
    streams = aws("logs").describe_log_streams(
        logGroupName="/aws/sagemaker/ProcessingJobs", logStreamNamePrefix=f"{name}/algo-1-"
    )["logStreams"]
    assert len(streams) == 1
    [record] = seen(kind="processing", resource=name)
    assert (record["status"], record["fidelity"], record["exit_code"]) == ("succeeded", "executed", 0)


REACHING = """
import os, pathlib, boto3
from botocore.exceptions import BotoCoreError
try:
    boto3.client("s3").list_buckets()
    reached = "reached"
except BotoCoreError as error:
    reached = type(error).__name__
root = pathlib.Path(__file__).parents[3]
(root / "output" / "message").write_text(reached)
"""


@pytest.mark.parametrize(("isolated", "message"), [(True, "NoCredentialsError"), (False, "reached")])
def test_a_job_without_a_network_does_not_reach_aws(processing: Processing, isolated: bool, message: str) -> None:
    job = processing.ended(processing.start(REACHING, NetworkConfig={"EnableNetworkIsolation": isolated}))
    assert (job["ProcessingJobStatus"], job["ExitMessage"]) == ("Completed", message)


def test_a_failing_program_is_the_failure_reason_and_writes_nothing(processing: Processing) -> None:
    name = processing.start(f"{PROGRAM}\nraise ValueError('too few rows')")
    job = processing.ended(name)
    assert job["ProcessingJobStatus"] == "Failed"
    assert job["FailureReason"] == "AlgorithmError: ValueError: too few rows, exit code: 1"
    assert processing.written(name) == {}


def test_killing_the_process_fails_the_job(processing: Processing, seen: Any) -> None:
    name = processing.start(LASTING)
    processing.running(name)
    [record] = seen(kind="processing", resource=name)
    os.kill(record["pid"], signal.SIGKILL)
    job = processing.ended(name)
    assert job["ProcessingJobStatus"] == "Failed"
    assert "killed by signal 9" in job["FailureReason"]


def test_stopping_and_the_time_limit(processing: Processing) -> None:
    name = processing.start(LASTING)
    processing.running(name)
    processing.client.stop_processing_job(ProcessingJobName=name)
    assert processing.ended(name)["ProcessingJobStatus"] == "Stopped"
    with pytest.raises(ClientError, match="in status Stopped"):
        processing.client.stop_processing_job(ProcessingJobName=name)
    late = processing.ended(processing.start(LASTING, max_seconds=1))
    assert late["ProcessingJobStatus"] == "Stopped"
    assert "MaxRuntimeInSeconds" in late["FailureReason"]


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        (
            {"AppSpecification": {"ImageUri": "x", "ContainerEntrypoint": ["bash", "run.sh"]}},
            "AlgorithmError: the local emulator runs Python programs only",
        ),
        (
            {
                "ProcessingInputs": [
                    {
                        "InputName": "gone",
                        "S3Input": {
                            "S3Uri": "s3://no-such-bucket/x/",
                            "LocalPath": "/opt/ml/processing/input",
                            "S3DataType": "S3Prefix",
                        },
                    }
                ]
            },
            "ClientError: No S3 objects found under S3 URL 's3://no-such-bucket/x/' given in input gone",
        ),
        (
            {
                "ProcessingInputs": [
                    {
                        "InputName": "outside",
                        "S3Input": {"S3Uri": "s3://b/x/", "LocalPath": "/etc/x", "S3DataType": "S3Prefix"},
                    }
                ]
            },
            "ClientError: LocalPath /etc/x is not below /opt/ml/processing",
        ),
    ],
)
def test_a_job_that_cannot_start_fails_with_the_reason(
    processing: Processing, changes: dict[str, Any], reason: str
) -> None:
    job = processing.ended(processing.start(PROGRAM, **changes))
    assert job["ProcessingJobStatus"] == "Failed"
    assert job["FailureReason"].startswith(reason)


def test_a_name_is_used_once(processing: Processing) -> None:
    name = processing.start(PROGRAM)
    with pytest.raises(ClientError) as error:
        processing.start(PROGRAM, ProcessingJobName=name)
    assert error.value.response["Error"]["Code"] == "ResourceInUse"
    processing.ended(name)


HARD_CODED = """
import pathlib
names = [path.name for path in pathlib.Path("/opt/ml/processing/input/data").iterdir()]
pathlib.Path("/opt/ml/processing/output/names.txt").write_text(" ".join(names))
"""


@pytest.mark.skipif(not opt_ml.available(), reason="this machine permits no mount namespaces")
def test_a_program_may_name_the_folders_of_the_container(processing: Processing, bucket: str) -> None:
    processing.s3.put_object(Bucket=bucket, Key="pdata/a.csv", Body="1")
    name = processing.start(HARD_CODED)
    assert processing.ended(name)["ProcessingJobStatus"] == "Completed"
    assert "a.csv" in processing.written(name)["names.txt"]


def test_a_job_on_two_instances_is_refused(processing: Processing) -> None:
    cluster = {"InstanceCount": 2, "InstanceType": "ml.m5.large", "VolumeSizeInGB": 5}
    with pytest.raises(ClientError, match=r"on one instance, received 2 in ProcessingResources\.ClusterConfig"):
        processing.start(LASTING, ProcessingResources={"ClusterConfig": cluster})
