"""The main job, as a user runs it: what `make deploy ENV=local` says and leaves behind, in a stranger's shell."""

from __future__ import annotations

import io
import json
import tarfile
import zipfile
from collections.abc import Iterator

import pytest

from tests.support.shared_platform import ACCOUNT, PREFIX, PROMPT, REGION, Deployed

pytestmark = [pytest.mark.emulator, pytest.mark.terraform]

STEPS = [
    "ingestion",
    "crawler",
    "etl",
    "data-validation",
    "features",
    "training",
    "evaluation",
    "registry",
    "deployment",
    "monitoring",
]
COMPUTED = {"crawler", "etl", "data-validation", "features", "training", "evaluation", "registry", "deployment"}


def test_the_result_says_what_was_deployed_and_how_real_it_is(deployed: Deployed) -> None:
    result = deployed.result
    assert (result["status"], result["exit_code"], result["error"]) == ("ok", 0, None)
    phases = {stack["phase"] for stack in result["stacks"]}
    assert phases == {"foundation", "data", "models", "inference", "monitoring"}
    assert {s["name"] for s in result["stacks"]} >= {"blueprint-reviews", "blueprint-chat"}
    assert {stack["action"] for stack in result["stacks"]} == {"created"}
    assert result["policy"]["passed"]
    assert result["policy"]["rules_ran"] == result["policy"]["rules_expected"] > 100
    steps = result["pipeline"]["steps"]
    assert [step["name"] for step in steps] == STEPS
    assert {step["status"] for step in steps} == {"ok"}
    assert {step["name"] for step in steps if step["fidelity"] == "executed"} == COMPUTED
    assert {step["fidelity"] for step in steps if step["name"] not in COMPUTED} == {"emulated"}
    assert {probe["status"] for probe in result["smoke"]} == {"ok"}
    answers = {(p["probe"], p["blueprint"]): p["fidelity"] for p in result["smoke"]}
    assert answers["endpoint-direct", "reviews"] == answers["api", "reviews"] == "executed"
    assert answers["bedrock-direct", "chat"] == answers["api", "chat"] == "stand-in"


def test_text_of_an_environment_file_is_deployed_as_it_was_written(deployed: Deployed) -> None:
    name = deployed.outputs("blueprint-chat")["route_parameter_name"]
    record = deployed.client("ssm").get_parameter(Name=name)["Parameter"]["Value"]
    assert json.loads(record)["parameters"]["system"] == PROMPT


def test_the_gate_measured_the_model_against_human_ratings(deployed: Deployed) -> None:
    metrics = deployed.result["pipeline"]["metrics"]
    assert metrics["accuracy"] >= metrics["baseline accuracy"] + 0.10
    assert 0.5 < metrics["f1"] < 1.0


def test_the_output_is_for_people(deployed: Deployed) -> None:
    text = deployed.said()
    for expected in (
        "foundation",
        "blueprint-reviews",
        "data-validation",
        "endpoint-direct",
        "stand-in",
        ".runs/local/",
    ):
        assert expected in text


def test_a_plain_client_sees_the_deployed_resources(deployed: Deployed) -> None:
    result = deployed.result
    history = deployed.client("stepfunctions").get_execution_history(
        executionArn=result["pipeline"]["execution_arn"], maxResults=1000
    )["events"]
    assert history[-1]["type"] == "ExecutionSucceeded"
    package = deployed.client("sagemaker").describe_model_package(
        ModelPackageName=result["pipeline"]["model_package_arn"]
    )
    assert package["ModelApprovalStatus"] == "Approved"
    bucket, _, key = package["InferenceSpecification"]["Containers"][0]["ModelDataUrl"][5:].partition("/")
    archive = deployed.client("s3").get_object(Bucket=bucket, Key=key)["Body"].read()
    with tarfile.open(fileobj=io.BytesIO(archive)) as model:
        names = {name.removeprefix("./") for name in model.getnames()}
    assert {"model.joblib", "code/inference.py"} <= names
    endpoints = deployed.client("sagemaker").list_endpoints()["Endpoints"]
    served = {each["EndpointName"]: each["EndpointStatus"] for each in endpoints}
    mine = ("reviews", "reviews-async", "reviews-serverless")
    assert served == {f"{PREFIX}-{name}": "InService" for name in mine}, "the candidate's endpoint is gone again"
    dashboards = deployed.client("cloudwatch").list_dashboards()["DashboardEntries"]
    assert [entry["DashboardName"] for entry in dashboards] == [f"{PREFIX}-inference"]


def test_no_secret_is_in_a_state_a_plan_an_output_or_a_log(deployed: Deployed) -> None:
    """Every API key and every SecureString that there is, looked for wherever a deployment leaves something."""
    secrets = {
        key["id"]: key["value"] for key in deployed.client("apigateway").get_api_keys(includeValues=True)["items"]
    }
    secrets |= secure_strings(deployed)
    assert len(secrets) >= 6, "three keys and the authorizer's records of them"
    left = dict(traces(deployed))
    mark = deployed.outputs("inference")["api"]["keys"]["default"]["usage_plan_id"].encode()
    seen = {place.split(":")[0].split("/")[0] for place, content in left.items() if mark in content}
    assert seen >= {"state", "build", "outputs"}, "the search finds what is there"
    leaks = [
        (name, place)
        for name, value in secrets.items()
        for place, content in left.items()
        if any(spelt.encode() in content for spelt in {value, json.dumps(value)[1:-1]})
    ]
    assert leaks == []


def secure_strings(deployed: Deployed) -> dict[str, str]:
    """Values by name."""
    ssm = deployed.client("ssm")
    pages = ssm.get_paginator("describe_parameters").paginate()
    names = [each["Name"] for page in pages for each in page["Parameters"] if each["Type"] == "SecureString"]
    return {name: ssm.get_parameter(Name=name, WithDecryption=True)["Parameter"]["Value"] for name in names}


def traces(deployed: Deployed) -> Iterator[tuple[str, bytes]]:
    """What a deployment leaves and others may read: every version of every state, its files, its words."""
    s3, bucket = deployed.client("s3"), f"{PREFIX}-tfstate-{ACCOUNT}-{REGION}"
    for page in s3.get_paginator("list_object_versions").paginate(Bucket=bucket):
        for version in page["Versions"]:
            at = {"Key": version["Key"], "VersionId": version["VersionId"]}
            yield f"state:{version['Key']}:{version['VersionId']}", s3.get_object(Bucket=bucket, **at)["Body"].read()
    for path in (path for folder in ("build", ".runs", ".emulator") for path in deployed.root.glob(f"{folder}/**/*")):
        name = path.relative_to(deployed.root).as_posix()
        if path.is_file() and not path.is_symlink():
            yield name, path.read_bytes()
            if zipfile.is_zipfile(path):  # packages, and a plan that was never applied
                with zipfile.ZipFile(path) as archive:
                    yield from ((f"{name}:{member}", archive.read(member)) for member in archive.namelist())
    yield "said", deployed.said().encode()
    yield "outputs", deployed.checkout.orchestrator("outputs", "local", "--json").stdout.encode()
