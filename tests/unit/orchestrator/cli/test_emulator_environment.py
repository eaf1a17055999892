"""`orchestrator emulator` beside a deployment, over fakes."""

from __future__ import annotations

import json

from tests.unit.orchestrator.cli.conftest import Cli


def test_emulator_commands(cli: Cli) -> None:
    cli("deploy", "local")
    assert json.loads(cli("emulator", "status", "local", "--json").out)["running"] is True
    assert cli("emulator", "logs", "local", "--lines", "1").out == "emulator: ready\n"
    assert cli("emulator", "down", "local").out == "stopped\n"
    assert cli("emulator", "status", "local").out == "the local AWS of `local` is not running\n"


def test_a_killed_local_aws_is_reported_with_its_loss(cli: Cli) -> None:
    lost = "the local AWS of process 7 ended unexpectedly: what was deployed to it is gone"
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
