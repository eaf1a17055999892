"""`orchestrator status`, over fakes."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest

from orchestrator.errors import PlatformError
from tests.fakes.listings import tagged
from tests.fakes.tools import VERSION
from tests.unit.orchestrator.cli.conftest import Cli, leave


def test_status(cli: Cli) -> None:
    assert "Last run: none" in cli("status", "local").out
    cli("deploy", "local")
    stacks = json.loads(cli("status", "local", "--json").out)["stacks"]
    assert {(each["name"], each["serial"], each["resources"]) for each in stacks} >= {("data", 1, 1)}
    tools = cli._tools["local"]
    tools.store.lock("data", {"Who": "me@host", "Created": "today", "Operation": "OperationTypeApply", "ID": "42"})
    assert "me@host since today, OperationTypeApply, unknown" in cli("status", "local").out


def test_status_says_what_each_endpoint_runs(cli: Cli) -> None:
    assert json.loads(cli("status", "local", "--json").out)["endpoints"] == []
    cli("deploy", "local")
    tools = cli._tools["local"]
    config, version = "mlops-local-reviews-00000000-v1", VERSION["model_package_arn"]
    row = {"blueprint": "reviews", "running": config, "version": version, "last_release": None, "note": ""}
    assert json.loads(cli("status", "local", "--json").out)["endpoints"] == [row]
    assert config in cli("status", "local").out
    tools.due["reviews"] = "it runs version 1"
    assert json.loads(cli("status", "local", "--json").out)["endpoints"][0]["note"] == "it runs version 1"


def test_status_reports_a_missing_endpoint(cli: Cli, monkeypatch: pytest.MonkeyPatch) -> None:
    cli("deploy", "local")

    def gone(cloud: object, parameters: object) -> None:
        raise PlatformError("cannot describe the endpoint: not found")

    monkeypatch.setattr(cli._tools["local"], "endpoints", gone)
    [row] = json.loads(cli("status", "local", "--json").out)["endpoints"]
    assert (row["running"], row["note"]) == (None, "cannot describe the endpoint: not found")


def test_status_works_without_a_readable_result(cli: Cli) -> None:
    cli("deploy", "local")
    file = cli.repo / ".runs/local/latest/result.json"
    file.write_text(file.read_text()[:100])
    answer = cli("status", "local")
    assert answer.code == 0
    run = file.resolve().parent.name
    assert (
        f"the last run is unknown: .runs/local/{run}/result.json: is not a complete result (remove {run})" in answer.err
    )
    assert "Last run: none" in answer.out


def test_status_shows_a_stack_whose_file_is_gone(cli: Cli) -> None:
    cli("deploy", "local")
    leave(cli, "blueprint-old")
    assert "blueprint-old" in cli("status", "local").out
    assert "its file is gone: `orchestrator deploy local` destroys it" in cli("status", "local").out
    stacks = json.loads(cli("status", "local", "--json").out)["stacks"]
    assert [each["name"] for each in stacks if each["gone"]] == ["blueprint-old"]


VPC = "arn:aws:ec2:us-east-1:123456789012:vpc/vpc-1"


def test_leftovers_of_a_killed_run_are_reported_by_status_and_the_next_deploy(cli: Cli) -> None:
    cli("deploy", "local")
    ours = {"project": "mlops", "environment": "local"}
    services = cli._tools["local"].aws.services
    services["resourcegroupstaggingapi"] = {"get_resources": tagged(**{VPC: ours})}
    services["logs"]["describe_log_groups"] = {
        "logGroups": [{"logGroupName": name, "arn": name} for name in ("/aws/lambda/mlops-local-lost", "/aws/theirs")]
    }
    sentence = "exist and are in no Terraform state"
    status = cli("status", "local")
    assert f"2 resources of `local` {sentence}" in status.out
    assert "/aws/lambda/mlops-local-lost" in status.out
    assert [each["arn"] for each in json.loads(cli("status", "local", "--json").out)["orphans"]] == [
        VPC,
        "/aws/lambda/mlops-local-lost",
    ]
    deployed = cli("deploy", "local")
    assert deployed.code == 0
    # By tags alone: that takes one call.
    assert f"1 resource of `local` exists and is in no Terraform state: {VPC}" in deployed.out
    assert "`orchestrator recover local`" in deployed.out


def test_what_a_state_holds_is_not_left_over(cli: Cli) -> None:
    cli("deploy", "local")
    tools = cli._tools["local"]
    ours = {"project": "mlops", "environment": "local"}
    tools.aws.services["resourcegroupstaggingapi"] = {"get_resources": tagged(**{VPC: ours})}
    tools.store.states["foundation"] = replace(tools.store.states["foundation"], ids=frozenset({"vpc-1"}))
    assert "no Terraform state" not in cli("status", "local").out
    assert "no Terraform state" not in cli("deploy", "local").out
