"""`orchestrator destroy`, over fakes."""

from __future__ import annotations

import re

import pytest

from tests.unit.orchestrator.cli.conftest import Cli


def test_destroy_asks_first(cli: Cli) -> None:
    cli("deploy", "local")
    answer = cli("destroy", "local")
    assert answer.code == 14
    assert answer.err == "error: destroying `local` requires confirmation\nhint: answer the prompt, or pass `--yes`\n"


def test_destroy_refuses_what_is_protected(cli: Cli) -> None:
    answer = cli("destroy", "prod", "--yes")
    assert answer.code == 14
    assert answer.err.startswith("error: `prod` is protected")


def test_destroy_of_one_blueprint(cli: Cli) -> None:
    cli("deploy", "local")
    answer = cli("destroy", "local", "--blueprint", "chat", "--yes")
    assert answer.code == 0, answer.err
    assert re.search(r"^blueprint-chat +inference +destroyed", answer.out, re.MULTILINE)
    assert "foundation" not in answer.out
    wrong = cli("destroy", "local", "--blueprint", "chatt", "--yes")
    assert (wrong.code, "did you mean `chat`?" in wrong.err) == (1, True)


def test_destroy_of_a_local_aws_that_does_not_run_is_done(cli: Cli) -> None:
    answer = cli("destroy", "local", "--yes")
    assert (answer.code, answer.out) == (0, "")
    assert answer.err == "the local AWS is not running, so nothing is deployed in it\n"


@pytest.mark.parametrize(("name", "asks"), [("local", False), ("dev", True)])
def test_destroy_asks_where_the_target_is_aws(cli: Cli, name: str, asks: bool) -> None:
    """`make destroy` always gives the option."""
    cli.prepare = lambda tools: setattr(tools.emulator, "running", True)
    answer = cli("destroy", name, "--yes-if-local")
    assert (f"destroying `{name}` requires confirmation" in answer.err) is asks
