from __future__ import annotations

import json
from pathlib import Path

import pytest

from orchestrator.recovery import unfinished
from orchestrator.recovery.closing import close
from orchestrator.runs.journal import Journal
from orchestrator.runs.result import Result
from orchestrator.runs.run_folder import RunFolder
from tests.fakes.killed import ALIVE, ELSEWHERE, Killed


def step(name: str, status: str, message: str = "") -> dict[str, str]:
    return {"step": name, "kind": "step", "status": status, "message": message}


def test_a_run_without_a_result_is_unfinished(tmp_path: Path) -> None:
    assert unfinished.find(tmp_path, "local") == []
    first, second = Killed(tmp_path, hours_ago=1), Killed(tmp_path, "destroy", process=ALIVE)
    Killed(tmp_path, hours_ago=2).folder.joinpath("result.json").write_text("{}", encoding="utf-8")
    (first.folder.parent / "latest").symlink_to(second.run_id)
    (first.folder.parent / "20200101T000000Z-ab").mkdir()  # of an earlier version, which wrote no run.json
    runs = unfinished.find(tmp_path, "local")
    assert [(each.run_id, each.command, each.life) for each in runs] == [
        (first.run_id, "deploy", "dead"),
        (second.run_id, "destroy", "alive"),
    ]
    assert runs[0].arguments == ("deploy", "local")


def test_the_sentence_names_the_command_and_the_remedy(tmp_path: Path) -> None:
    Killed(tmp_path, hours_ago=2)
    run = Killed(tmp_path)
    run.terraform("data")
    run.terraform("models", exit_code=0)
    assert unfinished.sentence(unfinished.find(tmp_path, "local")) == (
        f"unfinished: `deploy` of `local`, begun {unfinished.find(tmp_path, 'local')[-1].since} (and 1 older ones): "
        "process 4194305 died before the end of terraform apply of `data`; "
        "run `orchestrator resume local`"
    )


def test_live_runs_are_left_out_and_runs_of_other_machines_are_unknown(tmp_path: Path) -> None:
    Killed(tmp_path, process=ALIVE)
    assert unfinished.sentence(unfinished.find(tmp_path, "local")) == ""
    Killed(tmp_path, process=ELSEWHERE)
    sentence = unfinished.sentence(unfinished.find(tmp_path, "local"))
    assert "ran on another machine, so its state is unknown here" in sentence


@pytest.mark.parametrize("content", ["", "{", "[1]", '{"process": {"pid": 1}}', '{"process": 5, "arguments": "x"}'])
def test_a_run_that_died_while_it_wrote_its_file_is_unfinished_too(tmp_path: Path, content: str) -> None:
    run = Killed(tmp_path)
    (run.folder / "run.json").write_text(content, encoding="utf-8")
    [only] = unfinished.find(tmp_path, "local")
    assert (only.life, only.process, only.arguments) == ("unknown", None, ())


def test_finished_steps_and_started_executions_are_read_from_the_events(tmp_path: Path) -> None:
    run = Killed(tmp_path)
    named = {"step": "pipeline", "kind": "progress", "execution_name": "r1"}
    run.told(step("data", "started"), step("data", "ok"), step("models", "started"), named, named)
    [only] = unfinished.find(tmp_path, "local")
    assert (only.finished, only.executions) == (frozenset({"data"}), ("r1",))


def test_killed_applies_count_until_one_has_ended_on_its_own(tmp_path: Path) -> None:
    oldest, older, newest = Killed(tmp_path, hours_ago=3), Killed(tmp_path, hours_ago=2), Killed(tmp_path)
    oldest.terraform("data")
    older.terraform("data", exit_code=1)
    oldest.terraform("models", exit_code=-9)
    for run in (older, newest):
        run.terraform("models")
    newest.terraform("buckets", None)
    newest.terraform("buckets", command="plan")
    runs = unfinished.killed(tmp_path, "local")
    assert {stack: [each.folder.parent.parent.name for each in applies] for stack, applies in runs.items()} == {
        "models": [oldest.run_id, older.run_id, newest.run_id]
    }


def test_a_closed_run_has_the_result_of_its_events(tmp_path: Path) -> None:
    run = Killed(tmp_path)
    run.planned("buckets", "data", "models", "studio")
    run.told(
        step("buckets", "started"),
        {"step": "buckets", "kind": "stage", "message": "apply (3 changes)"},
        step("buckets", "ok"),
        step("data", "ok"),
        step("models", "started"),
    )
    close(unfinished.find(tmp_path, "local")[0])
    assert unfinished.find(tmp_path, "local") == []
    result = Result.model_validate(run.result)
    assert [(each.name, each.action) for each in result.stacks] == [
        ("buckets", "changed"), ("data", "unchanged"), ("models", "failed"), ("studio", "skipped"),
    ]  # fmt: skip
    assert result.error is not None
    assert (result.status, result.exit_code, result.error.message) == (
        "failed", 137, "its process 4194305 died, and left unfinished: models",
    )  # fmt: skip
    assert (run.folder / "report.html").exists()


def test_a_cancelled_run_was_interrupted(tmp_path: Path) -> None:
    run = Killed(tmp_path)
    run.planned("data", kind="DestroyStack")
    run.told(step("data", "started"), step("data", "cancelled"))
    result = close(unfinished.find(tmp_path, "local")[0])
    assert (result.status, result.exit_code, result.stacks[0].action) == ("cancelled", 130, "failed")


def test_a_run_that_died_before_it_had_a_plan_can_be_closed(tmp_path: Path) -> None:
    run = Killed(tmp_path)
    (run.folder / "plan.json").write_text(json.dumps({"steps": 5}), encoding="utf-8")
    assert close(unfinished.find(tmp_path, "local")[0]).stacks == []


def test_the_name_of_an_execution_is_recorded_before_it_starts(tmp_path: Path) -> None:
    folder = RunFolder.create(tmp_path, "local", "deploy", ["deploy", "local"])
    event = {"type": "pipeline", "@message": "starting r1", "execution_name": "r1"}
    Journal(folder).sink("pipeline")(event)
    [only] = unfinished.find(tmp_path, "local")
    assert (only.executions, only.life, only.command) == (("r1",), "alive", "deploy")
