from __future__ import annotations

import dataclasses
import json
import subprocess
import sys
import threading
import xml.etree.ElementTree as ET
from pathlib import Path

import jsonschema
import pytest

from orchestrator.config import Environment
from orchestrator.errors import StateLocked
from orchestrator.planning import plans as plan
from orchestrator.planning.graph import Graph
from orchestrator.policy.model import PolicyReport
from orchestrator.runs import run_folder
from orchestrator.runs.result import ErrorResult, Result, SmokeResult, StackResult, policy_result
from orchestrator.runs.run_folder import RunFolder
from orchestrator.system import identity
from tests.fakes.policy import CLEAN, violation
from tests.unit.orchestrator.conftest import Runs


def result(**changes: object) -> Result:
    values: dict[str, object] = {
        "run_id": "r1",
        "env": "local",
        "command": "deploy",
        "status": "failed",
        "started_at": "2026-01-01T00:00:00.000Z",
        "seconds": 1.0,
        "exit_code": 8,
    }
    return Result.model_validate({**values, **changes})


def test_a_run_writes_its_folder(run: Runs, environment: Environment, graph: Graph) -> None:
    written = run(plan.deploy(environment, graph))
    folder = run.tools.repo / ".runs/local" / written.run_id
    assert (folder.parent / "latest").resolve() == folder
    assert {path.name for path in folder.iterdir()} == {
        "run.json", "plan.json", "events.jsonl", "logs", "result.json", "junit.xml", "report.html",
    }  # fmt: skip
    steps = [step["name"] for step in json.loads((folder / "plan.json").read_text())["steps"]]
    events = [json.loads(line) for line in (folder / "events.jsonl").read_text().splitlines()]
    ended = {event["step"] for event in events if event["kind"] == "step" and event["status"] == "ok"}
    assert ended == set(steps)
    assert "plan foundation" in (folder / "logs/foundation.log").read_text()


def test_result_json_follows_its_schema(run: Runs, environment: Environment, graph: Graph) -> None:
    written = run(plan.deploy(environment, graph))
    document = json.loads((run.tools.repo / ".runs/local/latest/result.json").read_text())
    jsonschema.validate(document, Result.model_json_schema(by_alias=True))
    assert (document["schema"], document["run_id"], document["status"]) == (1, written.run_id, "ok")
    assert set(document["stacks"][0]) == {
        "name", "phase", "action", "reason", "added", "changed", "destroyed", "total", "seconds", "why", "changes",
    }  # fmt: skip


def test_a_run_first_records_its_command_and_process(tmp_path: Path) -> None:
    folder = RunFolder.create(tmp_path, "local", "deploy", ["deploy", "local", "--pipeline"])
    document = json.loads((folder.path / "run.json").read_text())
    assert document == {
        "run_id": folder.run_id,
        "environment": "local",
        "command": "deploy",
        "arguments": ["deploy", "local", "--pipeline"],
        "process": dataclasses.asdict(identity.own()),
    }


def test_the_latest_result_is_found(tmp_path: Path) -> None:
    assert run_folder.latest(tmp_path, "local") is None
    for number in ("1", "2"):
        folder = RunFolder.create(tmp_path, "local")
        path = folder.path.with_name(f"2026010{number}T000000Z-abc")
        folder.path.rename(path)
        RunFolder(path, folder.started).write_result(result(run_id=path.name))
    newest = run_folder.latest(tmp_path, "local")
    assert newest is not None
    assert newest.run_id == "20260102T000000Z-abc"


def test_events_of_many_threads_are_written_as_whole_lines(tmp_path: Path) -> None:
    folder = RunFolder.create(tmp_path, "local")

    def write(n: int) -> None:
        for _ in range(50):
            folder.event({"step": str(n), "text": "x" * 500})

    threads = [threading.Thread(target=write, args=(n,)) for n in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    lines = (folder.path / "events.jsonl").read_text().splitlines()
    assert len([json.loads(line) for line in lines]) == 400


def test_junit_counts_failures_and_survives_control_characters() -> None:
    text = run_folder.junit(
        result(
            stacks=[
                StackResult(name="a", phase="p", action="created"),
                StackResult(name="b", phase="p", action="failed", reason="\x1b[31mred <&>"),
                StackResult(name="c", phase="p", action="skipped", reason="`b` failed"),
            ],
            smoke=[
                SmokeResult(probe="api", blueprint="x", method="realtime", source="bedrock", status="ok",
                            latency_ms=5, fidelity="stand-in")
            ],
            error=ErrorResult(type="TerraformError", message="no", step="b"),
        )
    )  # fmt: skip
    suites = {suite.get("name"): suite for suite in ET.fromstring(text)}
    counts = {key: suites["stacks"].get(key) for key in ("tests", "failures", "skipped")}
    assert counts == {"tests": "3", "failures": "1", "skipped": "1"}
    assert suites["smoke"].get("failures") == "0"
    assert suites["run"].find("testcase/failure") is not None


def test_several_scans_make_one_verdict() -> None:
    partial = PolicyReport(frozenset({"A", "B"}), frozenset({"A", "Z"}), (), (), 0.1)
    summed = policy_result([CLEAN, violation("A"), partial])
    assert summed is not None
    assert (summed.rules_expected, summed.rules_ran, summed.missing) == (3, 2, ["B"])
    assert (summed.scans, summed.passed, [each.rule for each in summed.findings]) == (3, False, ["A"])
    assert policy_result([]) is None


# --- one run at a time ---------------------------------------------------------------------------------------

HOLDS = """
import sys, time
from pathlib import Path
from orchestrator.runs.run_folder import alone
with alone(Path(sys.argv[1]), "local"):
    print("held", flush=True)
    time.sleep(60)
"""


def test_a_second_run_of_an_environment_is_refused_with_the_process_of_the_first(tmp_path: Path) -> None:
    holder = subprocess.Popen(
        [sys.executable, "-c", HOLDS, str(tmp_path)],
        stdout=subprocess.PIPE,
        text=True,
        cwd=Path(run_folder.__file__).parents[2],
    )
    try:
        assert holder.stdout is not None
        assert holder.stdout.readline() == "held\n"
        message = rf"another run of `local` is at work in this checkout \(pid {holder.pid}, since 20\d\d-"
        with pytest.raises(StateLocked, match=message), run_folder.alone(tmp_path, "local"):
            pass
        with run_folder.alone(tmp_path, "prod"):
            pass
    finally:
        holder.kill()
        holder.communicate()
    with run_folder.alone(tmp_path, "local"):  # a killed process holds no lock
        pass


def test_the_next_run_can_begin_after_a_failed_one(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="it failed"), run_folder.alone(tmp_path, "local"):
        raise ValueError("it failed")
    with run_folder.alone(tmp_path, "local"):
        pass


def test_events_truncated_by_a_full_disk_are_ignored(tmp_path: Path) -> None:
    folder = RunFolder.create(tmp_path, "local")
    folder.event({"step": "a"})
    with (folder.path / "events.jsonl").open("a", encoding="utf-8") as file:
        file.write('{"step": "b", "mess\n7\n')
    folder.event({"step": "c"})
    assert [event["step"] for event in folder.events()] == ["a", "c"]
