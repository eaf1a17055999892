"""Releases of batch jobs: later jobs use the new version, running ones keep theirs."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any, ClassVar

import pytest

from orchestrator.packaging import SourcePackager
from tests.support.compute import ROLE, unique, wait_for
from tests.support.releases import PATH, PREFIX, Endpoint, Platform
from tests.terraform import hcl

pytestmark = [pytest.mark.emulator, pytest.mark.terraform]

SERVE = """
import json
def model_fn(folder): return json.load(open(folder + "/m.json"))
def input_fn(body, kind): return [json.loads(line) for line in body.splitlines()]
def predict_fn(rows, model): return [{"job": model["job"]} for _ in rows]
def output_fn(answer, accept): return "\\n".join(json.dumps(each) for each in answer), "application/jsonlines"
"""


class Jobs:
    """A batch blueprint as Terraform deploys it, with the real submitter."""

    options: ClassVar[dict[str, Any]] = {
        "format": "auto",
        "column": None,
        "records_per_file": 100,
        "minimum_records": 1,
        "maximum_records": 1000,
        "on_arrival": False,
        "prices": {},
        "instance_type": "ml.m5.large",
        "instance_count": 1,
        "strategy": "MultiRecord",
        "max_payload_mb": 6,
        "max_concurrent_transforms": 1,
    }

    def __init__(self, platform: Platform, out: Path) -> None:
        self.platform, self.blueprint = platform, unique("bp")
        self.first = platform.version(script=SERVE)
        platform.go_live(self.first)
        self.name = f"{PREFIX}-{self.blueprint}"
        model = self.named(self.first)
        package = platform.sagemaker.describe_model_package(ModelPackageName=self.first)
        container = package["InferenceSpecification"]["Containers"][0]
        platform.sagemaker.create_model(
            ModelName=model,
            ExecutionRoleArn=ROLE,
            PrimaryContainer={key: container[key] for key in ("Image", "ModelDataUrl")},
        )
        self._put(
            f"{PATH}/specs/{self.blueprint}",
            {
                "blueprint": self.blueprint,
                "hash": "00000000",
                "jobs_name": self.name,
                "model_group_name": platform.group,
                "live_parameter_name": platform.live,
                "launch_config_name": model,
                "execution_role_arn": ROLE,
                "model": {**Endpoint.network, "Container": {"Environment": Endpoint.environment}},
            },
        )
        record = f"{PATH}/records/{self.blueprint}"
        batch = {**self.options, "model_name": model, "model_package_arn": self.first, "release_record": record}
        route = {"blueprint": self.blueprint, "kind": "batch", "source": "sagemaker", "parameters": {}, "batch": batch}
        self._put(f"/mlops/test/routes/{self.blueprint}", route)
        self.submitter = unique("submitter")
        key = platform.aws("kms").create_key()["KeyMetadata"]["Arn"]
        platform.aws("lambda").create_function(
            FunctionName=self.submitter,
            Runtime="python3.12",
            Role=ROLE,
            Handler="batch_submitter.handler.handler",
            Timeout=60,
            Code={"ZipFile": SourcePackager(hcl.REPO).build(out)["batch_submitter"].path.read_bytes()},
            Environment={
                "Variables": {
                    "ACCOUNT_ID": "123456789012",
                    "BUCKET": platform.bucket,
                    "NAME_PREFIX": PREFIX,
                    "ROUTES_PREFIX": "/mlops/test/routes",
                    "TOPIC_ARN": platform.topic,
                    "DATA_KEY_ARN": key,
                    "VOLUME_KEY_ARN": key,
                }
            },
        )

    def _put(self, name: str, document: dict[str, Any]) -> None:
        self.platform.ssm.put_parameter(Name=name, Type="String", Overwrite=True, Value=json.dumps(document))

    def named(self, version: str) -> str:
        return f"{self.name}-00000000-v{version.rsplit('/', 1)[1]}"

    def submit(self, request_id: str) -> dict[str, Any]:
        key = f"inference/batch/input/{self.blueprint}/requests/{request_id}.jsonl"
        self.platform.aws("s3").put_object(Bucket=self.platform.bucket, Key=key, Body=b'{"text": "a"}\n{"text": "b"}\n')
        event = {"action": "submit", "blueprint": self.blueprint, "request_id": request_id, "input": key}
        event["owner"] = "environment"
        answer = self.platform.aws("lambda").invoke(FunctionName=self.submitter, Payload=json.dumps(event))
        response = json.loads(answer["Payload"].read())
        assert "jobs" in response, response
        return dict(response)

    def model_of(self, submitted: dict[str, Any]) -> str:
        """Return the model that rated the request, once its job has succeeded."""
        job = submitted["jobs"][0]["name"]
        ended = wait_for(
            lambda: self.platform.sagemaker.describe_transform_job(TransformJobName=job),
            until=lambda result: result["TransformJobStatus"] != "InProgress",
        )
        assert ended["TransformJobStatus"] == "Completed", ended
        return str(ended["ModelName"])

    def record(self) -> dict[str, Any]:
        value = self.platform.ssm.get_parameter(Name=f"{PATH}/records/{self.blueprint}")["Parameter"]["Value"]
        return dict(json.loads(value))


@pytest.fixture
def jobs(platform: Platform, tmp_path: Path) -> Iterator[Jobs]:
    made = Jobs(platform, tmp_path)
    yield made
    platform.ssm.delete_parameter(Name=f"{PATH}/specs/{made.blueprint}")


@pytest.mark.full
def test_a_job_after_a_release_takes_the_new_version_and_names_it(platform: Platform, jobs: Jobs) -> None:
    before = jobs.submit("before")
    assert (jobs.model_of(before), before["model_version"]) == (jobs.named(jobs.first), jobs.first)
    second = platform.version(script=SERVE)
    platform.go_live(second)
    ended = platform.ended(platform.start(blueprint=jobs.blueprint))
    assert ended["status"] == "SUCCEEDED", ended
    expected = {"changed": True, "config_name": jobs.named(second), "previous_config_name": jobs.named(jobs.first)}
    output = json.loads(ended["output"])
    assert {key: output[key] for key in expected} == expected
    after = jobs.submit("after")
    assert (jobs.model_of(after), after["model_version"]) == (jobs.named(second), second)
    # A job that had begun before is reported unchanged.
    assert jobs.submit("before")["model_version"] == jobs.first
    model = platform.sagemaker.describe_model(ModelName=jobs.named(second))
    assert model["EnableNetworkIsolation"] is True
    again = platform.ended(platform.start(blueprint=jobs.blueprint))
    assert json.loads(again["output"])["changed"] is False
    # Its model is kept as long as the request may be repeated.
    assert platform.sagemaker.describe_model(ModelName=jobs.named(jobs.first))


def test_a_version_that_is_refused_leaves_jobs_what_they_take(platform: Platform, jobs: Jobs) -> None:
    version = platform.version(status="Rejected", script=SERVE)
    ended = platform.ended(platform.start(blueprint=jobs.blueprint, model_version=version))
    assert (ended["status"], ended["error"]) == ("FAILED", "VersionRefused")
    assert (jobs.record()["status"], jobs.record()["config_name"]) == ("failed", jobs.named(jobs.first))
    assert jobs.submit("after")["model_version"] == jobs.first
