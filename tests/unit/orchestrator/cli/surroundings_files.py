"""Surroundings: folders, disk space, and files that were cut short."""

from __future__ import annotations

import contextlib
import errno
import json
import sys
from pathlib import Path
from typing import Any

import pytest

from orchestrator.aws.state import S3StateStore
from orchestrator.cli import main
from orchestrator.local_aws.process import LocalEmulator
from orchestrator.runs.run_folder import RunFolder
from orchestrator.system.process import Completed
from orchestrator.terraform import attached, init, messages
from tests.fakes.aws import FakeCloud
from tests.unit.orchestrator.cli.conftest import Cli
from tests.unit.orchestrator.cli.surroundings import Result, case, ended, raises, refused, workspace

FULL = "/dev/full"


def deploy_refused(cli: Cli, error: Exception) -> Result:
    def build(out: Path) -> dict[str, Any]:
        raise error

    cli.prepare = lambda tools: setattr(tools.packager, "build", build)
    return ended(cli, "deploy", "local")


# --- folders of the checkout ---------------------------------------------------------------------------------


@case("a file where the folder `.runs` should be")
def _(cli: Cli, monkeypatch: pytest.MonkeyPatch) -> Result:
    (cli.repo / ".runs").touch()
    return ended(cli, "deploy", "local")


@case("`.runs` is a symbolic link to itself")
def _(cli: Cli, monkeypatch: pytest.MonkeyPatch) -> Result:
    (cli.repo / ".runs").symlink_to(".runs")
    return ended(cli, "deploy", "local")


@case("`.runs` is a symbolic link to a folder that is gone")
def _(cli: Cli, monkeypatch: pytest.MonkeyPatch) -> Result:
    (cli.repo / ".runs").symlink_to("gone/away")
    return ended(cli, "deploy", "local")


@case("a file where the folder `build` should be")
def _(cli: Cli, monkeypatch: pytest.MonkeyPatch) -> Result:
    (cli.repo / "build").touch()
    return ended(cli, "deploy", "local")


@case("a folder where a file of `build/` should be")
def _(cli: Cli, monkeypatch: pytest.MonkeyPatch) -> Result:
    (cli.repo / "build/local/buckets/values.tfvars.json").mkdir(parents=True)
    return ended(cli, "deploy", "local")


@case("a file where the folder `.emulator` should be")
def _(cli: Cli, monkeypatch: pytest.MonkeyPatch) -> Result:
    (cli.repo / ".emulator").touch()
    cli.prepare = lambda tools: setattr(tools, "emulator", LocalEmulator(cli.repo, "local"))
    return ended(cli, "deploy", "local")


@case("`.emulator` is a symbolic link to itself")
def _(cli: Cli, monkeypatch: pytest.MonkeyPatch) -> Result:
    (cli.repo / ".emulator").symlink_to(".emulator")

    def prepare(tools: Any) -> None:
        tools.emulator = LocalEmulator(cli.repo, "local")

    cli.prepare = prepare
    return ended(cli, "deploy", "local")


@case("a read-only file system")
def _(cli: Cli, monkeypatch: pytest.MonkeyPatch) -> Result:
    return deploy_refused(cli, OSError(errno.EROFS, "Read-only file system", str(cli.repo / "build")))


@case("a folder that belongs to another user")
def _(cli: Cli, monkeypatch: pytest.MonkeyPatch) -> Result:
    return deploy_refused(cli, PermissionError(errno.EACCES, "Permission denied", str(cli.repo / "build")))


# --- room ----------------------------------------------------------------------------------------------------


@case("the disk is full while the run folder is written")
def _(cli: Cli, monkeypatch: pytest.MonkeyPatch) -> Result:
    create = RunFolder.create

    def full(*arguments: Any) -> RunFolder:
        folder = create(*arguments)
        (folder.path / "events.jsonl").symlink_to(FULL)
        return folder

    monkeypatch.setattr(RunFolder, "create", full)
    return ended(cli, "deploy", "local")


@case("the disk is full when the result is written")
def _(cli: Cli, monkeypatch: pytest.MonkeyPatch) -> Result:
    create = RunFolder.create

    def full(*arguments: Any) -> RunFolder:
        folder = create(*arguments)
        (folder.path / "result.json.part").symlink_to(FULL)
        return folder

    monkeypatch.setattr(RunFolder, "create", full)
    code, output = ended(cli, "deploy", "local")
    assert "created" in output, "completed steps are still shown"
    return code, output


@case("the disk is full while `build/` is written")
def _(cli: Cli, monkeypatch: pytest.MonkeyPatch) -> Result:
    folder = cli.repo / "build/local/buckets"
    folder.mkdir(parents=True)
    (folder / "values.tfvars.json").symlink_to(FULL)
    return ended(cli, "deploy", "local")


@case("the disk is full where terraform or its provider writes")
def _(cli: Cli, monkeypatch: pytest.MonkeyPatch) -> Result:
    line = "Error: Failed to write plan: write /tmp/x: no space left on device"
    return refused(lambda: raises(messages.failure("data", "plan", _ended_with(line), [])))


@case("the output goes to a full disk")
def _(cli: Cli, monkeypatch: pytest.MonkeyPatch) -> Result:
    output = cli.repo / "output"
    with open(FULL, "w", encoding="utf-8") as out, output.open("w", encoding="utf-8") as err:
        monkeypatch.setattr(sys, "stdout", out)
        monkeypatch.setattr(sys, "stderr", err)
        code = main(["--repo", str(cli.repo), "graph", "local"])
        monkeypatch.undo()
        with contextlib.suppress(OSError):  # what was left to write
            out.close()
    return code, output.read_text(encoding="utf-8")


@case("a disk quota is used up")
def _(cli: Cli, monkeypatch: pytest.MonkeyPatch) -> Result:
    return deploy_refused(cli, OSError(errno.EDQUOT, "Disk quota exceeded", str(cli.repo / "build/packages/x.zip")))


@case("too many open files")
def _(cli: Cli, monkeypatch: pytest.MonkeyPatch) -> Result:
    return deploy_refused(cli, OSError(errno.EMFILE, "Too many open files", str(cli.repo / "build")))


# --- what a kill or a full disk has cut short ----------------------------------------------------------------


@case("`result.json` of the last run is cut short")
def _(cli: Cli, monkeypatch: pytest.MonkeyPatch) -> Result:
    folder = cli.repo / ".runs/local/20260101T000000Z-abc"
    folder.mkdir(parents=True)
    (folder / "result.json").write_text('{"run_id": "2026', encoding="utf-8")
    return ended(cli, "status", "local")


def store(monkeypatch: pytest.MonkeyPatch, content: bytes) -> S3StateStore:
    monkeypatch.setattr(S3StateStore, "_content", lambda *_: content)
    return S3StateStore(FakeCloud(), "mlops-local-tfstate", {})


@case("a Terraform state is cut short")
def _(cli: Cli, monkeypatch: pytest.MonkeyPatch) -> Result:
    return refused(lambda: store(monkeypatch, b'{"serial": 3, "lin').read("data"))


@case("a Terraform state is `{}`")
def _(cli: Cli, monkeypatch: pytest.MonkeyPatch) -> Result:
    return refused(lambda: store(monkeypatch, b"{}").read("data"))


@case("the lock of a state cannot be read")
def _(cli: Cli, monkeypatch: pytest.MonkeyPatch) -> Result:
    def prepare(tools: Any) -> None:
        tools.emulator.running = True
        tools.store.lock("data", None)

    cli.prepare = prepare
    return ended(cli, "status", "local")


@case("the proof of a stack is cut short")
def _(cli: Cli, monkeypatch: pytest.MonkeyPatch) -> Result:
    assert store(monkeypatch, b'{"schema": 1').read_proof("data") is None
    return 0, "nothing: it counts as missing, so that the stack is planned"


@case("`.emulator/<env>/emulator.json` is cut short")
def _(cli: Cli, monkeypatch: pytest.MonkeyPatch) -> Result:
    _emulator_record(cli, '{"pid": 47')
    return refused(LocalEmulator(cli.repo, "local").status)


@case("`.emulator/<env>/emulator.json` lacks what it should hold")
def _(cli: Cli, monkeypatch: pytest.MonkeyPatch) -> Result:
    _emulator_record(cli, '{"pid": 4711}')
    return refused(LocalEmulator(cli.repo, "local").status)


@case("`initialised.json` of a stack is cut short")
def _(cli: Cli, monkeypatch: pytest.MonkeyPatch) -> Result:
    ws = workspace(cli.repo)
    (ws.data_dir / "initialised.json").write_text('{"code"', encoding="utf-8")
    assert not init.is_current(ws, sys.executable)
    return 0, "nothing: it is initialised again"


@case("`provider-types.json` or `modules.json` of a stack is cut short")
def _(cli: Cli, monkeypatch: pytest.MonkeyPatch) -> Result:
    ws = workspace(cli.repo)
    (ws.data_dir / "provider-types.json").write_text('["aws_s3_buc', encoding="utf-8")
    (ws.data_dir / "modules" / "modules.json").write_text('{"Modules": [{"Di', encoding="utf-8")
    assert attached._modules(ws) is None
    assert attached._held_types(ws, []) == {"aws_kms_key"}
    assert json.loads((ws.data_dir / "provider-types.json").read_text(encoding="utf-8")) == ["aws_kms_key"]
    return 0, "nothing: it is written again"


def _ended_with(stderr: str) -> Completed:
    return Completed(("terraform",), 1, "", stderr, 0.1)


def _emulator_record(cli: Cli, text: str) -> None:
    folder = cli.repo / ".emulator/local"
    folder.mkdir(parents=True)
    (folder / "emulator.json").write_text(text, encoding="utf-8")
