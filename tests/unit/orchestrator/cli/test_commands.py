from __future__ import annotations

import io
import json
import os
import re
import signal
from dataclasses import replace
from pathlib import Path

import pytest
from botocore.exceptions import ClientError

from orchestrator.cli import COMMANDS, main
from orchestrator.core.state import State
from orchestrator.errors import CredentialsError, PlatformError, TerraformError
from orchestrator.planning.values import live_parameter
from orchestrator.runs.run_folder import alone
from tests.fakes.listings import tagged
from tests.fakes.platforms import platform_file
from tests.fakes.terraform import plan_summary
from tests.fakes.tools import VERSION, FakeTools
from tests.unit.orchestrator.cli.conftest import Cli
from tests.unit.orchestrator.risk.conftest import change


def without_times(text: str) -> str:
    text = re.sub(r"\d+\.\d+", "N", text)
    return re.sub(r"\(\d+ s\)", "(N s)", text)


def test_help_lists_every_command(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--help"]) == 0
    out = capsys.readouterr().out
    assert all(re.search(rf"^  {name} ", out, re.MULTILINE) for name in COMMANDS)


@pytest.mark.parametrize("name", COMMANDS)
def test_every_command_has_help(name: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main([name, "--help"]) == 0
    assert f"Usage: orchestrator {name}" in capsys.readouterr().out


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


def test_a_mistyped_command_is_answered_with_the_near_one(cli: Cli) -> None:
    answer = cli("destory", "local")
    assert answer.code == 2
    assert "Did you mean `destroy`?" in answer.err


def test_an_unexpected_error_is_kept_in_a_file(cli: Cli, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("orchestrator.planning.phases.read", lambda repo: 1 / 0)
    answer = cli("phase", "list")
    assert answer.code == 70
    log = re.search(r"the traceback is in (\S+)", answer.err)
    assert log is not None
    assert "ZeroDivisionError" in Path(log[1]).read_text()
    Path(log[1]).unlink()


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


def test_plan_of_an_empty_environment_is_a_preview(cli: Cli) -> None:
    answer = cli("plan", "local")
    assert answer.code == 0, answer.err
    assert "`orchestrator deploy local` would do:" in answer.out
    assert "Preview with example values" in answer.out
    assert "planning against a temporary local AWS" in answer.err


def test_destroy_asks_first(cli: Cli) -> None:
    cli("deploy", "local")
    answer = cli("destroy", "local")
    assert answer.code == 14
    assert answer.err == "error: destroying `local` requires confirmation\nhint: answer the prompt, or pass `--yes`\n"


def test_destroy_refuses_what_is_protected(cli: Cli) -> None:
    answer = cli("destroy", "prod", "--yes")
    assert answer.code == 14
    assert answer.err.startswith("error: `prod` is protected")


def test_destroy_of_one_blueprint(cli: Cli) -> None:
    cli("deploy", "local")
    answer = cli("destroy", "local", "--blueprint", "chat", "--yes")
    assert answer.code == 0, answer.err
    assert re.search(r"^blueprint-chat +inference +destroyed", answer.out, re.MULTILINE)
    assert "foundation" not in answer.out
    wrong = cli("destroy", "local", "--blueprint", "chatt", "--yes")
    assert (wrong.code, "did you mean `chat`?" in wrong.err) == (1, True)


def test_deploy_of_one_blueprint(cli: Cli) -> None:
    cli("deploy", "local")
    answer = cli("deploy", "local", "--blueprint", "chat")
    assert answer.code == 0, answer.err
    assert re.search(r"^blueprint-chat +inference +unchanged", answer.out, re.MULTILINE)
    assert not re.search("^foundation ", answer.out, re.MULTILINE)


def test_destroy_of_a_local_aws_that_does_not_run_is_done(cli: Cli) -> None:
    answer = cli("destroy", "local", "--yes")
    assert (answer.code, answer.out) == (0, "")
    assert answer.err == "the local AWS is not running, so nothing is deployed in it\n"


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


def test_status_tells_of_an_endpoint_that_is_gone(cli: Cli, monkeypatch: pytest.MonkeyPatch) -> None:
    cli("deploy", "local")

    def gone(cloud: object, parameters: object) -> None:
        raise PlatformError("cannot describe the endpoint: not found")

    monkeypatch.setattr(cli._tools["local"], "endpoints", gone)
    [row] = json.loads(cli("status", "local", "--json").out)["endpoints"]
    assert (row["running"], row["note"]) == (None, "cannot describe the endpoint: not found")


def test_status_goes_on_without_a_result_that_nobody_can_read(cli: Cli) -> None:
    cli("deploy", "local")
    file = cli.repo / ".runs/local/latest/result.json"
    file.write_text(file.read_text()[:100])
    answer = cli("status", "local")
    assert answer.code == 0
    run = file.resolve().parent.name
    assert f"the last run is unknown: .runs/local/{run}/result.json: is no complete result (remove {run})" in answer.err
    assert "Last run: none" in answer.out


@pytest.mark.parametrize(
    ("given", "words"),
    [
        (
            "Größe\n".encode("latin-1"),
            "error: line 1 of the text on stdin: is not UTF-8 (0xf6 at byte 3 of the line",
        ),
        ("x".encode("utf-16"), "error: line 1 of the text on stdin: is UTF-16: save it as UTF-8"),
        (b"x" * (10 * 1024 * 1024 + 1), "error: the text on stdin is larger than 10485760 bytes"),
    ],
)
def test_what_is_no_text_is_not_asked(cli: Cli, monkeypatch: pytest.MonkeyPatch, given: bytes, words: str) -> None:
    cli("deploy", "local")
    monkeypatch.setattr("sys.stdin", io.TextIOWrapper(io.BytesIO(given), encoding="utf-8"))
    answer = cli("ask", "local", "reviews", "-")
    assert answer.code == 1
    assert answer.err.startswith(words)


def test_outputs(cli: Cli) -> None:
    cli("deploy", "local")
    assert json.loads(cli("outputs", "local", "foundation", "--json").out)["s3"] == {"bucket_name": "data-bucket"}
    assert "s3.bucket_name" in cli("outputs", "local").out
    wrong = cli("outputs", "local", "fundation")
    assert wrong.code == 1
    assert "did you mean `foundation`?" in wrong.err


def test_outputs_of_what_is_not_deployed(cli: Cli) -> None:
    answer = cli("outputs", "local", "foundation")
    assert answer.code == 12
    assert answer.err.startswith("error: the local AWS is not running")


@pytest.mark.parametrize(("shape", "start"), [("mermaid", "flowchart LR\n"), ("dot", "digraph stacks {\n")])
def test_graph_shapes(cli: Cli, shape: str, start: str) -> None:
    assert cli("graph", "local", "--format", shape).out.startswith(start)


def test_graph(cli: Cli) -> None:
    assert cli("graph", "local").out == (
        "1  buckets\n"
        "1  foundation                    needs buckets\n"
        "1  retention                     needs buckets\n"
        "1  notifications                 needs foundation\n"
        "2  data                          needs foundation\n"
        "2  studio                        needs foundation\n"
        "2  features                      needs foundation, data\n"
        "3  models                        needs foundation, data\n"
        "3  releases                      needs foundation, models\n"
        "4  inference                     needs foundation\n"
        "4  blueprint-chat-async          needs foundation, inference\n"
        "4  blueprint-chat-batch          needs foundation, inference\n"
        "4  blueprint-chat-serverless     needs foundation, inference\n"
        "4  blueprint-chat                needs foundation, inference\n"
        "4  blueprint-reviews-async       needs foundation, models, inference\n"
        "4  blueprint-reviews-batch       needs foundation, models, inference\n"
        "4  blueprint-reviews-serverless  needs foundation, models, inference\n"
        "4  blueprint-reviews             needs foundation, models, inference\n"
        "5  monitoring                    needs foundation, data, models, inference\n"
    )
    assert json.loads(cli("graph", "local", "--json").out)[0]["name"] == "buckets"


def test_render_prints_lines_for_every_stack(cli: Cli) -> None:
    cli("deploy", "local")
    out = cli("render", "local").out
    assert out.count("terraform -chdir=") == 3 * 19
    assert "(preview" not in out
    assert "(preview: example values, local state)" in cli("render", "dev", "data").out


@pytest.mark.parametrize("name", ["platform", "blueprint", "result"])
def test_schema(cli: Cli, name: str) -> None:
    assert json.loads(cli("schema", name).out)["type"] == "object"


def test_policy_of_the_source_alone(cli: Cli) -> None:
    answer = cli("policy", "local", "--source-only")
    assert answer.code == 0
    assert "Policy gate: passed, 1 of 1 rules ran in 1 scans" in answer.out


def test_phase_rollout_of_a_part(cli: Cli) -> None:
    cli("deploy", "local")
    answer = cli("phase", "rollout", "local", "--phase", "2", "--json")
    assert [stack["name"] for stack in json.loads(answer.out)["stacks"]] == ["data", "studio", "features"]


@pytest.mark.parametrize(("name", "asks"), [("local", False), ("dev", True)])
def test_destroy_asks_where_the_target_is_aws(cli: Cli, name: str, asks: bool) -> None:
    """`make destroy` always gives the option."""
    cli.prepare = lambda tools: setattr(tools.emulator, "running", True)
    answer = cli("destroy", name, "--yes-if-local")
    assert (f"destroying `{name}` requires confirmation" in answer.err) is asks


def test_emulator_commands(cli: Cli) -> None:
    cli("deploy", "local")
    assert json.loads(cli("emulator", "status", "local", "--json").out)["running"] is True
    assert cli("emulator", "logs", "local", "--lines", "1").out == "emulator: ready\n"
    assert cli("emulator", "down", "local").out == "stopped\n"
    assert cli("emulator", "status", "local").out == "the local AWS of `local` is not running\n"


def test_a_local_aws_that_was_killed_is_told_with_what_went_down_with_it(cli: Cli) -> None:
    lost = "the local AWS of process 7 ended though nobody stopped it: what was deployed to it is gone"
    cli.prepare = lambda tools: setattr(tools.emulator, "crash", lost)
    assert f"local: {lost}\n" in cli("status", "local").out
    assert cli("emulator", "status", "local").out == f"the local AWS of `local` is not running\n{lost}\n"
    assert json.loads(cli("emulator", "status", "local", "--json").out) == {
        "environment": "local",
        "running": False,
        "lost": lost,
    }
    assert cli("outputs", "local", "foundation").err.startswith(f"error: {lost}\nhint: `orchestrator deploy local` ")
    assert f"; {lost}" in cli("deploy", "local").err


def test_a_deploy_to_staging_is_previewed_and_refused_in_two_lines_that_name_the_resources(cli: Cli) -> None:
    exposed = change("aws_subnet", None, {"map_public_ip_on_launch": True})

    def prepare(tools: FakeTools) -> None:
        tools.terraform.plans["data"] = plan_summary(exposed["address"], document={"resource_changes": [exposed]})
        tools.live[live_parameter(tools.environment, "reviews")] = dict(VERSION)

    cli.prepare = prepare
    refused = cli("deploy", "staging", "--yes")
    assert refused.code == 15
    assert refused.err.endswith(
        "error: deploying `staging` has risks that nobody has accepted: public-exposure: data: "
        "module.m.aws_subnet.this\n"
        "hint: read them above (`orchestrator plan staging` shows them too), "
        "then repeat with `--accept-risk public-exposure`\n"
    )
    assert "data: 1 to add" in refused.err
    unasked = cli("deploy", "staging", "--accept-risk", "public-exposure")
    assert unasked.code == 14
    assert "hint: nobody can be asked here: `--yes` approves what is shown above" in unasked.err
    answer = cli("deploy", "staging", "--accept-risk", "public-exposure", "--approve")
    assert answer.code == 0, answer.err
    assert "  public-exposure    1  (data 1)" in answer.out


def test_a_class_of_risk_that_does_not_exist_is_answered_with_those_that_do(cli: Cli) -> None:
    answer = cli("deploy", "staging", "--accept-risk", "everything")
    assert answer.code == 2
    assert "'state-loss', 'protection-loss', 'network-change', 'iam-growth', 'public-exposure'" in answer.err


def test_a_plan_lists_resources_and_risks(cli: Cli) -> None:
    exposed = change("aws_subnet", None, {"map_public_ip_on_launch": True})

    def prepare(tools: FakeTools) -> None:
        tools.terraform.plans["data"] = plan_summary(exposed["address"], document={"resource_changes": [exposed]})

    cli.prepare = prepare
    answer = cli("plan", "prod")
    assert answer.code == 0, answer.err
    assert "data: 1 to add\n  module.m (1)\n    + aws_subnet                               this\n" in answer.out
    assert "    public-exposure  module.m.aws_subnet.this\n" in answer.out
    found = json.loads(cli("plan", "prod", "--json").out)
    (data,) = (stack for stack in found["stacks"] if stack["name"] == "data")
    assert data["changes"] == [{"address": "module.m.aws_subnet.this", "type": "aws_subnet", "action": "create"}]
    assert found["risks"] == [
        {
            "kind": "public-exposure",
            "stack": "data",
            "resource": "module.m.aws_subnet.this",
            "reason": "instances in it get a public address",
        }
    ]


def test_a_shell_gets_address_key_and_region_and_nothing_else_says_the_key(cli: Cli) -> None:
    cli("deploy", "local")
    assert cli("emulator", "env", "local").out.splitlines() == [
        "unset AWS_PROFILE AWS_DEFAULT_PROFILE AWS_SESSION_TOKEN",
        "export AWS_ENDPOINT_URL=http://127.0.0.1:4566",
        "export AWS_ACCESS_KEY_ID=LOCALAAAAAAAAAAAAAAA",
        "export AWS_SECRET_ACCESS_KEY=s3cr3t",
        "export AWS_REGION=us-east-1",
        "export AWS_DEFAULT_REGION=us-east-1",
    ]
    for words in (("status", "local"), ("status", "local", "--json")):
        assert "s3cr3t" not in cli("emulator", *words).out
    cli("emulator", "down", "local")
    answer = cli("emulator", "env", "local")
    assert (answer.code, answer.out) == (12, "")
    assert "emulator up local" in answer.err


def leave(cli: Cli, name: str) -> None:
    """As if an earlier checkout had deployed one blueprint more."""
    tools = cli._tools["local"]
    address = "module.m.aws_sqs_queue.this"
    tools.store.states[name] = State(3, "lineage", {}, (address,))
    tools.terraform.holds(name, address)


def test_status_shows_a_stack_whose_file_is_gone(cli: Cli) -> None:
    cli("deploy", "local")
    leave(cli, "blueprint-old")
    assert "blueprint-old" in cli("status", "local").out
    assert "its file is gone: `orchestrator deploy local` destroys it" in cli("status", "local").out
    stacks = json.loads(cli("status", "local", "--json").out)["stacks"]
    assert [each["name"] for each in stacks if each["gone"]] == ["blueprint-old"]


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


VPC = "arn:aws:ec2:us-east-1:123456789012:vpc/vpc-1"


def test_what_a_killed_run_left_is_told_by_status_and_by_the_next_deploy(cli: Cli) -> None:
    cli("deploy", "local")
    ours = {"project": "mlops", "environment": "local"}
    services = cli._tools["local"].aws.services
    services["resourcegroupstaggingapi"] = {"get_resources": tagged(**{VPC: ours})}
    services["logs"]["describe_log_groups"] = {
        "logGroups": [{"logGroupName": name, "arn": name} for name in ("/aws/lambda/mlops-local-lost", "/aws/theirs")]
    }
    said = "are there and in no Terraform state"
    status = cli("status", "local")
    assert f"2 resources of `local` {said}" in status.out
    assert "/aws/lambda/mlops-local-lost" in status.out
    assert [each["arn"] for each in json.loads(cli("status", "local", "--json").out)["orphans"]] == [
        VPC,
        "/aws/lambda/mlops-local-lost",
    ]
    deployed = cli("deploy", "local")
    assert deployed.code == 0
    # By tags alone: that takes one call.
    assert f"1 resource of `local` is there and in no Terraform state: {VPC}" in deployed.out
    assert "`orchestrator recover local`" in deployed.out


def test_what_a_state_holds_is_not_left_over(cli: Cli) -> None:
    cli("deploy", "local")
    tools = cli._tools["local"]
    ours = {"project": "mlops", "environment": "local"}
    tools.aws.services["resourcegroupstaggingapi"] = {"get_resources": tagged(**{VPC: ours})}
    tools.store.states["foundation"] = replace(tools.store.states["foundation"], ids=frozenset({"vpc-1"}))
    assert "no Terraform state" not in cli("status", "local").out
    assert "no Terraform state" not in cli("deploy", "local").out


def test_a_deploy_that_may_not_look_says_so_and_goes_well(cli: Cli) -> None:
    cli("deploy", "local")
    refused = ClientError({"Error": {"Code": "AccessDenied", "Message": "no"}}, "GetResources")
    cli._tools["local"].aws.services["resourcegroupstaggingapi"] = {"get_resources": refused}
    answer = cli("deploy", "local")
    assert (answer.code, "nobody knows whether something is left over: cannot list" in answer.out) == (0, True)
