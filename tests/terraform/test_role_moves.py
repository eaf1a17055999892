"""A state from before the module `execution_role` is only moved: no role or policy is changed, replaced or deleted.

One root calls every module that uses it. A first plan tells what would be made; the same things are then written into
a state under their old addresses, with policies in the form that the old code rendered, and planned again.
"""

from __future__ import annotations

import json
import re
import shutil
from typing import Any

import pytest

from tests.terraform import hcl
from tests.terraform.conftest import LOCK, Terraform

ROOT = "roles"
PROVIDER = """
provider "aws" {
  region                      = "us-east-1"
  access_key                  = "test"
  secret_key                  = "test"
  skip_credentials_validation = true
  skip_metadata_api_check     = true
  skip_region_validation      = true
  skip_requesting_account_id  = true
}
"""
NEWER = ("dataset",)
"""Modules that are newer than the role module: their roles have no older address."""
MODULES = sorted(
    folder.name
    for folder in (hcl.TERRAFORM / "modules").iterdir()
    if folder.name not in NEWER
    and any("../execution_role" in file.read_text(encoding="utf-8") for file in folder.glob("*.tf"))
)
LOG_GROUP = "arn:aws:logs:us-east-1:123456789012:log-group:known"
TYPES = ("aws_iam_role", "aws_iam_role_policy", "aws_cloudwatch_log_group")

Change = dict[str, Any]


def moves(module: str) -> dict[str, str]:
    """The addresses that the module's resources have now, by those that they had."""
    blocks = [block for block in hcl.read(hcl.TERRAFORM / "modules" / module) if block.kind == "moved"]
    pairs = [{name: value.split("=", 1)[1].strip() for name, value in hcl.entries(block.body)} for block in blocks]
    return {pair["to"]: pair["from"] for pair in pairs if pair["to"].startswith("module.role.")}


def old_address(module: str, address: str) -> str:
    """Where a resource lay before: its own move, or that of all instances of its resource."""
    inner = address.removeprefix(f"module.{module}.")
    known = moves(module)
    if inner in known:
        return f"module.{module}.{known[inner]}"
    base, bracket, key = inner.partition("[")
    return f"module.{module}.{known.get(base, base)}{bracket}{key}"


def in_state(address: str, kind: str, attributes: Change) -> Change:
    module, _, rest = address.partition(f".{kind}.")
    name, bracket, key = rest.partition("[")
    instance: Change = {"schema_version": 0, "attributes": attributes}
    if bracket:
        instance["index_key"] = json.loads(key[:-1])
    return {
        "module": module,
        "mode": "managed",
        "type": kind,
        "name": name,
        "provider": 'provider["registry.terraform.io/hashicorp/aws"]',
        "instances": [instance],
    }


def as_rendered_before(policy: str) -> str:
    """As `aws_iam_policy_document` writes it: lists of one as a text, actions backwards, over several lines."""
    document = json.loads(policy)
    for statement in document["Statement"]:
        for name in ("Action", "Resource"):
            values = statement.get(name)
            if isinstance(values, list):
                statement[name] = values[0] if len(values) == 1 else sorted(values, reverse=True)
    return json.dumps(document, indent=2)


def existing(change: Change) -> Change:
    """The attributes of a planned resource, as if it had been made by the code before."""
    made = {name: value for name, value in change["change"]["after"].items() if value is not None}
    if change["type"] == "aws_iam_role":
        made |= {"id": made["name"], "arn": f"arn:aws:iam::123456789012:role/{made['name']}", "unique_id": "AROA"}
        made |= {"tags_all": {}, "managed_policy_arns": []}
        made["assume_role_policy"] = as_rendered_before(made["assume_role_policy"])
    elif change["type"] == "aws_iam_role_policy":
        # A policy is unknown only where it names the log group of its endpoint.
        actions = ["logs:CreateLogStream", "logs:PutLogEvents", "logs:DescribeLogStreams"]
        own = {"Sid": "WriteLogs", "Effect": "Allow", "Action": actions, "Resource": [f"{LOG_GROUP}:*"]}
        text = made.get("policy") or json.dumps({"Version": "2012-10-17", "Statement": [own]})
        made |= {"id": f"{made['role']}:{made['name']}", "policy": as_rendered_before(text)}
    else:
        made |= {"id": made["name"], "arn": LOG_GROUP, "tags_all": {}}
    return made


def planned(terraform: Terraform) -> list[Change]:
    done = terraform("plan", "-refresh=false", "-input=false", "-no-color", "-out=tfplan", folder=ROOT)
    assert done.returncode == 0, f"{done.stdout}{done.stderr}"
    shown = terraform("show", "-json", "tfplan", folder=ROOT)
    assert shown.returncode == 0, shown.stderr
    changes: list[Change] = json.loads(shown.stdout)["resource_changes"]
    return [change for change in changes if change["mode"] == "managed"]


@pytest.fixture(scope="module")
def plans(validating_terraform: Terraform) -> tuple[list[Change], list[Change]]:
    """What is planned without a state, and on a state of before the move."""
    terraform = validating_terraform
    folder = terraform.copy / ROOT
    folder.mkdir()
    (folder / "provider.tf").write_text(PROVIDER, encoding="utf-8")
    for module in MODULES:
        basic = terraform.copy / f"modules/{module}/examples/basic"
        for file in basic.iterdir():
            if file.is_file() and file.suffix != ".tf":
                shutil.copy(file, folder)
        example = (basic / "main.tf").read_text(encoding="utf-8")
        named = re.sub(r'^module "\w+"', f'module "{module}"', example, flags=re.MULTILINE)
        (folder / f"{module}.tf").write_text(named.replace('"../.."', f'"../modules/{module}"'), encoding="utf-8")
    shutil.copy(LOCK, folder)
    terraform.init(ROOT)
    fresh = planned(terraform)
    resources = [
        in_state(old_address(each["address"].split(".")[1], each["address"]), each["type"], existing(each))
        for each in fresh
        if each["type"] in TYPES
    ]
    state = {"version": 4, "terraform_version": "1.11.4", "serial": 1, "lineage": "l", "resources": merged(resources)}
    (folder / "terraform.tfstate").write_text(json.dumps(state), encoding="utf-8")
    return fresh, planned(terraform)


def merged(resources: list[Change]) -> list[Change]:
    """Instances of one resource stand together in a state."""
    result: dict[tuple[str, ...], Change] = {}
    for each in resources:
        key = (each["module"], each["type"], each["name"])
        if key in result:
            result[key]["instances"] += each["instances"]
        else:
            result[key] = each
    return list(result.values())


@pytest.mark.terraform
def test_roles_and_policies_of_an_older_state_are_only_moved(plans: tuple[list[Change], list[Change]]) -> None:
    fresh, upgraded = plans
    result = {each["address"]: each["change"]["actions"] for each in upgraded if ".module.role." in each["address"]}
    assert result == {each["address"]: ["no-op"] for each in fresh if ".module.role." in each["address"]}
    assert not [each["address"] for each in upgraded if each["type"] in TYPES and "delete" in each["change"]["actions"]]


@pytest.mark.terraform
@pytest.mark.parametrize("module", MODULES)
def test_every_resource_of_the_role_module_comes_from_its_old_address(
    plans: tuple[list[Change], list[Change]], module: str
) -> None:
    inside = [each for each in plans[1] if each["address"].startswith(f"module.{module}.module.role.")]
    came_from = {each["address"]: each.get("previous_address") for each in inside}
    assert came_from == {address: old_address(module, address) for address in came_from}
    assert {each["type"] for each in inside} == {"aws_iam_role", "aws_iam_role_policy"}
    assert all(".module.role." not in str(before) for before in came_from.values()), "a `moved` block is missing"
