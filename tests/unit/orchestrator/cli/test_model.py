"""`orchestrator model import`, over fakes."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from orchestrator.errors import SmokeFailed
from orchestrator.pipeline.model import Decision
from orchestrator.registry import golden
from orchestrator.registry.model import Registered
from orchestrator.release.model import ReleaseResult
from tests.unit.orchestrator.cli.conftest import Cli

RELEASED = ReleaseResult("reviews", "arn:1", "SUCCEEDED", True, "mlops-local-reviews-00000000-v2")
IMPORT = ("model", "import", "local", "reviews", "model.tar.gz", "--framework", "sklearn")


def registered(**more: Any) -> Registered:
    return Registered(
        **{"group": "reviews", "number": 2, "arn": "arn:version/2", "sha256": "0a", "repeated": False, **more}
    )


def decision(**more: Any) -> Decision:
    given = {"verb": "approve", "repeated": False, "execution_arn": None, "releases": (RELEASED,)}
    return Decision(**{"group": "reviews", "number": 2, "arn": "arn:version/2", **given, **more})


@pytest.fixture
def deployed(cli: Cli) -> Cli:
    assert cli("deploy", "local").code == 0
    tools = cli._tools["local"]
    tools.import_answer, tools.decision = registered(), decision()
    return cli


def test_an_import_goes_live_and_says_what_runs_it(deployed: Cli) -> None:
    answer = deployed(*IMPORT)
    assert (answer.code, answer.out) == (0, "")
    assert answer.err == (
        "uploaded model.tar.gz\nProbeCandidate\nversion 2 of reviews is live\n"
        "reviews runs mlops-local-reviews-00000000-v2\n"
    )
    tools = deployed._tools["local"]
    [given] = tools.imported
    assert (given["group"], given["artefact"]) == ("reviews", "model.tar.gz")
    assert given["container"].image.startswith("registry/sagemaker-scikit-learn:")
    assert (given["target"].bucket, given["target"].key_arn) == ("data-bucket", None)
    assert tools.decided == [{"group": "reviews", "number": 2, "verb": "approve", "comment": "imported"}]
    result = json.loads(deployed(*IMPORT, "--json").out)
    assert (result["number"], result["sha256"], result["decision"]["releases"][0]["blueprint"]) == (2, "0a", "reviews")


def test_the_same_bytes_again_change_nothing(deployed: Cli) -> None:
    tools = deployed._tools["local"]
    tools.import_answer, tools.decision = registered(repeated=True), decision(already=True, releases=())
    answer = deployed(*IMPORT)
    assert answer.code == 0
    assert "version 2 of reviews has these bytes and this image already\n" in answer.err
    assert "version 2 of reviews is already live\n" in answer.err


def test_without_approval_the_version_waits(deployed: Cli) -> None:
    answer = deployed(*IMPORT, "--no-approve")
    assert (answer.code, answer.out) == (0, "")
    assert answer.err.endswith("Next: `orchestrator release approve local reviews --version 2`\n")
    assert deployed._tools["local"].decided == []
    assert json.loads(deployed(*IMPORT, "--no-approve", "--json").out)["number"] == 2


def test_a_version_that_does_not_reach_an_endpoint_is_red(deployed: Cli) -> None:
    red = ReleaseResult("reviews", "arn:1", "FAILED", False, None, "ProbeFailed: x")
    deployed._tools["local"].decision = decision(releases=(red,))
    answer = deployed(*IMPORT)
    assert answer.code == 17
    assert "version 2 of `reviews` is live but was not released to reviews: ProbeFailed: x" in answer.err


def test_an_unknown_group_is_refused_with_the_lines_that_add_it(cli: Cli) -> None:
    answer = cli("model", "import", "local", "fraud", "model.tar.gz", "--framework", "sklearn")
    assert answer.code == 3
    assert answer.err == (
        "error: `local` has no model group `fraud`\n"
        "hint: add it to terraform/envs/local/platform.yaml, and deploy:\n"
        "registry:\n"
        "  groups:\n"
        "    reviews: {description: Sentiment of customer reviews}\n"
        "    fraud: {description: What the model does}\n"
    )
    assert "did you mean `reviews`?" in cli(*("revews" if each == "reviews" else each for each in IMPORT)).err


@pytest.mark.parametrize(
    ("more", "code", "words"),
    [
        ((), 1, "the model group `reviews` is not deployed in `local`"),
        (("--image", "x"), 2, "One of `--framework` and `--image` is required, and only one."),
    ],
)
def test_what_cannot_be_imported_is_refused(cli: Cli, more: tuple[str, ...], code: int, words: str) -> None:
    cli.prepare = lambda tools: tools.emulator.up()
    answer = cli(*IMPORT, *more)
    assert (answer.code, answer.out) == (code, "")
    assert words in answer.err


def test_a_local_environment_runs_no_images(cli: Cli) -> None:
    uri = "123456789012.dkr.ecr.us-east-1.amazonaws.com/mine:1"
    answer = cli("model", "import", "local", "reviews", "model.tar.gz", "--image", uri)
    assert answer.code == 3
    assert "the local AWS runs Python code but no container images" in answer.err


def test_golden_cases_are_answered_before_the_upload(
    deployed: Cli, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    cases = tmp_path / "cases.yaml"
    cases.write_text("golden: [{input: 1, value: 2}]\n", encoding="utf-8")
    monkeypatch.setattr(golden, "check", lambda repo, archive, cases: [f"{archive} {len(cases)}"])
    answer = deployed(*IMPORT, "--golden", str(cases))
    assert answer.err.startswith("golden case 1: model.tar.gz 1\nuploaded model.tar.gz\n")

    def check(*given: object) -> list[str]:
        raise SmokeFailed("golden case 1: 1 must be 2, got 3")

    monkeypatch.setattr(golden, "check", check)
    answer = deployed(*IMPORT, "--golden", str(cases))
    assert (answer.code, "uploaded" in answer.err) == (10, False)
    assert deployed(*IMPORT, "--golden", str(tmp_path / "none")).code == 3
