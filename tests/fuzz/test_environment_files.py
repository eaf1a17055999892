"""A sample of the campaign; `make fuzz` runs all of it."""

from __future__ import annotations

import os

import pytest

from orchestrator.errors import ConfigError
from tests.fuzz import environment_files as subject

REFUSED = int(os.environ.get("FUZZ_REFUSED", "150"))
ODD = int(os.environ.get("FUZZ_ODD", "50"))


def test_any_environment_file_is_refused_with_a_message_or_means_what_it_says() -> None:
    findings = subject.campaign(REFUSED, ODD, 0, seconds=600)
    assert findings.faults == []
    assert findings.refused >= REFUSED


def test_the_same_number_is_the_same_case() -> None:
    once, again = (subject.campaign(3, 3, 0, first=70) for _ in range(2))
    assert (once.hands, once.refused, once.next) == (again.hands, again.refused, again.next)


@pytest.mark.parametrize(
    ("message", "hint", "fault"),
    [
        ("terraform/envs/dev/platform.yaml:3: owner: must match x", "see", []),
        ("terraform/envs/dev/platform.yaml: owner: must match x", "see", ["names no line"]),
        ("terraform/envs/dev/platform.yaml:3: owner: must match x", None, ["says too little"]),
        ("", "see", ["says too little"]),
        (f"terraform/envs/dev/platform.yaml:3: {'x' * 1000}", "see", ["says too much"]),
        ("terraform/envs/dev/platform.yaml:3: \x1b[31m", "see", ["steers the terminal"]),
    ],
)
def test_an_unhelpful_refusal_is_a_fault(message: str, hint: str | None, fault: list[str]) -> None:
    faults = subject.unreadable(ConfigError(message, hint=hint))
    assert [each.split(":")[0] for each in faults] == fault


def test_another_exception_is_a_fault() -> None:
    def wait() -> None:
        raise TimeoutError("did not end")

    findings = subject.Findings()
    assert subject.judged(findings, 7, "pipe at x", wait) is None  # type: ignore[arg-type]
    assert findings.faults == ["--first 7: pipe at x: TimeoutError: did not end"]
