"""What is refused before anything is applied says why, and starts nothing; and previews, which apply nothing.

One copy of the checkout serves all tests.
"""

from __future__ import annotations

import json
import os
import socket
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.support import checkout as checkouts
from tests.support.checkout import Checkout, failed

pytestmark = [pytest.mark.emulator, pytest.mark.terraform]

PLATFORM = "terraform/envs/local/platform.yaml"
REVIEWS = "terraform/envs/local/blueprints/reviews.yaml"
DATA_BUCKET = "terraform/modules/s3_buckets/data_bucket.tf"
NOWHERE: dict[str, Any] = {
    name: "http://127.0.0.1:9" for name in ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "http_proxy")
}


@pytest.fixture(scope="module")
def plain(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Checkout]:
    made = checkouts.copy(tmp_path_factory.mktemp("plain") / "repo", kinds=checkouts.WAITED_FOR)
    yield made
    made.orchestrator("emulator", "down", "local")


# --- before anything is started ------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("file", "old", "new", "at", "expected"),
    [
        pytest.param(
            REVIEWS,
            "      label: positive\n",
            "",
            "- input: ",
            ["smoke.golden[0]: requires an expected answer: label, value"],
            id="no-golden-answer",
        ),
        pytest.param(
            PLATFORM,
            "max_runtime_seconds: 900",
            "max_runtime_second: 900",
            "max_runtime_seconds",
            ["training.max_runtime_second: ", "(received 900)", "did you mean `max_runtime_seconds`?"],
            id="unknown-key",
        ),
        pytest.param(
            PLATFORM,
            "deletion_window_days: 7",
            "deletion_window_days: seven",
            "deletion_window_days",
            ["encryption.deletion_window_days: input should be a valid integer", "(received 'seven')"],
            id="wrong-type",
        ),
        pytest.param(
            PLATFORM,
            "owner: ml-platform",
            "owner: [ml-platform",
            "cost_center",
            ["is not valid YAML"],
            id="broken-yaml",
        ),
    ],
)
def test_a_wrong_environment_file_stops_everything(
    plain: Checkout, file: str, old: str, new: str, at: str, expected: list[str]
) -> None:
    lines = (plain.folder / file).read_text().splitlines()
    number = next(number for number, text in enumerate(lines, start=1) if at in text)
    with plain.edited(file, old, new):
        output = failed(plain.orchestrator("deploy", "local"), 3)
    for words in (f"error: {file}:{number}: ", *expected):
        assert words in output
    assert not (plain.folder / ".emulator").exists()
    assert not (plain.folder / ".runs").exists()


def test_without_credentials_a_deploy_to_aws_ends_at_once(plain: Checkout, tmp_path: Path) -> None:
    output = failed(plain.orchestrator("deploy", "dev", HOME=str(tmp_path), AWS_EC2_METADATA_DISABLED="true"), 5)
    assert "error: no usable AWS credentials" in output
    assert "hint: Sign in" in output
    assert not (plain.folder / ".emulator").exists()
    assert not (plain.folder / "build").exists()


def test_a_stranger_on_the_port_is_named(plain: Checkout) -> None:
    with socket.socket() as stranger:
        stranger.bind(("127.0.0.1", plain.port))
        stranger.listen()
        output = failed(plain.orchestrator("emulator", "up", "local"), 12)
    assert f"error: port {plain.port} is taken by another program" in output
    assert f"EMULATOR_PORT={plain.port + 1}" in output


def test_a_stale_record_of_the_emulator_is_ignored(plain: Checkout) -> None:
    record = plain.folder / ".emulator" / "local" / "emulator.json"
    record.parent.mkdir(parents=True, exist_ok=True)
    # After a reboot the number may be anybody's; here it is this very process.
    record.write_text(json.dumps({"pid": os.getpid(), "endpoint": f"http://127.0.0.1:{plain.port}"}))
    first, *lost = plain.orchestrator("emulator", "status", "local").stdout.splitlines()
    assert first == "the local AWS of `local` is not running"
    assert [words.split(":")[0] for words in lost] == [f"the local AWS of process {os.getpid()} ended unexpectedly"]
    assert plain.orchestrator("emulator", "down", "local").stdout == "the local AWS of `local` was not running\n"
    record.write_text("{")
    assert f"{record} is not JSON" in failed(plain.orchestrator("emulator", "status", "local"), 12)
    record.unlink()


# --- the policy gate -----------------------------------------------------------------------------------------


@pytest.mark.full
def test_a_policy_violation_is_red_before_anything_is_applied(plain: Checkout) -> None:
    with (
        plain.edited(DATA_BUCKET, "block_public_policy     = true", "block_public_policy = false"),
        plain.edited("terraform/modules/execution_role/role.tf", "permissions_boundary = var.boundary_arn", ""),
    ):
        output = failed(plain.orchestrator("deploy", "local"), 6)
    for words in (
        "CKV_AWS_54 module.s3_buckets.aws_s3_bucket_public_access_block.data",
        "/modules/s3_buckets/data_bucket.tf:",
    ):
        assert words in output
    assert "MLOPS_IAM_1 module.glue.module.role.aws_iam_role.this (/modules/execution_role/role.tf:" in output
    assert "hint: MLOPS_IAM_1: permissions_boundary = var.boundary_arn" in output
    result = plain.result()
    assert (result["status"], result["exit_code"], result["error"]["type"]) == ("failed", 6, "PolicyViolation")
    assert not result["policy"]["passed"]
    assert {finding["rule"] for finding in result["policy"]["findings"]} >= {"CKV_AWS_54", "MLOPS_IAM_1"}
    # A plan is made while the source is still scanned; its own scan may find the same first.
    assert {stack["action"] for stack in result["stacks"]} <= {"skipped", "failed"}
    assert sum(stack["added"] for stack in result["stacks"]) == 0
    buckets = plain.client("s3").list_buckets()["Buckets"]
    assert {bucket["Name"] for bucket in buckets} <= {"mlops-local-tfstate-123456789012-us-east-1"}
    assert [role for role in plain.client("iam").list_roles()["Roles"] if "mlops" in role["RoleName"]] == []


def test_without_checkov_nothing_is_applied(plain: Checkout) -> None:
    (plain.folder / ".venv-checkov").rename(plain.folder / "elsewhere")
    try:
        output = failed(plain.orchestrator("deploy", "local"), 7)
    finally:
        (plain.folder / "elsewhere").rename(plain.folder / ".venv-checkov")
    assert "error: checkov is missing" in output
    assert f"{plain.folder}/.venv-checkov/bin/python" in output
    assert "hint: run `make setup`; without checkov nothing is applied" in output
    assert {stack["action"] for stack in plain.result()["stacks"]} == {"skipped"}


@pytest.mark.full
@pytest.mark.parametrize(
    ("name", "text", "expected"),
    [
        ("new.yaml", "metadata:\n  id: [\n", "new.yaml: not a rule: invalid YAML"),
        ("new.py", "import no_such_module\n", "new.py: not a rule"),
        ("iam_boundary.yaml", None, "checkov did not load 1 rule(s): MLOPS_IAM_1"),
    ],
    ids=["unreadable", "python", "not-loadable"],
)
def test_a_rule_that_cannot_run_is_red(plain: Checkout, name: str, text: str | None, expected: str) -> None:
    file = plain.folder / "policies" / "checks" / name
    original = file.read_text() if file.exists() else None
    file.write_text(text if text is not None else str(original).replace("definition:", "definitions:"))
    try:
        output = failed(plain.orchestrator("policy", "local", "--source-only"), 7)
    finally:
        file.unlink() if original is None else file.write_text(original)
    assert expected in output


# --- plans of what does not exist ----------------------------------------------------------------------------


@pytest.mark.full
def test_an_empty_environment_is_planned_without_account_and_network(plain: Checkout, tmp_path: Path) -> None:
    done = plain.orchestrator("plan", "prod", "--json", HOME=str(tmp_path), **NOWHERE)
    assert done.returncode == 0, done.stderr[-4000:]
    result = json.loads(done.stdout)
    assert (result["status"], result["exit_code"], result["error"]) == ("preview", 0, None)
    totals = {stack["name"]: stack["total"] for stack in result["stacks"]}
    graph = json.loads(plain.orchestrator("graph", "prod", "--json").stdout)
    assert set(totals) == {stack["name"] for stack in graph}
    assert set(totals) >= {"foundation", "data", "models", "inference", "monitoring", "blueprint-reviews"}
    assert totals["buckets"] + totals["foundation"] > 100
    assert min(totals.values()) > 0
    log = plain.folder / ".runs" / "prod" / result["run_id"] / "logs" / "foundation.log"
    planned = [words for words in log.read_text().splitlines() if words.endswith(": Plan to create")]
    assert len(planned) == totals["foundation"]
    assert list((plain.folder / "build" / "prod").rglob("backend.hcl")) == [], "nothing that could be applied"
    assert [words for words in plain.processes().values() if "emulator serve --port 0" in words] == []


def test_one_blueprint_of_an_empty_environment_is_planned(plain: Checkout, tmp_path: Path) -> None:
    done = plain.orchestrator("plan", "dev", "blueprint-reviews", HOME=str(tmp_path), AWS_EC2_METADATA_DISABLED="true")
    assert done.returncode == 0, done.stderr[-4000:]
    assert "planning against a temporary local AWS" in done.stderr
    assert "Preview with example values for resources that do not exist yet; it cannot be applied" in done.stdout


# --- words about the platform --------------------------------------------------------------------------------


def test_graph_phases_and_schema(plain: Checkout) -> None:
    drawn = plain.orchestrator("graph", "local", "--format", "mermaid").stdout.splitlines()
    assert drawn[0] == "flowchart LR"
    assert {"  foundation --> data", "  models --> blueprint_reviews", "  inference --> blueprint_chat"} <= set(drawn)
    data = json.loads(plain.orchestrator("graph", "local", "--format", "json").stdout)
    edges = {(need, stack["name"]) for stack in data for need in stack["needs"]}
    assert {f"  {a.replace('-', '_')} --> {b.replace('-', '_')}" for a, b in edges} == {
        words for words in drawn if "-->" in words
    }
    phases = json.loads(plain.orchestrator("phase", "list", "--json").stdout)
    assert [(phase["order"], phase["name"]) for phase in phases] == [
        (1, "foundation"),
        (2, "data"),
        (3, "models"),
        (4, "inference"),
        (5, "monitoring"),
    ]
    schema = json.loads(plain.orchestrator("schema", "result").stdout)
    assert {"schema", "run_id", "env", "status", "exit_code", "stacks", "policy", "pipeline", "smoke"} <= set(
        schema["properties"]
    )
