from __future__ import annotations

from pathlib import Path

import pytest

from orchestrator.config import load
from orchestrator.config.model.platform import Blueprint
from orchestrator.planning import quotas
from tests.fakes.platforms import platform

REPO = Path(__file__).resolve().parents[4]
SMOKE = {"golden": [{"input": "good", "label": "positive"}]}


def blueprint(name: str, **given: object) -> Blueprint:
    model = {"source": "sagemaker", "group": "reviews"}
    return Blueprint.model_validate({"name": name, "kind": "realtime", "model": model, "smoke": SMOKE, **given})


def amounts(*sections: Blueprint, **given: object) -> dict[str, int]:
    return {need.name: need.amount for need in quotas.needs(platform(**given), sections)}


def test_the_smallest_network() -> None:
    needed = amounts(network={"nat": "none"})
    assert {name: needed[name] for name in needed if "VPC" in name or "gateway" in name.lower()} == {
        "VPCs per Region": 1,
        "Internet gateways per Region": 1,
        "Subnets per VPC": 4,
        "Route tables per VPC": 3,
        "Gateway VPC endpoints per Region": 1,
        "VPC security groups per Region": 5,
    }


def test_a_gateway_per_zone_needs_an_address_per_zone() -> None:
    needed = amounts(network={"nat": "per_az", "availability_zones": 3, "isolated_subnets": True})
    assert needed["EC2-VPC Elastic IPs"] == 3
    assert needed["NAT gateways per Availability Zone"] == 1
    assert needed["Subnets per VPC"] == 9
    assert needed["Route tables per VPC"] == 5


def test_an_existing_network_needs_only_groups_and_endpoints() -> None:
    existing = {
        "vpc_id": "vpc-0123456789abcdef0",
        "private_subnet_ids": ["subnet-0a0123456789abcde", "subnet-0b0123456789abcde"],
    }
    needed = {
        (need.service, need.name): need.amount
        for need in quotas.needs(platform(network={"use_existing": existing, "interface_endpoints": ["sts"]}), [])
        if need.service in ("vpc", "ec2")
    }
    assert needed == {
        ("vpc", "Interface VPC endpoints per VPC"): 1,
        ("vpc", "VPC security groups per Region"): 5,
    }


def test_instances_are_counted_at_their_peak() -> None:
    needed = amounts(
        blueprint("one", instance_type="ml.m5.xlarge", autoscaling={"min": 1, "max": 4}),
        blueprint("two", instance_type="ml.m5.xlarge", instance_count=3),
        blueprint("three"),
        training={"instance_type": "ml.m5.large", "spot": False},
    )
    assert {name: needed[name] for name in needed if name.startswith("ml.")} == {
        "ml.m5.large for training job usage": 1,
        "ml.m5.large for processing job usage": 1,
        "ml.m5.large for endpoint usage": 3,
        "ml.m5.xlarge for endpoint usage": 14,
    }


def test_a_bedrock_blueprint_needs_no_instance_and_no_role() -> None:
    chat = blueprint("chat", model={"source": "bedrock", "model_id": "m"})
    assert amounts(chat) == amounts()
    assert amounts(blueprint("one"))["Roles per account"] == amounts()["Roles per account"] + 1


def test_a_burst_above_the_default_concurrency_requires_a_quota_increase() -> None:
    bursting = platform(inference={"throttle": {"rate_per_second": 900, "burst": 1500}})
    [need] = quotas.beyond_defaults(bursting, [])
    assert (need.service, need.code, need.amount, need.default) == ("lambda", "L-B99A9384", 1500, 1000)


def test_serverless_endpoints_share_one_quota_of_concurrency() -> None:
    one = blueprint("one", kind="serverless", serverless={"max_concurrency": 4})
    two = blueprint("two", kind="serverless", serverless={"max_concurrency": 7})
    chat = blueprint("chat", kind="serverless", model={"source": "bedrock", "model_id": "m"})
    [need] = quotas.beyond_defaults(platform(), [one, two, chat, blueprint("three")])
    assert (need.service, need.code, need.amount, need.default) == ("sagemaker", "L-96300102", 11, 10)
    assert amounts(one, two, chat)["Maximum number of serverless endpoints"] == 2
    assert amounts(blueprint("four", kind="serverless"))[need.name] == 5
    assert need.name not in amounts(chat, blueprint("three"))


@pytest.mark.parametrize("name", ["dev", "local", "prod", "staging"])
def test_the_environments_of_this_repository_fit_a_new_account(name: str) -> None:
    environment = load(REPO, name)
    needs = quotas.needs(environment.platform, environment.blueprints)
    assert len({(need.service, need.name) for need in needs}) == len(needs)
    assert all(need.amount > 0 and need.why for need in needs)
    assert not quotas.beyond_defaults(environment.platform, environment.blueprints)


def test_batch_jobs_need_instances_and_jobs_of_bedrock() -> None:
    chat = {"source": "bedrock", "model_id": "amazon.nova-lite-v1:0"}
    given = [
        blueprint("files", kind="batch", instance_count=3),
        blueprint("night", kind="batch", model=chat, batch={"maximum_records": 120_001}),
    ]
    needed = amounts(*given)
    assert needed["ml.m5.large for transform job usage"] == 3
    jobs = "Sum of in-progress and submitted batch inference jobs using a base model for amazon.nova-lite-v1:0"
    assert needed[jobs] == 3
    # The model's role, Bedrock's, and two crawlers'.
    assert needed["Roles per account"] - amounts()["Roles per account"] == 4
