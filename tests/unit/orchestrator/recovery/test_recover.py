"""Resources that exist and are in no state are imported or removed."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from orchestrator.config import Environment
from orchestrator.core.state import State
from orchestrator.planning import plans
from orchestrator.planning.graph import Graph
from orchestrator.planning.steps import Recovery
from orchestrator.recovery import importing
from orchestrator.recovery.ec2 import KINDS
from orchestrator.recovery.rest import STACK
from orchestrator.runs.result import Result
from orchestrator.session.session import Session
from tests.fakes.importing import OWN, ImportingTerraform, after, known
from tests.fakes.listings import empty_except
from tests.fakes.tools import OUTPUTS, FakeTools
from tests.unit.orchestrator.conftest import Runs

ROLE, POLICY = "module.iam.aws_iam_role.etl", "module.iam.aws_iam_role_policy.etl"
VPC = "aws_vpc.this[0]"
VPC_TAGS = {**OWN, "managed-by": "terraform", "Name": "mlops-local"}


def vpcs(things: dict[str, dict[str, str]]) -> list[dict[str, Any]]:
    """Return EC2's response for networks with these tags; their ids are written with `_`."""
    return [
        {
            "VpcId": name.replace("_", "-"),
            "State": "available",
            "Tags": [{"Key": key, "Value": value} for key, value in tags.items()],
        }
        for name, tags in things.items()
    ]


@pytest.fixture
def graph(graph: Graph) -> Graph:
    """A few stacks represent all."""
    return Graph(tuple(stack for stack in graph.stacks if stack.name in ("buckets", "foundation", "data")))


@pytest.fixture
def terraform(tools: FakeTools, graph: Graph, repo: Path) -> ImportingTerraform:
    """Terraform with all stacks deployed."""
    tools.emulator.up()
    (tools.repo / "terraform").symlink_to(repo / "terraform")
    made = ImportingTerraform(tools.store)
    made.outputs = tools.terraform.outputs
    tools.terraform = made
    for stack in graph.stacks:
        tools.store.states[stack.name] = State(1, "lineage", {stack.name: OUTPUTS[stack.name]}, ("aws_s3_bucket.it",))
    ec2(tools)
    return made


def ec2(tools: FakeTools, **things: dict[str, str]) -> None:
    lists: dict[str, Any] = {kind.operation: {kind.items: []} for kind in KINDS}
    tools.aws.services = empty_except({**tools.aws.services, "ec2": lists | {"describe_vpcs": {"Vpcs": vpcs(things)}}})


class Recover:
    """Runs the command with fake tools."""

    def __init__(self, run: Runs, environment: Environment, graph: Graph) -> None:
        self._run, self._environment, self._graph = run, environment, graph

    def __call__(
        self, action: Recovery | None = None, *, sure: bool = True, rest: bool = False, take: tuple[str, ...] = ()
    ) -> Result:
        self._run.tools.terraform.calls.clear()
        plan = plans.recover(self._environment, self._graph, action=action, remove_rest=rest, sure=sure, chosen=take)
        return self._run(plan)


@pytest.fixture
def recovering(run: Runs, environment: Environment, graph: Graph) -> Recover:
    return Recover(run, environment, graph)


def applied(terraform: ImportingTerraform) -> list[str]:
    return [stack for command, stack in terraform.calls if command == "apply"]


def test_nothing_is_applied_if_no_resource_is_lost(terraform: ImportingTerraform, recovering: Recover) -> None:
    result = recovering("imported")
    assert (result.exit_code, result.recovered, applied(terraform)) == (0, [], [])


def test_existing_resources_are_imported_and_the_stack_completed(
    terraform: ImportingTerraform, recovering: Recover
) -> None:
    terraform.lose("data")
    terraform.code["data"] = {
        POLICY: after(ROLE, "role", name="run"),
        ROLE: known(name="etl"),
        "aws_sns_topic.new": known(name="new"),
    }
    terraform.there = {"etl": OWN, "etl:run": {}}
    result = recovering("imported")
    assert result.exit_code == 0, result.error
    assert {(each.address, each.id, each.action) for each in result.recovered} == {
        (ROLE, "etl", "imported"),
        (POLICY, "etl:run", "imported"),
    }
    assert applied(terraform) == ["data"]
    assert set(terraform.store.states["data"].resources) == {ROLE, POLICY, "aws_sns_topic.new"}
    assert result.policy is not None
    assert result.policy.scans == 1, "what is imported passes the gate"


@pytest.mark.parametrize("exists", [True, False])
def test_children_are_searched_after_their_parent_is_found(
    terraform: ImportingTerraform, recovering: Recover, exists: bool
) -> None:
    function, permission = "aws_lambda_function.this", "aws_lambda_permission.rule"
    terraform.lose("data")
    terraform.code["data"] = {
        ROLE: known(name="etl"),
        function: known(function_name="submit"),
        permission: known(function_name="submit", statement_id="rule"),
    }
    terraform.there = {"etl": OWN} | ({"submit": OWN, "submit/rule": OWN} if exists else {})
    result = recovering("imported")
    assert result.exit_code == 0, result.error
    addresses = {each.address for each in result.recovered}
    assert addresses == ({ROLE, function, permission} if exists else {ROLE})


def test_without_a_decision_resources_are_only_listed(terraform: ImportingTerraform, recovering: Recover) -> None:
    terraform.lose("data")
    terraform.code["data"] = {ROLE: known(name="etl")}
    terraform.there = {"etl": OWN}
    result = recovering(sure=False)
    assert result.exit_code == 14
    assert result.error is not None
    assert "1 resources of `local` exist and are in no state" in result.error.message
    assert [(each.stack, each.action) for each in result.recovered] == [("data", "found")]
    assert applied(terraform) == []


def test_resources_with_other_tags_are_skipped(terraform: ImportingTerraform, recovering: Recover) -> None:
    terraform.lose("data")
    terraform.code["data"] = {ROLE: known(name="etl")}
    terraform.there = {"etl": {**OWN, "environment": "local-2"}}
    result = recovering("imported")
    assert [(each.address, each.action) for each in result.recovered] == [(ROLE, "left")]
    assert "it exists, but lacks the tags project = mlops, environment = local" in result.recovered[0].reason
    assert applied(terraform) == []


def test_existing_resources_are_removed_on_request(terraform: ImportingTerraform, recovering: Recover) -> None:
    terraform.lose("data")
    terraform.code["data"] = {ROLE: known(name="etl"), "aws_sns_topic.new": known(name="new")}
    terraform.there = {"etl": OWN}
    result = recovering("removed")
    assert result.exit_code == 0, result.error
    assert [(each.address, each.action) for each in result.recovered] == [(ROLE, "removed")]
    assert terraform.targets == [(ROLE,), (ROLE,)], "only that is imported, and only that destroyed"
    assert [call for call in terraform.calls if call[0] in ("apply", "plan -destroy")] == [
        ("apply", "data"),
        ("plan -destroy", "data"),
        ("apply", "data"),
    ]


def test_of_several_matches_none_is_imported_without_a_choice(
    terraform: ImportingTerraform, recovering: Recover, tools: FakeTools
) -> None:
    terraform.lose("data")
    terraform.code["data"] = {VPC: lambda imports: {"tags_all": VPC_TAGS}, ROLE: known(name="etl")}
    terraform.there = {"vpc-1": VPC_TAGS, "vpc-2": VPC_TAGS, "etl": OWN}
    ec2(tools, vpc_1=VPC_TAGS, vpc_2=VPC_TAGS)
    result = recovering("imported")
    assert result.exit_code == 14
    assert result.error is not None
    assert f"{VPC}: 2 resources match" in result.error.message
    assert [(each.address, each.action, each.reason) for each in result.recovered] == [
        (ROLE, "found", ""),
        (VPC, "left", "2 resources match, choose one with `--take ID`: vpc-1, vpc-2"),
    ]
    assert applied(terraform) == [], "a third network would be made, and what is in the second replaced"
    result = recovering("imported", take=("vpc-2",))
    assert [(each.id, each.action) for each in result.recovered] == [
        ("vpc-2", "imported"),
        ("etl", "imported"),
        ("vpc-1", "left"),
    ]


def test_dependents_of_incomplete_stacks_are_not_checked(terraform: ImportingTerraform, recovering: Recover) -> None:
    terraform.lose("foundation")
    terraform.lose("data")
    result = recovering("imported", rest=True)
    assert result.exit_code == 0, result.error
    assert "1 stacks were not checked (data)" in result.warnings[0]
    assert {stack.name: stack.action for stack in result.stacks}["data"] == "skipped"


def test_a_second_network_is_removed_through_a_separate_state(
    terraform: ImportingTerraform, recovering: Recover, tools: FakeTools
) -> None:
    ec2(tools, vpc_1=VPC_TAGS, vpc_2={**OWN, "managed-by": "another tool"}, vpc_9={**VPC_TAGS, "environment": "dev"})
    tools.aws.services["s3"] |= {"delete_object": lambda **_: None}
    result = recovering()
    assert [(each.id, each.action, each.stack) for each in result.recovered] == [("vpc-1", "left", "")]
    assert "1 resources belong to no stack" in result.warnings[0]
    assert terraform.pushed == []
    result = recovering("removed", rest=True)
    assert [(each.id, each.action) for each in result.recovered] == [("vpc-1", "removed")]
    [document] = terraform.pushed
    assert [(each["type"], each["instances"][0]["attributes"]) for each in document["resources"]] == [
        ("aws_vpc", {"id": "vpc-1"})
    ]
    assert [call[0] for call in terraform.calls if call[1] == STACK] == ["init", "state push", "plan -destroy", "apply"]


def test_resources_of_an_interrupted_removal_are_found_again(
    terraform: ImportingTerraform, recovering: Recover, tools: FakeTools
) -> None:
    ec2(tools, vpc_1=VPC_TAGS)
    tools.store.states[STACK] = State(1, "lineage", {}, ("aws_vpc.rest0",), ids=frozenset({"vpc-1"}))
    assert [each.id for each in recovering().recovered] == ["vpc-1"]
    tools.store.states["data"] = replace(tools.store.states["data"], ids=frozenset({"vpc-1"}))
    assert recovering().recovered == []


def test_resources_that_hold_state_are_not_lost(terraform: ImportingTerraform, recovering: Recover) -> None:
    terraform.lose("data")
    terraform.code["data"] = {"aws_dynamodb_table.items": known(name="items")}
    terraform.there = {"items": OWN}
    terraform.replaced = {"aws_dynamodb_table.items"}
    result = recovering("imported")
    assert result.exit_code == 15
    assert result.error is not None
    assert "would lose 1 resources that hold state: aws_dynamodb_table.items" in result.error.message
    assert applied(terraform) == []


@pytest.mark.parametrize(("streams", "exit_code"), [([], 0), ([{"logStreamName": "2026/12/01/[$LATEST]"}], 15)])
def test_only_an_empty_log_group_without_retention_is_imported(
    terraform: ImportingTerraform, recovering: Recover, tools: FakeTools, streams: list[Any], exit_code: int
) -> None:
    """Killed between `CreateLogGroup` and `PutRetentionPolicy`."""
    tools.aws.services["logs"] |= {"describe_log_streams": {"logStreams": streams}}
    terraform.lose("data")
    terraform.code["data"] = {"aws_cloudwatch_log_group.it": known(name="/aws/it", retention_in_days=7)}
    terraform.there = {"/aws/it": OWN}
    terraform.other = {"/aws/it": {"retention_in_days": 0}}
    result = recovering("imported")
    assert result.exit_code == exit_code, result.error
    assert applied(terraform) == ([] if exit_code else ["data"])


def test_resources_of_a_dead_terraform_are_adopted_without_confirmation(
    terraform: ImportingTerraform, run: Runs, recovering: Recover, graph: Graph
) -> None:
    assert recovering("imported").exit_code == 0
    session = run.last
    assert isinstance(session, Session)
    terraform.lose("data", POLICY)
    terraform.code["data"] = {
        ROLE: known(name="etl"),
        VPC: known(),
        "aws_sns_topic.new": known(name="new"),
        "aws_route.nat": known(),
        "terraform_data.check": known(),
        "aws_sns_topic.not_begun": known(name="not-begun"),
    }
    terraform.there = {"etl": OWN, "vpc-7": OWN, "arn:aws:sns:us-east-1:123456789012:not-begun": OWN}
    made = {VPC: "vpc-7", "aws_route.nat": "r-1", "terraform_data.check": "x"}
    result = importing.adopt(session, graph.stack("data"), made, [ROLE, "aws_sns_topic.new"])
    assert {(each.address, each.import_id) for each in result.existing} == {(VPC, "vpc-7"), (ROLE, "etl")}
    assert len(session.results.policy) == 1, "what is adopted passes the gate"
    assert result.absent == {"aws_sns_topic.new"}
    assert result.refused == {"aws_route.nat": "a part of its import ID is unknown"}
    assert {*terraform.targets[-1]} == {VPC, ROLE}


def test_resources_with_unreadable_attributes_are_written_into_the_state(
    terraform: ImportingTerraform, recovering: Recover, tools: FakeTools
) -> None:
    domain = "aws_sagemaker_domain.this"
    terraform.lose("data")
    terraform.code["data"] = {domain: known(domain_name="studio", retention_policy=[{"home": "Delete"}])}
    terraform.there = {"d-1": OWN}
    terraform.replaced = {domain}
    domains: dict[str, Any] = {"list_domains": {"Domains": [{"DomainName": "studio", "DomainId": "d-1"}]}}
    tools.aws.services["sagemaker"] |= domains
    result = recovering("imported")
    assert result.exit_code == 0, result.error
    assert [(each.id, each.action) for each in result.recovered] == [("d-1", "imported")]
    resource = terraform.pushed[0]["resources"][0]
    assert (resource["type"], resource["name"]) == ("aws_sagemaker_domain", "this")
    assert resource["instances"][0]["attributes"]["retention_policy"] == [{"home": "Delete"}]
