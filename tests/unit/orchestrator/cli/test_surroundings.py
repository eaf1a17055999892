"""Each surrounding of the reference page, made for real where that needs no rights, and what is said in it."""

from __future__ import annotations

import contextlib
import errno
import json
import os
import re
import shutil
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from orchestrator.aws import local as aws_local
from orchestrator.aws.state import S3StateStore
from orchestrator.cli import main
from orchestrator.config.model.platform import Environment
from orchestrator.core import environment
from orchestrator.core.local_access import LocalAccess
from orchestrator.errors import PlatformError, TerraformError
from orchestrator.local_aws.process import LocalEmulator
from orchestrator.runs.run_folder import RunFolder
from orchestrator.system import identity, watch
from orchestrator.system.process import Completed
from orchestrator.terraform import attached, init, messages
from orchestrator.terraform.model import Workspace
from orchestrator.terraform.terraform import Terraform
from orchestrator.terraform.warm_provider.guard import provider_environment
from tests.fakes.aws import FakeCloud
from tests.fakes.platforms import platform
from tests.unit.orchestrator.cli.conftest import Cli

REPO = Path(__file__).resolve().parents[4]
PAGE = REPO / "docs/reference/surroundings.md"
FULL = "/dev/full"
Said = tuple[int, str]
Case = Callable[[Cli, pytest.MonkeyPatch], Said]
CASES: dict[str, Case] = {}


def case(surrounding: str) -> Callable[[Case], Case]:
    def keep(function: Case) -> Case:
        CASES[surrounding] = function
        return function

    return keep


def ended(cli: Cli, *arguments: str) -> Said:
    answer = cli(*arguments)
    return answer.code, f"{answer.out}\n{answer.err}"


def refused(act: Callable[[], object]) -> Said:
    with pytest.raises(PlatformError) as caught:
        act()
    return caught.value.exit_code, f"error: {caught.value.message}\nhint: {caught.value.hint}"


def deploy_refused(cli: Cli, error: Exception) -> Said:
    def build(out: Path) -> dict[str, Any]:
        raise error

    cli.prepare = lambda tools: setattr(tools.packager, "build", build)
    return ended(cli, "deploy", "local")


def table() -> dict[str, tuple[str, int]]:
    rows = re.findall(r"^\| (.+?) \| (.+?) \| (\d+) \|$", PAGE.read_text(encoding="utf-8"), re.MULTILINE)
    return {surrounding: (sentence, int(code)) for surrounding, sentence, code in rows}


def test_the_page_has_every_surrounding_that_is_tried_and_no_other() -> None:
    assert list(table()) == list(CASES)


@pytest.mark.parametrize("surrounding", CASES)
def test_what_is_said(surrounding: str, cli: Cli, monkeypatch: pytest.MonkeyPatch) -> None:
    sentence, code = table()[surrounding]
    found, said = CASES[surrounding](cli, monkeypatch)
    wanted = ".+?".join(re.escape(part) for part in sentence.split("…"))
    assert re.search(wanted, said, re.DOTALL), said
    assert found == code, said
    assert "Traceback" not in said


# --- folders of the checkout ---------------------------------------------------------------------------------


@case("a file where the folder `.runs` should be")
def _(cli: Cli, monkeypatch: pytest.MonkeyPatch) -> Said:
    (cli.repo / ".runs").touch()
    return ended(cli, "deploy", "local")


@case("`.runs` is a symbolic link to itself")
def _(cli: Cli, monkeypatch: pytest.MonkeyPatch) -> Said:
    (cli.repo / ".runs").symlink_to(".runs")
    return ended(cli, "deploy", "local")


@case("`.runs` is a symbolic link to a folder that is gone")
def _(cli: Cli, monkeypatch: pytest.MonkeyPatch) -> Said:
    (cli.repo / ".runs").symlink_to("gone/away")
    return ended(cli, "deploy", "local")


@case("a file where the folder `build` should be")
def _(cli: Cli, monkeypatch: pytest.MonkeyPatch) -> Said:
    (cli.repo / "build").touch()
    return ended(cli, "deploy", "local")


@case("a folder where a file of `build/` should be")
def _(cli: Cli, monkeypatch: pytest.MonkeyPatch) -> Said:
    (cli.repo / "build/local/buckets/values.tfvars.json").mkdir(parents=True)
    return ended(cli, "deploy", "local")


@case("a file where the folder `.emulator` should be")
def _(cli: Cli, monkeypatch: pytest.MonkeyPatch) -> Said:
    (cli.repo / ".emulator").touch()
    cli.prepare = lambda tools: setattr(tools, "emulator", LocalEmulator(cli.repo, "local"))
    return ended(cli, "deploy", "local")


@case("`.emulator` is a symbolic link to itself")
def _(cli: Cli, monkeypatch: pytest.MonkeyPatch) -> Said:
    (cli.repo / ".emulator").symlink_to(".emulator")

    def prepare(tools: Any) -> None:
        tools.emulator = LocalEmulator(cli.repo, "local")

    cli.prepare = prepare
    return ended(cli, "deploy", "local")


@case("a read-only file system")
def _(cli: Cli, monkeypatch: pytest.MonkeyPatch) -> Said:
    return deploy_refused(cli, OSError(errno.EROFS, "Read-only file system", str(cli.repo / "build")))


@case("a folder that belongs to somebody else")
def _(cli: Cli, monkeypatch: pytest.MonkeyPatch) -> Said:
    return deploy_refused(cli, PermissionError(errno.EACCES, "Permission denied", str(cli.repo / "build")))


# --- room ----------------------------------------------------------------------------------------------------


@case("the disk is full while the run folder is written")
def _(cli: Cli, monkeypatch: pytest.MonkeyPatch) -> Said:
    create = RunFolder.create

    def full(*arguments: Any) -> RunFolder:
        folder = create(*arguments)
        (folder.path / "events.jsonl").symlink_to(FULL)
        return folder

    monkeypatch.setattr(RunFolder, "create", full)
    return ended(cli, "deploy", "local")


@case("the disk is full when the result is written")
def _(cli: Cli, monkeypatch: pytest.MonkeyPatch) -> Said:
    create = RunFolder.create

    def full(*arguments: Any) -> RunFolder:
        folder = create(*arguments)
        (folder.path / "result.json.part").symlink_to(FULL)
        return folder

    monkeypatch.setattr(RunFolder, "create", full)
    code, said = ended(cli, "deploy", "local")
    assert "created" in said, "what was done is shown all the same"
    return code, said


@case("the disk is full while `build/` is written")
def _(cli: Cli, monkeypatch: pytest.MonkeyPatch) -> Said:
    folder = cli.repo / "build/local/buckets"
    folder.mkdir(parents=True)
    (folder / "values.tfvars.json").symlink_to(FULL)
    return ended(cli, "deploy", "local")


@case("the disk is full where terraform or its provider writes")
def _(cli: Cli, monkeypatch: pytest.MonkeyPatch) -> Said:
    line = "Error: Failed to write plan: write /tmp/x: no space left on device"
    return refused(lambda: _raise(messages.failure("data", "plan", _ended_with(line), [])))


@case("the output goes to a full disk")
def _(cli: Cli, monkeypatch: pytest.MonkeyPatch) -> Said:
    said = cli.repo / "said"
    with open(FULL, "w", encoding="utf-8") as out, said.open("w", encoding="utf-8") as err:
        monkeypatch.setattr(sys, "stdout", out)
        monkeypatch.setattr(sys, "stderr", err)
        code = main(["--repo", str(cli.repo), "graph", "local"])
        monkeypatch.undo()
        with contextlib.suppress(OSError):  # what was left to write
            out.close()
    return code, said.read_text(encoding="utf-8")


@case("a disk quota is used up")
def _(cli: Cli, monkeypatch: pytest.MonkeyPatch) -> Said:
    return deploy_refused(cli, OSError(errno.EDQUOT, "Disk quota exceeded", str(cli.repo / "build/packages/x.zip")))


@case("too many open files")
def _(cli: Cli, monkeypatch: pytest.MonkeyPatch) -> Said:
    return deploy_refused(cli, OSError(errno.EMFILE, "Too many open files", str(cli.repo / "build")))


# --- what a kill or a full disk has cut short ----------------------------------------------------------------


@case("`result.json` of the last run is cut short")
def _(cli: Cli, monkeypatch: pytest.MonkeyPatch) -> Said:
    folder = cli.repo / ".runs/local/20260101T000000Z-abc"
    folder.mkdir(parents=True)
    (folder / "result.json").write_text('{"run_id": "2026', encoding="utf-8")
    return ended(cli, "status", "local")


def store(monkeypatch: pytest.MonkeyPatch, content: bytes) -> S3StateStore:
    monkeypatch.setattr(S3StateStore, "_content", lambda *_: content)
    return S3StateStore(FakeCloud(), "mlops-local-tfstate", {})


@case("a Terraform state is cut short")
def _(cli: Cli, monkeypatch: pytest.MonkeyPatch) -> Said:
    return refused(lambda: store(monkeypatch, b'{"serial": 3, "lin').read("data"))


@case("a Terraform state is `{}`")
def _(cli: Cli, monkeypatch: pytest.MonkeyPatch) -> Said:
    return refused(lambda: store(monkeypatch, b"{}").read("data"))


@case("the lock of a state cannot be read")
def _(cli: Cli, monkeypatch: pytest.MonkeyPatch) -> Said:
    def prepare(tools: Any) -> None:
        tools.emulator.running = True
        tools.store.lock("data", None)

    cli.prepare = prepare
    return ended(cli, "status", "local")


@case("the proof of a stack is cut short")
def _(cli: Cli, monkeypatch: pytest.MonkeyPatch) -> Said:
    assert store(monkeypatch, b'{"schema": 1').read_proof("data") is None
    return 0, "nothing: it counts as missing, so that the stack is planned"


@case("`.emulator/<env>/emulator.json` is cut short")
def _(cli: Cli, monkeypatch: pytest.MonkeyPatch) -> Said:
    _emulator_record(cli, '{"pid": 47')
    return refused(LocalEmulator(cli.repo, "local").status)


@case("`.emulator/<env>/emulator.json` lacks what it should hold")
def _(cli: Cli, monkeypatch: pytest.MonkeyPatch) -> Said:
    _emulator_record(cli, '{"pid": 4711}')
    return refused(LocalEmulator(cli.repo, "local").status)


@case("`initialised.json` of a stack is cut short")
def _(cli: Cli, monkeypatch: pytest.MonkeyPatch) -> Said:
    ws = _workspace(cli.repo)
    (ws.data_dir / "initialised.json").write_text('{"code"', encoding="utf-8")
    assert not init.is_current(ws, sys.executable)
    return 0, "nothing: it is initialised anew"


@case("`provider-types.json` or `modules.json` of a stack is cut short")
def _(cli: Cli, monkeypatch: pytest.MonkeyPatch) -> Said:
    ws = _workspace(cli.repo)
    (ws.data_dir / "provider-types.json").write_text('["aws_s3_buc', encoding="utf-8")
    (ws.data_dir / "modules" / "modules.json").write_text('{"Modules": [{"Di', encoding="utf-8")
    assert attached._modules(ws) is None
    assert attached._held_types(ws, []) == {"aws_kms_key"}
    assert json.loads((ws.data_dir / "provider-types.json").read_text(encoding="utf-8")) == ["aws_kms_key"]
    return 0, "nothing: it is written anew"


# --- programs and variables ----------------------------------------------------------------------------------


@case("another version of terraform")
def _(cli: Cli, monkeypatch: pytest.MonkeyPatch) -> Said:
    return refused(lambda: _init(cli.repo, 'echo \'{"terraform_version": "1.5.7"}\''))


@case("a program named terraform that is another one")
def _(cli: Cli, monkeypatch: pytest.MonkeyPatch) -> Said:
    return refused(lambda: _init(cli.repo, "echo hello"))


@case("TMPDIR has so long a path that no socket fits into it")
def _(cli: Cli, monkeypatch: pytest.MonkeyPatch) -> Said:
    deep = cli.repo / ("d" * 100)
    deep.mkdir()
    monkeypatch.setenv("TMPDIR", str(deep))
    return refused(lambda: _local_env(cli.repo))


@case("TMPDIR is not there")
def _(cli: Cli, monkeypatch: pytest.MonkeyPatch) -> Said:
    monkeypatch.setenv("TMPDIR", str(cli.repo / "nowhere"))
    assert "TMPDIR" not in _local_env(cli.repo)
    return 0, "nothing: the system's own is used"


@case("no HOME")
def _(cli: Cli, monkeypatch: pytest.MonkeyPatch) -> Said:
    monkeypatch.delenv("HOME")
    assert "HOME" not in _local_env(cli.repo)
    return ended(cli, "graph", "local")[0], "nothing: it is not needed"


@case("AWS profiles, proxies, CA bundles, TF_ and PYTHON variables (local)")
def _(cli: Cli, monkeypatch: pytest.MonkeyPatch) -> Said:
    before = _local_env(cli.repo)
    for name in ("AWS_PROFILE", "AWS_CA_BUNDLE", "AWS_USE_FIPS_ENDPOINT", "HTTPS_PROXY", "AWS_ENDPOINT_URL_S3"):
        monkeypatch.setenv(name, "stray")
    for name in ("TF_LOG", "TF_CLI_ARGS", "TF_VAR_region", "TF_WORKSPACE", "PYTHONPATH", "AWS_CONFIG_FILE"):
        monkeypatch.setenv(name, "stray")
    assert _local_env(cli.repo) == before
    assert provider_environment(before)["AWS_CONFIG_FILE"] == os.devnull
    return 0, "nothing: no child gets any of it"


@case("the local AWS dies during a run")
def _(cli: Cli, monkeypatch: pytest.MonkeyPatch) -> Said:
    monkeypatch.setattr(watch, "EVERY_SECONDS", 0.01)
    child = subprocess.Popen([sys.executable, "-S", "-c", "input()"], stdin=subprocess.PIPE)

    def die(stack: str) -> None:
        if stack == "data":
            child.kill()
            time.sleep(0.2)
            raise TerraformError("interrupted")

    def prepare(tools: Any) -> None:
        tools.emulator.process = identity.of(child.pid)
        tools.terraform.before_apply = die

    cli.prepare = prepare
    code, said = ended(cli, "deploy", "local")
    child.wait()
    return code, said


@case("the local AWS dies while another command asks it")
def _(cli: Cli, monkeypatch: pytest.MonkeyPatch) -> Said:
    return refused(lambda: _raise(aws_local.gone(identity.own())))


# --- what was given ------------------------------------------------------------------------------------------


@case("a key of a YAML file that is no text")
def _(cli: Cli, monkeypatch: pytest.MonkeyPatch) -> Said:
    _own_terraform(cli, "envs/local/platform.yaml", lambda text: text + "\n12: x\n")
    return ended(cli, "graph", "local")


@case("a blueprint named `.yml`")
def _(cli: Cli, monkeypatch: pytest.MonkeyPatch) -> Said:
    _own_terraform(cli, "envs/local/blueprints/more.yml", lambda _: "name: more\n")
    return ended(cli, "graph", "local")


@case("a value of 200 000 characters in a YAML file")
def _(cli: Cli, monkeypatch: pytest.MonkeyPatch) -> Said:
    _own_terraform(cli, "envs/local/platform.yaml", lambda text: re.sub("region: .*", f"region: {'x' * 200_000}", text))
    code, said = ended(cli, "graph", "local")
    assert len(said) < 2000
    return code, said


@case("a value of 100 000 characters on the command line")
def _(cli: Cli, monkeypatch: pytest.MonkeyPatch) -> Said:
    code, said = ended(cli, "deploy", "local", "--accept-risk", "x" * 100_000)
    assert len(said) < 2000
    return code, said


@case("a name of 100 000 characters on the command line")
def _(cli: Cli, monkeypatch: pytest.MonkeyPatch) -> Said:
    code, said = ended(cli, "ask", "local", "x" * 100_000, "hi")
    assert len(said) < 2000
    return code, said


def _raise(error: Exception) -> None:
    raise error


def _ended_with(stderr: str) -> Completed:
    return Completed(("terraform",), 1, "", stderr, 0.1)


def _emulator_record(cli: Cli, text: str) -> None:
    folder = cli.repo / ".emulator/local"
    folder.mkdir(parents=True)
    (folder / "emulator.json").write_text(text, encoding="utf-8")


def _workspace(repo: Path) -> Workspace:
    root, data = repo / "root", repo / "data"
    (data / "modules").mkdir(parents=True)
    root.mkdir()
    (root / "main.tf").write_text('resource "aws_kms_key" "this" {}\n', encoding="utf-8")
    return Workspace("data", root, repo / "values.json", repo / "backend.hcl", data, repo / "plan", {})


def _init(repo: Path, script: str) -> None:
    binary = repo / "terraform-of-sorts"
    binary.write_text(f"#!/bin/sh\n{script}\n", encoding="utf-8")
    binary.chmod(0o755)
    Terraform(binary).init(_workspace(repo), on_event=lambda event: None, cancel=threading.Event())


def _local_env(repo: Path) -> dict[str, str]:
    local = Environment(name="local", platform=platform(target="local"), blueprints=())
    return environment.process_env(local, LocalAccess("http://127.0.0.1:4566", "LOCALKEY", "secret"))


def _own_terraform(cli: Cli, file: str, change: Callable[[str], str]) -> None:
    """Environments that may be changed, beside everything else of the repository."""
    (cli.repo / "terraform").unlink()
    (cli.repo / "terraform").mkdir()
    for each in (REPO / "terraform").iterdir():
        if each.name != "envs":
            (cli.repo / "terraform" / each.name).symlink_to(each)
    shutil.copytree(REPO / "terraform/envs", cli.repo / "terraform/envs")
    target = cli.repo / "terraform" / file
    target.write_text(change(target.read_text(encoding="utf-8") if target.exists() else ""), encoding="utf-8")
