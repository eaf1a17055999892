"""What preflight says before a deployment is what the deployment made."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from orchestrator.config import load
from orchestrator.config.model.platform import Environment
from orchestrator.config.rules import addresses, names
from orchestrator.planning import quotas
from tests.support.shared_platform import Deployed

pytestmark = [pytest.mark.emulator, pytest.mark.terraform]

NAMED = {
    "aws_s3_bucket": ("bucket", names.BUCKET),
    "aws_iam_role": ("name", names.ROLE),
    "aws_lambda_function": ("function_name", names.FUNCTION),
    "aws_sfn_state_machine": ("name", names.STATE_MACHINE),
    "aws_cloudwatch_event_rule": ("name", names.EVENT_RULE),
    "aws_cloudwatch_event_archive": ("name", names.EVENT_ARCHIVE),
    "aws_sqs_queue": ("name", names.QUEUE),
    "aws_sns_topic": ("name", names.TOPIC),
    "aws_sagemaker_model_package_group": ("model_package_group_name", names.SAGEMAKER),
    "aws_sagemaker_endpoint_configuration": ("name", names.SAGEMAKER),
    "aws_ecr_repository": ("name", names.REPOSITORY),
    "aws_kms_alias": ("name", names.ALIAS),
    "aws_glue_catalog_database": ("name", names.DATABASE),
    "aws_athena_workgroup": ("name", names.WORKGROUP),
}
COUNTED = {
    "VPCs per Region": "aws_vpc",
    "Internet gateways per Region": "aws_internet_gateway",
    "EC2-VPC Elastic IPs": "aws_eip",
    "Subnets per VPC": "aws_subnet",
    "Route tables per VPC": "aws_route_table",
    "Gateway VPC endpoints per Region": "aws_vpc_endpoint",
    "Customer managed keys": "aws_kms_key",
}


@pytest.fixture
def environment(deployed: Deployed) -> Environment:
    return load(deployed.root, "local")


def resources(deployed: Deployed, kind: str) -> Iterator[dict[str, Any]]:
    for state in deployed.states().values():
        for resource in state["resources"]:
            if resource["mode"] == "managed" and resource["type"] == kind:
                yield from (instance["attributes"] for instance in resource["instances"])


@pytest.mark.parametrize("kind", NAMED)
def test_no_name_is_longer_than_the_longest_that_was_planned(
    deployed: Deployed, environment: Environment, kind: str
) -> None:
    attribute, rule = NAMED[kind]
    # A name prefix is cut to fit before Terraform adds a suffix.
    made = [each[attribute] for each in resources(deployed, kind) if not each.get("name_prefix")]
    planned = names.of_environment(environment.name, environment.platform, environment.files)
    longest = max(len(each.name) for each in planned if each.kind == rule)
    assert made, f"no {kind} was made"
    assert not [name for name in made if len(name) > longest]


def test_quotas_are_what_was_taken(deployed: Deployed, environment: Environment) -> None:
    needs = {need.name: need.amount for need in quotas.needs(environment.platform, environment.blueprints)}
    taken = {name: len(list(resources(deployed, kind))) for name, kind in COUNTED.items()}
    taken["Customer managed keys"] += 1  # of the state bucket, which belongs to no stack
    assert taken == {name: needs[name] for name in COUNTED}
    groups = len(list(resources(deployed, "aws_security_group"))) + len(
        list(resources(deployed, "aws_default_security_group"))
    )
    assert groups == needs["VPC security groups per Region"]
    assert len(list(resources(deployed, "aws_iam_role"))) <= needs["Roles per account"]


def test_subnets_are_cut_as_planned(deployed: Deployed, environment: Environment) -> None:
    planned = {subnet.cidr for subnet in addresses.subnets(environment.platform.network)}
    assert {each["cidr_block"] for each in resources(deployed, "aws_subnet")} == planned
