"""The state machine as the module renders it: valid ASL, complete error handling, and a role that fits it exactly."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from tests.terraform.conftest import Terraform

pytestmark = pytest.mark.terraform

MODULE = "modules/stepfunctions"

# Calls that no state names: what `.sync` polls and cancels with, tags at creation, and the rights that SageMaker,
# S3 and SNS ask of the caller.
IMPLIED = {
    "events:DescribeRule",
    "events:PutRule",
    "events:PutTargets",
    "glue:BatchStopJobRun",
    "glue:GetJobRun",
    "glue:GetJobRuns",
    "iam:PassRole",
    "kms:CreateGrant",
    "kms:Decrypt",
    "kms:DescribeKey",
    "kms:GenerateDataKey",
    "sagemaker:AddTags",
    "sagemaker:DescribeProcessingJob",
    "sagemaker:DescribeTrainingJob",
    "sagemaker:StopProcessingJob",
    "sagemaker:StopTrainingJob",
}
IMPLIED_BY_WAITING = {"kms:Encrypt"}
WAITING = "a_person_approves_where_the_environment_says_so_and_nothing_gets_around_it"
"""The run of the module's own tests in which a person approves."""
OWN_NAMES = {
    "lambda:Invoke": "lambda:InvokeFunction",
    "s3:ListObjectsV2": "s3:ListBucket",
    "sfn:DescribeExecution": "states:DescribeExecution",
    "sfn:StartExecution": "states:StartExecution",
}


@dataclass(frozen=True)
class Rendered:
    approval: str
    definition: dict[str, Any]
    policy: dict[str, Any]
    definition_file: Path


@pytest.fixture(scope="module")
def plans(mocked_terraform: Terraform) -> dict[str, dict[str, Any]]:
    """By approval, the resources that the module's own tests plan, by type."""
    mocked_terraform.init(MODULE)
    done = mocked_terraform("test", "-json", "-verbose", folder=MODULE)
    lines = [json.loads(line) for line in done.stdout.splitlines() if '"type":"test_plan"' in line]
    assert lines, done.stdout + done.stderr
    waiting = next(line for line in lines if line["@testrun"] == WAITING)
    return {
        approval: {each["type"]: each["change"]["after"] for each in line["test_plan"]["resource_changes"]}
        for approval, line in (("auto", lines[0]), ("manual", waiting))
    }


@pytest.fixture(scope="module", params=["auto", "manual"])
def rendered(
    plans: dict[str, dict[str, Any]], request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Rendered:
    after = plans[request.param]
    file = tmp_path_factory.mktemp("asl") / "definition.json"
    file.write_text(after["aws_sfn_state_machine"]["definition"])
    policy = json.loads(after["aws_iam_role_policy"]["policy"])
    return Rendered(request.param, json.loads(file.read_text()), policy, file)


def tasks(definition: dict[str, Any]) -> Iterator[tuple[str, dict[str, Any]]]:
    return ((name, state) for name, state in definition["States"].items() if state["Type"] == "Task")


def successors(state: dict[str, Any]) -> Iterator[str]:
    for branch in (state, *state.get("Choices", []), *state.get("Catch", [])):
        yield from (branch[key] for key in ("Next", "Default") if key in branch)


@pytest.mark.full
def test_statelint_finds_nothing(rendered: Rendered) -> None:
    program = str(Path(sys.executable).with_name("statelint"))
    # It has no filters (`[?(…)]`), which Step Functions takes in paths.
    plain = rendered.definition_file.with_name("plain.json")
    plain.write_text(re.sub(r"\[\?\(.*?\)\]", "[*]", rendered.definition_file.read_text()))
    done = subprocess.run([program, str(plain)], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")


def reached(definition: dict[str, Any], *, without: Collection[str] = ()) -> set[str]:
    """States that an execution can enter, if it never enters some of them."""
    names: set[str] = set()
    waiting = [definition["StartAt"]]
    while waiting:
        name = waiting.pop()
        if name not in names and name not in without:
            names.add(name)
            waiting += successors(definition["States"][name])
    return names


def test_every_state_can_be_reached(rendered: Rendered) -> None:
    assert reached(rendered.definition) == set(rendered.definition["States"])


def test_where_a_person_approves_nothing_goes_live_without_a_check_of_the_registry(plans: dict[str, Any]) -> None:
    definition = json.loads(plans["manual"]["aws_sfn_state_machine"]["definition"])
    for decided in ("Decided", "VersionUsable"):
        choices = definition["States"][decided]["Choices"]
        approved = json.dumps([choice for choice in choices if choice["Next"] in ("PrepareCandidate", "FindContainer")])
        assert '"StringEquals": "Approved"' in approved
    left = reached(definition, without=("Decided", "VersionUsable"))
    # It gets as far as the question, and not beyond.
    assert {"AwaitApproval", "ReadDecision", "FindVersion"} <= left
    assert left.isdisjoint({"CreateCandidateModel", "SetLiveVersion", "PromoteModel", "StartReleases"})


def test_every_task_tries_again_and_catches(rendered: Rendered) -> None:
    for name, state in tasks(rendered.definition):
        assert state["Retry"], name
        assert state["Catch"][-1]["ErrorEquals"] == ["States.ALL"], name
        assert all(rule["BackoffRate"] > 1 for rule in state["Retry"]), name


def test_no_failure_leaves_a_candidate_behind(rendered: Rendered) -> None:
    """From any state between creation and deletion, each way to an end leads through the deletions."""
    states = rendered.definition["States"]
    for start, deletion in (
        ("CreateCandidateModel", "DeleteCandidateModel"),
        ("CreateCandidateConfig", "DeleteCandidateConfig"),
        ("StartPollingCandidate", "DeleteCandidateEndpoint"),
    ):
        seen: set[str] = set()
        waiting = [start]
        while waiting:
            name = waiting.pop()
            if name == deletion or name in seen:
                continue
            seen.add(name)
            following = list(successors(states[name]))
            assert following, f"{start} can end in {name} without {deletion}"
            waiting += following


def called_actions(definition: dict[str, Any]) -> set[str]:
    """IAM actions of the API calls that states make."""
    actions = set()
    for _, state in tasks(definition):
        match = re.fullmatch(
            r"arn:aws:states:::(?:aws-sdk:)?(\w+):(\w+)(?:\.sync|\.waitForTaskToken)?", state["Resource"]
        )
        assert match, state["Resource"]
        action = f"{match[1]}:{match[2][0].upper()}{match[2][1:]}"
        actions.add(OWN_NAMES.get(action, action))
    return actions


def test_the_role_may_do_what_the_states_call_and_no_more(rendered: Rendered) -> None:
    granted = {
        action
        for statement in rendered.policy["Statement"]
        for action in statement["Action"]
        if not action.startswith(("logs:", "xray:"))
    }
    # Rights on the bucket arrive as a document of its owner.
    called = {action for action in called_actions(rendered.definition) if not action.startswith("s3:")}
    assert granted == called | IMPLIED | (IMPLIED_BY_WAITING if rendered.approval == "manual" else set())
    assert not any("*" in action for action in granted)
