"""States are lost, as when a run is killed together with its machine: `recover` leads back to a green deploy."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any

import pytest

from tests.support import checkout
from tests.support.checkout import Checkout, failed

pytestmark = [pytest.mark.emulator, pytest.mark.terraform, pytest.mark.full]

BUCKET = "mlops-local-tfstate-123456789012-us-east-1"
KEPT_BLUEPRINT = "chat.yaml"
RECREATED = {"aws_api_gateway_deployment": "its triggers cannot be read", "aws_default_security_group": "the VPC's own"}
CALLED_OTHERWISE = ("aws_iam_role_policy_attachment",)
"""Their `id` after an import is put together by the provider; terraform makes it up when it attaches."""


@pytest.fixture(scope="module")
def deployed(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Checkout]:
    """The platform with one blueprint, which takes no trained model."""
    made = checkout.copy(tmp_path_factory.mktemp("recover"))
    environment = made.folder / "terraform/envs/local"
    for file in (environment / "blueprints").glob("*.yaml"):
        if file.name != KEPT_BLUEPRINT:
            file.unlink()
    platform = environment / "platform.yaml"
    lines = platform.read_text(encoding="utf-8").splitlines()
    left_out = [line for line in lines if not line.startswith(("  api_keys:", "    reviews-team:"))]
    text = "\n".join(left_out) + "\n"
    platform.write_text(text.replace("  sample: true", "  sample: false"), encoding="utf-8")
    done = made.orchestrator("deploy", "local", "--yes", timeout=900)
    try:
        assert done.returncode == 0, done.stderr[-3000:]
        yield made
    finally:
        made.orchestrator("emulator", "down", "local")


def states(made: Checkout) -> dict[str, dict[str, Any]]:
    s3 = made.client("s3")
    keys = [each["Key"] for each in s3.list_objects_v2(Bucket=BUCKET)["Contents"] if each["Key"].endswith(".tfstate")]
    return {key.removesuffix(".tfstate"): json.load(s3.get_object(Bucket=BUCKET, Key=key)["Body"]) for key in keys}


def identities(documents: Mapping[str, dict[str, Any]]) -> dict[str, str]:
    """Stack and address of everything that is managed, with the id."""
    ids = {}
    for stack, document in documents.items():
        for resource in document["resources"]:
            type_ = resource["type"]
            if resource["mode"] == "managed" and type_ not in {*RECREATED, *CALLED_OTHERWISE, "terraform_data"}:
                for instance in resource["instances"]:
                    name = f"{resource.get('module', '')}.{type_}.{resource['name']}[{instance.get('index_key')}]"
                    ids[f"{stack} {name}"] = instance["attributes"].get("id") or instance["attributes"].get("arn")
    return ids


def lose(made: Checkout, *stacks: str) -> None:
    s3 = made.client("s3")
    for stack in stacks:
        s3.delete_object(Bucket=BUCKET, Key=f"{stack}.tfstate")


def networks(made: Checkout) -> list[str]:
    vpcs = made.client("ec2").describe_vpcs(Filters=[{"Name": "tag:environment", "Values": ["local"]}])["Vpcs"]
    return [each["VpcId"] for each in vpcs]


def test_lost_states_are_found_imported_and_the_next_deploy_changes_nothing(deployed: Checkout) -> None:
    before = identities(states(deployed))
    assert len(before) > 350
    lose(deployed, *states(deployed))
    listed = deployed.orchestrator("recover", "local")
    assert "exist and are in no state" in failed(listed, 14)
    assert identities(states(deployed)) == {}, "without an answer nothing is done"

    done = deployed.orchestrator("recover", "local", "--import", "--yes", timeout=900)
    assert done.returncode == 0, done.stderr[-4000:]
    after = identities(states(deployed))
    assert after == before
    recovered = deployed.result()["recovered"]
    assert {each["action"] for each in recovered} == {"imported"}
    assert len(networks(deployed)) == 1

    done = deployed.orchestrator("deploy", "local", "--yes", timeout=900)
    assert done.returncode == 0, done.stderr[-3000:]
    assert sum(each["added"] + each["destroyed"] for each in deployed.result()["stacks"]) == 0


def test_a_deploy_that_met_what_exists_leads_to_recover_and_its_second_network_goes(deployed: Checkout) -> None:
    made = deployed
    before = states(made)
    lose(made, "foundation")
    output = failed(made.orchestrator("deploy", "local", "--yes", timeout=900), 8)
    assert "`orchestrator recover ENV`" in output or "`orchestrator recover local`" in output
    assert len(networks(made)) == 2

    # Whichever of the two is kept: here the one that everything else knows.
    made.client("s3").put_object(Bucket=BUCKET, Key="foundation.tfstate", Body=json.dumps(before["foundation"]))
    done = made.orchestrator("recover", "local", "--import", "--remove", "--yes", timeout=900)
    assert done.returncode == 0, done.stderr[-4000:]
    removed = [each for each in made.result()["recovered"] if each["action"] == "removed"]
    assert "aws_vpc" in {each["type"] for each in removed}
    assert {each["stack"] for each in removed} == {""}
    assert len(networks(made)) == 1
    done = made.orchestrator("deploy", "local", "--yes", timeout=900)
    assert done.returncode == 0, done.stderr[-3000:]
    assert identities(states(made)) == identities(before)
