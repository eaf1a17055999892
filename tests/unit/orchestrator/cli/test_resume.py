"""`orchestrator resume`, and what the other commands say and do about unfinished runs."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from orchestrator.config.model import platform
from orchestrator.core.types import Json
from tests.fakes.killed import ALIVE, BUCKET, DEAD, ELSEWHERE, Killed, lock_info, made
from tests.unit.orchestrator.cli.conftest import Cli


def ok(step: str) -> Json:
    return {"step": step, "kind": "step", "status": "ok"}


def deployed(cli: Cli) -> None:
    assert cli("deploy", "local").code == 0
    cli._tools["local"].terraform.calls.clear()


def arguments(cli: Cli) -> list[str]:
    """Of the newest run."""
    return list(json.loads((cli.repo / ".runs/local/latest/run.json").read_text())["arguments"])


def test_nothing_is_unfinished(cli: Cli) -> None:
    answer = cli("resume", "local")
    assert (answer.code, answer.out, answer.err) == (0, "", "`local` has no unfinished run\n")


def test_every_command_reports_an_unfinished_run(cli: Cli) -> None:
    Killed(cli.repo).terraform("data")
    for command in ("status", "outputs", "graph", "plan"):
        answer = cli(command, "local")
        assert answer.err.startswith("unfinished: `deploy` of `local`, begun "), command
        assert "before the end of terraform apply of `data`; run `orchestrator resume local`\n" in answer.err


def test_status_reports_it_as_data(cli: Cli) -> None:
    run = Killed(cli.repo)
    run.terraform("data")
    runs = json.loads(cli("status", "local", "--json").out)["unfinished"]
    at = [{"stack": "data", "command": "apply"}]
    assert runs == [{"run_id": run.run_id, "command": "deploy", "process": DEAD.pid, "life": "dead", "at": at}]


def test_a_deploy_is_repeated_as_it_was_given(cli: Cli) -> None:
    deployed(cli)
    run = Killed(cli.repo, "deploy", "--repo", "elsewhere", "deploy", "local", "--blueprint", "chat")
    answer = cli("resume", "local")
    assert answer.code == 0, answer.err
    assert "resuming: orchestrator deploy local --blueprint chat\n" in answer.err
    assert re.search(r"^blueprint-chat +inference +unchanged", answer.out, re.MULTILINE)
    assert not re.search("^foundation ", answer.out, re.MULTILINE)
    assert run.result is not None
    assert run.result["status"] == "failed"
    assert arguments(cli) == ["deploy", "local", "--blueprint", "chat"], "it can be resumed in its turn"
    assert cli("resume", "local").err == "`local` has no unfinished run\n"


def test_a_deploy_takes_up_what_is_left_by_itself(cli: Cli) -> None:
    deployed(cli)
    store = cli._tools["local"].store
    store.bucket = BUCKET
    run = Killed(cli.repo)
    run.terraform("data")
    store.lock("data", lock_info())
    answer = cli("deploy", "local")
    assert answer.code == 0, answer.err
    assert "lock of `data` released: " in answer.err
    assert store.held == {}
    assert run.result is not None


def test_a_destroy_is_repeated_and_asks_as_it_does(cli: Cli) -> None:
    deployed(cli)
    Killed(cli.repo, "destroy", "destroy", "local", "--blueprint", "chat")
    assert cli("resume", "local").code == 14
    answer = cli("resume", "local", "--yes")
    assert answer.code == 0, answer.err
    assert re.search(r"^blueprint-chat +inference +destroyed", answer.out, re.MULTILINE)


def test_a_run_that_works_is_not_resumed(cli: Cli) -> None:
    Killed(cli.repo, process=ALIVE)
    answer = cli("resume", "local")
    assert answer.code == 13
    assert "`deploy` of `local` has been running since" in answer.err


@pytest.mark.full
def test_a_run_of_another_machine_is_resumed_by_force(cli: Cli) -> None:
    deployed(cli)
    run = Killed(cli.repo, process=ELSEWHERE)
    refused = cli("resume", "local")
    assert (refused.code, run.result) == (13, None)
    assert "hint: if that machine is certainly gone, run `orchestrator resume local --force`\n" in refused.err
    assert cli("resume", "local", "--force").code == 0
    assert run.result is not None


@pytest.mark.parametrize("given", [("resume", "local"), ("nonsense",)])
def test_a_run_that_does_not_say_what_it_was_is_not_guessed(cli: Cli, given: tuple[str, ...]) -> None:
    run = Killed(cli.repo, "deploy", *given)
    answer = cli("resume", "local")
    assert answer.code == 1
    assert f"run {run.run_id} has no command that can be repeated (received '{' '.join(given)}')" in answer.err


def test_what_only_looked_is_closed_and_not_repeated(cli: Cli) -> None:
    run = Killed(cli.repo, "plan")
    answer = cli("resume", "local")
    assert (answer.code, answer.out) == (0, "")
    assert answer.err.endswith("nothing else to repeat\n")
    assert run.result is not None


def test_a_local_aws_that_is_gone_leaves_nothing_to_take_up(cli: Cli) -> None:
    for command in (["resume"], ["destroy", "--yes"]):
        run = Killed(cli.repo, "destroy", "destroy", "local", "--yes")
        run.terraform("data")
        answer = cli(command[0], "local", *command[1:])
        assert answer.code == 0, answer.err
        assert "the local AWS is not running, so nothing is deployed in it" in answer.err
        assert run.result is not None


@pytest.mark.full
def test_steps_that_were_done_are_not_done_again_where_everything_is_refreshed(
    cli: Cli, monkeypatch: pytest.MonkeyPatch
) -> None:
    deployed(cli)
    monkeypatch.setattr(platform.Environment, "skips_by_proof", False)
    terraform = cli._tools["local"].terraform
    assert cli("deploy", "local").code == 0
    assert ("plan", "data") in terraform.calls
    Killed(cli.repo, "deploy", "deploy", "local", "--refresh", "--pipeline").told(ok("data"), ok("pipeline"))
    terraform.calls.clear()
    runs = len(cli._tools["local"].pipeline_runs)
    assert cli("resume", "local").code == 0
    assert ("plan", "data") not in terraform.calls
    assert ("plan", "models") in terraform.calls
    assert len(cli._tools["local"].pipeline_runs) == runs, "it was forced once, and has run"
    Killed(cli.repo).told(ok("data"))
    terraform.calls.clear()
    assert cli("deploy", "local", "--refresh").code == 0
    assert ("plan", "data") in terraform.calls, "--refresh checks everything"


def test_the_pipeline_knows_the_executions_of_the_unfinished_run(cli: Cli) -> None:
    deployed(cli)
    run = Killed(cli.repo, "deploy", "deploy", "local", "--pipeline")
    run.told({"step": "pipeline", "kind": "progress", "execution_name": "r1"})
    answer = cli("resume", "local")
    assert answer.code == 0, answer.err
    assert cli._tools["local"].pipeline_runs[-1]["own"] == ("r1",)
    assert "it has started the training pipeline `r1`, which continues in AWS" in answer.err


def test_what_a_killed_terraform_made_is_imported_before_its_stack_is_deployed(
    cli: Cli, monkeypatch: pytest.MonkeyPatch
) -> None:
    from orchestrator.recovery import importing

    deployed(cli)
    cli._tools["local"].store.bucket = BUCKET
    calls: list[tuple[str, dict[str, str], list[str]]] = []

    def adopt(session: object, stack: object, made: dict[str, str], maybe: list[str], *, ws: object) -> object:
        calls.append((stack.name, made, maybe))  # type: ignore[attr-defined]
        return importing.Search(refused={"aws_kms_key.x": "its tags are another's"})

    monkeypatch.setattr(importing, "adopt", adopt)
    begun = {"type": "apply_start", "hook": {"resource": {"addr": "aws_kms_key.x"}, "action": "create"}}
    says = [made("aws_s3_bucket.data"), made("aws_s3_bucket.more", "id-2"), begun]
    run = Killed(cli.repo)
    run.terraform("data", says=says)
    run.terraform("blueprint-chat", says=says)
    answer = cli("deploy", "local")
    assert answer.code == 0, answer.err
    made_by_data = {"aws_s3_bucket.more": "id-2"}
    assert sorted(calls)[1] == ("data", made_by_data, ["aws_kms_key.x"]), "the state has the rest"
    assert "aws_kms_key.x was created by a killed terraform and is in no state: its tags are another's" in answer.out
    calls.clear()
    assert cli("destroy", "local", "--blueprint", "chat", "--yes").code == 0
    assert [stack for stack, _, _ in calls] == ["blueprint-chat"]


def test_a_result_is_the_last_run(cli: Cli, tmp_path: Path) -> None:
    run = Killed(cli.repo)
    assert cli("resume", "local").code == 0
    assert run.result is not None
    assert "Last run: deploy ok" in cli("status", "local").out
