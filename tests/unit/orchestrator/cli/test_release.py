"""`orchestrator release`, over fakes."""

from __future__ import annotations

import json
from typing import Any

import pytest

from orchestrator.errors import ReleaseFailed
from orchestrator.pipeline.model import Decision
from orchestrator.release.model import ReleaseResult
from tests.fakes.tools import MACHINE, pending_version
from tests.unit.orchestrator.cli.conftest import Cli


def test_release_follows_to_the_end_and_says_what_runs(cli: Cli) -> None:
    cli("deploy", "local")
    answer = cli("release", "local", "reviews", "--version", "2")
    assert (answer.code, answer.out) == (0, "")
    assert "reviews runs mlops-local-reviews-00000000-v2" in answer.err
    assert cli._tools["local"].released == [{"machine": MACHINE, "versions": {"reviews": "arn:version/2"}}]
    result = json.loads(cli("release", "local", "reviews", "--json").out)
    assert (result["blueprint"], result["status"], result["changed"]) == ("reviews", "SUCCEEDED", True)


def test_a_version_that_is_none_starts_no_release(cli: Cli) -> None:
    cli("deploy", "local")
    answer = cli("release", "local", "reviews", "--version", "9")
    assert answer.code == 1
    assert "`reviews` has no version `9`" in answer.err
    assert cli._tools["local"].released == []


def test_a_failed_release_has_its_own_exit_code(cli: Cli) -> None:
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
        ("chat", "`chat` is realtime on bedrock: only blueprints on SageMaker have releases"),
        ("chat-serverless", "`chat-serverless` is serverless on bedrock: only blueprints on SageMaker have releases"),
        ("revews", "did you mean `blueprint-reviews`?"),
        ("reviews", "`reviews` is not deployed"),
    ],
)
def test_what_cannot_be_released_is_refused(cli: Cli, blueprint: str, words: str) -> None:
    if blueprint == "reviews":
        cli.prepare = lambda tools: tools.emulator.up()
    else:
        cli("deploy", "local")
    answer = cli("release", "local", blueprint)
    assert answer.code != 0
    assert words in answer.err


RELEASED = ReleaseResult("reviews", "arn:1", "SUCCEEDED", True, "mlops-local-reviews-00000000-v2")


def decision(verb: Any = "approve", **more: Any) -> Decision:
    return Decision(
        **{
            "group": "reviews",
            "number": 2,
            "arn": "arn:version/2",
            "repeated": False,
            "execution_arn": "arn:e",
            "verb": verb,
            **more,
        }
    )


def test_approve_says_what_is_live_and_what_runs_it(cli: Cli) -> None:
    cli("deploy", "local")
    tools = cli._tools["local"]
    tools.decision = decision(releases=(RELEASED,))
    answer = cli("release", "approve", "local", "reviews", "--version", "2", "--comment", "looks good")
    assert (answer.code, answer.out) == (0, "")
    assert answer.err == (
        "ProbeCandidate\nversion 2 of reviews is live\nreviews runs mlops-local-reviews-00000000-v2\n"
    )
    assert tools.decided == [{"group": "reviews", "number": 2, "verb": "approve", "comment": "looks good"}]
    result = json.loads(cli("release", "approve", "local", "reviews", "--json").out)
    assert (result["number"], result["releases"][0]["blueprint"]) == (2, "reviews")


@pytest.mark.parametrize(
    ("given", "words"),
    [
        (decision(), "Next: `orchestrator deploy local` creates the endpoints that waited for a version"),
        (decision(repeated=True, execution_arn=None, already=True), "version 2 of reviews is already live"),
        (decision("reject"), "version 2 of reviews is rejected\n"),
        (decision("reject", repeated=True), "version 2 of reviews is already rejected\n"),
    ],
)
def test_a_decision_says_what_came_of_it(cli: Cli, given: Decision, words: str) -> None:
    cli("deploy", "local")
    cli._tools["local"].decision = given
    answer = cli("release", given.verb, "local", "reviews")
    assert answer.code == 0
    assert words in answer.err


def test_an_approved_version_that_does_not_reach_an_endpoint_is_red(cli: Cli) -> None:
    cli("deploy", "local")
    red = ReleaseResult("reviews", "arn:1", "FAILED", False, None, "ProbeFailed: x")
    cli._tools["local"].decision = decision(releases=(red,))
    answer = cli("release", "approve", "local", "reviews")
    assert answer.code == 17
    assert "version 2 of `reviews` is live but was not released to reviews: ProbeFailed: x" in answer.err
    cli._tools["local"].decision = ReleaseFailed("version 2 did not go live")
    assert cli("release", "approve", "local", "reviews").code == 17


@pytest.mark.parametrize(
    ("arguments", "code", "words"),
    [
        (("approve", "local", "revews"), 1, "`local` has no model group `revews`; did you mean `reviews`?"),
        (("approve", "local", "reviews", "--version", "0"), 2, "0 is not in the range x>=1"),
        (
            ("reject", "local", "reviews", "--comment", "two\nlines"),
            2,
            "must be one line of at most 500 printable characters",
        ),
        (("reject", "local", "reviews", "--comment", "x" * 501), 2, "got 501"),
    ],
)
def test_what_cannot_be_meant_is_refused_before_anything_is_decided(
    cli: Cli, arguments: tuple[str, ...], code: int, words: str
) -> None:
    cli("deploy", "local")
    answer = cli("release", *arguments)
    assert answer.code == code
    assert words in answer.err
    assert cli._tools["local"].decided == []


def test_status_says_what_waits(cli: Cli) -> None:
    cli("deploy", "local")
    cli._tools["local"].pending = [pending_version(3)]
    [row] = json.loads(cli("status", "local", "--json").out)["pending"]
    assert (row["group"], row["number"], row["execution_arn"]) == ("reviews", 3, "arn:execution")
    assert "orchestrator release approve local reviews --version 3" in cli("status", "local").out
