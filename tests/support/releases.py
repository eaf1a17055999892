"""A platform with the real state machine of releases, endpoints as Terraform launches them, and who calls them."""

from __future__ import annotations

import hashlib
import json
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any, ClassVar

import pytest

from orchestrator.core.package import Package
from orchestrator.packaging import SourcePackager
from tests.integration.pipelines.test_quality_gate import planned
from tests.support import keys
from tests.support.compute import ROLE, tarred, unique, wait_for
from tests.support.delivery import Queue, told
from tests.terraform import hcl
from tests.terraform.conftest import Terraform

PREFIX = "mlops-test"
PATH = "/mlops/test/releases"
REGISTERED = "artifacts/models/registered/"
SERVE = """
import json
def model_fn(folder): return json.load(open(folder + "/m.json"))
def input_fn(body, kind): return json.loads(body)
def predict_fn(asked, model):
    outputs = [{"label": model["labels"][i % 2], "score": 0.9} for i, _ in enumerate(asked["inputs"])]
    return {"outputs": outputs, "model": {"training_job": model["job"]}}
def output_fn(answer, accept): return json.dumps(answer), "application/json"
"""
AT_ONCE = {
    "BlueGreenUpdatePolicy": {"TrafficRoutingConfiguration": {"Type": "ALL_AT_ONCE", "WaitIntervalInSeconds": 0}}
}
GOOD, WRONG = ["positive", "negative"], ["negative", "positive"]
CASES = json.dumps([{"input": "I love it.", "label": "positive"}, {"input": "Awful.", "label": "negative"}])
"""Golden cases that the model with the labels `GOOD` passes."""
Released = dict[str, Any]


class Caller(threading.Thread):
    """Asks an endpoint without a pause and keeps who answered, and what went wrong."""

    def __init__(self, runtime: Any, endpoint: str) -> None:
        super().__init__(daemon=True)
        self.runtime, self.endpoint = runtime, endpoint
        self.jobs: list[str] = []
        self.errors: list[str] = []
        self.enough = threading.Event()

    def run(self) -> None:
        while not self.enough.is_set():
            try:
                answer = self.runtime.invoke_endpoint(
                    EndpointName=self.endpoint, ContentType="application/json", Body=b'{"inputs": ["a"]}'
                )
                self.jobs.append(json.loads(answer["Body"].read())["model"]["training_job"])
            except Exception as error:  # whatever it is, a caller has seen it
                self.errors.append(str(error))

    def __enter__(self) -> Caller:
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.enough.set()
        self.join(30)


class Platform:
    """Registry, machine and probe of one environment, and endpoints as Terraform launches them."""

    def __init__(self, aws: Any, bucket: str, terraform: Terraform, out: Path) -> None:
        self.aws, self.bucket, self.group = aws, bucket, unique(PREFIX)
        self.states, self.sagemaker, self.ssm = aws("stepfunctions"), aws("sagemaker"), aws("ssm")
        self.sagemaker.create_model_package_group(ModelPackageGroupName=self.group)
        self.live = f"/mlops/test/models/{self.group}/live"
        self.topic = aws("sns").create_topic(Name=self.group)["TopicArn"]
        queue = Queue(aws, "sns")
        aws("sns").subscribe(TopicArn=self.topic, Protocol="sqs", Endpoint=queue.arn)
        self.queue = str(queue.url)
        packages = SourcePackager(hcl.REPO).build(out)
        key = aws("kms").create_key()["KeyMetadata"]["Arn"]
        places = {"BUCKET": bucket, "REGISTERED_PREFIX": REGISTERED, "KEY_ARN": key}
        self.artifacts = self._function(f"{PREFIX}-model-artifacts", packages["model_artifacts"], places)
        probe = self._function(unique("probe"), packages["endpoint_probe"], {})
        variables = {
            "topic_arn": self.topic,
            "poll_seconds": 1,
            "probe_function_arn": probe,
            "model_artifacts_function_arn": self.artifacts,
        }
        machine = planned(terraform, "modules/release", "release.tftest.hcl", "aws_sfn_state_machine", variables)
        self.machine = self.states.create_state_machine(
            name=machine["name"], definition=machine["definition"], roleArn=ROLE
        )["stateMachineArn"]

    def _function(self, name: str, package: Package, variables: dict[str, str]) -> str:
        made = self.aws("lambda").create_function(
            FunctionName=name,
            Runtime="python3.12",
            Role=ROLE,
            Handler=f"{package.name}.handler.handler",
            Timeout=20,
            Code={"ZipFile": package.path.read_bytes()},
            # As the module `lambda` gives it to every function.
            Environment={"Variables": {"ACCOUNT_ID": "123456789012", **variables}},
        )
        return str(made["FunctionArn"])

    def registered(self, job: str, files: dict[str, str]) -> dict[str, str]:
        """An archive as the pipeline registers it: its URL and hashes."""
        body = tarred(files)
        self.aws("s3").put_object(Bucket=self.bucket, Key=f"models/{job}.tar.gz", Body=body)
        event = {
            "action": "register",
            "model_data_url": f"s3://{self.bucket}/models/{job}.tar.gz",
            "sha256": hashlib.sha256(body).hexdigest(),
        }
        answer = self.aws("lambda").invoke(FunctionName=self.artifacts, Payload=json.dumps(event))
        made: dict[str, str] = json.load(answer["Payload"])
        assert "FunctionError" not in answer, made
        return made

    def version(self, labels: list[str] = GOOD, *, status: str = "Approved", script: str = SERVE) -> str:
        job = unique("job")
        files = {"m.json": json.dumps({"job": job, "labels": labels}), "code/inference.py": script}
        made = self.registered(job, files)
        hashes = {"model_sha256": made["sha256"], "model_files_sha256": made["files_sha256"]}
        return self.described(made["model_data_url"], {"training_job": job, **hashes}, status)

    def described(self, url: str, properties: dict[str, str], status: str = "Approved") -> str:
        """A version of the registry that says this of itself."""
        container = {"Image": "sklearn", "ModelDataUrl": url}
        package = self.sagemaker.create_model_package(
            ModelPackageGroupName=self.group,
            InferenceSpecification={
                "Containers": [container],
                "SupportedContentTypes": ["application/json"],
                "SupportedResponseMIMETypes": ["application/json"],
            },
            ModelApprovalStatus=status,
            CustomerMetadataProperties=properties,
        )
        return str(package["ModelPackageArn"])

    def job_of(self, version: str) -> str:
        package = self.sagemaker.describe_model_package(ModelPackageName=version)
        return str(package["CustomerMetadataProperties"]["training_job"])

    def go_live(self, version: str) -> None:
        value = json.dumps({"model_package_arn": version})
        self.ssm.put_parameter(Name=self.live, Type="String", Overwrite=True, Value=value)

    def start(self, **document: Any) -> str:
        return str(
            self.states.start_execution(stateMachineArn=self.machine, input=json.dumps(document))["executionArn"]
        )

    def ended(self, execution: str) -> dict[str, Any]:
        return dict(
            wait_for(
                lambda: self.states.describe_execution(executionArn=execution),
                until=lambda execution: execution["status"] != "RUNNING",
                seconds=120,
            )
        )

    def entered(self, execution: str) -> list[str]:
        pages = self.states.get_paginator("get_execution_history").paginate(executionArn=execution)
        events = [event for page in pages for event in page["events"]]
        return [event["stateEnteredEventDetails"]["name"] for event in events if "stateEnteredEventDetails" in event]

    def told(self, about: str | None = None) -> list[str]:
        return told(self.aws("sqs"), self.queue, about)


@pytest.fixture(scope="module")
def platform(
    aws: Any, bucket: str, mocked_terraform: Terraform, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Platform]:
    made = Platform(aws, bucket, mocked_terraform, tmp_path_factory.mktemp("packages"))
    yield made
    # The next module's have the same names, and tell another topic.
    made.states.delete_state_machine(stateMachineArn=made.machine)
    made.aws("lambda").delete_function(FunctionName=made.artifacts)


class Endpoint:
    """A blueprint's endpoint, launched with a version that is live: real-time, with one model."""

    sizes: ClassVar[dict[str, Any]] = {"InstanceType": "ml.m5.large", "InitialInstanceCount": 1}
    environment: ClassVar = {"SAGEMAKER_PROGRAM": "inference.py"}
    retain: ClassVar[dict[str, Any]] = {"all": False, "except": []}
    network: ClassVar = {
        "EnableNetworkIsolation": True,
        "VpcConfig": {"Subnets": ["subnet-1"], "SecurityGroupIds": ["sg-1"]},
    }

    def containers(self, version: dict[str, Any]) -> dict[str, Any]:
        """What the launched model consists of, with image and archive of its version."""
        return {"PrimaryContainer": version}

    def options(self) -> dict[str, Any]:
        """What its configurations say beside the variant."""
        return {}

    def model(self) -> dict[str, Any]:
        """What the specification says of models."""
        return {**self.network, "Container": {"Environment": self.environment}}

    def probe(self) -> dict[str, Any]:
        return {"endpoint_name": self.name, "target_variant": "primary"}

    def __init__(self, platform: Platform, **spec: Any) -> None:
        self.platform, self.blueprint = platform, unique("bp")
        self.name = f"{PREFIX}-{self.blueprint}"
        self.client, self.runtime = platform.sagemaker, platform.aws("sagemaker-runtime")
        self.first = platform.version()
        platform.go_live(self.first)
        self.launched = self._launch()
        self.specify(**spec)

    def _launch(self) -> str:
        name = self.named(self.first)
        package = self.client.describe_model_package(ModelPackageName=self.first)
        container = package["InferenceSpecification"]["Containers"][0]
        version = {key: container[key] for key in ("Image", "ModelDataUrl")}
        self.client.create_model(ModelName=name, ExecutionRoleArn=ROLE, **self.containers(version))
        variant = {"VariantName": "primary", "ModelName": name, **self.sizes}
        self.client.create_endpoint_config(EndpointConfigName=name, ProductionVariants=[variant], **self.options())
        self.client.create_endpoint(EndpointName=self.name, EndpointConfigName=name)
        wait_for(self.describe, until=lambda endpoint: endpoint["EndpointStatus"] == "InService")
        return name

    def specify(self, *, digest: str = "00000000", deployment: Any = None, **config: Any) -> None:
        variant = {"VariantName": "primary", **self.sizes}
        spec = {
            "blueprint": self.blueprint,
            "hash": digest,
            "endpoint_name": self.name,
            "probe": {"cases": CASES, **self.probe()},
            "model_group_name": self.platform.group,
            "live_parameter_name": self.platform.live,
            "launch_config_name": self.launched,
            "execution_role_arn": ROLE,
            "model": self.model(),
            "config": {"ProductionVariants": [{**variant, "InitialVariantWeight": 1}], **self.options(), **config},
            "deployment": deployment or AT_ONCE,
            "retain": self.retain,
        }
        self.platform.ssm.put_parameter(
            Name=f"{PATH}/specs/{self.blueprint}", Type="String", Overwrite=True, Value=json.dumps(spec)
        )

    def named(self, version: str, digest: str = "00000000") -> str:
        return f"{self.name}-{digest}-v{version.rsplit('/', 1)[1]}"

    def describe(self) -> dict[str, Any]:
        return dict(self.client.describe_endpoint(EndpointName=self.name))

    def record(self) -> dict[str, Any]:
        value = self.platform.ssm.get_parameter(Name=f"{PATH}/records/{self.blueprint}")["Parameter"]["Value"]
        return dict(json.loads(value))

    def locked(self) -> bool:
        listed = self.platform.ssm.describe_parameters(
            ParameterFilters=[{"Key": "Name", "Values": [f"{PATH}/locks/{self.blueprint}"]}]
        )
        return bool(listed["Parameters"])

    def configurations(self) -> set[str]:
        listed = self.client.list_endpoint_configs(NameContains=f"{self.name}-")["EndpointConfigs"]
        return {each["EndpointConfigName"] for each in listed}

    def release(self, **more: str) -> dict[str, Any]:
        return self.platform.ended(self.platform.start(blueprint=self.blueprint, **more))

    def released(self, **more: str) -> Released:
        ended = self.release(**more)
        assert ended["status"] == "SUCCEEDED", (ended["error"], ended["cause"])
        return dict(json.loads(ended["output"]))


def arm(emulator: Any, document: dict[str, Any]) -> None:
    assert "fault" in keys.page(emulator.endpoint, "faults", method="POST", document=document)
