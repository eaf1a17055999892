"""Destroy: in reverse order, with the resources of the pipeline, and an audit at the end."""

from __future__ import annotations

from typing import Any

import pytest
from botocore.exceptions import ClientError

from orchestrator.config import Environment
from orchestrator.planning import plans
from orchestrator.planning.graph import Graph
from orchestrator.planning.steps import KEYS
from tests.fakes.listings import empty_except
from tests.fakes.tools import TRAINING, FakeTools
from tests.unit.orchestrator.conftest import Runs

STATE_BUCKET = "arn:aws:s3:::mlops-local-tfstate-123456789012-us-east-1"
KEY = "arn:aws:kms:us-east-1:123456789012:key/k1"
ROLE = "arn:aws:iam::123456789012:role/mlops-local-2-etl"
QUEUE = "arn:aws:sqs:us-east-1:123456789012:forgotten"


class Pages:
    """Paginators of a scripted client."""

    def __init__(self, answers: dict[str, Any]) -> None:
        self.answers = answers

    def __call__(self, operation_name: str) -> Any:
        answer = self.answers[operation_name]

        class Paginator:
            def paginate(self, **arguments: Any) -> list[dict[str, Any]]:
                if callable(answer):
                    return [answer(**arguments)]
                part = arguments.get("NameContains", "")
                return [
                    {
                        key: [item for item in items if part in next(iter(item.values()))]
                        for key, items in answer.items()
                    }
                    if part
                    else answer
                ]

        return Paginator()


OWN = [{"Key": "project", "Value": "mlops"}, {"Key": "environment", "Value": "local"}]
OTHERS = [{"Key": "project", "Value": "mlops"}, {"Key": "environment", "Value": "local-2"}]
RELEASED = {
    "mlops-local-reviews-0a1b2c3d-v2": "own-1",
    "mlops-local-gone-since-0a1b2c3d-v11": "own-2",
    "mlops-local-2-reviews-0a1b2c3d-v2": "other",
    "mlops-local-by-hand": "own-3",
}


def released(kind: str) -> list[dict[str, str]]:
    """Return the resources of this environment's releases, of another environment's, and one made by hand."""
    return [{f"{kind}Name": name, f"{kind}Arn": arn} for name, arn in RELEASED.items()]


CANDIDATE_LOGS = "/aws/sagemaker/Endpoints/mlops-local-candidate-0"


def log_groups(logGroupNamePrefix: str) -> dict[str, Any]:
    names = [CANDIDATE_LOGS, "/aws/sagemaker/Endpoints/mlops-local-reviews", "/aws/lambda/mlops-local-router"]
    return {"logGroups": [{"logGroupName": name} for name in names if name.startswith(logGroupNamePrefix)]}


class Waiter:
    """Returns at once, after checking what it would wait for."""

    def __init__(self, name: str) -> None:
        assert name == "endpoint_deleted"

    def wait(self, EndpointName: str) -> None:
        assert EndpointName == "mlops-local-candidate-1"


def gone(code: str, message: str = "gone") -> ClientError:
    return ClientError({"Error": {"Code": code, "Message": message}}, "Delete")


@pytest.fixture
def deployed(run: Runs, environment: Environment, graph: Graph, tools: FakeTools) -> FakeTools:
    assert run(plans.deploy(environment, graph)).exit_code == 0
    package = {"ModelPackageArn": "arn:package/1"}
    sagemaker_pages = {
        "list_endpoints": {"Endpoints": [{"EndpointName": "mlops-local-candidate-1"}]},
        "list_endpoint_configs": {"EndpointConfigs": released("EndpointConfig")},
        "list_models": {"Models": [{"ModelName": "mlops-local-candidate-1", "ModelArn": "c"}, *released("Model")]},
        "list_tags": lambda ResourceArn: {"Tags": OWN if ResourceArn.startswith("own") else OTHERS},
        "list_model_packages": {"ModelPackageSummaryList": [package]},
    }
    tools.aws.services = {
        "sagemaker": {
            "get_paginator": Pages(sagemaker_pages),
            "delete_endpoint": {},
            "get_waiter": lambda waiter_name: Waiter(waiter_name),
            "delete_endpoint_config": {},
            "delete_model": gone("ValidationException", "Could not find model"),
            "delete_model_package": {},
        },
        "ssm": {
            "get_paginator": Pages(
                {
                    "get_parameters_by_path": lambda Path, WithDecryption=False: {
                        "Parameters": [] if Path.endswith("/api-keys") else [{"Name": f"{Path}/reviews"}]
                    }
                }
            ),
            "delete_parameter": gone("ParameterNotFound"),
        },
        "logs": {
            "get_paginator": Pages({"describe_log_groups": log_groups}),
            "describe_log_groups": {},
            "delete_log_group": {},
        },
        "apigateway": tools.keys.services()["apigateway"],
        "resourcegroupstaggingapi": {"get_resources": tagged(STATE_BUCKET, KEY)},
        "kms": {"describe_key": {"KeyMetadata": {"KeyState": "PendingDeletion"}}},
    }
    # The audit gets empty pages of everything that the removal lists.
    tools.aws.services = empty_except(tools.aws.services)
    tools.terraform.calls.clear()
    return tools


def tagged(*arns: str) -> dict[str, Any]:
    return {"ResourceTagMappingList": [{"ResourceARN": arn, "Tags": OWN} for arn in arns]}


def left(tools: FakeTools, *arns: str) -> None:
    tools.aws.services["resourcegroupstaggingapi"] = {"get_resources": tagged(*arns)}


def test_stacks_are_destroyed_in_reverse_order_and_the_audit_finds_nothing(
    run: Runs, deployed: FakeTools, environment: Environment, graph: Graph
) -> None:
    result = run(plans.destroy(environment, graph))
    assert (result.status, result.exit_code, result.orphans) == ("ok", 0, []), result.error
    assert {stack.action for stack in result.stacks} == {"destroyed"}
    applied = [stack for command, stack in deployed.terraform.calls if command == "apply"]
    assert applied[-1] == "buckets"
    for stack in graph.stacks:
        assert all(applied.index(need) > applied.index(stack.name) for need in stack.needs), stack.name
    assert all(not state.resources for state in deployed.store.states.values())


def test_resources_of_the_pipeline_are_removed_before_its_group(
    run: Runs, deployed: FakeTools, environment: Environment, graph: Graph
) -> None:
    run(plans.destroy(environment, graph))
    assert deployed.aws.called("sagemaker.delete_endpoint") == [{"EndpointName": "mlops-local-candidate-1"}]
    assert deployed.aws.called("sagemaker.delete_model_package") == [{"ModelPackageName": "arn:package/1"}]
    assert deployed.aws.called("logs.delete_log_group") == [{"logGroupName": CANDIDATE_LOGS}]
    waited = [name for name, _ in deployed.aws.calls].index("sagemaker.get_waiter")
    assert waited < [name for name, _ in deployed.aws.calls].index("logs.delete_log_group")
    assert {"Name": "/mlops/local/models/reviews/live"} in deployed.aws.called("ssm.delete_parameter")


def test_waiting_executions_are_stopped_before_their_state_machine_is_destroyed(
    run: Runs, deployed: FakeTools, environment: Environment, graph: Graph
) -> None:
    run(plans.destroy(environment, graph))
    [(machine, destroyed)] = deployed.stopped
    assert machine == TRAINING
    assert "models" not in destroyed
    assert {"Name": "/mlops/local/approvals/reviews/reviews"} in deployed.aws.called("ssm.delete_parameter")


def test_another_error_of_a_delete_is_not_swallowed(
    run: Runs, deployed: FakeTools, environment: Environment, graph: Graph
) -> None:
    def refuse(Name: str) -> None:
        raise gone("AccessDeniedException" if "/releases/" in Name else "ParameterNotFound")

    deployed.aws.services["ssm"]["delete_parameter"] = refuse
    result = run(plans.destroy(environment, graph))
    assert result.exit_code == 70
    assert {stack.name: stack.action for stack in result.stacks}["foundation"] == "skipped"


def test_an_orphan_fails_the_run_and_is_named(
    run: Runs, deployed: FakeTools, environment: Environment, graph: Graph
) -> None:
    left(deployed, QUEUE)
    result = run(plans.destroy(environment, graph))
    assert (result.exit_code, result.orphans) == (21, [QUEUE])
    assert result.error
    assert result.error.message == f"1 resource of `local` exists and is in no Terraform state: {QUEUE}"
    assert result.error.hint == "`orchestrator recover local` lists them, and imports or removes them"


@pytest.mark.parametrize("kind", ["training-job", "processing-job", "transform-job", "model-invocation-job"])
def test_the_record_of_a_job_does_not_count_as_an_orphan(
    run: Runs, deployed: FakeTools, environment: Environment, graph: Graph, kind: str
) -> None:
    job = f"arn:aws:sagemaker:us-east-1:123456789012:{kind}/mlops-local-1"
    left(deployed, job)
    result = run(plans.destroy(environment, graph))
    assert (result.exit_code, result.orphans) == (0, [])


@pytest.mark.parametrize(("environment_tag", "orphans"), [("local", [ROLE]), ("local-2", [])])
def test_a_remaining_role_is_an_orphan_even_if_the_tagging_api_omits_it(
    run: Runs,
    deployed: FakeTools,
    environment: Environment,
    graph: Graph,
    environment_tag: str,
    orphans: list[str],
) -> None:
    tags = [{"Key": "project", "Value": "mlops"}, {"Key": "environment", "Value": environment_tag}]
    roles = [{"RoleName": "mlops-local-2-etl", "Arn": ROLE}, {"RoleName": "theirs", "Arn": "arn:theirs"}]
    deployed.aws.services["iam"] |= {"list_roles": {"Roles": roles}, "list_role_tags": {"Tags": tags}}
    assert run(plans.destroy(environment, graph)).orphans == orphans


def test_a_remaining_key_is_an_orphan(run: Runs, deployed: FakeTools, environment: Environment, graph: Graph) -> None:
    deployed.aws.services["kms"]["describe_key"] = {"KeyMetadata": {"KeyState": "Enabled"}}
    assert run(plans.destroy(environment, graph)).orphans == [KEY]


def test_the_key_of_the_states_is_kept_and_reported(
    run: Runs, deployed: FakeTools, environment: Environment, graph: Graph
) -> None:
    deployed.aws.services["kms"]["describe_key"] = {"KeyMetadata": {"KeyState": "Enabled"}}
    alias = f"alias/{deployed.store.bucket}"
    deployed.aws.services["kms"]["list_aliases"] = {
        "Aliases": [{"AliasName": alias, "AliasArn": "arn:alias", "TargetKeyId": KEY.rsplit("/", 1)[-1]}]
    }
    assert run(plans.destroy(environment, graph)).orphans == []
    kept = [line for line in run.events if "kept on purpose" in line.get("message", "")]
    assert [f"alias/{deployed.store.bucket}" in line["message"] for line in kept] == [True]


def test_destroying_twice_finds_nothing_to_do(
    run: Runs, deployed: FakeTools, environment: Environment, graph: Graph
) -> None:
    run(plans.destroy(environment, graph))
    deployed.terraform.calls.clear()
    result = run(plans.destroy(environment, graph))
    assert result.exit_code == 0
    assert {stack.action for stack in result.stacks} == {"unchanged"}
    assert deployed.terraform.calls == []


def test_only_resources_of_own_releases_are_removed(
    run: Runs, deployed: FakeTools, environment: Environment, graph: Graph
) -> None:
    assert run(plans.destroy(environment, graph)).exit_code == 0
    own = ["mlops-local-reviews-0a1b2c3d-v2", "mlops-local-gone-since-0a1b2c3d-v11"]
    configs = deployed.aws.called("sagemaker.delete_endpoint_config")
    assert [each["EndpointConfigName"] for each in configs] == own
    models = [each["ModelName"] for each in deployed.aws.called("sagemaker.delete_model")]
    assert models == ["mlops-local-candidate-1", *own]
    deleted = [each["Name"] for each in deployed.aws.called("ssm.delete_parameter")]
    parameters = [name for name in deleted if "/releases/" in name]
    assert parameters == [f"/mlops/local/releases/{kind}/reviews" for kind in ("records", "locks")]


def test_resources_of_its_releases_are_removed_with_a_blueprint(
    run: Runs, deployed: FakeTools, environment: Environment, graph: Graph
) -> None:
    result = run(plans.destroy_blueprints(environment, graph, ["reviews"]))
    assert (result.exit_code, [stack.name for stack in result.stacks]) == (0, ["blueprint-reviews"])
    configs = deployed.aws.called("sagemaker.delete_endpoint_config")
    assert [each["EndpointConfigName"] for each in configs] == ["mlops-local-reviews-0a1b2c3d-v2"]
    parameters = [each["Name"] for each in deployed.aws.called("ssm.delete_parameter")]
    assert parameters == [f"/mlops/local/releases/{kind}/reviews" for kind in ("records", "locks")]


def test_api_keys_are_removed_before_the_stack_of_their_plans(
    run: Runs, deployed: FakeTools, environment: Environment, graph: Graph
) -> None:
    assert deployed.keys.keys
    plan = plans.destroy(environment, graph)
    needs = {step.name: set(step.needs) for step in plan.steps}
    assert KEYS in needs["inference"]
    assert {f"blueprint-{each.name}" for each in environment.blueprints} <= needs[KEYS], "no caller is left"
    assert run(plan).exit_code == 0
    assert (deployed.keys.keys, any(deployed.keys.plans.values())) == ({}, False)


def test_a_remaining_api_key_is_an_orphan_even_if_the_tagging_api_omits_it(
    run: Runs, deployed: FakeTools, environment: Environment, graph: Graph
) -> None:
    deployed.aws.services["apigateway"]["delete_api_key"] = None
    assert run(plans.destroy(environment, graph)).orphans == [
        f"arn:aws:apigateway:us-east-1::/apikeys/{each}" for each in sorted(deployed.keys.keys)
    ]


def test_a_blueprint_without_releases_has_nothing_to_remove(
    run: Runs, deployed: FakeTools, environment: Environment, graph: Graph
) -> None:
    assert run(plans.destroy_blueprints(environment, graph, ["chat"])).exit_code == 0
    assert deployed.aws.called("sagemaker.delete_endpoint_config") == []
