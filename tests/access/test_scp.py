"""The service control policies of the guide: valid, known to AWS, stopping what they say and nothing else."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from emulator.services.iam.policy import Applicable, Context, Policy, Principal, Request, decide
from tests.access import actions
from tests.access.roles import listed

GUIDE = Path(__file__).resolve().parents[2] / "docs/guides/scp"
FILES = sorted(GUIDE.glob("*.json"))
EVERYTHING = Policy.parse({"Version": "2012-10-17", "Statement": {"Effect": "Allow", "Action": "*", "Resource": "*"}})
ACCOUNT = "123456789012"
ADMIN, DEPLOY = (f"arn:aws:iam::{ACCOUNT}:role/{name}" for name in ("admin", "mlops-deploy-prod"))
BOUNDARY = f"arn:aws:iam::{ACCOUNT}:policy/mlops-prod-boundary"
ROLE = f"arn:aws:iam::{ACCOUNT}:role/mlops-prod-glue"
HERE = {"aws:RequestedRegion": "us-east-1", "aws:ResourceOrgID": "o-a1b2c3d4e5", "aws:PrincipalIsAWSService": "false"}
JOB = f"arn:aws:sagemaker:us-east-1:{ACCOUNT}:training-job/mlops-prod-1"
IN_VPC = {"sagemaker:VpcSubnets": ["subnet-1"], "sagemaker:VolumeKmsKey": "arn:aws:kms:us-east-1:123456789012:key/1"}
DOMAIN = f"arn:aws:sagemaker:us-east-1:{ACCOUNT}:domain/d-1"
KEY = f"arn:aws:kms:us-east-1:{ACCOUNT}:key/1"
NOTEBOOK = f"arn:aws:sagemaker:us-east-1:{ACCOUNT}:notebook-instance/x"
MODEL = "arn:aws:bedrock:us-east-1::foundation-model/"

CALLS: list[tuple[bool, str, str, str, dict[str, Any]]] = [
    (False, ADMIN, "iam:DeleteRolePermissionsBoundary", ROLE, {}),
    (True, DEPLOY, "iam:DeleteRolePermissionsBoundary", ROLE, {}),
    (False, ADMIN, "iam:CreateRole", ROLE, {}),
    (False, DEPLOY, "iam:CreateRole", ROLE, {}),
    (True, DEPLOY, "iam:CreateRole", ROLE, {"iam:PermissionsBoundary": BOUNDARY}),
    (False, DEPLOY, "iam:PutRolePolicy", ROLE, {"iam:PermissionsBoundary": f"arn:aws:iam::{ACCOUNT}:policy/other"}),
    (True, DEPLOY, "iam:PutRolePolicy", ROLE, {"iam:PermissionsBoundary": BOUNDARY}),
    (True, ADMIN, "iam:CreateRole", f"arn:aws:iam::{ACCOUNT}:role/elsewhere", {}),
    (False, ADMIN, "iam:CreatePolicyVersion", BOUNDARY, {}),
    (True, DEPLOY, "iam:CreatePolicyVersion", BOUNDARY, {}),
    (False, DEPLOY, "iam:CreateAccessKey", f"arn:aws:iam::{ACCOUNT}:user/x", {}),
    (False, DEPLOY, "s3:PutObject", "arn:aws:s3:::elsewhere/x", {"aws:ResourceOrgID": "o-zzzzzzzzzz"}),
    (True, DEPLOY, "s3:PutObject", "arn:aws:s3:::mlops-prod-data/x", {}),
    (False, ADMIN, "s3:PutBucketPublicAccessBlock", "arn:aws:s3:::mlops-prod-data", {}),
    (True, DEPLOY, "s3:PutBucketPublicAccessBlock", "arn:aws:s3:::mlops-prod-data", {}),
    (False, DEPLOY, "kms:ScheduleKeyDeletion", KEY, {"aws:ResourceTag/environment": "prod"}),
    (True, DEPLOY, "kms:ScheduleKeyDeletion", KEY, {"aws:ResourceTag/environment": "dev"}),
    (False, DEPLOY, "ec2:CreateVpc", "arn:aws:ec2:eu-west-1:123456789012:vpc/x", {"aws:RequestedRegion": "eu-west-1"}),
    (True, DEPLOY, "ec2:CreateVpc", "arn:aws:ec2:us-east-1:123456789012:vpc/x", {}),
    (False, ADMIN, "sagemaker:CreateTrainingJob", JOB, {}),
    (False, ADMIN, "sagemaker:CreateTrainingJob", JOB, {"sagemaker:VpcSubnets": ["subnet-1"]}),
    (True, ADMIN, "sagemaker:CreateTrainingJob", JOB, IN_VPC),
    (False, DEPLOY, "sagemaker:CreateDomain", DOMAIN, {"sagemaker:AppNetworkAccessType": "PublicInternetOnly"}),
    (True, DEPLOY, "sagemaker:CreateDomain", DOMAIN, {"sagemaker:AppNetworkAccessType": "VpcOnly"}),
    (False, ADMIN, "sagemaker:CreateNotebookInstance", NOTEBOOK, {}),
    (False, ADMIN, "bedrock:InvokeModel", f"{MODEL}other.model-v1:0", {}),
    (True, ADMIN, "bedrock:InvokeModel", f"{MODEL}amazon.nova-lite-v1:0", {}),
]  # fmt: skip


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.stem)
def test_a_policy_is_one_that_organizations_accepts(file: Path) -> None:
    text = file.read_text(encoding="utf-8")
    document = json.loads(text)
    assert len(json.dumps(document, separators=(",", ":"))) <= 5120
    Policy.parse(document, name=file.stem)
    for statement in document["Statement"]:
        assert statement["Effect"] == "Deny", "an allow would need everything else to be allowed too"
        assert "Principal" not in statement
        for action in listed(statement.get("Action", [])):
            assert actions.expand(action) == (action,), f"AWS has no {action}"


def test_every_file_is_in_the_guide() -> None:
    assert FILES
    text = (GUIDE / "README.md").read_text(encoding="utf-8")
    assert all(f"({file.name})" in text for file in FILES)


@pytest.mark.parametrize(
    "call", CALLS, ids=lambda call: f"{'passes' if call[0] else 'stops'} {call[1].rsplit('/', 1)[1]} {call[2]}"
)
def test_what_they_stop_and_what_they_let_pass(call: tuple[bool, str, str, str, dict[str, Any]]) -> None:
    passes, role, action, resource, context = call
    who = Principal.session(role, "guide")
    controls = tuple(Policy.parse(json.loads(file.read_text(encoding="utf-8")), name=file.stem) for file in FILES)
    known = Context.complete(HERE | {"aws:PrincipalArn": role} | context)
    # AWS attaches FullAWSAccess beside them: each kind of policy has to allow.
    denied = [
        decide(
            Request(who, action, resource, known), Applicable(identity=(EVERYTHING,), organization=(with_allow(each),))
        )
        for each in controls
    ]
    assert all(decision.allowed for decision in denied) is passes, [decision.because for decision in denied]


def with_allow(control: Policy) -> Policy:
    return Policy(control.name, (*EVERYTHING.statements, *control.statements))
