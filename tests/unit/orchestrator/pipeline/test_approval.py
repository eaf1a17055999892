"""Decisions about model versions: which is meant, what is refused, who is woken. The world is a registry in memory."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

import pytest
from botocore.exceptions import ClientError

from orchestrator import pipeline
from orchestrator.core.types import Json
from orchestrator.errors import PlatformError, ReleaseFailed
from orchestrator.pipeline import approval, approved
from orchestrator.pipeline.model import Decision, Verb
from orchestrator.registry.model import Group
from tests.fakes.aws import FakeCloud

GROUP = Group(
    "prod", "reviews", "mlops-prod-reviews", "/mlops/prod/models/reviews/live", "/mlops/prod/approvals/reviews",
    "mlops-prod-training",
)  # fmt: skip
PACKAGES = "arn:aws:sagemaker:us-east-1:123456789012:model-package/mlops-prod-reviews"
SINCE = datetime(2026, 11, 30, 10, tzinfo=UTC)
WAITS, PENDING = "AwaitApproval", "PendingManualApproval"


def refused(code: str, message: str = "no") -> ClientError:
    return ClientError({"Error": {"Code": code, "Message": message}}, "Call")


@dataclass
class World:
    """Versions with their executions. Who is woken goes on by what the registry says.

    Attributes:
        states: by execution the states that it enters, look for look; the last one stays. None: AWS has forgotten it.
        releases: blueprints that the release of the group reaches.
    """

    versions: dict[int, Json] = field(default_factory=dict)
    states: dict[str, list[str]] = field(default_factory=dict)
    statuses: dict[str, tuple[str, str, str]] = field(default_factory=dict)
    tokens: dict[str, str] = field(default_factory=dict)
    live: str = ""
    releases: tuple[str, ...] = ()
    woken: list[str] = field(default_factory=list)
    started: list[Json] = field(default_factory=list)
    token_error: str = ""

    def add(self, number: int, status: str = PENDING, *, waits: bool = True, **more: Any) -> str:
        execution = f"arn:execution:{number}"
        properties = {"execution_arn": execution, "metric:accuracy": "0.81", "metric:f1": "0.8", "baseline:f1": "0.7"}
        self.versions[number] = {
            "ModelPackageArn": f"{PACKAGES}/{number}",
            "ModelApprovalStatus": status,
            "CreationTime": SINCE,
            "CustomerMetadataProperties": properties,
            **more,
        }
        if waits:
            self.states[execution] = [WAITS]
            self.statuses[execution] = ("RUNNING", "", "")
            self.tokens[f"{GROUP.tokens}/{number}"] = execution
        return execution

    def cloud(self) -> FakeCloud:
        return FakeCloud(
            endpoint=None,
            services={
                "sts": {"get_caller_identity": {"Arn": "arn:aws:sts::123456789012:assumed-role/ml/anna"}},
                "ssm": {"get_parameter": self._parameter},
                "sagemaker": {
                    "get_paginator": self._pages,
                    "describe_model_package": lambda ModelPackageName: self._version(ModelPackageName),
                    "update_model_package": self._update,
                },
                "stepfunctions": {
                    "get_paginator": self._pages,
                    "describe_execution": lambda executionArn: self._execution(executionArn),
                    "get_execution_history": self._history,
                    "send_task_success": self._wake,
                    "start_execution": self._start,
                },
            },
        )

    def decide(self, verb: Verb = "approve", number: int | None = None, comment: str = "") -> Decision:
        self.seen = self.cloud()
        return pipeline.decide(self.seen, GROUP, number, verb, comment=comment, on_event=lambda event: None)

    def _version(self, arn: str) -> Json:
        return self.versions[int(arn.rsplit("/", 1)[1])]

    def _update(self, ModelPackageArn: str, **changes: Any) -> None:
        self._version(ModelPackageArn).update(changes)

    def _pages(self, operation_name: str) -> Any:
        world = self

        class Paginator:
            def paginate(self, **asked: Any) -> list[Json]:
                if operation_name == "get_execution_history":
                    return [{"events": world._release_events()}]
                if asked["ModelPackageGroupName"] != GROUP.full_name:
                    raise refused("ValidationException", "ModelPackageGroup does not exist.")
                status = asked.get("ModelApprovalStatus")
                versions = [v for v in world.versions.values() if status in (None, v["ModelApprovalStatus"])]
                return [{"ModelPackageSummaryList": versions}]

        return Paginator()

    def _parameter(self, Name: str, WithDecryption: bool = False) -> Json:
        if Name == GROUP.live_parameter and self.live:
            return {"Parameter": {"Value": json.dumps({"model_package_arn": self.live})}}
        if Name in self.tokens and WithDecryption:
            return {"Parameter": {"Value": self.tokens[Name]}}
        raise refused("ParameterNotFound")

    def _execution(self, arn: str) -> Json:
        if arn.startswith("arn:releases"):
            return {
                "executionArn": arn,
                "status": "SUCCEEDED",
                "input": json.dumps({"blueprint": arn.rsplit(":", 1)[1]}),
                "output": json.dumps({"changed": True, "config_name": f"config-{arn.rsplit(':', 1)[1]}"}),
            }
        if arn not in self.statuses:
            raise refused("ExecutionDoesNotExist")
        status, error, cause = self.statuses[arn]
        return {"executionArn": arn, "status": status, "error": error, "cause": cause}

    def _history(self, executionArn: str, **asked: Any) -> Json:
        states = self.states.get(executionArn, [])
        state = states.pop(0) if len(states) > 1 else states[0] if states else ""
        entered = [
            {"id": 1, "type": "TaskStateEntered", "timestamp": SINCE, "stateEnteredEventDetails": {"name": state}}
        ]
        if state == "StartReleases" and self.releases:
            output = json.dumps({"ExecutionArn": "arn:releases:group"})
            entered = [
                {"id": 2, "type": "TaskSucceeded", "timestamp": SINCE, "taskSucceededEventDetails": {"output": output}},
                *entered,
            ]
        return {"events": entered}

    def _release_events(self) -> list[Json]:
        outputs = [json.dumps({"ExecutionArn": f"arn:releases:{name}"}) for name in self.releases]
        return [{"taskSucceededEventDetails": {"output": output}} for output in outputs]

    def _go_on(self, execution: str, status: str) -> None:
        ends = {"Approved": ("SUCCEEDED", "", ""), "Rejected": ("FAILED", "VersionRejected", "")}
        self.statuses[execution] = ends[status]
        self.states[execution] = ["StartReleases" if status == "Approved" else "Failed"]

    def _wake(self, taskToken: str, output: str) -> None:
        if self.token_error:
            code, self.token_error = self.token_error, ""
            raise refused(code)
        self.woken.append(taskToken)
        [version] = [v for v in self.versions.values() if v["CustomerMetadataProperties"]["execution_arn"] == taskToken]
        self._go_on(taskToken, version["ModelApprovalStatus"])

    def _start(self, stateMachineArn: str, name: str, input: str) -> Json:
        self.started.append({"machine": stateMachineArn, **json.loads(input)})
        self._go_on("arn:execution:new", "Approved")
        return {"executionArn": "arn:execution:new"}


@pytest.fixture(autouse=True)
def _no_pauses(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(approval, "_sleep", lambda seconds: None)


@pytest.fixture
def world() -> World:
    return World()


def test_waiting_versions_have_the_command_that_approves_them(world: World) -> None:
    world.add(3)
    world.add(4, waits=False)
    world.add(2, "Approved")
    [third, fourth] = pipeline.pending(world.cloud(), [GROUP])
    assert (third.number, third.since, third.execution_arn) == (3, "2026-11-30T10:00:00+00:00", "arn:execution:3")
    assert third.metrics == {"accuracy": "0.81", "f1": "0.8"}
    assert third.approve == "orchestrator release approve prod reviews --version 3"
    assert (fourth.number, fourth.execution_arn) == (4, None)


def test_an_approval_is_written_and_then_wakes(world: World) -> None:
    execution = world.add(3)
    world.releases = ("reviews", "reviews-async")
    done = world.decide(comment="looks good")
    assert world.woken == [execution]
    assert world.versions[3]["ModelApprovalStatus"] == "Approved"
    description = "Approved by arn:aws:sts::123456789012:assumed-role/ml/anna: looks good"
    assert world.versions[3]["ApprovalDescription"] == description
    assert world.versions[3]["ModelLifeCycle"] == {"Stage": "Staging", "StageStatus": "Approved"}
    assert (done.number, done.repeated, done.execution_arn) == (3, False, execution)
    assert [(each.blueprint, each.config_name) for each in done.releases] == [
        ("reviews", "config-reviews"),
        ("reviews-async", "config-reviews-async"),
    ]
    names = [name for name, _ in world.seen.calls]
    assert names.index("sagemaker.update_model_package") < names.index("stepfunctions.send_task_success")


def test_events_before_the_wait_are_dropped() -> None:
    states: list[str] = []
    hear = approval._from_the_wait_on(lambda event: states.append(str(event.get("state", event["type"]))))
    for state in ("TrainModel", WAITS, "ReadDecision", "Done"):
        hear({"type": "pipeline", "state": state})
    hear({"type": "release", "@message": "x"})
    assert states == ["ReadDecision", "Done", "release"]


def test_a_rejection_is_written_and_then_wakes(world: World) -> None:
    execution = world.add(3)
    done = world.decide("reject")
    assert (world.woken, world.versions[3]["ModelApprovalStatus"]) == ([execution], "Rejected")
    assert (done.verb, done.execution_arn, done.releases) == ("reject", execution, ())


@pytest.mark.parametrize("before", [["RegisterModel", "NotifyPending", WAITS], [WAITS]])
def test_an_execution_is_woken_once_it_waits(world: World, before: list[str]) -> None:
    execution = world.add(3)
    world.states[execution] = [*before]
    world.token_error = "TaskTimedOut"  # the token of an earlier wait
    world.decide()
    assert world.woken == [execution]


def test_a_decision_made_elsewhere_also_wakes_the_execution(world: World) -> None:
    execution = world.add(3, "Approved")
    done = world.decide(number=3)
    assert (world.woken, done.repeated) == ([execution], True)
    assert world.seen.called("sagemaker.update_model_package") == []


def test_repeated_it_changes_nothing(world: World) -> None:
    world.add(3, "Approved", waits=False)
    world.live = f"{PACKAGES}/3"
    done = world.decide(number=3)
    assert (done.repeated, done.execution_arn) == (True, None)
    world.add(4, "Rejected", waits=False)
    assert world.decide("reject", 4).repeated
    assert (world.woken, world.started) == ([], [])


def test_a_version_that_no_execution_waits_for_gets_a_new_one(world: World) -> None:
    world.add(3, waits=False)
    done = world.decide()
    [started] = world.started
    assert started.pop("run_id")
    assert started == {
        "machine": "arn:aws:states:us-east-1:123456789012:stateMachine:mlops-prod-training",
        "model_package_arn": f"{PACKAGES}/3",
    }
    assert done.execution_arn == "arn:execution:new"


def test_a_replaced_version_cannot_be_approved_again(world: World) -> None:
    world.add(2, "Approved", waits=False, ModelLifeCycle={"Stage": "Archived"})
    world.live = f"{PACKAGES}/3"
    with pytest.raises(PlatformError, match=r"version 2 .* was replaced by another one") as caught:
        world.decide(number=2)
    assert f"release prod BLUEPRINT --version {PACKAGES}/2" in str(caught.value.hint)
    assert world.started == []


def test_a_version_that_does_not_go_live_is_an_error(world: World) -> None:
    execution = world.add(3, "Approved")
    world.states[execution], world.statuses[execution] = ["ProbeCandidate"], ("RUNNING", "", "")

    def ended(executionArn: str) -> Json:
        if [name for name, _ in world.seen.calls].count("stepfunctions.describe_execution") < 2:
            return world._execution(executionArn)
        return {"executionArn": executionArn, "status": "FAILED", "error": "ProbeFailed", "cause": "no answer"}

    world.seen = world.cloud()
    world.seen.services["stepfunctions"]["describe_execution"] = ended
    with pytest.raises(ReleaseFailed, match="version 3 of `reviews` did not go live: ProbeFailed: no answer"):
        pipeline.decide(world.seen, GROUP, 3, "approve", comment="", on_event=lambda event: None)


@pytest.mark.parametrize(
    ("versions", "verb", "number", "words", "hint"),
    [
        (
            {},
            "approve",
            None,
            "no version of `reviews` waits for approval, and it has none",
            "`deploy --pipeline` trains",
        ),
        (
            {2: "Approved"},
            "approve",
            None,
            "waits for approval; the newest is 2, Approved",
            "`orchestrator status prod`",
        ),
        ({2: PENDING, 3: PENDING}, "approve", None, "2 versions of `reviews` wait for approval: 2, 3", "--version 3`"),
        ({2: PENDING}, "approve", 7, "`reviews` has no version 7; the newest are 2", "waiting for approval: 2"),
        ({2: "Rejected"}, "approve", 2, "version 2 of `reviews` is already rejected", "deploy prod --pipeline`"),
        ({2: "Approved"}, "reject", 2, "version 2 of `reviews` is already approved", "release prod BLUEPRINT"),
    ],
)
def test_an_impossible_decision_is_refused_with_a_hint(
    world: World, versions: dict[int, str], verb: Verb, number: int | None, words: str, hint: str
) -> None:
    for each, status in versions.items():
        world.add(each, status)
    with pytest.raises(PlatformError) as caught:
        world.decide(verb, number)
    assert words in caught.value.message
    assert hint in str(caught.value.hint)
    assert world.woken == []
    assert world.seen.called("sagemaker.update_model_package") == []


def test_a_missing_group_has_no_waiting_versions(world: World) -> None:
    assert pipeline.pending(world.cloud(), [Group("prod", "x", "mlops-prod-x", "/l", "/t", None)]) == ()
    cloud = world.cloud()

    def denied(operation_name: str) -> Any:
        raise refused("AccessDeniedException", "not authorized")

    cloud.services["sagemaker"]["get_paginator"] = denied
    with pytest.raises(PlatformError, match="AccessDeniedException"):
        pipeline.pending(cloud, [GROUP])


def test_an_approved_version_is_found_by_number_or_arn(world: World) -> None:
    world.add(1, "Approved", waits=False)
    arn = f"{PACKAGES}/1"
    assert [approved(world.cloud(), GROUP, reference) for reference in ("1", arn)] == [arn, arn]


@pytest.mark.parametrize(
    ("reference", "words"),
    [
        ("3", "`reviews` has no version `3`"),
        ("latest", "`reviews` has no version `latest`"),
        ("²", "`reviews` has no version `²`"),
        ("arn:aws:sagemaker:eu-west-1:1:model-package/others/1", "has no version `arn:aws:sagemaker:eu-west-1"),
        ("2", "version 2 of `reviews` is not approved (it is PendingManualApproval)"),
    ],
)
def test_a_version_that_is_not_approved_is_refused_with_the_approved_ones(
    world: World, reference: str, words: str
) -> None:
    world.add(1, "Approved", waits=False)
    world.add(2)
    with pytest.raises(PlatformError) as caught:
        approved(world.cloud(), GROUP, reference)
    assert words in caught.value.message
    assert caught.value.hint == "approved versions: 1"
