"""What pip prints becomes a message with a remedy, whatever its version."""

from __future__ import annotations

from pathlib import Path

import pytest

from orchestrator.config.images import Chosen, image_of
from orchestrator.errors import ConfigError, PlatformError, SetupError
from orchestrator.packaging import pip, pip_problems
from orchestrator.packaging.pip import PipFailed

TARGET = pip.for_image(image_of(Chosen("sklearn"), "eu-west-1"))
FILE = Path("jobs/models/fraud/requirements.txt")
NONE = "ERROR: Could not find a version that satisfies the requirement {} (from versions: none)\n"


def explained(output: str, details: str, monkeypatch: pytest.MonkeyPatch) -> PlatformError:
    monkeypatch.setattr(pip, "explain", lambda target, requirement, links: details)
    return pip_problems.problem(PipFailed(output), TARGET, FILE, [])


@pytest.mark.parametrize(
    "requirement", ["frames>=2 (from booster)", "frames>=2 (from booster->trees==1.0)", "frames>=2"]
)
def test_the_package_that_needs_a_missing_one_is_named(requirement: str, monkeypatch: pytest.MonkeyPatch) -> None:
    error = explained(NONE.format(requirement), "", monkeypatch)
    name, _, parents = requirement.partition(" (from ")
    needed = f"{name} (needed by {parents[:-1]})" if parents else name
    assert error.message == f"{FILE}: {needed}: the package index of pip's configuration has no such package"


def test_versions_for_other_pythons_are_listed(monkeypatch: pytest.MonkeyPatch) -> None:
    ignored = (
        "ERROR: Ignored the following versions that require a different Python version: "
        + "; ".join(f"2.{minor}.0 Requires-Python >=3.11" for minor in range(3, 13))
        + "\n"
    )
    error = explained(NONE.format("frames==2.5"), ignored + NONE.format("frames==2.5"), monkeypatch)
    assert isinstance(error, ConfigError)
    assert "frames==2.5: its wheels need another Python than that of sagemaker-scikit-learn" in error.message
    assert error.message.endswith("2.11.0 Requires-Python >=3.11, 2.12.0 Requires-Python >=3.11")
    assert ": …, 2.5.0 Requires-Python" in error.message, "the oldest are left out"


@pytest.mark.parametrize(
    "line",
    [
        "Could not fetch URL https://user:****@example.com/simple/frames/: connection error: [Errno 111] - skipping",
        "Could not fetch URL https://example.com/simple/frames/: There was a problem confirming the ssl certificate: x",
    ],
)
def test_an_index_that_does_not_answer_is_reported_without_its_address(
    line: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    error = explained(NONE.format("frames"), line, monkeypatch)
    assert isinstance(error, SetupError)
    assert "cannot be reached" in error.message
    assert "example.com" not in f"{error.message} {error.hint}"


def test_packages_that_exclude_each_other_are_shown(monkeypatch: pytest.MonkeyPatch) -> None:
    output = """\
ERROR: Cannot install booster==4.7 and trees==1.0 because these package versions have conflicting dependencies.

The conflict is caused by:
    booster 4.7 depends on frames>=2
    trees 1.0 depends on frames<2

To fix this you could try to:
1. loosen the range of package versions you've specified

ERROR: ResolutionImpossible: for help visit https://example.com
"""
    error = explained(output, "", monkeypatch)
    assert error.message.endswith("booster 4.7 depends on frames>=2; trees 1.0 depends on frames<2")
    assert error.hint == "Loosen the versions."


def test_any_other_error_of_pip_is_passed_on(monkeypatch: pytest.MonkeyPatch) -> None:
    error = explained("Collecting frames\nERROR: the disk is full\nmore\n", "", monkeypatch)
    assert error.message == f"pip cannot provide the packages of {FILE}: the disk is full"
    assert explained("", "", monkeypatch).message.endswith("it printed nothing")
