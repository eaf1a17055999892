"""Which variables are passed to terraform, and which never are."""

from __future__ import annotations

import os
import re
from pathlib import Path

import pytest

from orchestrator.config.model.platform import Environment
from orchestrator.core import environment as subject
from orchestrator.core.environment import process_env, require_loopback
from orchestrator.core.local_access import LocalAccess
from orchestrator.errors import ConfigError, SetupError
from orchestrator.terraform.warm_provider.guard import provider_environment
from tests.fakes.platforms import platform

REPO = Path(__file__).resolve().parents[4]
_KEYS = ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY")
STRAY = {
    "AWS_PROFILE": "work",
    "AWS_CA_BUNDLE": "/etc/ssl/corporate.pem",
    "AWS_ENDPOINT_URL": "http://10.1.2.3:4566",
    "AWS_ENDPOINT_URL_S3": "http://10.1.2.3:9000",
    "AWS_ACCESS_KEY_ID": "AKIAREAL",
    "AWS_SECRET_ACCESS_KEY": "real",
    "AWS_SESSION_TOKEN": "real-token",
    "HTTPS_PROXY": "http://proxy:3128",
    "http_proxy": "http://proxy:3128",
    "TF_VAR_region": "eu-west-1",
    "TF_LOG": "trace",
    "SOME_SECRET": "shh",
    "AWS_USE_FIPS_ENDPOINT": "true",
    "AWS_CONFIG_FILE": "/home/alice/.aws/config",
    "AWS_SHARED_CREDENTIALS_FILE": "/home/alice/.aws/credentials",
    "AWS_DATA_PATH": "/home/alice/models",
    "AWS_BEARER_TOKEN_BEDROCK": "real-token",
    "REQUESTS_CA_BUNDLE": "/etc/ssl/corporate.pem",
    "TF_CLI_ARGS": "-no-such-option",
    "TF_CLI_ARGS_plan": "-destroy",
    "TF_WORKSPACE": "somewhere-else",
    "TF_DATA_DIR": "/home/alice/data",
    "TF_REATTACH_PROVIDERS": "{}",
    "PYTHONPATH": "/home/alice/python",
    "PYTHONSTARTUP": "/home/alice/start.py",
    "NODE_OPTIONS": "--require /home/alice/first.js",
    "BC_API_KEY": "token",
    "LD_PRELOAD": "/home/alice/first.so",
    "TMPDIR": "/home/alice/no/such/folder",
    "PATH": "/usr/bin",
}
NOTHING = {
    "AWS_EC2_METADATA_DISABLED": "true",
    "AWS_CONFIG_FILE": "/dev/null",
    "AWS_SHARED_CREDENTIALS_FILE": "/dev/null",
}


def _hostile_home(folder: Path) -> Path:
    """A home folder in which each file would break or bend calls of AWS."""
    (folder / ".aws" / "models" / "sts" / "2011-06-15").mkdir(parents=True)
    (folder / ".aws" / "models" / "sts" / "2011-06-15" / "service-2.json").write_text("{", encoding="utf-8")
    (folder / ".aws" / "config").write_text("[default\nuse_fips_endpoint = true\n", encoding="utf-8")
    (folder / ".aws" / "credentials").write_text("[default\n", encoding="utf-8")
    return folder


@pytest.fixture(autouse=True)
def machine(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    monkeypatch.setattr(os, "environ", {**STRAY, "HOME": str(_hostile_home(tmp_path / "home"))})
    monkeypatch.setattr(subject, "REPO", tmp_path)
    return tmp_path


def env_of(target: str, endpoint: str | None) -> dict[str, str]:
    local = LocalAccess(endpoint, "LOCALKEY", "secret") if endpoint is not None else None
    return process_env(
        Environment(name="here", platform=platform(target=target, region="eu-west-1"), blueprints=()), local
    )


def test_local_gets_none_of_the_aws_settings_of_the_machine() -> None:
    assert env_of("local", "http://127.0.0.1:4566") == {
        "PATH": "/usr/bin",
        "HOME": os.environ["HOME"],
        **NOTHING,
        "AWS_REGION": "eu-west-1",
        "AWS_ACCESS_KEY_ID": "LOCALKEY",
        "AWS_SECRET_ACCESS_KEY": "secret",
        "AWS_ENDPOINT_URL": "http://127.0.0.1:4566",
        "CHECKPOINT_DISABLE": "1",
        "TF_IN_AUTOMATION": "1",
        "GOGC": "400",
    }


def test_other_children_get_even_fewer_variables() -> None:
    assert subject.base_env() == {"PATH": "/usr/bin", "HOME": os.environ["HOME"], **NOTHING}


def test_the_environment_of_the_provider_is_restricted_as_well() -> None:
    seen = provider_environment(env_of("local", "http://127.0.0.1:4566"))
    assert {name: seen[name] for name in NOTHING} == NOTHING
    assert not seen.keys() & (STRAY.keys() - NOTHING.keys() - {"PATH", "AWS_ENDPOINT_URL"} - set(_KEYS))


def test_an_existing_folder_for_temporary_files_is_passed_on(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(os.environ, "TMPDIR", str(tmp_path))
    assert subject.base_env()["TMPDIR"] == str(tmp_path)


def test_a_folder_whose_path_is_too_long_for_a_socket_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    deep = tmp_path / ("d" * 60) / ("e" * 60)
    deep.mkdir(parents=True)
    monkeypatch.setitem(os.environ, "TMPDIR", str(deep))
    with pytest.raises(SetupError, match="too long a path") as refusal:
        env_of("local", "http://127.0.0.1:4566")
    assert "set TMPDIR" in str(refusal.value.hint)


def test_every_child_process_is_started_with_an_explicit_environment() -> None:
    """Every start of a process passes `env`, so that no child inherits variables by omission."""
    started = re.compile(r"\b(?:Popen|subprocess\.run|process\.run)\((?:[^()]|\([^()]*\))*\)", re.DOTALL)
    calls = [
        (file.name, call)
        for file in sorted((REPO / "orchestrator").rglob("*.py"))
        for call in started.findall(file.read_text(encoding="utf-8"))
    ]
    assert len(calls) >= 8
    assert [(name, call) for name, call in calls if "env=" not in call] == []
    readers = [file for file in (REPO / "orchestrator").rglob("*.py") if "os.environ" in file.read_text("utf-8")]
    assert {file.relative_to(REPO / "orchestrator").as_posix() for file in readers} == {
        "blueprints/kernel.py",
        "blueprints/synthesis.py",  # jsii uses this process's environment, from which all else is removed
        "reporting/console.py",
        "recovery/locks.py",  # reads the user's name, and passes nothing on
        "system/identity.py",
        "policy/worker_scan.py",
        "local_aws/process.py",
        "local_aws/ports.py",
        "core/environment.py",
        "packaging/pip.py",  # pip's own settings: the person's package index
    }


def test_aws_keeps_credentials_and_proxies_but_no_endpoint() -> None:
    env = env_of("aws", None)
    assert env["AWS_PROFILE"] == "work"
    assert env["AWS_SESSION_TOKEN"] == "real-token"
    assert env["HTTPS_PROXY"] == "http://proxy:3128"
    assert env["AWS_REGION"] == "eu-west-1"
    assert not [name for name in env if name.startswith(("AWS_ENDPOINT_URL", "TF_VAR", "TF_LOG", "SOME"))]


def test_local_without_an_emulator_is_refused() -> None:
    with pytest.raises(ConfigError, match="`here` requires the endpoint of its local AWS, but has none"):
        env_of("local", None)


@pytest.mark.parametrize("good", ["http://127.0.0.1:4566", "http://localhost:1", "http://[::1]:4566"])
def test_loopback_is_accepted(good: str) -> None:
    assert require_loopback(good) == good


@pytest.mark.parametrize(
    "bad",
    [
        "http://10.0.0.1:4566",
        "https://s3.amazonaws.com",
        "http://localhost.evil.example:4566",
        "http://127.0.0.1@evil.example:4566",
        "http://0.0.0.0:4566",
        "127.0.0.1:4566",
        "",
    ],
)
def test_anything_else_is_refused_with_the_value(bad: str) -> None:
    with pytest.raises(ConfigError, match="loopback"):
        env_of("local", bad)


def test_the_generated_terraform_configuration_wins(machine: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    own = machine / "own.rc"
    own.write_text("")
    monkeypatch.setitem(os.environ, "TF_CLI_CONFIG_FILE", str(own))
    assert env_of("aws", None)["TF_CLI_CONFIG_FILE"] == str(own)
    generated = machine / ".tools" / "terraform.rc"
    generated.parent.mkdir()
    generated.write_text("")
    assert env_of("aws", None)["TF_CLI_CONFIG_FILE"] == str(generated)


def test_a_terraform_configuration_that_does_not_exist_is_not_passed_on(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setitem(os.environ, "TF_CLI_CONFIG_FILE", "/nowhere/terraform.rc")
    assert "TF_CLI_CONFIG_FILE" not in env_of("aws", None)
