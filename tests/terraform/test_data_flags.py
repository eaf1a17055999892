"""What environments switch on in phase 2 beyond the default: planned against a mocked provider, and through the gate.

None of it runs locally, so this is where its plan meets the policies before an account does.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Any

import pytest

from orchestrator.stacks import require_green
from orchestrator.tools.checkov import Checkov
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
    planned = tests / "planned.tftest.hcl"
    planned.write_text(f"{given}\n{RUN}{flags}  command = plan\n}}\n", encoding="utf-8")
    mocked_terraform.init(FOLDER)
    done = mocked_terraform("test", "-json", "-verbose", f"-filter=tests/{planned.name}", folder=FOLDER)
    planned.unlink()
    assert done.returncode == 0, done.stdout[-4000:]
    [found] = [each["test_plan"] for each in map(json.loads, done.stdout.splitlines()) if each["type"] == "test_plan"]
    said = {"format_version": found["plan_format_version"], "terraform_version": TERRAFORM_VERSION}
    calls = [block for block in hcl.read(hcl.TERRAFORM / FOLDER) if block.kind == "module"]
    sources = {block.labels[0]: {"source": SOURCE.search(block.body)[1]} for block in calls}  # type: ignore[index]
    configuration = {"root_module": {"module_calls": sources}}
    values = planned_values(found["resource_changes"])
    return {**found, **said, "planned_values": values, "configuration": configuration}


def planned_values(changes: list[dict[str, Any]]) -> dict[str, Any]:
    """What `terraform show -json` has of a plan and `terraform test` leaves out: the values, by module."""
    modules: dict[str, list[dict[str, Any]]] = {}
    for change in changes:
        if change["mode"] == "managed":
            kept = {name: change[name] for name in ("address", "mode", "type", "name", "provider_name")}
            modules.setdefault(change["module_address"], []).append({**kept, "values": dict(change["change"]["after"])})
    children = [{"address": address, "resources": resources} for address, resources in modules.items()]
    return {"root_module": {"child_modules": children}}


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


def test_the_gate_looks_at_what_the_flags_bring(plan: dict[str, Any], gate: Checkov) -> None:
    """A stream without its key, in the same plan, is a finding: green means looked at."""
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
