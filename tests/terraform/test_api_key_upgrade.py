"""A state of before the API keys left Terraform: its keys, their places on plans and their hashes are forgotten."""

from __future__ import annotations

import json
import shutil

import pytest

from tests.terraform.conftest import LOCK, Terraform

ROOT = "upgrade"
MAIN = """
provider "aws" {
  region                      = "us-east-1"
  access_key                  = "none"
  secret_key                  = "none"
  skip_credentials_validation = true
  skip_metadata_api_check     = true
  skip_region_validation      = true
  skip_requesting_account_id  = true
}
"""
ON_PLAN = {"id": "k1", "key_id": "k1", "usage_plan_id": "p1", "key_type": "API_KEY", "value": "the-key-of-a-caller"}
KEY = {"id": "k1", "name": "mlops-dev-inference-default", "value": "the-key-of-a-caller"}
LEFT = {
    # Of the versions with several keys, and of those before with one.
    'aws_api_gateway_api_key.this["default"]': KEY,
    'aws_api_gateway_usage_plan_key.this["default"]': ON_PLAN,
    'aws_ssm_parameter.key["default"]': {"id": "/mlops/dev/api-keys/default", "value": "{}"},
    "aws_api_gateway_api_key.default": KEY,
    "aws_api_gateway_usage_plan_key.default": ON_PLAN,
}


def in_state(address: str, attributes: dict[str, str]) -> dict[str, object]:
    """One resource as a state document holds it."""
    kind, _, name = address.partition(".")
    name, _, index = name.partition("[")
    instance = {"schema_version": 0, "attributes": attributes}
    return {
        "module": "module.api",
        "mode": "managed",
        "type": kind,
        "name": name,
        "provider": 'provider["registry.terraform.io/hashicorp/aws"]',
        "instances": [{**instance, "index_key": json.loads(index[:-1])} if index else instance],
    }


@pytest.mark.terraform
def test_keys_that_callers_have_are_forgotten_and_not_destroyed(validating_terraform: Terraform) -> None:
    terraform = validating_terraform
    folder = terraform.copy / ROOT
    folder.mkdir()
    example = (terraform.copy / "modules/api/examples/basic/main.tf").read_text(encoding="utf-8")
    (folder / "main.tf").write_text(MAIN + example.replace('"../.."', '"../modules/api"'), encoding="utf-8")
    shutil.copy(LOCK, folder)
    resources = [in_state(address, attributes) for address, attributes in LEFT.items()]
    state = {"version": 4, "terraform_version": "1.11.4", "serial": 1, "lineage": "l", "resources": resources}
    (folder / "terraform.tfstate").write_text(json.dumps(state), encoding="utf-8")
    terraform.init(ROOT)
    done = terraform("plan", "-refresh=false", "-input=false", "-json", folder=ROOT)
    assert done.returncode == 0, f"{done.stdout}{done.stderr}"
    events = [json.loads(line) for line in done.stdout.splitlines()]
    changes = [event["change"] for event in events if event["type"] == "planned_change"]
    actions = {change["resource"]["resource"]: change["action"] for change in changes}
    assert {address: actions.get(address) for address in LEFT} == dict.fromkeys(LEFT, "remove")
    assert set(actions.values()) <= {"create", "read", "remove"}, "forgotten, and nothing is deleted or replaced"
    assert "the-key-of-a-caller" not in done.stdout
