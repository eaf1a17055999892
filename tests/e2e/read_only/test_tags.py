"""Tags of what was applied, as Terraform's state documents tell them: cost reports and the audit read nothing else."""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Iterator
from typing import Any

import pytest

from tests.support.shared_platform import Deployed

pytestmark = [pytest.mark.emulator, pytest.mark.terraform]

MANDATORY = {"project", "environment", "phase", "owner", "cost-center", "managed-by", "expires-at"}
UNTAGGED = {
    "aws_s3_object": "an object takes ten tags, and neither cost reports nor the audit read objects",
}


def resources(deployed: Deployed) -> Iterator[tuple[str, str, dict[str, Any]]]:
    """(stack, address, attributes) of everything that AWS lets one tag."""
    for stack, state in deployed.states().items():
        for resource in state["resources"]:
            for instance in resource["instances"]:
                if resource["mode"] == "managed" and "tags_all" in instance["attributes"]:
                    yield stack, f"{resource['type']}.{resource['name']}", instance["attributes"]


def test_everything_that_can_carry_tags_carries_the_mandatory_ones(deployed: Deployed) -> None:
    missing, seen = [], 0
    for stack, address, attributes in resources(deployed):
        if address.partition(".")[0] in UNTAGGED:
            continue
        seen += 1
        required = MANDATORY | ({"blueprint"} if stack.startswith("blueprint-") else set())
        lacking = required - {name for name, value in (attributes["tags_all"] or {}).items() if value}
        if lacking:
            missing.append(f"{stack}: {address} lacks {sorted(lacking)}")
    assert missing == []
    assert seen > 60


def test_every_exception_is_still_one(deployed: Deployed) -> None:
    bare = {address.partition(".")[0] for _, address, attributes in resources(deployed) if not attributes["tags_all"]}
    assert bare == set(UNTAGGED)


def test_tags_say_where_a_resource_belongs(deployed: Deployed) -> None:
    for stack, address, attributes in resources(deployed):
        tags = attributes["tags_all"] or {}
        if not tags:
            continue
        assert (tags["project"], tags["environment"]) == ("mlops", "local"), address
        if stack.startswith("blueprint-"):
            assert tags["blueprint"] == stack.removeprefix("blueprint-")
        else:
            assert "blueprint" not in tags


def test_everything_expires_on_one_day_to_come(deployed: Deployed) -> None:
    days = {(attributes["tags_all"] or {}).get("expires-at") for _, _, attributes in resources(deployed)} - {None}
    [day] = days
    started = dt.date.fromisoformat(deployed.result["started_at"][:10])
    assert dt.timedelta(days=30) <= dt.date.fromisoformat(str(day)) - started <= dt.timedelta(days=36)


def test_what_the_pipeline_makes_carries_them_too(deployed: Deployed) -> None:
    """The provider's default tags reach nothing that a state machine makes."""
    sagemaker = deployed.client("sagemaker")
    [job, *_] = sagemaker.list_training_jobs()["TrainingJobSummaries"]
    tags = {tag["Key"] for tag in sagemaker.list_tags(ResourceArn=job["TrainingJobArn"])["Tags"]}
    assert tags >= MANDATORY


def test_everything_there_is_in_a_state_or_made_beside_it(deployed: Deployed) -> None:
    """By tags and by names: an audit that took what is deployed for left over would be of no use."""
    done = deployed.checkout.orchestrator("status", "local", "--json")
    assert (done.returncode, done.stderr) == (0, "")
    assert json.loads(done.stdout)["orphans"] == []


def test_the_audit_finds_what_the_tags_name(deployed: Deployed) -> None:
    client = deployed.client("resourcegroupstaggingapi")
    filters = [{"Key": "project", "Values": ["mlops"]}, {"Key": "environment", "Values": ["local"]}]
    pages = client.get_paginator("get_resources").paginate(TagFilters=filters)
    services = {item["ResourceARN"].split(":")[2] for page in pages for item in page["ResourceTagMappingList"]}
    assert services >= {"s3", "kms", "sns", "sqs", "lambda", "sagemaker", "logs", "ec2"}
