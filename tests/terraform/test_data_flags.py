"""What environments switch on in phase 2 beyond the default: planned against a mocked provider, and through the gate.

None of it runs locally, so this is where its plan meets the policies before an account does.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest

from orchestrator.policy.gate import Checkov
from orchestrator.stacks.lifecycle import require_green
from tests.access import proofs, simulation
from tests.access.roles import Role
from tests.terraform import hcl
from tests.terraform.conftest import Terraform

pytestmark = pytest.mark.terraform

FOLDER = "phases/2-data"
RUN = 'run "all_flags_at_once"'
TERRAFORM_VERSION = "1.11.4"
"""Checkov takes a document for a plan by this key."""
SOURCE = re.compile(r'^  source\s*=\s*"([^"]+)"', re.MULTILINE)
BY_FLAG = {
    "module.streaming[0]": {"aws_kinesis_stream", "aws_kinesis_firehose_delivery_stream", "aws_glue_catalog_table"},
    "module.emr_serverless[0]": {"aws_emrserverless_application", "aws_iam_role"},
    "module.efs[0]": {"aws_efs_file_system", "aws_efs_mount_target", "aws_efs_access_point"},
    "module.lakeformation_consumer[0]": {
        "aws_glue_catalog_database",
        "aws_lakeformation_data_lake_settings",
        "aws_lakeformation_permissions",
    },
}


@pytest.fixture(scope="module")
def gate() -> Iterator[Checkov]:
    checkov = Checkov(hcl.REPO, python=hcl.REPO / ".venv-checkov/bin/python")
    yield checkov
    checkov.close()


@pytest.fixture(scope="module")
def plan(mocked_terraform: Terraform) -> dict[str, Any]:
    """Terraform's plan of phase 2 with the flags of the phase's own test."""
    tests = mocked_terraform.copy / FOLDER / "tests"
    text = (hcl.TERRAFORM / FOLDER / "tests/data.tftest.hcl").read_text(encoding="utf-8")
    given, flags = text.split("\nrun ")[0], text.split(RUN)[1].split("  assert {")[0]
    file = tests / "planned.tftest.hcl"
    file.write_text(f"{given}\n{RUN}{flags}  command = plan\n}}\n", encoding="utf-8")
    mocked_terraform.init(FOLDER)
    done = mocked_terraform("test", "-json", "-verbose", f"-filter=tests/{file.name}", folder=FOLDER)
    file.unlink()
    assert done.returncode == 0, done.stdout[-4000:]
    [planned] = [each["test_plan"] for each in map(json.loads, done.stdout.splitlines()) if each["type"] == "test_plan"]
    versions = {"format_version": planned["plan_format_version"], "terraform_version": TERRAFORM_VERSION}
    calls = [block for block in hcl.read(hcl.TERRAFORM / FOLDER) if block.kind == "module"]
    sources = {block.labels[0]: {"source": SOURCE.search(block.body)[1]} for block in calls}  # type: ignore[index]
    configuration = {"root_module": {"module_calls": sources}}
    values = planned_values(planned["resource_changes"])
    return {**planned, **versions, "planned_values": values, "configuration": configuration}


def planned_values(changes: list[dict[str, Any]]) -> dict[str, Any]:
    """What `terraform show -json` has of a plan and `terraform test` leaves out: the values, by module."""
    modules: dict[str, list[dict[str, Any]]] = {}
    for change in changes:
        if change["mode"] == "managed":
            kept = {name: change[name] for name in ("address", "mode", "type", "name", "provider_name")}
            modules.setdefault(change["module_address"], []).append({**kept, "values": dict(change["change"]["after"])})
    children = [{"address": address, "resources": resources} for address, resources in modules.items()]
    return {"root_module": {"child_modules": children}}


USES = """
run "render" {
  variables {
    kms_key_arns = {
      data   = "arn:aws:kms:us-east-1:123456789012:key/11111111-1111-1111-1111-111111111111"
      models = "arn:aws:kms:us-east-1:123456789012:key/22222222-2222-2222-2222-222222222222"
      logs   = "arn:aws:kms:us-east-1:123456789012:key/33333333-3333-3333-3333-333333333333"
    }
    storage_arns = [for end in ["", "/*"] : "arn:aws:s3:::mlops-local-data-123456789012-us-east-1${end}"]
    uses = {
      streaming = %(streaming)s
      efs       = true
      sources = {
        surveys   = { bucket = "customer-surveys", kms_key_arn = "%(key)s" }
        warehouse = { database = "sales" }
      }
      shares = { curated = { producer_account_id = "210987654321", database = "sales_curated" } }
    }
  }
}
"""
KEY = "arn:aws:kms:us-east-1:210987654321:key/44444444-4444-4444-4444-444444444444"


MOCKS = 'source = "../../../tests/terraform/mocks"'
ARNS = """
  mock_resource "aws_kinesis_stream" {
    defaults = { arn = "arn:aws:kinesis:us-east-1:123456789012:stream/mlops-local-review-events" }
  }
"""
"""What a role is given by its ARN, which the mocked provider would invent."""


def state(terraform: Terraform, folder: str, text: str) -> dict[str, Any]:
    """`{address: attributes}` of everything that a run makes, applied to the mocked provider.

    Under the name of the environment that the example of the foundation is of.
    """
    file = terraform.copy / folder / "tests/rendered.tftest.hcl"
    named = text.replace("mlops-test", "mlops-local").replace(' = "test"', ' = "local"')
    file.write_text(named.replace(MOCKS, f"{MOCKS}\n{ARNS}", 1), encoding="utf-8")
    terraform.init(folder)
    done = terraform("test", "-json", "-verbose", f"-filter=tests/{file.name}", folder=folder)
    file.unlink()
    assert done.returncode == 0, done.stdout[-4000:]
    [made] = [each["test_state"] for each in map(json.loads, done.stdout.splitlines()) if each["type"] == "test_state"]
    resources: dict[str, Any] = {}
    waiting = [made["root_module"]]
    while waiting:
        module = waiting.pop()
        resources |= {each["address"]: each["values"] for each in module.get("resources", [])}
        waiting += module.get("child_modules", [])
    return resources


def boundary(terraform: Terraform, *, streaming: bool = True) -> dict[str, Any]:
    """The ceiling of an environment that uses all of it."""
    given = (hcl.TERRAFORM / "modules/iam/tests/access.tftest.hcl").read_text(encoding="utf-8").split("\nrun ")[0]
    uses = USES % {"streaming": str(streaming).lower(), "key": KEY}
    document: dict[str, Any] = json.loads(
        state(terraform, "modules/iam", given + uses)["aws_iam_policy.boundary"]["policy"]
    )
    return document


@pytest.fixture(scope="module")
def policies(mocked_terraform: Terraform) -> dict[str, dict[str, Any]]:
    """Every policy of a role of phase 2, by its address."""
    text = (hcl.TERRAFORM / FOLDER / "tests/data.tftest.hcl").read_text(encoding="utf-8")
    flags = text.split(RUN)[1].split("  assert {")[0]
    made = state(mocked_terraform, FOLDER, f"{text.split(chr(10) + 'run ')[0]}\n{RUN}{flags}}}\n")
    documents = {name: json.loads(each["policy"]) for name, each in made.items() if ".aws_iam_role_policy." in name}
    # What is there without flags is checked on the deployed platform.
    return {name: policy for name, policy in documents.items() if name.startswith(tuple(BY_FLAG)) or "sources" in name}


def test_what_the_flags_grant_passes_the_boundary(
    mocked_terraform: Terraform, policies: dict[str, dict[str, Any]]
) -> None:
    assert {name.split(".")[1] for name in policies} >= {each.split(".")[1] for each in BY_FLAG} - {"efs[0]"}
    anybody = Role("mlops-test-any", "arn:aws:iam::123456789012:role/mlops-test-any", {}, policies, {})
    within = replace(anybody, boundary=boundary(mocked_terraform))
    assert simulation.cut_by_boundary(within) == []
    without = replace(anybody, boundary=boundary(mocked_terraform, streaming=False))
    assert any("kinesis:" in finding for finding in simulation.cut_by_boundary(without)), "nothing was checked"


@pytest.mark.parametrize(
    "proof",
    [proofs.wildcard_actions, proofs.unknown_actions, proofs.needless_stars, proofs.idle_pairs],
    ids=lambda proof: proof.__name__,
)
def test_what_the_flags_grant_says_no_more_than_it_means(policies: dict[str, dict[str, Any]], proof: Any) -> None:
    assert not {name: proof(document) for name, document in policies.items() if proof(document)}


def test_each_flag_brings_its_resources(plan: dict[str, Any]) -> None:
    planned: dict[str, set[str]] = {}
    for change in plan["resource_changes"]:
        planned.setdefault(change.get("module_address", ""), set()).add(change["type"])
    assert not {
        module: types - planned.get(module, set()) for module, types in BY_FLAG.items() if types - planned[module]
    }


def test_the_plan_passes_the_policy_gate(plan: dict[str, Any], gate: Checkov) -> None:
    report = gate.scan_plan(plan, root=hcl.TERRAFORM / FOLDER)
    require_green(report, "the plan of `data` with every flag on")


def test_the_gate_checks_what_the_flags_bring(plan: dict[str, Any], gate: Checkov) -> None:
    """A stream without its key, in the same plan, is a finding: green means checked."""
    weak = json.loads(json.dumps(plan))
    changed = 0
    modules = weak["planned_values"]["root_module"]["child_modules"]
    for resource in [each for module in modules for each in module.get("resources", [])]:
        if resource["type"] == "aws_kinesis_stream":
            resource["values"] |= {"encryption_type": "NONE", "kms_key_id": None}
            changed += 1
    for change in weak["resource_changes"]:
        if change["type"] == "aws_kinesis_stream":
            change["change"]["after"] |= {"encryption_type": "NONE", "kms_key_id": None}
    assert changed == 1
    report = gate.scan_plan(weak, root=hcl.TERRAFORM / FOLDER)
    assert any("aws_kinesis_stream" in finding.resource for finding in report.findings)
