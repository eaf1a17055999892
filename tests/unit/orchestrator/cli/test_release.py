"""`orchestrator release`, over fakes."""

from __future__ import annotations

import json

import pytest

from orchestrator.tools.interfaces import ReleaseResult
from tests.fakes.tools import MACHINE
from tests.unit.orchestrator.cli.conftest import Cli


def test_release_follows_to_the_end_and_says_what_runs(cli: Cli) -> None:
    cli("deploy", "local")
    answer = cli("release", "local", "reviews", "--version", "arn:version/2")
    assert (answer.code, answer.out) == (0, "")
    assert "reviews runs mlops-local-reviews-00000000-v2" in answer.err
    assert cli._tools["local"].released == [{"machine": MACHINE, "versions": {"reviews": "arn:version/2"}}]
    told = json.loads(cli("release", "local", "reviews", "--json").out)
    assert (told["blueprint"], told["status"], told["changed"]) == ("reviews", "SUCCEEDED", True)


def test_a_red_release_has_an_exit_code_of_its_own(cli: Cli) -> None:
    cli("deploy", "local")
    red = ReleaseResult("reviews", "arn:1", "FAILED", False, None, "ProbeFailed: x")
    cli._tools["local"].release_answer = lambda name: red
    answer = cli("release", "local", "reviews", "--json")
    assert answer.code == 17
    assert "ProbeFailed: x" in answer.err
    assert json.loads(answer.out)["error"] == "ProbeFailed: x"


@pytest.mark.parametrize(
    ("blueprint", "words"),
    [
        ("chat", "`chat` is realtime on bedrock: SageMaker alone has versions of models that are released"),
        ("chat-serverless", "`chat-serverless` is serverless on bedrock: SageMaker alone has versions"),
        ("revews", "did you mean `blueprint-reviews`?"),
        ("reviews", "`reviews` is not deployed"),
    ],
)
def test_what_cannot_be_released_is_refused(cli: Cli, blueprint: str, words: str) -> None:
    if blueprint == "reviews":
        cli.prepare = lambda tools: tools.emulator.up() and None
    else:
        cli("deploy", "local")
    answer = cli("release", "local", blueprint)
    assert answer.code != 0
    assert words in answer.err
