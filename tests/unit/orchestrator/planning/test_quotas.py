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
    found = amounts(network={"nat": "none"})
    assert {name: found[name] for name in found if "VPC" in name or "gateway" in name.lower()} == {
        "VPCs per Region": 1,
        "Internet gateways per Region": 1,
        "Subnets per VPC": 4,
        "Route tables per VPC": 3,
        "Gateway VPC endpoints per Region": 1,
        "VPC security groups per Region": 5,
    }


def test_a_gateway_per_zone_takes_an_address_per_zone() -> None:
    found = amounts(network={"nat": "per_az", "availability_zones": 3, "isolated_subnets": True})
    assert found["EC2-VPC Elastic IPs"] == 3
    assert found["NAT gateways per Availability Zone"] == 1
    assert found["Subnets per VPC"] == 9
    assert found["Route tables per VPC"] == 5


def test_an_existing_network_takes_groups_and_endpoints_alone() -> None:
    existing = {
        "vpc_id": "vpc-0123456789abcdef0",
        "private_subnet_ids": ["subnet-0a0123456789abcde", "subnet-0b0123456789abcde"],
    }
    found = {
        (need.service, need.name): need.amount
        for need in quotas.needs(platform(network={"use_existing": existing, "interface_endpoints": ["sts"]}), [])
        if need.service in ("vpc", "ec2")
    }
    assert found == {
        ("vpc", "Interface VPC endpoints per VPC"): 1,
        ("vpc", "VPC security groups per Region"): 5,
    }


def test_instances_are_counted_at_their_peak() -> None:
    found = amounts(
        blueprint("one", instance_type="ml.m5.xlarge", autoscaling={"min": 1, "max": 4}),
        blueprint("two", instance_type="ml.m5.xlarge", instance_count=3),
        blueprint("three"),
        training={"instance_type": "ml.m5.large", "spot": False},
    )
    assert {name: found[name] for name in found if name.startswith("ml.")} == {
        "ml.m5.large for training job usage": 1,
        "ml.m5.large for endpoint usage": 3,
        "ml.m5.xlarge for endpoint usage": 14,
    }


def test_a_bedrock_blueprint_takes_no_instance_and_no_role() -> None:
    chat = blueprint("chat", model={"source": "bedrock", "model_id": "m"})
    assert amounts(chat) == amounts()
    assert amounts(blueprint("one"))["Roles per account"] == amounts()["Roles per account"] + 1


def test_a_burst_beyond_the_default_concurrency_has_to_be_asked_for() -> None:
    wanted = platform(inference={"throttle": {"rate_per_second": 900, "burst": 1500}})
    [need] = quotas.beyond_defaults(wanted, [])
    assert (need.service, need.code, need.amount, need.default) == ("lambda", "L-B99A9384", 1500, 1000)


def test_concurrency_of_serverless_endpoints_is_one_quota_for_all_of_them() -> None:
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


def test_batch_jobs_take_instances_of_their_own_and_jobs_of_bedrock() -> None:
    chat = {"source": "bedrock", "model_id": "amazon.nova-lite-v1:0"}
    given = [
        blueprint("files", kind="batch", instance_count=3),
        blueprint("night", kind="batch", model=chat, batch={"maximum_records": 120_001}),
    ]
    found = amounts(*given)
    assert found["ml.m5.large for transform job usage"] == 3
    jobs = "Sum of in-progress and submitted batch inference jobs using a base model for amazon.nova-lite-v1:0"
    assert found[jobs] == 3
    # The model's role, Bedrock's, and two crawlers'.
    assert found["Roles per account"] - amounts()["Roles per account"] == 4
