"""Surroundings: programs, environment variables, and input."""

from __future__ import annotations

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
from orchestrator.config.model.platform import Environment
from orchestrator.core import environment
from orchestrator.core.local_access import LocalAccess
from orchestrator.errors import TerraformError
from orchestrator.system import identity, watch
from orchestrator.terraform.terraform import Terraform
from orchestrator.terraform.warm_provider.guard import provider_environment
from tests.fakes.platforms import platform
from tests.unit.orchestrator.cli.conftest import Cli
from tests.unit.orchestrator.cli.surroundings import Result, case, ended, raises, refused, workspace

REPO = Path(__file__).resolve().parents[4]


# --- programs and variables ----------------------------------------------------------------------------------


@case("another version of terraform")
def _(cli: Cli, monkeypatch: pytest.MonkeyPatch) -> Result:
    return refused(lambda: _init(cli.repo, 'echo \'{"terraform_version": "1.5.7"}\''))


@case("a program named terraform that is another one")
def _(cli: Cli, monkeypatch: pytest.MonkeyPatch) -> Result:
    return refused(lambda: _init(cli.repo, "echo hello"))


@case("TMPDIR has so long a path that no socket fits into it")
def _(cli: Cli, monkeypatch: pytest.MonkeyPatch) -> Result:
    deep = cli.repo / ("d" * 100)
    deep.mkdir()
    monkeypatch.setenv("TMPDIR", str(deep))
    return refused(lambda: _local_env(cli.repo))


@case("TMPDIR is not there")
def _(cli: Cli, monkeypatch: pytest.MonkeyPatch) -> Result:
    monkeypatch.setenv("TMPDIR", str(cli.repo / "nowhere"))
    assert "TMPDIR" not in _local_env(cli.repo)
    return 0, "nothing: the system's own is used"


@case("no HOME")
def _(cli: Cli, monkeypatch: pytest.MonkeyPatch) -> Result:
    monkeypatch.delenv("HOME")
    assert "HOME" not in _local_env(cli.repo)
    return ended(cli, "graph", "local")[0], "nothing: it is not needed"


@case("AWS profiles, proxies, CA bundles, TF_ and PYTHON variables (local)")
def _(cli: Cli, monkeypatch: pytest.MonkeyPatch) -> Result:
    before = _local_env(cli.repo)
    for name in ("AWS_PROFILE", "AWS_CA_BUNDLE", "AWS_USE_FIPS_ENDPOINT", "HTTPS_PROXY", "AWS_ENDPOINT_URL_S3"):
        monkeypatch.setenv(name, "stray")
    for name in ("TF_LOG", "TF_CLI_ARGS", "TF_VAR_region", "TF_WORKSPACE", "PYTHONPATH", "AWS_CONFIG_FILE"):
        monkeypatch.setenv(name, "stray")
    assert _local_env(cli.repo) == before
    assert provider_environment(before)["AWS_CONFIG_FILE"] == os.devnull
    return 0, "nothing: no child gets any of it"


@case("the local AWS dies during a run")
def _(cli: Cli, monkeypatch: pytest.MonkeyPatch) -> Result:
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
    code, output = ended(cli, "deploy", "local")
    child.wait()
    return code, output


@case("the local AWS dies while another command asks it")
def _(cli: Cli, monkeypatch: pytest.MonkeyPatch) -> Result:
    return refused(lambda: raises(aws_local.gone(identity.own())))


# --- what was given ------------------------------------------------------------------------------------------


@case("a key of a YAML file that is not a text")
def _(cli: Cli, monkeypatch: pytest.MonkeyPatch) -> Result:
    _own_terraform(cli, "envs/local/platform.yaml", lambda text: text + "\n12: x\n")
    return ended(cli, "graph", "local")


@case("a blueprint named `.yml`")
def _(cli: Cli, monkeypatch: pytest.MonkeyPatch) -> Result:
    _own_terraform(cli, "envs/local/blueprints/more.yml", lambda _: "name: more\n")
    return ended(cli, "graph", "local")


@case("a value of 200 000 characters in a YAML file")
def _(cli: Cli, monkeypatch: pytest.MonkeyPatch) -> Result:
    _own_terraform(cli, "envs/local/platform.yaml", lambda text: re.sub("region: .*", f"region: {'x' * 200_000}", text))
    code, output = ended(cli, "graph", "local")
    assert len(output) < 2000
    return code, output


@case("a value of 100 000 characters on the command line")
def _(cli: Cli, monkeypatch: pytest.MonkeyPatch) -> Result:
    code, output = ended(cli, "deploy", "local", "--accept-risk", "x" * 100_000)
    assert len(output) < 2000
    return code, output


@case("a name of 100 000 characters on the command line")
def _(cli: Cli, monkeypatch: pytest.MonkeyPatch) -> Result:
    code, output = ended(cli, "ask", "local", "x" * 100_000, "hi")
    assert len(output) < 2000
    return code, output


def _init(repo: Path, script: str) -> None:
    binary = repo / "terraform-of-sorts"
    binary.write_text(f"#!/bin/sh\n{script}\n", encoding="utf-8")
    binary.chmod(0o755)
    Terraform(binary).init(workspace(repo), on_event=lambda event: None, cancel=threading.Event())


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
