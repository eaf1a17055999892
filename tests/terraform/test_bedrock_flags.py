"""What flags of Bedrock bring, where all of it can be checked: none of it runs locally."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import pytest

from tests.access import proofs, simulation
from tests.access.roles import Role
from tests.terraform import hcl
from tests.terraform.conftest import Terraform
from tests.terraform.test_data_flags import MOCKS, state

pytestmark = pytest.mark.terraform

ACCOUNT = "arn:aws:iam::123456789012:role"
ROLES = {
    "modules/bedrock_logging": ("logging", "the_log_is_encrypted_and_ends"),
    "modules/bedrock_knowledge_base": ("knowledge", "vectors_are_encrypted_with_the_key"),
    "modules/bedrock_agent": ("agent", "the_agent_asks_the_profile_and_is_encrypted"),
    "modules/bedrock_model": ("profile", "documents_are_looked_up_before_the_model_answers"),
}
"""Folder to the file of its tests, and a run whose roles are checked."""
MADE = """
  mock_resource "aws_cloudwatch_log_group" {
    defaults = { arn = "arn:aws:logs:us-east-1:123456789012:log-group:/aws/bedrock/mlops-local/invocations" }
  }
"""
USES = """
run "render" {
  variables {
    kms_key_arns = {
      data   = "arn:aws:kms:us-east-1:123456789012:key/1"
      models = "arn:aws:kms:us-east-1:123456789012:key/2"
      logs   = "arn:aws:kms:us-east-1:123456789012:key/3"
    }
    storage_arns = [for end in ["", "/*"] : "arn:aws:s3:::mlops-local-data-123456789012-us-east-1${end}"]
    uses = { knowledge_bases = %(on)s, agents = %(on)s }
  }
}
"""


def statement(given: dict[str, Any]) -> dict[str, Any]:
    """One statement of a policy document as the provider would write it; the mocked one writes none."""
    condition: dict[str, dict[str, Any]] = {}
    for each in given["condition"] or []:
        condition.setdefault(each["test"], {})[each["variable"]] = each["values"]
    made = {"Sid": given["sid"], "Effect": given["effect"] or "Allow", "Action": sorted(given["actions"])}
    return {**made, "Resource": sorted(given["resources"] or []), **({"Condition": condition} if condition else {})}


@pytest.fixture(scope="module")
def documents(mocked_terraform: Terraform) -> dict[str, dict[str, Any]]:
    """Every policy document of the modules, by folder and name; trust policies are checked separately."""
    collected: dict[str, dict[str, Any]] = {}
    for folder, (file, run) in ROLES.items():
        text = (hcl.TERRAFORM / folder / f"tests/{file}.tftest.hcl").read_text(encoding="utf-8")
        given = text.split("\nrun ")[0].replace(MOCKS, f"{MOCKS}\n{MADE}", 1)
        settings = text.split(f'run "{run}" {{')[1].split("  assert {")[0]
        made = state(mocked_terraform, folder, f'{given}\nrun "{run}" {{{settings}}}\n')
        for address, values in made.items():
            if address.startswith("data.aws_iam_policy_document.") and not address.endswith(".assume"):
                statements = [statement(each) for each in values["statement"]]
                collected[f"{folder}: {address}"] = {"Version": "2012-10-17", "Statement": statements}
    return collected


def boundary(terraform: Terraform, *, on: bool) -> dict[str, Any]:
    given = (hcl.TERRAFORM / "modules/iam/tests/access.tftest.hcl").read_text(encoding="utf-8").split("\nrun ")[0]
    made = state(terraform, "modules/iam", given + USES % {"on": str(on).lower()})
    document: dict[str, Any] = json.loads(made["aws_iam_policy.boundary"]["policy"])
    return document


def test_there_are_documents_to_check(documents: dict[str, dict[str, Any]]) -> None:
    assert {name.split(".")[-1] for name in documents} == {"this", "retrieve", "invoke", "generate[0]"}
    assert len(documents) == 7


def test_what_the_flags_grant_passes_the_boundary(
    mocked_terraform: Terraform, documents: dict[str, dict[str, Any]]
) -> None:
    anybody = Role("mlops-local-any", f"{ACCOUNT}/mlops-local-any", {}, documents, {})
    assert simulation.cut_by_boundary(replace(anybody, boundary=boundary(mocked_terraform, on=True))) == []
    cut = simulation.cut_by_boundary(replace(anybody, boundary=boundary(mocked_terraform, on=False)))
    assert {service for finding in cut for service in ("s3vectors", "bedrock:InvokeAgent") if service in finding} == {
        "s3vectors",
        "bedrock:InvokeAgent",
    }


@pytest.mark.parametrize(
    "proof",
    [proofs.wildcard_actions, proofs.unknown_actions, proofs.needless_stars, proofs.idle_pairs],
    ids=lambda proof: proof.__name__,
)
def test_what_the_flags_grant_says_no_more_than_it_means(documents: dict[str, dict[str, Any]], proof: Any) -> None:
    assert not {name: proof(document) for name, document in documents.items() if proof(document)}
