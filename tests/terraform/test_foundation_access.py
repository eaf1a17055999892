"""Policies of the foundation, rendered against a mocked provider: the proofs hold before anything is applied."""

from __future__ import annotations

import json
from typing import Any

import pytest

from orchestrator.config import neighbours
from tests.access import escalation, personas, proofs, simulation
from tests.access.roles import Role
from tests.terraform import hcl
from tests.terraform.conftest import Terraform

pytestmark = pytest.mark.terraform

FOLDER = "phases/1-foundation"
PREFIX = "mlops-test"
PROOFS = [proofs.wildcard_actions, proofs.unknown_actions, proofs.needless_stars, proofs.idle_pairs]


@pytest.fixture(scope="module")
def foundation(mocked_terraform: Terraform) -> dict[str, Any]:
    """`{address: attributes}` of everything that the phase makes, and its output under `output`."""
    tests = mocked_terraform.copy / FOLDER / "tests"
    given = (hcl.TERRAFORM / FOLDER / "tests/foundation.tftest.hcl").read_text(encoding="utf-8").split("\nrun ")[0]
    (tests / "render.tftest.hcl").write_text(given + '\nrun "render" {}\n', encoding="utf-8")
    mocked_terraform.init(FOLDER)
    done = mocked_terraform("test", "-json", "-verbose", "-filter=tests/render.tftest.hcl", folder=FOLDER)
    (tests / "render.tftest.hcl").unlink()
    assert done.returncode == 0, done.stdout[-4000:]
    [state] = [each["test_state"] for each in map(json.loads, done.stdout.splitlines()) if each["type"] == "test_state"]
    resources: dict[str, Any] = {"output": state["outputs"]["foundation"]["value"]}
    waiting = [state["root_module"]]
    while waiting:
        module = waiting.pop()
        resources |= {each["address"]: each["values"] for each in module.get("resources", [])}
        waiting += module.get("child_modules", [])
    return resources


@pytest.fixture(scope="module")
def boundary(foundation: dict[str, Any]) -> dict[str, Any]:
    document: dict[str, Any] = json.loads(foundation["module.iam.aws_iam_policy.boundary"]["policy"])
    return document


@pytest.fixture(scope="module")
def people(foundation: dict[str, Any], boundary: dict[str, Any]) -> dict[str, Role]:
    personas_by_name = {}
    for persona in ("data_scientist", "ml_engineer", "data_engineer", "production"):
        role = foundation[f'module.iam.aws_iam_role.persona["{persona}"]']
        policy = foundation[f'module.iam.aws_iam_role_policy.persona["{persona}"]']["policy"]
        arn = f"arn:aws:iam::123456789012:role/{role['name']}"
        personas_by_name[persona] = Role(
            role["name"], arn, json.loads(role["assume_role_policy"]), {"persona": json.loads(policy)}, boundary
        )
    return personas_by_name


def documents(foundation: dict[str, Any]) -> dict[str, dict[str, Any]]:
    """Return the policy documents that the foundation exports."""
    output = foundation["output"]
    handed = output["iam"]["execution_documents"] | {
        f"call {k}": v for k, v in output["iam"]["caller_documents"].items()
    }
    handed |= {
        f"network {workload}": document for workload, document in output["vpc"]["network_policy_documents"].items()
    }
    return {name: json.loads(document) for name, document in handed.items()}


@pytest.mark.parametrize("proof", PROOFS, ids=lambda proof: proof.__name__)
def test_exported_documents_say_no_more_than_they_mean(foundation: dict[str, Any], proof: Any) -> None:
    granted = documents(foundation)
    assert len(granted) >= 12
    assert not {name: proof(document) for name, document in granted.items() if proof(document)}


@pytest.mark.parametrize("proof", PROOFS, ids=lambda proof: proof.__name__)
def test_what_people_get_says_no_more_than_it_means(people: dict[str, Role], proof: Any) -> None:
    assert not {
        name: proof(role.policies["persona"]) for name, role in people.items() if proof(role.policies["persona"])
    }


def test_exported_documents_pass_the_boundary(foundation: dict[str, Any], boundary: dict[str, Any]) -> None:
    arn = f"arn:aws:iam::123456789012:role/{PREFIX}-any"
    anybody = Role(f"{PREFIX}-any", arn, {}, documents(foundation), boundary)
    assert not simulation.cut_by_boundary(anybody)


def test_the_boundary_is_a_ceiling(boundary: dict[str, Any]) -> None:
    for proof in (proofs.whole_services, proofs.unknown_actions, proofs.needless_stars):
        assert not proof(boundary), proof.__name__
    assert {action for action in escalation.granted(boundary) if action.startswith(("iam:", "sts:"))} == {
        "iam:PassRole"
    }


def test_people_come_in_by_tag_and_second_factor(people: dict[str, Role]) -> None:
    for role in people.values():
        assert not proofs.open_trust(role, "123456789012", f"{PREFIX}-")
        assert role.trust["Statement"][0]["Condition"]["Bool"] == {"aws:MultiFactorAuthPresent": "true"}


def allowed(role: Role, call: personas.Call, names: dict[str, str]) -> bool:
    context = {key: value.format(**names) for key, value in call.context.items()}
    return bool(simulation.ask(role, call.action, call.resource.format(**names), context).allowed)


def test_limits_of_personas(foundation: dict[str, Any], people: dict[str, Role]) -> None:
    names = {
        "bucket": foundation["output"]["s3"]["bucket_arn"],
        "prefix": PREFIX,
        "environment": "test",
        "sql": PREFIX.replace("-", "_"),
        "data_key": foundation["output"]["kms"]["data_key_arn"],
    }
    wrong = [call.id for call in personas.CALLS if allowed(people[call.persona], call, names) is not call.allowed]
    assert not wrong


ALLOWED = ("mlops/test2", "mlops/tes", "mlops/eu-test", "mlops2/test", "mlop/test", "mlops-x/test")
"""Environments that may stand beside `mlops/test`, with names as near to its own as they can be."""


@pytest.mark.parametrize("neighbour", ALLOWED)
def test_no_role_reaches_an_environment_that_may_stand_beside(
    foundation: dict[str, Any], people: dict[str, Role], boundary: dict[str, Any], neighbour: str
) -> None:
    """No role has more than the boundary, whichever stack makes it."""
    assert not neighbours.overlap("mlops-test", neighbour.replace("/", "-"))
    arn = f"arn:aws:iam::123456789012:role/{PREFIX}-any"
    most = Role(f"{PREFIX}-any", arn, {}, {"boundary": boundary}, boundary)
    any_role = Role(f"{PREFIX}-any", arn, {}, documents(foundation), boundary)
    all_roles = [most, any_role, *people.values()]
    assert not [finding for role in all_roles for finding in simulation.reach(role, "mlops/test", neighbour)]


@pytest.mark.parametrize("neighbour", ["mlops/test-eu", "mlops-test/eu"])
def test_who_is_refused_would_be_reached(boundary: dict[str, Any], neighbour: str) -> None:
    assert neighbours.overlap("mlops-test", neighbour.replace("/", "-"))
    most = Role(f"{PREFIX}-any", f"arn:aws:iam::123456789012:role/{PREFIX}-any", {}, {"boundary": boundary}, boundary)
    assert len(simulation.reach(most, "mlops/test", neighbour)) > 50
