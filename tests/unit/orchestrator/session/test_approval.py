"""When a confirmation is required, and for what; then the same through a deploy of a whole environment."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import pytest

from orchestrator.config import Environment, load
from orchestrator.errors import ApprovalRequired, RiskNotAccepted
from orchestrator.planning import graph as graphs
from orchestrator.planning import phases, plans
from orchestrator.planning.graph import Graph
from orchestrator.planning.steps import Approve, DeployStack, PreviewStack
from orchestrator.planning.values import live_parameter
from orchestrator.risk import Risk
from orchestrator.runs.result import ChangeResult, Result
from orchestrator.session.approval import Approval, Granted
from tests.fakes.platforms import SHIPPED
from tests.fakes.terraform import plan_summary
from tests.fakes.tools import VERSION, FakeTools
from tests.unit.orchestrator.conftest import REPO, Runs
from tests.unit.orchestrator.risk.conftest import change

CHANGE = ChangeResult(address="module.s3.aws_s3_bucket.data", type="aws_s3_bucket", action="create")
GROWTH = Risk("iam-growth", "foundation", "module.iam.aws_iam_policy.boundary", "its `policy` is known only later")
EXPOSED = Risk("public-exposure", "inference", "module.api.aws_api_gateway_rest_api.this", "an API on the internet")


@dataclass
class FakePerson:
    """Gives scripted answers, and records the shown lines and the questions."""

    answers: list[bool | None] = field(default_factory=list)
    shown: list[str] = field(default_factory=list)
    questions: list[str] = field(default_factory=list)

    def show(self, lines: Sequence[str]) -> None:
        self.shown += lines

    def ask(self, question: str) -> bool | None:
        self.questions.append(question)
        return self.answers.pop(0)


def accepting(*kinds: str, yes: bool = False, answers: Sequence[bool | None] = ()) -> tuple[Approval, FakePerson]:
    person = FakePerson(list(answers))
    return Approval(Granted(frozenset(kinds), yes), person), person  # type: ignore[arg-type]


def test_an_unaccepted_risk_is_refused_by_name_before_any_question() -> None:
    approval, person = accepting("public-exposure", yes=True)
    approval.previewed("foundation", [CHANGE], [GROWTH, EXPOSED])
    with pytest.raises(RiskNotAccepted) as raised:
        approval.decide("prod", ["foundation"])
    assert raised.value.message == (
        f"deploying `prod` has risks that were not accepted: iam-growth: foundation: {GROWTH.resource}"
    )
    assert "`--accept-risk iam-growth`" in str(raised.value.hint)
    assert person.questions == []
    assert "    iam-growth       module.iam.aws_iam_policy.boundary" in person.shown


def test_one_question_for_the_whole_preview() -> None:
    approval, person = accepting("iam-growth", answers=[True])
    approval.previewed("foundation", [CHANGE], [GROWTH])
    approval.previewed("data", [CHANGE], [])
    approval.decide("prod", ["foundation", "data"])
    assert person.questions == ["Deploy this to `prod`?"]
    for stack, risks in (("foundation", [GROWTH]), ("data", [])):
        approval.before_apply("prod", stack, [CHANGE], risks)
    assert len(person.questions) == 1


@pytest.mark.parametrize(("answer", "hint"), [(None, "`--yes` approves"), (False, "not confirmed")])
def test_nothing_is_deployed_without_confirmation(answer: bool | None, hint: str) -> None:
    approval, _ = accepting(answers=[answer])
    approval.previewed("data", [CHANGE], [])
    with pytest.raises(ApprovalRequired, match="deploying `prod` requires confirmation") as raised:
        approval.decide("prod", ["data"])
    assert hint in str(raised.value.hint)


def test_the_yes_option_confirms_the_preview() -> None:
    approval, person = accepting(yes=True)
    approval.previewed("data", [CHANGE], [])
    approval.decide("prod", ["data"])
    approval.before_apply("prod", "data", [CHANGE], [])
    assert person.questions == []


def test_only_later_changes_need_confirmation_if_the_preview_shows_none() -> None:
    approval, person = accepting(answers=[None])
    approval.previewed("data", [], [])
    approval.decide("prod", ["data"])
    approval.before_apply("prod", "data", [], [])
    assert person.questions == []
    with pytest.raises(ApprovalRequired, match="`data` has changes that the preview did not show"):
        approval.before_apply("prod", "data", [CHANGE], [])


def test_a_risk_outside_the_preview_requires_another_confirmation() -> None:
    approval, person = accepting("iam-growth", "public-exposure", answers=[True, True])
    approval.previewed("inference", [CHANGE], [])
    approval.decide("prod", ["inference"])
    approval.before_apply("prod", "inference", [CHANGE], [EXPOSED])
    assert person.questions == ["Deploy this to `prod`?", "Apply `inference` to `prod`?"]
    assert "`inference`: the preview did not show this:" in person.shown


def test_the_yes_option_does_not_cover_changes_outside_the_preview() -> None:
    approval, _ = accepting("public-exposure", yes=True, answers=[None])
    approval.previewed("inference", [CHANGE], [])
    approval.decide("prod", ["inference"])
    with pytest.raises(ApprovalRequired) as raised:
        approval.before_apply("prod", "inference", [CHANGE], [EXPOSED])
    assert EXPOSED.resource in raised.value.message
    assert raised.value.hint == "`--yes` covers the preview only: repeat the command, its preview shows them"


def test_a_new_class_of_risk_has_to_be_accepted_too() -> None:
    approval, _ = accepting("iam-growth", yes=True)
    approval.previewed("inference", [CHANGE], [])
    approval.decide("prod", ["inference"])
    with pytest.raises(RiskNotAccepted, match="`inference` has risks that were not accepted: public-exposure"):
        approval.before_apply("prod", "inference", [CHANGE], [EXPOSED])


@pytest.mark.parametrize(
    ("name", "setting", "asks"),
    [
        ("local", None, False),
        ("dev", None, True),
        ("prod", None, True),
        ("dev", "ask", True),
        ("staging", "never", False),
    ],
)
def test_which_environments_require_confirmation(name: str, setting: str | None, asks: bool) -> None:
    assert asking(load(REPO, name), setting).asks is asks


def test_which_environments_of_this_repository_require_confirmation() -> None:
    assert {name for name in SHIPPED if load(REPO, name).asks} == {"staging", "prod"}


def asking(environment: Environment, setting: str | None) -> Environment:
    approvals = environment.platform.approvals.model_copy(update={"deploy": setting})
    platform = environment.platform.model_copy(update={"approvals": approvals})
    return environment.model_copy(update={"platform": platform})


@pytest.fixture
def environment() -> Environment:
    return load(REPO, "staging")


@pytest.fixture
def graph(environment: Environment) -> Graph:
    return graphs.build(phases.read(REPO), environment)


class Deploys:
    """Deploys staging with fake tools, with granted approvals and a fake person to ask."""

    def __init__(self, run: Runs, environment: Environment, graph: Graph) -> None:
        self.run, self.environment, self.graph = run, environment, graph
        self.person = FakePerson()

    def __call__(self, *kinds: str, yes: bool = False, answers: Sequence[bool | None] = ()) -> Result:
        approval, self.person = accepting(*kinds, yes=yes, answers=answers)
        return self.run(plans.deploy(self.environment, self.graph), approval=approval)


@pytest.fixture
def deploy(run: Runs, environment: Environment, graph: Graph, tools: FakeTools) -> Deploys:
    growth = change("aws_iam_role_policy_attachment", None, {"role": "r", "policy_arn": "p"})
    document = {"resource_changes": [growth]}
    tools.terraform.plans["foundation"] = plan_summary(growth["address"], document=document)
    tools.live[live_parameter(environment, "reviews")] = dict(VERSION)
    return Deploys(run, environment, graph)


def applied(tools: FakeTools) -> list[str]:
    return [stack for command, stack in tools.terraform.calls if command == "apply"]


def test_a_deploy_with_confirmation_previews_every_stack_before_the_first_is_deployed(
    environment: Environment, graph: Graph
) -> None:
    steps = {step.name: step for step in plans.deploy(environment, graph).steps}
    previews = {name for name, step in steps.items() if isinstance(step, PreviewStack)}
    assert previews == {f"preview {name}" for name in graph.names}
    approval = next(step for step in steps.values() if isinstance(step, Approve))
    assert set(approval.needs) == {"policy", *previews}
    assert all("approval" in step.needs for step in steps.values() if isinstance(step, DeployStack))


def test_a_risk_in_the_preview_stops_the_deploy_before_anything_is_applied(deploy: Deploys, tools: FakeTools) -> None:
    result = deploy(yes=True)
    assert (result.exit_code, result.error and result.error.step) == (15, "approval")
    assert applied(tools) == []
    assert [(risk.kind, risk.stack) for risk in result.risks] == [("iam-growth", "foundation")]
    assert {stack.action for stack in result.stacks} == {"skipped"}


def test_everything_is_deployed_with_accepted_risks_and_confirmation(deploy: Deploys, tools: FakeTools) -> None:
    result = deploy("iam-growth", answers=[True])
    assert result.status == "ok", result.error
    assert deploy.person.questions == ["Deploy this to `staging`?"]
    planned = [event["step"] for event in deploy.run.events if event["kind"] == "stage" and event["message"] == "plan"]
    assert sorted(planned) == sorted([*deploy.graph.names, *(f"preview {name}" for name in deploy.graph.names)])
    assert set(applied(tools)) == set(deploy.graph.names)
    foundation = next(stack for stack in result.stacks if stack.name == "foundation")
    assert [(each.type, each.action) for each in foundation.changes] == [("aws_iam_role_policy_attachment", "create")]


def test_a_stack_whose_real_plan_shows_a_new_risk_is_not_applied_in_ci(deploy: Deploys, tools: FakeTools) -> None:
    opened = change("aws_subnet", None, {"map_public_ip_on_launch": True})

    def upstream_changes_it(stack: str) -> None:
        if stack == "foundation":
            document = {"resource_changes": [opened]}
            tools.terraform.plans["data"] = plan_summary(opened["address"], document=document)

    tools.terraform.before_apply = upstream_changes_it
    result = deploy("iam-growth", "public-exposure", yes=True, answers=[None])
    assert result.exit_code == 14
    assert result.error is not None
    assert "`data` has 1 risks that the preview did not show" in result.error.message
    assert "foundation" in applied(tools)
    assert "data" not in applied(tools)


def test_environments_without_confirmation_report_their_risks_and_continue(tools: FakeTools, run: Runs) -> None:
    tools.environment = load(REPO, "dev")
    tools.live[live_parameter(tools.environment, "reviews")] = dict(VERSION)
    exposed = change("aws_subnet", None, {"map_public_ip_on_launch": True})
    tools.terraform.plans["data"] = plan_summary(exposed["address"], document={"resource_changes": [exposed]})
    dev = graphs.build(phases.read(REPO), tools.environment)
    run.graph = dev
    result = run(plans.deploy(tools.environment, dev))
    assert result.status == "ok", result.error
    assert [risk.kind for risk in result.risks] == ["public-exposure"]
