"""The complete stderr and exit code of the errors that users meet most often."""

from __future__ import annotations

import os
import re
from collections.abc import Callable

import pytest

from orchestrator.core.state import State
from orchestrator.errors import TerraformError
from orchestrator.runs.run_folder import alone
from tests.fakes.platforms import platform_file
from tests.fakes.terraform import plan_summary
from tests.fakes.tools import FakeTools
from tests.unit.orchestrator.cli import snapshot
from tests.unit.orchestrator.cli.conftest import REPO, Cli
from tests.unit.orchestrator.risk.conftest import change

BLUEPRINT = """\
name: reviews
kind: realtime
model: {source: sagemaker, group: reviews}
smoke:
  golden:
    - {input: good, label: positive}
"""
BEDROCK = """\
name: chat
kind: realtime
model: {source: bedrock, model_id: amazon.nova-lite-v1:0}
smoke:
  golden:
    - {input: good, contains: ""}
"""


def environment(cli: Cli, name: str, platform: str, blueprint: str = "", target: str = "aws") -> None:
    """Add an environment to the checkout; the first one replaces those of the repository."""
    terraform = cli.repo / "terraform"
    if terraform.is_symlink():
        terraform.unlink()
        terraform.mkdir()
        for each in (REPO / "terraform").iterdir():
            if each.name != "envs":
                (terraform / each.name).symlink_to(each)
    blueprints = terraform / "envs" / name / "blueprints"
    blueprints.mkdir(parents=True)
    (blueprints.parent / "platform.yaml").write_text(platform_file(platform, target)[1], encoding="utf-8")
    if blueprint:
        stem = re.findall("^name: (.*)", blueprint)[0]
        (blueprints / f"{stem}.yaml").write_text(blueprint, encoding="utf-8")


def check(cli: Cli, name: str, *arguments: str) -> None:
    answer = cli(*arguments)
    text = answer.err.replace(str(cli.repo), "<checkout>")
    text = re.sub(r"since [^)]+", "since <time>", text.replace(f"pid {os.getpid()}", "pid <pid>"))
    text = re.sub(r"botocore [\d.]+", "botocore <version>", text)
    assert answer.code != 0
    snapshot.check(f"errors/{name}", f"$ orchestrator {' '.join(arguments)}\n{text}exit code {answer.code}\n")


PLATFORMS = {
    "key-unknown": "network:\n  natt: single",
    "value-not-in-list": "network:\n  nat: singel",
    "value-too-large": "training:\n  volume_gb: 20000",
    "value-not-matching": "region: Frankfurt",
    "region-unknown": "region: eu-central-9",
    "date-malformed": "expires_at: 31.01.2027",
    "lifetime-of-permanent": "permanent: true\nlifetime_days: 7",
    "tag-reserved": "tags:\n  owner: me",
    "network-public-range": "network:\n  cidr: 8.8.0.0/16",
    "network-no-egress": "network:\n  nat: none\ninference:\n  lambda_in_vpc: true",
    "alarm-email": "monitoring:\n  alarm_email: me",
    "schedule-malformed": "data:\n  workflow_schedule: cron(0 2 * * *)",
    "api-key-unknown-blueprint": "inference:\n  api_keys:\n    team:\n      blueprints: [revews]",
    "user-pool-of-other-region": "inference:\n  auth:\n    cognito:\n      user_pool_arns:\n"
    "        - arn:aws:cognito-idp:eu-west-1:123456789012:userpool/eu-west-1_a",
    "key-twice": "project: mlops\nproject: other",
    "yaml-invalid": "network:\n\tnat: none",
}


@pytest.mark.parametrize("name", PLATFORMS)
def test_snapshot_of_a_platform_error(name: str, cli: Cli) -> None:
    environment(cli, "dev", PLATFORMS[name])
    check(cli, name, "graph", "dev")


BLUEPRINTS = {
    "option-of-other-kind": BLUEPRINT.replace("realtime", "serverless") + "instance_type: ml.m5.large\n",
    "option-of-other-source": BEDROCK + "data_capture: {}\n",
    "options-exclusive": BLUEPRINT + "shadow: {}\nvariants: {bb: {}}\n",
    "weights-all-zero": BLUEPRINT + "weight: 0\nvariants: {bb: {weight: 0}}\n",
    "model-group-unknown": BLUEPRINT.replace("group: reviews", "group: revews"),
    "instance-type-unknown": BLUEPRINT + "instance_type: ml.m5.larg\nautoscaling: {}\n",
    "fallback-unknown": BLUEPRINT + "routing: {fallback: [chatt]}\n",
    "webhook-private": BLUEPRINT.replace("realtime", "async") + "async: {callback: {webhook: https://10.0.0.1/x}}\n",
    "knowledge-base-off": BEDROCK + "knowledge_base: {description: manuals}\n",
    "golden-answer-missing": BLUEPRINT.replace(", label: positive", ""),
}


@pytest.mark.parametrize("name", BLUEPRINTS)
def test_snapshot_of_a_blueprint_error(name: str, cli: Cli) -> None:
    environment(cli, "dev", "owner: me", BLUEPRINTS[name])
    check(cli, name, "graph", "dev")


def test_snapshot_of_many_problems(cli: Cli) -> None:
    environment(cli, "dev", "owner: me", "name: reviews\n")
    (cli.repo / "terraform/envs/dev/platform.yaml").write_text("target: locl\nowner: me\n", encoding="utf-8")
    check(cli, "many-problems", "deploy", "dev")


def test_snapshot_of_an_option_that_local_lacks(cli: Cli) -> None:
    environment(cli, "sandbox", "streaming: {enabled: true}", target="local")
    check(cli, "not-local", "graph", "sandbox")


def test_snapshot_of_a_misnamed_file(cli: Cli) -> None:
    environment(cli, "dev", "owner: me")
    (cli.repo / "terraform/envs/dev/blueprints/chat.yml").write_text(BEDROCK, encoding="utf-8")
    check(cli, "file-misnamed", "graph", "dev")


def test_snapshot_of_an_expired_environment(cli: Cli) -> None:
    environment(cli, "dev", "expires_at: 2020-01-31")
    answer = cli("deploy", "dev")
    today = re.findall(r"today is ([\d-]+)", answer.err)[0]
    text = answer.err.replace(today, "<today>")
    snapshot.check("errors/environment-expired", f"$ orchestrator deploy dev\n{text}exit code {answer.code}\n")


def test_snapshot_of_names_that_overlap(cli: Cli) -> None:
    environment(cli, "dev", "owner: me")
    environment(cli, "dev-eu", "owner: me")
    check(cli, "names-overlap", "deploy", "dev")


def test_snapshot_of_an_unknown_environment(cli: Cli) -> None:
    for name in ("dev", "staging"):
        environment(cli, name, "owner: me")
    check(cli, "environment-unknown", "deploy", "stagign")
    check(cli, "environment-name-invalid", "deploy", "My_Env")


def test_snapshot_of_several_local_environments(cli: Cli) -> None:
    for name in ("one", "two"):
        environment(cli, name, "owner: me", target="local")
    check(cli, "emulator-ambiguous", "emulator", "up")
    check(cli, "emulator-unknown", "emulator", "up", "three")


ARGUMENTS = {
    "command-unknown": ("destory", "local"),
    "risk-class-unknown": ("deploy", "staging", "--accept-risk", "everything"),
    "emulator-not-running": ("outputs", "local", "foundation"),
    "destroy-protected": ("destroy", "prod", "--yes"),
    "recover-protected": ("recover", "prod", "--remove"),
    "recover-yes-to-nothing": ("recover", "local", "--yes"),
    "model-group-of-release-unknown": ("release", "approve", "local", "revews"),
    "release-of-bedrock": ("release", "local", "chat"),
    "blueprint-unknown": ("ask", "local", "chatt", "hello"),
    "comment-malformed": ("release", "reject", "local", "reviews", "--comment", "two\tcells"),
}


@pytest.mark.parametrize("name", ARGUMENTS)
def test_snapshot_of_wrong_arguments(name: str, cli: Cli) -> None:
    check(cli, name, *ARGUMENTS[name])


def running(tools: FakeTools) -> None:
    tools.emulator.running = True


RUNNING = {
    "destroy-unconfirmed": ("destroy", "local"),
    "stack-unknown": ("outputs", "local", "fundation"),
    "stack-not-deployed": ("outputs", "local", "foundation"),
    "release-not-deployed": ("release", "local", "reviews"),
    "query-not-deployed": ("query", "local", "SELECT 1"),
}


@pytest.mark.parametrize("name", RUNNING)
def test_snapshot_of_an_error_in_an_empty_aws(name: str, cli: Cli) -> None:
    cli.prepare = running
    check(cli, name, *RUNNING[name])


def test_snapshot_of_a_second_run(cli: Cli) -> None:
    cli.prepare = running
    with alone(cli.repo, "local"):
        check(cli, "second-run", "deploy", "local")


def test_snapshot_of_keys_ended_without_confirmation(cli: Cli) -> None:
    def prepare(tools: FakeTools) -> None:
        running(tools)
        published = tools.terraform.outputs()["inference"]
        tools.store.states["inference"] = State(1, "lineage", {"inference": published}, ("aws_x.y",))

    cli.prepare = prepare
    check(cli, "keys-unconfirmed", "keys", "rotate", "local", "default", "--finish")
    check(cli, "key-unknown-name", "keys", "show", "local", "defalt")


def test_snapshot_of_risks_and_approval(cli: Cli) -> None:
    exposed = change("aws_subnet", None, {"map_public_ip_on_launch": True})

    def prepare(tools: FakeTools) -> None:
        tools.terraform.plans["data"] = plan_summary(exposed["address"], document={"resource_changes": [exposed]})

    cli.prepare = prepare
    for name, arguments in (("risk-not-accepted", ()), ("approval-required", ("--accept-risk", "public-exposure"))):
        answer = cli("deploy", "staging", *arguments)
        text = answer.err[answer.err.index("error:") :]
        snapshot.check(f"errors/{name}", f"$ orchestrator deploy staging\n{text}exit code {answer.code}\n")


FAILURES: dict[str, str] = {
    "terraform-access-denied": "AccessDenied: s3:PutObject",
    "terraform-state-locked": "Error acquiring the state lock",
    "terraform-exists": "BucketAlreadyOwnedByYou",
    "terraform-quota": "ResourceLimitExceeded: ml.m5.large",
}


@pytest.mark.parametrize("name", FAILURES)
def test_snapshot_of_a_failure_with_a_known_remedy(name: str, cli: Cli) -> None:
    cli.prepare = failing(FAILURES[name])
    answer = cli("deploy", "local")
    text = answer.err[answer.err.index("error:") :]
    snapshot.check(f"errors/{name}", f"$ orchestrator deploy local\n{text}exit code {answer.code}\n")


def failing(message: str) -> Callable[[FakeTools], None]:
    def prepare(tools: FakeTools) -> None:
        tools.terraform.failures[("plan", "buckets")] = TerraformError(message)

    return prepare
