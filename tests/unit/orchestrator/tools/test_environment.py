"""Which variables reach terraform, and which never do."""

from __future__ import annotations

from pathlib import Path

import pytest

from orchestrator.config.models import Environment
from orchestrator.errors import ConfigError
from orchestrator.tools import environment as subject
from orchestrator.tools.environment import process_env, require_loopback
from orchestrator.tools.interfaces import LocalAccess
from tests.fakes.platforms import platform

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
    "PATH": "/usr/bin",
    "HOME": "/home/me",
}


@pytest.fixture(autouse=True)
def machine(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    monkeypatch.setattr(subject.os, "environ", dict(STRAY))
    monkeypatch.setattr(subject, "REPO", tmp_path)
    return tmp_path


def env_of(target: str, endpoint: str | None) -> dict[str, str]:
    local = LocalAccess(endpoint, "LOCALKEY", "secret") if endpoint is not None else None
    return process_env(
        Environment(name="here", platform=platform(target=target, region="eu-west-1"), blueprints=()), local
    )


def test_local_sees_nothing_of_the_machines_aws() -> None:
    assert env_of("local", "http://127.0.0.1:4566") == {
        "PATH": "/usr/bin",
        "HOME": "/home/me",
        "AWS_REGION": "eu-west-1",
        "AWS_ACCESS_KEY_ID": "LOCALKEY",
        "AWS_SECRET_ACCESS_KEY": "secret",
        "AWS_ENDPOINT_URL": "http://127.0.0.1:4566",
        "AWS_EC2_METADATA_DISABLED": "true",
        "AWS_CONFIG_FILE": "/dev/null",
        "AWS_SHARED_CREDENTIALS_FILE": "/dev/null",
        "CHECKPOINT_DISABLE": "1",
        "TF_IN_AUTOMATION": "1",
        "GOGC": "400",
    }


def test_aws_keeps_credentials_and_proxies_but_no_foreign_endpoint() -> None:
    env = env_of("aws", None)
    assert env["AWS_PROFILE"] == "work"
    assert env["AWS_SESSION_TOKEN"] == "real-token"
    assert env["HTTPS_PROXY"] == "http://proxy:3128"
    assert env["AWS_REGION"] == "eu-west-1"
    assert not [name for name in env if name.startswith(("AWS_ENDPOINT_URL", "TF_VAR", "TF_LOG", "SOME"))]


def test_local_without_an_emulator_is_refused() -> None:
    with pytest.raises(ConfigError, match="`here` needs the endpoint of its local AWS, and got none"):
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
    monkeypatch.setitem(subject.os.environ, "TF_CLI_CONFIG_FILE", str(own))
    assert env_of("aws", None)["TF_CLI_CONFIG_FILE"] == str(own)
    generated = machine / ".tools" / "terraform.rc"
    generated.parent.mkdir()
    generated.write_text("")
    assert env_of("aws", None)["TF_CLI_CONFIG_FILE"] == str(generated)


def test_a_terraform_configuration_that_does_not_exist_is_not_passed_on(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setitem(subject.os.environ, "TF_CLI_CONFIG_FILE", "/nowhere/terraform.rc")
    assert "TF_CLI_CONFIG_FILE" not in env_of("aws", None)
