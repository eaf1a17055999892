"""The deployed training pipeline, run with other data or parameters: what comes out is computed from what goes in."""

from __future__ import annotations

import json
import random
import subprocess
import time
from typing import Any

import pytest

from tests.support.checkout import Checkout, failed
from tests.support.shared_platform import PREFIX, Deployed

pytestmark = [pytest.mark.emulator, pytest.mark.terraform, pytest.mark.full]

BUCKET = f"{PREFIX}-data-123456789012-us-east-1"
RAW = "data/raw/reviews/"
PLATFORM = "terraform/envs/local/platform.yaml"


class Pipeline:
    """The deployed training pipeline, run with other data or parameters."""

    def __init__(self, checkout: Checkout) -> None:
        self.checkout = checkout
        outputs = json.loads(checkout.orchestrator("outputs", "local", "models", "--json").stdout)
        self.machine = outputs["stepfunctions"]
        # The role of the pipeline's own temporary endpoints, whose names begin as those of `ask` do.
        self.role = outputs["sagemaker"]["training_role_arn"].replace("-training", "-candidate")
        self.states, self.s3 = checkout.client("stepfunctions"), checkout.client("s3")

    def start(self, name: str, **overrides: Any) -> str:
        body = {**self.machine["default_input"], "run_id": name, **overrides}
        started = self.states.start_execution(
            stateMachineArn=self.machine["state_machine_arn"], name=name, input=json.dumps(body)
        )
        return str(started["executionArn"])

    def wait(self, execution: str, seconds: float = 180) -> dict[str, Any]:
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline:
            described: dict[str, Any] = self.states.describe_execution(executionArn=execution)
            if described["status"] != "RUNNING":
                return described
            time.sleep(0.3)
        raise AssertionError(f"{execution} still runs after {seconds} s")

    def run(self, name: str, **overrides: Any) -> dict[str, Any]:
        return self.wait(self.start(name, **overrides))

    def raw(self) -> dict[str, bytes]:
        listed = self.s3.list_objects_v2(Bucket=BUCKET, Prefix=RAW)["Contents"]
        return {
            item["Key"]: self.s3.get_object(Bucket=BUCKET, Key=item["Key"])["Body"].read()
            for item in listed
            if item["Key"].endswith(".txt")
        }

    def put(self, objects: dict[str, bytes]) -> None:
        for key, body in objects.items():
            self.s3.put_object(Bucket=BUCKET, Key=key, Body=body)

    def model_data(self) -> str:
        """Artifact of the newest registered version."""
        sagemaker = self.checkout.client("sagemaker")
        newest = sagemaker.list_model_packages(
            ModelPackageGroupName=f"{PREFIX}-reviews", SortBy="CreationTime", SortOrder="Descending"
        )["ModelPackageSummaryList"][0]["ModelPackageArn"]
        described = sagemaker.describe_model_package(ModelPackageName=newest)
        return str(described["InferenceSpecification"]["Containers"][0]["ModelDataUrl"])

    def ask(self, artifact: str, texts: list[str]) -> dict[str, Any]:
        """Answers of an endpoint made for this artifact alone."""
        sagemaker, name = self.checkout.client("sagemaker"), f"{PREFIX}-candidate-{random.randrange(10**9)}"
        container = {
            "Image": "683313688378.dkr.ecr.us-east-1.amazonaws.com/sagemaker-scikit-learn:1.4-2-cpu-py3",
            "ModelDataUrl": artifact,
            "Environment": {"SAGEMAKER_PROGRAM": "inference.py"},
        }
        sagemaker.create_model(ModelName=name, ExecutionRoleArn=self.role, PrimaryContainer=container)
        variant = {"VariantName": "a", "ModelName": name, "InstanceType": "ml.m5.large", "InitialInstanceCount": 1}
        sagemaker.create_endpoint_config(EndpointConfigName=name, ProductionVariants=[variant])
        sagemaker.create_endpoint(EndpointName=name, EndpointConfigName=name)
        try:
            for _ in range(600):
                endpoint = sagemaker.describe_endpoint(EndpointName=name)
                if endpoint["EndpointStatus"] != "Creating":
                    break
                time.sleep(0.1)
            assert endpoint["EndpointStatus"] == "InService", endpoint.get("FailureReason")
            answer = self.checkout.client("sagemaker-runtime").invoke_endpoint(
                EndpointName=name, ContentType="application/json", Body=json.dumps({"inputs": texts})
            )
        finally:
            sagemaker.delete_endpoint(EndpointName=name)
        document: dict[str, Any] = json.loads(answer["Body"].read())
        return document


@pytest.fixture(scope="module")
def pipeline(deployed: Deployed) -> Pipeline:
    return Pipeline(deployed.checkout)


def test_another_seed_changes_the_answers(pipeline: Pipeline) -> None:
    texts = ["good", "the plot drags but the cast is fine", "returned it after a week"]
    first = pipeline.ask(pipeline.model_data(), texts)
    # One whose model is slightly better: the gate refuses what is worse than the live version.
    hyperparameters = {**pipeline.machine["default_input"]["hyperparameters"], "seed": "9"}
    done = pipeline.run("other-seed", hyperparameters=hyperparameters)
    assert done["status"] == "SUCCEEDED", done
    second = pipeline.ask(pipeline.model_data(), texts)
    assert [o["score"] for o in first["outputs"]] != [o["score"] for o in second["outputs"]]
    assert first["model"]["data_fingerprint"] == second["model"]["data_fingerprint"]


def test_a_nonce_in_the_raw_data_comes_out_of_the_endpoint(pipeline: Pipeline) -> None:
    nonce = f"zq{random.randrange(10**9)}x"
    before = pipeline.ask(pipeline.model_data(), [nonce])
    rows = "".join(f"{900000 + i}_1\t{3.5 if i % 2 else 3.1}\tthis product is {nonce}\n" for i in range(300))
    pipeline.put({f"{RAW}source=amazon/nonce.txt": rows.encode()})
    try:
        done = pipeline.run("nonce")
        assert done["status"] == "SUCCEEDED", done
        after = pipeline.ask(pipeline.model_data(), [nonce])
    finally:
        pipeline.s3.delete_object(Bucket=BUCKET, Key=f"{RAW}source=amazon/nonce.txt")
    assert after["model"]["data_fingerprint"] != before["model"]["data_fingerprint"]
    assert positive(after) > positive(before) + 0.2, "a new word now means praise"


def positive(answer: dict[str, Any]) -> float:
    """How positive the model finds the first text, from 0 to 1."""
    output = answer["outputs"][0]
    return float(output["score"] if output["label"] == "positive" else 1 - output["score"])


def test_shuffled_labels_are_refused_by_the_gate(pipeline: Pipeline) -> None:
    original = pipeline.raw()
    versions = pipeline.model_data()
    shuffler = random.Random(1)
    for key, body in original.items():
        rows = [line.split("\t") for line in body.decode("latin-1").splitlines()]
        ratings = [row[1] for row in rows]
        shuffler.shuffle(ratings)
        text = "\n".join("\t".join([row[0], rating, *row[2:]]) for row, rating in zip(rows, ratings, strict=True))
        pipeline.put({key: text.encode("latin-1")})
    checkout = pipeline.checkout
    try:
        # The gate's default lead over the baseline is 0.1: another one shows that the file was read.
        with (
            checkout.edited(PLATFORM, "training:\n", "training:\n  gate: {above_baseline: 0.11}\n"),
            checkout.edited(PLATFORM, "sample: true", "sample: false"),
        ):
            output = failed(checkout.orchestrator("deploy", "local", "--pipeline"), 9)
    finally:
        pipeline.put(original)
    result = checkout.result()
    metrics = result["pipeline"]["metrics"]
    accuracy, baseline = metrics["accuracy"], metrics["baseline accuracy"]
    assert accuracy < baseline + 0.10
    for words in (
        "ModelRejected",
        f"accuracy {accuracy:.6g}",
        f"baseline's {baseline:.6g}, and must be better by 0.11",
    ):
        assert words in output
    steps = {step["name"]: step["status"] for step in result["pipeline"]["steps"]}
    assert (steps["training"], steps["evaluation"]) == ("ok", "failed")
    assert (steps["registry"], steps["deployment"]) == ("not-run", "not-run")
    assert pipeline.model_data() == versions, "nothing was registered"


@pytest.mark.parametrize("kind", ["glue-job", "training", "processing"])
def test_killing_the_worker_behind_a_step_turns_it_red(pipeline: Pipeline, kind: str) -> None:
    execution = pipeline.start(f"killed-{kind}")
    deadline = time.monotonic() + 120
    killed = False
    while not killed and time.monotonic() < deadline:
        records = pipeline.checkout.evidence(kind=kind, execution=execution)
        if records and records[-1]["status"] == "running" and records[-1]["pid"]:
            subprocess.run(["kill", "-9", str(records[-1]["pid"])], check=True)
            killed = True
        time.sleep(0.02)
    assert killed, f"no running {kind} was seen"
    assert pipeline.wait(execution)["status"] == "FAILED"
    record = pipeline.checkout.evidence(kind=kind, execution=execution)[-1]
    assert (record["status"], record["exit_code"]) == ("failed", -9)
