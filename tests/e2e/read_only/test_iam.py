"""Every policy of the platform as it is applied: no right too many, none too few, no way up."""

from __future__ import annotations

import json
import re
from typing import Any

import pytest

from tests.access import calls, escalation, executables, needs, personas, proofs, roles, simulation
from tests.access.roles import Role
from tests.support import keys
from tests.support.shared_platform import ACCOUNT, PREFIX, Deployed
from tests.terraform.hcl import REPO

pytestmark = [pytest.mark.emulator, pytest.mark.terraform]

PIPELINE = f"{PREFIX}-training"
PERSONAS = {f"{PREFIX}-{name}" for name in ("data-scientist", "ml-engineer", "data-engineer", "production")}
API_LOGS = f"{PREFIX}-api-logs"
"""Carries AWS's own policy, because API Gateway tests the role for `*`; the boundary cuts it."""

RELEASE = f"{PREFIX}-release"
RELEASE_AROUND = frozenset(
    # SageMaker looks for the alarms that roll an update back, and at the tags, with the caller's rights.
    {"cloudwatch:DescribeAlarms", "sagemaker:AddTags"}
)

READ_BY_ID = tuple(
    f"{PIPELINE} pipeline/WatchQuality: glue:{action} on "
    for action in ("GetDataQualityRulesetEvaluationRun", "GetDataQualityResult")
)
"""Runs and results of every ruleset of the account: Glue names them by generated ids, without the ruleset's name."""

PIPELINE_AROUND = frozenset(
    {
        # CreateModelPackage reads the artifact with the caller's rights; S3 opens it with the key.
        "s3:GetObject",
        "s3:GetBucketLocation",
        "kms:Decrypt",
        # Notifications and volumes under customer keys; the roles of job and model.
        "kms:GenerateDataKey",
        "kms:CreateGrant",
        "kms:DescribeKey",
        "iam:PassRole",
        # Logging and tracing (Step Functions' guide).
        "logs:CreateLogDelivery",
        "logs:DeleteLogDelivery",
        "logs:DescribeLogGroups",
        "logs:DescribeResourcePolicies",
        "logs:GetLogDelivery",
        "logs:ListLogDeliveries",
        "logs:PutResourcePolicy",
        "logs:UpdateLogDelivery",
        "xray:GetSamplingRules",
        "xray:GetSamplingTargets",
        "xray:PutTelemetryRecords",
        "xray:PutTraceSegments",
    }
)


@pytest.fixture(scope="module")
def applied(deployed: Deployed) -> dict[str, Role]:
    return roles.from_states(deployed.states())


@pytest.fixture(scope="module")
def foundation(deployed: Deployed) -> dict[str, Any]:
    return deployed.outputs("foundation")


def findings(applied: dict[str, Role], proof: Any) -> list[str]:
    return [
        f"{role.name} {name}/{finding}"
        for role in applied.values()
        for name, document in role.own_policies.items()
        for finding in proof(document)
    ]


def test_every_role_of_iam_is_in_a_state(deployed: Deployed, applied: dict[str, Role]) -> None:
    pages = deployed.client("iam").get_paginator("list_roles").paginate()
    names = {role["RoleName"] for page in pages for role in page["Roles"]}
    # Tests of notebooks, in another worker, put roles beside the platform's for as long as they run.
    assert {name for name in names if not name.startswith("notebook-")} == set(applied)


def test_every_role_is_under_the_boundary(
    deployed: Deployed, applied: dict[str, Role], foundation: dict[str, Any]
) -> None:
    iam = deployed.client("iam")
    assert len(applied) >= 14
    for role in applied.values():
        boundary = iam.get_role(RoleName=role.name)["Role"].get("PermissionsBoundary", {})
        assert boundary.get("PermissionsBoundaryArn") == foundation["iam"]["boundary_arn"], role.name
        assert role.boundary is not None


@pytest.mark.parametrize(
    "proof",
    [proofs.wildcard_actions, proofs.unknown_actions, proofs.needless_stars, proofs.idle_pairs, proofs.untied_keys],
    ids=lambda proof: proof.__name__,
)
def test_no_policy_says_more_than_it_means(applied: dict[str, Role], proof: Any) -> None:
    assert not findings(applied, proof)


def test_the_boundary_is_a_ceiling_of_this_environment(applied: dict[str, Role]) -> None:
    boundary = applied[PIPELINE].boundary
    assert boundary is not None
    for proof in (proofs.whole_services, proofs.unknown_actions, proofs.needless_stars):
        assert not proof(boundary), proof.__name__
    assert not [
        action for action in escalation.granted(boundary) if action.startswith("iam:") and action != "iam:PassRole"
    ]


def test_whatever_is_granted_passes_the_boundary(applied: dict[str, Role]) -> None:
    """A right that the boundary cuts looks like one, and fails at work."""
    assert not [finding for role in applied.values() for finding in simulation.cut_by_boundary(role)]


def test_no_role_reaches_an_environment_that_may_stand_beside(applied: dict[str, Role]) -> None:
    reachable = {
        finding
        for neighbour in ("mlops/local2", "mlops/loca", "mlops/eu-local", "mlops2/local")
        for role in applied.values()
        for finding in simulation.reach(role, "mlops/local", neighbour)
    }
    assert not [finding for finding in reachable if not finding.startswith(READ_BY_ID)]


def test_no_outside_principal_assumes_a_role(applied: dict[str, Role]) -> None:
    assert not [finding for role in applied.values() for finding in proofs.open_trust(role, ACCOUNT, f"{PREFIX}-")]


def test_only_api_gateways_role_carries_a_policy_of_aws(applied: dict[str, Role]) -> None:
    assert [role.name for role in applied.values() if role.own_policies != role.policies] == [API_LOGS]


def test_no_role_gets_further_than_it_is(applied: dict[str, Role]) -> None:
    assert not [finding for role in applied.values() for finding in escalation.uncontained(role, applied)]
    with_roles_to_hand_on = {role.name for role in applied.values() if escalation.PASS in escalation.effective(role)}
    assert with_roles_to_hand_on == {
        PIPELINE,
        RELEASE,
        f"{PREFIX}-data-engineer",
        f"{PREFIX}-preprocessing-run",
        f"{PREFIX}-batch-submitter",
    } | {f"{PREFIX}-{each}{name}" for each in ("", "studio-") for name in ("data-scientist", "ml-engineer")}
    assert not [finding for role in applied.values() for finding in proofs.reach_of_passing(role)]


def test_no_role_replaces_what_another_role_runs(deployed: Deployed, applied: dict[str, Role]) -> None:
    states = deployed.states()
    policies = {
        f"arn:aws:s3:::{each['bucket']}": json.loads(each["policy"])
        for each in roles.resources(states, "aws_s3_bucket_policy")
    }
    references = executables.references(states)
    by = {each.by.split(" ")[0] for each in references}
    assert {"function", "job", "machine", "model", "start", "aws_ssm_parameter", "aws_ecr_repository"} <= by
    path = "/mlops/local"
    # The live version and the records of releases are made by no stack.
    for name in ("models/reviews/live", "releases/records/reviews"):
        arn = f"arn:aws:ssm:us-east-1:{ACCOUNT}:parameter{path}/{name}"
        references.append(executables.Reference("a release", arn, executables.REPLACING["aws_ssm_parameter"]))
    assert not [
        sentence
        for reference in references
        for sentence in executables.replaceable(reference, applied.values(), policies, PREFIX, path.strip("/"))
    ]


def test_functions_and_images_are_pinned(deployed: Deployed) -> None:
    states = deployed.states()
    functions = list(roles.resources(states, "aws_lambda_function"))
    assert functions
    assert all(each["s3_object_version"] for each in functions)
    assert {each["image_tag_mutability"] for each in roles.resources(states, "aws_ecr_repository")} == {"IMMUTABLE"}


def test_people_hand_on_no_role_that_does_more_than_themselves(applied: dict[str, Role]) -> None:
    by_arn = {role.arn: role for role in applied.values()}
    people = [role for name, role in applied.items() if name in PERSONAS or name.startswith(f"{PREFIX}-studio-")]
    handed = [(person, by_arn[arn]) for person in people for arn in escalation.passing(person).roles]
    assert len(handed) == 5, "three personas and two profiles start jobs"
    assert not [excess for person, passed in handed for excess in executables.beyond(person, passed)]


# ---- granted is needed ----------------------------------------------------------------------------------------


def test_every_role_is_covered_by_a_test(applied: dict[str, Role]) -> None:
    known = {PIPELINE, RELEASE, API_LOGS, *PERSONAS, *(role_of(applied, name).name for name in needs.NEEDS)}
    assert set(applied) == known


@pytest.mark.parametrize("name", needs.NEEDS)
def test_a_role_may_do_what_it_needs_and_nothing_else(
    applied: dict[str, Role], foundation: dict[str, Any], name: str
) -> None:
    granted = needs.granted(role_of(applied, name), needs.names_of(foundation))
    needed = needs.NEEDS[name].pairs
    assert not granted - needed, "granted, and not needed"
    assert not needed - granted, "needed, and not granted"


def test_the_pipeline_may_do_what_its_states_do_and_nothing_else(deployed: Deployed, applied: dict[str, Role]) -> None:
    machine = deployed.client("stepfunctions").describe_state_machine(
        stateMachineArn=deployed.outputs("models")["stepfunctions"]["state_machine_arn"]
    )
    needed = calls.of_state_machine(json.loads(machine["definition"])) | PIPELINE_AROUND
    granted = {
        action for _, statement in applied[PIPELINE].statements() for action in roles.listed(statement["Action"])
    }
    assert not granted - needed, "granted, and needed by no state"
    assert not needed - granted, "needed, and not granted"


def test_releases_may_do_what_their_states_do_and_nothing_else(deployed: Deployed, applied: dict[str, Role]) -> None:
    machine = deployed.client("stepfunctions").describe_state_machine(
        stateMachineArn=deployed.outputs("releases")["release"]["state_machine_arn"]
    )
    around = PIPELINE_AROUND - {"s3:GetObject", "s3:GetBucketLocation"} | RELEASE_AROUND
    needed = calls.of_state_machine(json.loads(machine["definition"])) | around
    granted = {action for _, statement in applied[RELEASE].statements() for action in roles.listed(statement["Action"])}
    assert not granted - needed, "granted, and needed by no state"
    assert not needed - granted, "needed, and not granted"


def test_the_calls_that_code_needs_were_made_and_none_was_refused(deployed: Deployed, applied: dict[str, Role]) -> None:
    """Check the records of the local AWS while the platform was deployed, the pipeline ran and models were called."""
    noted = keys.page(deployed.endpoint, "evidence", kind="iam-decision")["evidence"]
    for name, need in needs.NEEDS.items():
        role = role_of(applied, name)
        own = [each for each in noted if each["role"] == role.arn]
        assert not [f"{each['action']} {each['resource']}" for each in own if each["decision"] != "allowed"], name
        assert {action for action, _ in need.calls} <= {each["action"] for each in own}, f"{name} never needed it"


def role_of(applied: dict[str, Role], name: str) -> Role:
    full = f"{PREFIX}-{name}"
    # What Terraform appends to a prefix holds no hyphen.
    made = re.compile(re.escape(full) + ("[0-9a-f]+" if full.endswith("-") else ""))
    [role] = [role for role in applied.values() if made.fullmatch(role.name)]
    return role


# ---- people ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("call", personas.CALLS, ids=lambda call: call.id)
def test_limits_of_personas(applied: dict[str, Role], foundation: dict[str, Any], call: personas.Call) -> None:
    role = applied[f"{PREFIX}-{call.persona.replace('_', '-')}"]
    names = {
        "bucket": foundation["s3"]["bucket_arn"],
        "prefix": PREFIX,
        "environment": PREFIX.rpartition("-")[2],
        "sql": PREFIX.replace("-", "_"),
        "data_key": foundation["kms"]["data_key_arn"],
    }
    context = {key: value.format(**names) for key, value in call.context.items()}
    decision = simulation.ask(role, call.action, call.resource.format(**names), context)
    assert decision.allowed is call.allowed, decision.because


# ---- the bucket -----------------------------------------------------------------------------------------------


def test_only_the_owner_grants_access_to_the_buckets_objects(deployed: Deployed, foundation: dict[str, Any]) -> None:
    """Every right on objects has the form that `s3_access` gives it, on a prefix of the tree."""
    bucket = foundation["s3"]["bucket_arn"]
    prefixes = [entry["prefix"] for entry in foundation["s3"]["access"]["prefixes"].values()]
    forms = {
        "ReadObjects": {"s3:GetObject"},
        "WriteObjects": {"s3:AbortMultipartUpload", "s3:ListMultipartUploadParts", "s3:PutObject"},
        "DeleteObjects": {"s3:DeleteObject"},
        "PutObjectAcls": {"s3:PutObjectAcl"},
    }
    seen = 0
    for name, document in roles.documents_of(deployed.states()):
        for statement in document["Statement"]:
            arns = [arn for arn in roles.listed(statement.get("Resource", [])) if arn.startswith(f"{bucket}/")]
            if not arns or name.startswith(
                ("foundation: aws_s3_bucket_policy.data", "foundation: aws_iam_policy.boundary")
            ):
                continue
            seen += 1
            assert set(roles.listed(statement["Action"])) == forms.get(statement.get("Sid")), f"{name}: {statement}"
            for arn in arns:
                key = arn.removeprefix(f"{bucket}/")
                assert key.endswith("/*"), f"{name}: {arn}"
                assert key.startswith(tuple(prefixes)), f"{name}: {arn} is in no prefix of the tree"
    assert seen >= 10


def test_code_and_needs_cover_the_same_calls() -> None:
    for name, need in needs.NEEDS.items():
        if need.code is not None:
            assert calls.of_python(REPO / need.code) == {
                action for action, _ in need.calls | need.later | need.by_option
            }, name
