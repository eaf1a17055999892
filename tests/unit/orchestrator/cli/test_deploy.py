"""`orchestrator deploy` and `orchestrator phase rollout`, over fakes."""

from __future__ import annotations

import json
import os
import re
import signal
from pathlib import Path

import pytest
from botocore.exceptions import ClientError

from orchestrator.core.state import State
from orchestrator.errors import CredentialsError, TerraformError
from orchestrator.planning.values import live_parameter
from orchestrator.runs.run_folder import alone
from tests.fakes.platforms import platform_file
from tests.fakes.terraform import plan_summary
from tests.fakes.tools import VERSION, FakeTools
from tests.unit.orchestrator.cli.conftest import Cli, leave
from tests.unit.orchestrator.risk.conftest import change


def without_times(text: str) -> str:
    text = re.sub(r"\d+\.\d+", "N", text)
    return re.sub(r"\(\d+ s\)", "(N s)", text)


def test_a_deploy_tells_what_happened_where_the_report_is_and_what_comes_next(cli: Cli) -> None:
    answer = cli("deploy", "local")
    assert answer.code == 0, answer.err
    out = without_times(answer.out)
    assert re.search(r"^foundation +foundation +created", out, re.MULTILINE)
    assert "Policy gate: passed, 1 of 1 rules ran in 20 scans, 0 findings" in out
    assert "Training pipeline: SUCCEEDED" in out
    assert re.search(r"^api +reviews-serverless +sagemaker +serverless", out, re.MULTILINE)
    assert out.rstrip().splitlines()[-3:-1] == [
        "deploy local: ok (N s)",
        f"Report: {(cli.repo / '.runs/local/latest').resolve()}",
    ]
    assert "`orchestrator outputs local`" in out


def test_the_second_deploy_says_that_nothing_changed(cli: Cli) -> None:
    cli("deploy", "local")
    answer = cli("deploy", "local")
    assert "deploy local: ok, nothing changed, no terraform apply ran" in answer.out


def test_json_is_the_result_and_nothing_else_on_stdout(cli: Cli) -> None:
    answer = cli("deploy", "local", "--json")
    written = json.loads((cli.repo / ".runs/local/latest/result.json").read_text())
    assert json.loads(answer.out) == written


def test_a_failure_is_two_lines_and_its_own_exit_code(cli: Cli) -> None:
    def prepare(tools: FakeTools) -> None:
        tools.terraform.failures[("plan", "data")] = TerraformError("AccessDenied: s3:PutObject", hint="see log")

    cli.prepare = prepare
    answer = cli("deploy", "local")
    assert answer.code == 8
    assert "error: AccessDenied: s3:PutObject\nhint: see log\n" in answer.err
    assert "meaning: the deploying role lacks a permission" in answer.err


def test_commands_are_named_as_they_are_typed(cli: Cli) -> None:
    def prepare(tools: FakeTools) -> None:
        error = TerraformError("Error acquiring the state lock", hint="`orchestrator recover ENV`")
        tools.terraform.failures[("plan", "buckets")] = error

    cli.prepare = prepare
    answer = cli("deploy", "local")
    assert "hint: `orchestrator recover local`\n" in answer.err
    assert "remedy: `orchestrator unlock local` shows" in answer.err


def test_deploy_without_credentials_says_so_before_anything_starts(cli: Cli) -> None:
    def prepare(tools: FakeTools) -> None:
        tools.aws.account = CredentialsError("no usable AWS credentials", hint="sign in")

    cli.prepare = prepare
    answer = cli("deploy", "dev")
    assert answer.code == 5
    assert answer.err.endswith("error: no usable AWS credentials\nhint: sign in\n")
    assert not (cli.repo / "build").exists()


def test_a_wrong_environment_file_starts_nothing(cli: Cli, tmp_path: Path) -> None:
    (tmp_path / "terraform").unlink()
    folder = tmp_path / "terraform/envs/local"
    folder.mkdir(parents=True)
    (folder / "platform.yaml").write_text(platform_file("network:\n  nat: sinlge\n", "local")[1])
    (tmp_path / "terraform/phases").symlink_to(Path(__file__).resolve().parents[4] / "terraform/phases")
    answer = cli("deploy", "local")
    assert answer.code == 3
    assert answer.err == (
        "error: terraform/envs/local/platform.yaml:2: network.nat: must be one of 'none', 'single' or 'per_az' "
        "(received 'sinlge'); did you mean `single`?\n"
        "hint: `orchestrator schema platform` and `orchestrator schema blueprint` list every key\n"
    )
    assert not (tmp_path / ".runs").exists()


@pytest.mark.parametrize("command", ["deploy", "destroy", "plan"])
def test_a_second_run_in_the_same_checkout_is_refused(cli: Cli, command: str) -> None:
    assert cli("deploy", "local").code == 0
    with alone(cli.repo, "local"):
        answer = cli(command, "local", *(["--yes"] if command == "destroy" else []))
        assert cli("smoke", "local").code == 0, "it only asks"
        assert cli("policy", "local", "--source-only").code == 0, "it only reads"
    assert answer.code == 13
    assert f"error: another run of `local` is at work in this checkout (pid {os.getpid()}, since " in answer.err
    assert len(list((cli.repo / ".runs/local").glob("2*"))) == 3, "of the deployment and of the two beside it"


def test_ctrl_c_ends_with_130_and_a_result(cli: Cli) -> None:
    def interrupt(stack: str) -> None:
        if stack == "data":
            os.kill(os.getpid(), signal.SIGINT)
            raise TerraformError("terraform was interrupted")

    def prepare(tools: FakeTools) -> None:
        tools.terraform.before_apply = interrupt

    cli.prepare = prepare
    before = signal.getsignal(signal.SIGINT)
    answer = cli("deploy", "local")
    assert answer.code == 130
    assert "interrupted: waiting for terraform" in answer.err
    assert json.loads((cli.repo / ".runs/local/latest/result.json").read_text())["status"] == "cancelled"
    assert signal.getsignal(signal.SIGINT) is before


def test_deploy_of_one_blueprint(cli: Cli) -> None:
    cli("deploy", "local")
    answer = cli("deploy", "local", "--blueprint", "chat")
    assert answer.code == 0, answer.err
    assert re.search(r"^blueprint-chat +inference +unchanged", answer.out, re.MULTILINE)
    assert not re.search("^foundation ", answer.out, re.MULTILINE)


def test_phase_rollout_of_a_part(cli: Cli) -> None:
    cli("deploy", "local")
    answer = cli("phase", "rollout", "local", "--phase", "2", "--json")
    assert [stack["name"] for stack in json.loads(answer.out)["stacks"]] == ["data", "studio", "features"]


def test_a_deploy_to_staging_is_previewed_and_refused_in_two_lines_that_name_the_resources(cli: Cli) -> None:
    exposed = change("aws_subnet", None, {"map_public_ip_on_launch": True})

    def prepare(tools: FakeTools) -> None:
        tools.terraform.plans["data"] = plan_summary(exposed["address"], document={"resource_changes": [exposed]})
        tools.live[live_parameter(tools.environment, "reviews")] = dict(VERSION)

    cli.prepare = prepare
    refused = cli("deploy", "staging", "--yes")
    assert refused.code == 15
    assert refused.err.endswith(
        "error: deploying `staging` has risks that were not accepted: public-exposure: data: "
        "module.m.aws_subnet.this\n"
        "hint: read them above (`orchestrator plan staging` shows them too), "
        "then repeat with `--accept-risk public-exposure`\n"
    )
    assert "data: 1 to add" in refused.err
    unasked = cli("deploy", "staging", "--accept-risk", "public-exposure")
    assert unasked.code == 14
    assert "hint: no terminal to ask on: `--yes` approves what is shown above" in unasked.err
    answer = cli("deploy", "staging", "--accept-risk", "public-exposure", "--approve")
    assert answer.code == 0, answer.err
    assert "  public-exposure    1  (data 1)" in answer.out


def test_a_class_of_risk_that_does_not_exist_is_answered_with_those_that_do(cli: Cli) -> None:
    answer = cli("deploy", "staging", "--accept-risk", "everything")
    assert answer.code == 2
    assert "'state-loss', 'protection-loss', 'network-change', 'iam-growth', 'public-exposure'" in answer.err


def test_a_deploy_of_a_part_leaves_it_alone_and_says_so(cli: Cli) -> None:
    cli("deploy", "local")
    leave(cli, "blueprint-old")
    for command in (("deploy", "local", "--blueprint", "chat"), ("phase", "rollout", "local", "--phase", "2")):
        answer = cli(*command)
        assert answer.code == 0, answer.err
        assert "`blueprint-old` stays deployed though its file is gone: `orchestrator deploy local`" in answer.out
    assert not cli._tools["local"].store.states["blueprint-old"].is_empty


def test_the_whole_deploy_and_a_plan_take_it_along(cli: Cli) -> None:
    cli("deploy", "local")
    leave(cli, "side-of-old")
    assert "destroy: its file is gone" in cli("plan", "local").out
    assert not cli._tools["local"].store.states["side-of-old"].is_empty
    only = cli("plan", "local", "side-of-old")
    assert re.search(r"^side-of-old +side-of-old +destroyed", only.out, re.MULTILINE), only.out
    answer = cli("deploy", "local")
    assert answer.code == 0, answer.err
    assert re.search(r"^side-of-old +side-of-old +destroyed .*its file is gone", answer.out, re.MULTILINE)
    assert cli._tools["local"].store.states["side-of-old"].is_empty


def test_nothing_is_begun_while_a_state_cannot_be_read(cli: Cli, monkeypatch: pytest.MonkeyPatch) -> None:
    cli("deploy", "local")
    leave(cli, "blueprint-old")
    tools = cli._tools["local"]
    tools.terraform.calls.clear()

    def truncated(stack: str) -> State | None:
        raise TerraformError(f"s3://bucket/{stack}.tfstate is not JSON")

    monkeypatch.setattr(tools.store, "read", truncated)
    for command in (("deploy", "local"), ("destroy", "local", "--yes")):
        answer = cli(*command)
        assert (answer.code, "blueprint-old.tfstate is not JSON" in answer.err) == (8, True)
    assert tools.terraform.calls == []


def test_a_deploy_that_may_not_look_says_so_and_goes_well(cli: Cli) -> None:
    cli("deploy", "local")
    refused = ClientError({"Error": {"Code": "AccessDenied", "Message": "no"}}, "GetResources")
    cli._tools["local"].aws.services["resourcegroupstaggingapi"] = {"get_resources": refused}
    answer = cli("deploy", "local")
    assert (answer.code, "cannot check for leftover resources: cannot list" in answer.out) == (0, True)
