"""The release machine as its module renders it: valid ASL, no way out that keeps the lock, a role that fits it."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.terraform.conftest import Terraform
from tests.terraform.test_training_pipeline import Rendered, called_actions, successors, tasks

pytestmark = pytest.mark.terraform

MODULE = "modules/release"
IMPLIED = {"cloudwatch:DescribeAlarms", "iam:PassRole", "kms:CreateGrant", "kms:Decrypt", "kms:DescribeKey"} | {
    "kms:GenerateDataKey",
    "sagemaker:AddTags",
}
"""Rights that SageMaker and SNS ask of the caller, and tags at creation."""


@pytest.fixture(scope="module")
def rendered(mocked_terraform: Terraform, tmp_path_factory: pytest.TempPathFactory) -> Rendered:
    mocked_terraform.init(MODULE)
    done = mocked_terraform("test", "-json", "-verbose", "-filter=tests/release.tftest.hcl", folder=MODULE)
    plans = [json.loads(line) for line in done.stdout.splitlines() if '"type":"test_plan"' in line]
    assert plans, done.stdout + done.stderr
    after = {c["type"]: c["change"]["after"] for c in plans[0]["test_plan"]["resource_changes"]}
    file = tmp_path_factory.mktemp("asl") / "definition.json"
    file.write_text(after["aws_sfn_state_machine"]["definition"])
    return Rendered("", json.loads(file.read_text()), json.loads(after["aws_iam_role_policy"]["policy"]), file)


def inner(definition: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """The definition and those of its maps."""
    yield definition
    for state in definition["States"].values():
        if state["Type"] == "Map":
            yield from inner(state["ItemProcessor"])


@pytest.mark.full
def test_statelint_finds_nothing(rendered: Rendered) -> None:
    program = str(Path(sys.executable).with_name("statelint"))
    # It knows the maps of before 2022 only, whose members had other names.
    plain = rendered.definition_file.with_name("plain.json")
    text = json.dumps(rendered.definition)
    text = re.sub(r'"ProcessorConfig": \{"Mode": "INLINE"\}, ', "", text)
    plain.write_text(text.replace('"ItemProcessor"', '"Iterator"').replace('"ItemSelector"', '"Parameters"'))
    done = subprocess.run([program, str(plain)], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")


def test_every_state_can_be_reached(rendered: Rendered) -> None:
    for definition in inner(rendered.definition):
        reached: set[str] = set()
        waiting = [definition["StartAt"]]
        while waiting:
            name = waiting.pop()
            if name not in reached:
                reached.add(name)
                waiting += successors(definition["States"][name])
        assert reached == set(definition["States"])


def test_every_task_tries_again_and_catches(rendered: Rendered) -> None:
    for name, state in tasks(rendered.definition):
        assert state["Retry"], name
        assert state["Catch"][-1]["ErrorEquals"] == ["States.ALL"], name


def test_no_end_keeps_the_lock_and_none_after_the_update_is_unrecorded(rendered: Rendered) -> None:
    """From taking the lock each way to an end leads through freeing it; from the update, through a record as well."""
    states = rendered.definition["States"]
    for start, passages in (
        ("ReadSpec", {"FreeLock", "FreeLockAfterFailure"}),
        ("UpdateEndpoint", {"WriteRecord", "WriteFailureRecord"}),
    ):
        seen: set[str] = set()
        waiting = [start]
        while waiting:
            name = waiting.pop()
            if name in passages or name in seen:
                continue
            seen.add(name)
            following = list(successors(states[name]))
            assert following, f"{start} can end in {name} without {passages}"
            waiting += following


def test_a_configuration_is_made_of_every_combination_of_what_may_miss(rendered: Rendered) -> None:
    states = rendered.definition["States"]
    made = {
        name: state for name, state in states.items() if state.get("Resource", "").endswith(":createEndpointConfig")
    }
    free = {"KmsKeyId", "DataCaptureConfig", "ShadowProductionVariants"}
    optional = free | {"AsyncInferenceConfig"}
    combinations = {
        frozenset(key.removesuffix(".$") for key in state["Parameters"]) & optional for state in made.values()
    }
    # Behind a queue there is neither a shadow nor a capture.
    queued = {each for each in combinations if "AsyncInferenceConfig" in each}
    assert queued == {frozenset({"AsyncInferenceConfig"}), frozenset({"AsyncInferenceConfig", "KmsKeyId"})}
    assert len(combinations) == len(made) == 2 ** len(free) + len(queued)
    for choice in states["ChooseConfig"]["Choices"]:
        target = choice["Next"]
        target = states[target]["Next"] if target not in made else target
        present = {rule["Variable"].rsplit(".", 1)[1] for rule in choice["And"] if rule["IsPresent"]}
        assert {key.removesuffix(".$") for key in states[target]["Parameters"]} & optional == present


def test_a_model_is_made_in_the_form_that_its_specification_has(rendered: Rendered) -> None:
    states = rendered.definition["States"]
    choice = states["ChooseModel"]
    rules = [(rule["Variable"].rsplit(".", 1)[1], rule["IsPresent"], rule["Next"]) for rule in choice["Choices"]]
    assert rules == [
        ("Containers", True, "ComposeContainers"),
        ("ModelDataUrl", True, "CreateModelOfMany"),
    ]
    assert (choice["Default"], states["ComposeContainers"]["Next"]) == ("ComposeEnvironment", "CreateModelOfContainers")
    network_choice = states[states["ComposeEnvironment"]["Next"]]
    assert [each["Next"] for each in network_choice["Choices"]] == ["CreateModelWithoutNetwork"]
    assert network_choice["Default"] == "CreateModel"
    network = {"EnableNetworkIsolation.$", "VpcConfig.$"}
    common = {"ModelName.$", "ExecutionRoleArn.$", "Tags"}
    assert {name: set(states[name]["Parameters"]) - common for name in states if name.startswith("CreateModel")} == {
        "CreateModel": network | {"PrimaryContainer.$"},
        "CreateModelWithoutNetwork": {"PrimaryContainer.$"},
        "CreateModelOfMany": network | {"PrimaryContainer.$"},
        "CreateModelOfContainers": network | {"Containers.$", "InferenceExecutionConfig.$"},
    }


def test_no_model_is_made_or_taken_before_its_archive_was_compared(rendered: Rendered) -> None:
    """Whatever leads to a model of the version leads through the comparison, a failure of which ends the release."""
    states = rendered.definition["States"]
    before = [name for name, state in states.items() if "FindModel" in successors(state)]
    assert before == ["NameFiles"]
    assert [name for name, state in states.items() if "NameFiles" in successors(state)] == ["CompareArchive"]
    compare = states["CompareArchive"]
    assert [each["Next"] for each in compare["Catch"]] == ["RecordFailed"]
    assert compare["Parameters"]["Payload"] == {
        "action": "verify",
        "model_data_url.$": "$.wanted.container.ModelDataUrl",
        "sha256.$": "$.package.CustomerMetadataProperties.model_sha256",
    }
    assert states["VersionHashed"]["Default"] == "VersionWithoutHash"
    made = {name for name, state in states.items() if state.get("Resource", "").endswith("sagemaker:createModel")}
    ways, seen = ["FindModel"], set()
    while ways:
        seen.add(name := ways.pop())
        ways += [each for each in successors(states[name]) if each not in seen]
    assert made <= seen
    assert "checked" in states["CreateModel"]["Parameters"]["PrimaryContainer.$"]
    assert "checked" in states["CreateModelWithoutNetwork"]["Parameters"]["PrimaryContainer.$"]


def test_the_role_may_do_what_the_states_call_and_no_more(rendered: Rendered) -> None:
    granted = {
        action
        for statement in rendered.policy["Statement"]
        for action in statement["Action"]
        if not action.startswith(("logs:", "xray:"))
    }
    called = set().union(*(called_actions(definition) for definition in inner(rendered.definition)))
    assert granted == called | IMPLIED
    assert not any("*" in action for action in granted)


def test_a_queue_is_probed_by_a_request_whose_answer_is_waited_for(rendered: Rendered) -> None:
    states = rendered.definition["States"]
    choice = {"Variable": "$.spec.content.probe.queue", "IsPresent": True, "Next": "ProbeQueue"}
    assert (states["HasQueue"]["Choices"], states["HasQueue"]["Default"]) == ([choice], "Probe")
    pending = states["ReadAnswer"]["Retry"][0]
    assert pending["ErrorEquals"] == ["AnswerPending"]
    assert pending["IntervalSeconds"] * pending["MaxAttempts"] == 3600
    assert pending["BackoffRate"] < 1.001
    assert [states[name]["Next"] for name in ("ProbeQueue", "ReadAnswer", "Probe")] == [
        "ReadAnswer",
        "ComposeRecord",
        "ComposeRecord",
    ]


def test_an_endpoint_behind_a_queue_is_not_updated_without_an_instance(rendered: Rendered) -> None:
    states = rendered.definition["States"]
    assert states["MayHaveNoInstance"]["Choices"][0]["Next"] == "CountInstances"
    assert states["HasInstance"]["Choices"][0]["Next"] == "StartInstance"
    assert (states["StartInstance"]["ResultPath"], states["StartInstance"]["Result"]["all"]) == (
        "$.spec.content.retain",
        False,
    )


def test_only_an_imported_version_may_answer_without_its_training_job(rendered: Rendered) -> None:
    states = rendered.definition["States"]
    trained = {"Variable": "$.package.CustomerMetadataProperties.training_job", "IsPresent": True}
    assert states["VersionTrained"]["Choices"] == [{**trained, "Next": "ExpectTrainingJob"}]
    assert states["VersionTrained"]["Default"] == "ExpectAnyAnswer"
    assert [name for name, state in states.items() if "any_training_job" in json.dumps(state)] == ["ExpectAnyAnswer"]
    [fits] = states["VersionFits"]["Choices"]
    imported = [
        {"Variable": f"$.package.CustomerMetadataProperties.{name}", "IsPresent": True}
        for name in ("imported", "model_sha256")
    ]
    assert fits["And"][-1] == {"Or": [trained, {"And": imported}]}
