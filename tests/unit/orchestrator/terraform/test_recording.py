"""The records of terraform commands."""

from __future__ import annotations

import os
import tempfile
import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from orchestrator.core.types import Json
from orchestrator.errors import SetupError, TerraformError
from orchestrator.system import identity
from orchestrator.system.process import Cancel, StillWorking
from orchestrator.terraform import recording
from orchestrator.terraform.model import Workspace
from orchestrator.terraform.record import Record, of_run
from orchestrator.terraform.terraform import Terraform

SUMMARY = '{"type":"change_summary","changes":{"operation":"apply","add":1,"change":0,"remove":0}}'


@pytest.fixture
def ws(tmp_path: Path) -> Workspace:
    build = tmp_path / "build"
    (build / "terraform").mkdir(parents=True)
    backend = build / "backend.hcl"
    backend.write_text("")
    return Workspace(
        stack="data",
        root=tmp_path,
        values_file=build / "values",
        backend_file=backend,
        data_dir=build / "terraform",
        plan_file=build / "plan",
        env={"PATH": os.environ["PATH"]},
        bucket="states",
        state_key="data.tfstate",
        run=tmp_path / "run",
    )


def apply(ws: Workspace, script: str, cancel: Cancel | None = None) -> None:
    """Run a shell script for terraform; with `cancel`, it is interrupted twice after its first output."""
    cancel, insists = cancel or Cancel(), cancel is not None
    binary = ws.root / "terraform.sh"
    binary.write_text(f"#!/bin/sh\n{script}\n")
    binary.chmod(0o755)

    def listen(event: Json) -> None:
        if insists:
            cancel.insist()

    Terraform(binary).apply(ws, on_event=listen, cancel=cancel)


def only(ws: Workspace) -> Record:
    assert ws.run is not None
    (record,) = of_run(ws.run)
    return record


def test_a_command_and_its_process_are_recorded_beforehand(ws: Workspace) -> None:
    apply(ws, f"cp {ws.run}/tools/0001-data-apply/*.json {ws.root}/build; echo $$ > {ws.root}/pid; echo '{SUMMARY}'")
    seen = Record(ws.root / "build")
    command, process = seen.command, seen.process
    assert command is not None
    assert (command.stack, command.command, command.bucket, command.state_key) == (
        "data", "apply", "states", "data.tfstate",
    )  # fmt: skip
    assert command.argv[-1] == str(ws.plan_file)
    assert process is not None
    assert process.pid == int((ws.root / "pid").read_text())
    assert identity.life(process) == "dead"
    assert seen.ended is None


def test_only_a_failed_command_keeps_its_output(ws: Workspace) -> None:
    apply(ws, f"echo '{SUMMARY}'")
    with pytest.raises(TerraformError, match="no such bucket"):
        apply(ws, "echo one; echo no such bucket >&2; exit 3")
    assert ws.run is not None
    well, badly = of_run(ws.run)
    assert [record.folder.name for record in (well, badly)] == ["0001-data-apply", "0002-data-apply"]
    assert well.ended is not None
    assert well.ended.exit_code == 0
    assert not well.stdout.exists()
    assert not well.stderr.exists()
    assert badly.ended is not None
    assert badly.ended.exit_code == 3
    assert (badly.stdout.read_text(), badly.stderr.read_text()) == ("one\n", "no such bucket\n")


def test_an_abandoned_command_has_no_end_and_continues(ws: Workspace) -> None:
    with pytest.raises(StillWorking):
        apply(ws, "trap 'echo asked' INT; echo ready; for n in 1 2 3 4; do sleep 0.1; done; echo saved", Cancel())
    record = only(ws)
    assert record.ended is None
    assert record.process is not None
    while identity.life(record.process) == "alive":
        threading.Event().wait(0.05)
    assert record.stdout.read_text() == "ready\nasked\nsaved\n"


def test_without_a_run_nothing_is_kept(ws: Workspace, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path / "build"))
    apply(Workspace(**{**vars(ws), "run": None}), f"echo '{SUMMARY}'")
    assert not (tmp_path / "run").exists()
    assert not list((tmp_path / "build").glob("terraform-*"))


def test_concurrent_commands_have_different_numbers(ws: Workspace) -> None:
    def record(_: int) -> None:
        with recording.recorded(ws, "state push", ("terraform",)):
            pass

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(record, range(16)))
    assert ws.run is not None
    names = [each.folder.name for each in of_run(ws.run)]
    assert names == [f"{number:04}-data-state-push" for number in range(1, 17)]


def test_a_command_that_cannot_be_recorded_is_not_started(ws: Workspace) -> None:
    assert ws.run is not None
    ws.run.write_text("no folder")
    with pytest.raises(
        SetupError, match=r"terraform apply of `data` is not started: .*run/tools cannot be written \(Not a dir"
    ):
        apply(ws, f"touch {ws.root}/ran")
    assert not (ws.root / "ran").exists()
