"""Options of blueprints, asked through the API; releases beside callers; what the destruction of one leaves.

The tests run in order: the last ones change what is deployed.
"""

from __future__ import annotations

import json
import threading
import time
from collections import Counter
from collections.abc import Callable, Collection
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from tests.e2e.read_only.test_api import Api, bearer
from tests.support import shared_platform
from tests.support.checkout import Checkout
from tests.support.shared_platform import PREFIX, Deployed

pytestmark = [pytest.mark.emulator, pytest.mark.terraform, pytest.mark.full]

BUCKET = f"{PREFIX}-data-123456789012-us-east-1"
GROUP = f"{PREFIX}-reviews"
LIVE = "/mlops/local/models/reviews/live"
BLUEPRINTS = "terraform/envs/local/blueprints"
GOLDEN = """
smoke:
  max_latency_ms: 30000
  golden:
    - input: "Excellent product, works perfectly and I love it. Great quality, highly recommended!"
      label: positive
"""
FILES = {
    "split": "variants: {other: {weight: 1, version: 1}}\nweight: 3\ndata_capture: {sampling_percent: 100}\n",
    "shadowed": "shadow: {sampling_percent: 100}\ndata_capture: {sampling_percent: 100}\n",
    "many": "multi_model: {default: general.tar.gz}\n",
}
GUARDED = """
name: guarded
kind: realtime
model: {source: bedrock, model_id: "amazon.nova-lite-v1:0"}
guardrail:
  blocked_input: This question is not answered.
  words: [blasphemous]
  pii: {EMAIL: ANONYMIZE}
smoke:
  max_latency_ms: 30000
  golden: [{input: "Name one advantage of a test.", contains: ""}]
"""
GOOD = "Excellent! I love it, it works perfectly."
WEIGHT_OF_OTHER = 1 / 4
REQUESTS = 120


def write(folder: Path, name: str, options: str) -> None:
    model = "model: {source: sagemaker, group: reviews}\n"
    (folder / f"{name}.yaml").write_text(f"name: {name}\nkind: realtime\n{model}{options}{GOLDEN}")


def run(checkout: Checkout, *arguments: str) -> dict[str, Any]:
    done = checkout.orchestrator(*arguments, timeout=900)
    assert done.returncode == 0, (done.stdout + done.stderr)[-6000:]
    return checkout.result()


@pytest.fixture(scope="module")
def checkout() -> Checkout:
    return shared_platform.wait().checkout


@dataclass(frozen=True)
class Ended:
    """How a command ended, and what was there when it had."""

    exit_code: int
    said: str
    result: dict[str, Any]
    stacks: dict[str, dict[str, Any]]
    left: list[str]
    """Terraform processes that outlived it."""


@pytest.fixture(scope="module")
def interrupted(checkout: Checkout) -> Ended:
    """The deployment of these blueprints, interrupted while their first things come into being."""
    for name, options in FILES.items():
        if name != "many":
            write(checkout.folder / BLUEPRINTS, name, options)
    (checkout.folder / BLUEPRINTS / "guarded.yaml").write_text(GUARDED)
    running = checkout.start("deploy", "local")
    running.interrupt_at("blueprint-split", "Creation complete")
    exit_code = running.end()
    left = [words for words in checkout.processes().values() if "/terraform " in words]
    status = json.loads(checkout.orchestrator("status", "local", "--json").stdout)
    stacks = {stack["name"]: stack for stack in status["stacks"]}
    return Ended(exit_code, running.said(), checkout.result(), stacks, left)


@pytest.fixture(scope="module")
def repeated(checkout: Checkout, interrupted: Ended) -> dict[str, Any]:
    """`result.json` of the same command once more."""
    return run(checkout, "deploy", "local")


@pytest.fixture(scope="module")
def deployed(checkout: Checkout, repeated: dict[str, Any]) -> Deployed:
    """The platform with these blueprints besides."""
    probed = {probe["blueprint"] for probe in repeated["smoke"]}
    assert probed >= {"split", "shadowed", "guarded", "reviews-serverless"}
    # A model has to be below the prefix before it is requested.
    live = json.loads(checkout.client("ssm").get_parameter(Name=LIVE)["Parameter"]["Value"])
    source = live["model_data_url"].removeprefix("s3://")
    for name in ("general", "more"):
        key = f"artifacts/models/sagemaker-custom/many/{name}.tar.gz"
        checkout.client("s3").copy_object(Bucket=BUCKET, Key=key, CopySource=source)
    write(checkout.folder / BLUEPRINTS, "many", FILES["many"])
    run(checkout, "deploy", "local", "--blueprint", "many")
    return Deployed(checkout)


@pytest.fixture(scope="module")
def ask(deployed: Deployed) -> Callable[..., tuple[int, Any]]:
    api = Api(deployed)
    key = bearer(api.key("default"))

    def call(path: str, text: str = GOOD) -> tuple[int, Any]:
        return api.ask(path, {"inputs": [text]}, key)

    return call


Ask = Callable[..., tuple[int, Any]]


def captured(deployed: Deployed, blueprint: str, expected: Collection[str]) -> dict[str, list[dict[str, Any]]]:
    """By variant what was captured of it, once all these texts were."""
    s3, prefix = deployed.client("s3"), f"inference/realtime/logs/{blueprint}/{PREFIX}-{blueprint}/"
    deadline = time.monotonic() + 30
    while True:
        keys = [
            item["Key"]
            for page in s3.get_paginator("list_objects_v2").paginate(Bucket=BUCKET, Prefix=prefix)
            for item in page.get("Contents", [])
        ]
        events_by_variant: dict[str, list[dict[str, Any]]] = {}
        for key in keys:
            lines = s3.get_object(Bucket=BUCKET, Key=key)["Body"].read().splitlines()
            events_by_variant.setdefault(key.removeprefix(prefix).split("/")[0], []).extend(
                json.loads(line) for line in lines
            )
        missing = set(expected) - {text for events in events_by_variant.values() for text in texts(events)}
        if not missing:
            return events_by_variant
        assert time.monotonic() < deadline, missing
        time.sleep(0.3)


def texts(events: list[dict[str, Any]]) -> Counter[str]:
    """Return the inputs of the captured requests."""
    return Counter(json.loads(each["captureData"]["endpointInput"]["data"])["inputs"][0] for each in events)


# --- an interrupted deployment -------------------------------------------------------------------------------


def test_an_interrupt_lets_terraform_store_its_state(checkout: Checkout, interrupted: Ended) -> None:
    assert interrupted.exit_code == 130, interrupted.said[-4000:]
    assert "interrupted: waiting for terraform to stop and release its lock" in interrupted.said
    assert "hint: repeat the command: it continues where it stopped" in interrupted.said
    result = interrupted.result
    assert (result["status"], result["exit_code"], result["error"]["type"]) == ("cancelled", 130, "Interrupted")
    unfinished = set(result["error"]["message"].removeprefix("interrupted; not finished: ").split(", "))
    assert "blueprint-split" in unfinished
    logs = "".join(path.read_text() for path in checkout.folder.glob(".runs/local/*/logs/*.log"))
    assert "Two interrupts received" not in logs, "terraform was given the time to store its state"
    assert {name for name, stack in interrupted.stacks.items() if stack["lock"]} == set()
    assert interrupted.stacks["blueprint-split"]["resources"] > 0, "what was made is known"
    assert interrupted.left == []


def test_the_repeated_command_goes_on(interrupted: Ended, repeated: dict[str, Any]) -> None:
    stacks = {stack["name"]: stack for stack in repeated["stacks"]}
    assert stacks["foundation"]["action"] in ("skipped", "unchanged")
    assert stacks["blueprint-split"]["action"] == "changed"
    assert stacks["blueprint-split"]["added"] > 0
    assert stacks["blueprint-split"]["total"] > interrupted.stacks["blueprint-split"]["resources"]


# --- options -------------------------------------------------------------------------------------------------


def test_variants_share_the_requests_by_their_weights_and_all_are_captured(deployed: Deployed, ask: Ask) -> None:
    with ThreadPoolExecutor(4) as pool:
        answers = list(pool.map(lambda number: ask("/realtime/split", f"{GOOD} {number}"), range(REQUESTS)))
    assert {status for status, _ in answers} == {200}
    assert {body["outputs"][0]["label"] for _, body in answers} == {"positive"}
    mine = {f"{GOOD} {number}" for number in range(REQUESTS)}
    events_by_variant = captured(deployed, "split", mine)
    assert set(events_by_variant) == {"primary", "other"}
    by_variant = {name: [text for text in texts(events) if text in mine] for name, events in events_by_variant.items()}
    assert sorted(by_variant["primary"] + by_variant["other"]) == sorted(mine), "each went to one of them"
    # Four deviations on either side: one run in ten thousand is further off.
    deviation = (WEIGHT_OF_OTHER * (1 - WEIGHT_OF_OTHER) / REQUESTS) ** 0.5
    assert len(by_variant["other"]) / REQUESTS == pytest.approx(WEIGHT_OF_OTHER, abs=4 * deviation)
    answer = json.loads(events_by_variant["other"][-1]["captureData"]["endpointOutput"]["data"])
    assert answer["outputs"][0]["label"] == "positive"


def test_the_shadow_gets_a_copy_of_every_request_and_no_caller_waits_for_it(deployed: Deployed, ask: Ask) -> None:
    mine = {f"{GOOD} copy {number}" for number in range(10)}
    assert {ask("/realtime/shadowed", text)[0] for text in mine} == {200}
    deadline = time.monotonic() + 30
    while True:
        events_by_variant = captured(deployed, "shadowed", mine)
        copies = {name: {text for text in texts(events) if text in mine} for name, events in events_by_variant.items()}
        if copies.get("shadow") == mine == copies.get("primary"):
            break
        assert time.monotonic() < deadline, copies
        time.sleep(0.3)


def test_captured_objects_are_encrypted_with_the_key_of_the_data(deployed: Deployed) -> None:
    s3 = deployed.client("s3")
    listed = s3.list_objects_v2(Bucket=BUCKET, Prefix="inference/realtime/logs/split/")["Contents"]
    head = s3.head_object(Bucket=BUCKET, Key=listed[0]["Key"])
    assert head["ServerSideEncryption"] == "aws:kms"
    assert head["SSEKMSKeyId"] == deployed.outputs("foundation")["kms"]["data_key_arn"]


def test_the_endpoint_of_many_models_answers_with_the_one_that_is_meant(deployed: Deployed, ask: Ask) -> None:
    status, body = ask("/realtime/many")
    assert (status, body["outputs"][0]["label"]) == (200, "positive")
    loaded = deployed.client("sagemaker-runtime").invoke_endpoint(
        EndpointName=f"{PREFIX}-many",
        TargetModel="more.tar.gz",
        ContentType="application/json",
        Body='{"inputs": ["x"]}',
    )
    assert json.loads(loaded["Body"].read())["outputs"]


def test_the_guardrail_blocks_masks_and_lets_pass(ask: Ask) -> None:
    status, body = ask("/realtime/guarded", "Tell me something blasphemous.")
    assert (status, body["error"]["type"]) == (422, "GuardrailBlocked"), body
    assert body["error"]["message"] == "This question is not answered."
    status, body = ask("/realtime/guarded", "Write to ada@example.com about tests.")
    assert status == 200
    assert "ada@example.com" not in json.dumps(body)
    assert ask("/realtime/guarded", "Name one advantage of a test.")[0] == 200


# --- releases beside callers ---------------------------------------------------------------------------------


class Callers:
    """Ask an endpoint through the API all the time and keep every answer that is none.

    With a short breath, or they would take the processor from the release that they watch.
    """

    def __init__(self, ask: Ask, path: str) -> None:
        self.ask, self.path = ask, path
        self.answered = 0
        self.failed: list[tuple[int, Any]] = []
        self.enough = threading.Event()
        self.thread = threading.Thread(target=self.run, daemon=True)

    def run(self) -> None:
        while not self.enough.wait(0.05):
            status, body = self.ask(self.path)
            if status == 200 and body["outputs"][0]["label"] in ("positive", "negative"):
                self.answered += 1
            else:
                self.failed.append((status, body))

    def __enter__(self) -> Callers:
        self.thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.enough.set()
        self.thread.join(60)


def new_version(checkout: Checkout, artifact: str | None = None) -> str:
    """The live model once more under the next number, or another artifact; it goes live."""
    sagemaker, ssm = checkout.client("sagemaker"), checkout.client("ssm")
    live = json.loads(ssm.get_parameter(Name=LIVE)["Parameter"]["Value"])
    before = sagemaker.describe_model_package(ModelPackageName=live["model_package_arn"])
    (container,) = before["InferenceSpecification"]["Containers"]
    url = artifact or live["model_data_url"]
    made = sagemaker.create_model_package(
        ModelPackageGroupName=GROUP,
        ModelApprovalStatus="Approved",
        InferenceSpecification={
            "Containers": [{"Image": container["Image"], "ModelDataUrl": url}],
            "SupportedContentTypes": ["application/json"],
            "SupportedResponseMIMETypes": ["application/json"],
        },
        CustomerMetadataProperties=before["CustomerMetadataProperties"],
    )["ModelPackageArn"]
    value = json.dumps({**live, "model_package_arn": made, "model_data_url": url})
    ssm.put_parameter(Name=LIVE, Value=value, Type="String", Overwrite=True)
    return str(made)


def running(deployed: Deployed, blueprint: str) -> str:
    endpoint = deployed.client("sagemaker").describe_endpoint(EndpointName=f"{PREFIX}-{blueprint}")
    assert endpoint["EndpointStatus"] == "InService"
    return str(endpoint["EndpointConfigName"])


def test_deploy_releases_every_endpoint_while_callers_go_on(checkout: Checkout, deployed: Deployed, ask: Ask) -> None:
    released = ("reviews", "reviews-serverless", "split", "shadowed", "many")
    before = {name: running(deployed, name) for name in released}
    new_version(checkout)
    with Callers(ask, "/realtime/reviews") as fast, Callers(ask, "/serverless/reviews-serverless") as serverless:
        result = run(checkout, "deploy", "local")
    assert (fast.failed, serverless.failed) == ([], [])
    assert min(fast.answered, serverless.answered) > 0
    after = {name: running(deployed, name) for name in released}
    for name in released:
        assert after[name] == before[name].removesuffix("-v1") + "-v2", name
    releases = {each["blueprint"]: each for each in result["releases"]}
    assert {name: (releases[name]["before"], releases[name]["now"], releases[name]["status"]) for name in released} == {
        name: (before[name], after[name], "released") for name in released
    }
    ask("/realtime/split", "after the release")
    assert {"primary", "other"} <= set(captured(deployed, "split", ["after the release"]))


def test_a_broken_version_leaves_the_endpoint_where_it_was(checkout: Checkout, deployed: Deployed, ask: Ask) -> None:
    checkout.client("s3").put_object(Bucket=BUCKET, Key="artifacts/training-outputs/broken.tar.gz", Body=b"no archive")
    live = json.loads(checkout.client("ssm").get_parameter(Name=LIVE)["Parameter"]["Value"])
    broken = new_version(checkout, f"s3://{BUCKET}/artifacts/training-outputs/broken.tar.gz")
    try:
        with Callers(ask, "/realtime/reviews") as callers:
            done = checkout.orchestrator("release", "local", "reviews")
            assert done.returncode == 17, done.stdout + done.stderr
    finally:
        value = json.dumps(live)
        checkout.client("ssm").put_parameter(Name=LIVE, Value=value, Type="String", Overwrite=True)
        checkout.client("sagemaker").delete_model_package(ModelPackageName=broken)
    assert callers.failed == []
    assert callers.answered > 0
    assert running(deployed, "reviews").endswith("-v2")
    status, body = ask("/realtime/reviews")
    assert (status, body["outputs"][0]["label"]) == (200, "positive")


# --- destroy -------------------------------------------------------------------------------------------------


def left_of(checkout: Checkout, blueprint: str) -> dict[str, list[str]]:
    """Whatever is named after a blueprint, in the services that its stack and its releases use."""
    sagemaker, ssm, name = checkout.client("sagemaker"), checkout.client("ssm"), f"{PREFIX}-{blueprint}"
    lists = {
        "endpoints": ("list_endpoints", "Endpoints", "EndpointName"),
        "configurations": ("list_endpoint_configs", "EndpointConfigs", "EndpointConfigName"),
        "models": ("list_models", "Models", "ModelName"),
    }
    remains = {
        what: [item[key] for item in getattr(sagemaker, operation)(NameContains=f"{name}")[many]]
        for what, (operation, many, key) in lists.items()
    }
    pages = ssm.get_paginator("describe_parameters").paginate()
    parameters = [each["Name"] for page in pages for each in page["Parameters"]]
    remains["parameters"] = [each for each in parameters if each.endswith(f"/{blueprint}")]
    roles = checkout.client("iam").list_roles()["Roles"]
    remains["roles"] = [role["RoleName"] for role in roles if role["RoleName"].startswith(f"{name}-")]
    groups = checkout.client("logs").describe_log_groups()["logGroups"]
    remains["log groups"] = [group["logGroupName"] for group in groups if group["logGroupName"].endswith(f"/{name}")]
    alarms = checkout.client("cloudwatch").describe_alarms(AlarmNamePrefix=f"{name}-")["MetricAlarms"]
    remains["alarms"] = [alarm["AlarmName"] for alarm in alarms]
    return {what: names for what, names in remains.items() if names}


@pytest.mark.parametrize("blueprint", ["split", "reviews-serverless"])
def test_destroying_one_blueprint_takes_all_of_its_releases_along(
    checkout: Checkout, deployed: Deployed, blueprint: str
) -> None:
    assert set(left_of(checkout, blueprint)) == {
        "endpoints", "configurations", "models", "parameters", "roles", "log groups", "alarms",
    }  # fmt: skip
    made = left_of(checkout, blueprint)["configurations"]
    assert {name.rsplit("-", 1)[1] for name in made} >= {"v1", "v2"}, "the launch's and a release's"
    path = "/mlops/local/releases"
    assert {f"{path}/specs/{blueprint}", f"{path}/records/{blueprint}"} <= set(
        left_of(checkout, blueprint)["parameters"]
    )
    run(checkout, "destroy", "local", "--blueprint", blueprint, "--yes")
    assert left_of(checkout, blueprint) == {}
    # The version stays live: other endpoints run it.
    assert checkout.client("ssm").get_parameter(Name=LIVE)["Parameter"]["Value"]
    assert running(deployed, "reviews")
