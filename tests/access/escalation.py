"""The known ways in which a role could give itself more than it has: its policies, within the boundary.

After Rhino Security's and Bishop Fox's lists, with what SageMaker, Glue, Step Functions and key policies add. An
action counts as soon as both sides allow it on anything at all: conditions and resources are checked by
`contained`, which must hold for each way that a role has.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from tests.access import actions
from tests.access.roles import Document, Role, listed

PASS = "iam:PassRole"
BEDROCK = "bedrock.amazonaws.com"

WAYS: tuple[tuple[str, ...], ...] = (
    # Its own permissions, or another principal's.
    ("iam:CreatePolicyVersion",),
    ("iam:SetDefaultPolicyVersion",),
    ("iam:AttachUserPolicy",),
    ("iam:AttachGroupPolicy",),
    ("iam:AttachRolePolicy",),
    ("iam:PutUserPolicy",),
    ("iam:PutGroupPolicy",),
    ("iam:PutRolePolicy",),
    ("iam:AddUserToGroup",),
    ("iam:UpdateAssumeRolePolicy",),
    ("iam:DetachRolePolicy",),
    ("iam:DeleteRolePolicy",),
    ("iam:DeleteRolePermissionsBoundary",),
    ("iam:PutRolePermissionsBoundary",),
    ("iam:DeleteUserPermissionsBoundary",),
    ("iam:PutUserPermissionsBoundary",),
    # Keys of this platform trust principal tags.
    ("iam:TagRole",),
    ("iam:TagUser",),
    ("sts:TagSession",),
    # Another principal's credentials.
    ("iam:CreateAccessKey",),
    ("iam:CreateLoginProfile",),
    ("iam:UpdateLoginProfile",),
    ("iam:CreateServiceSpecificCredential",),
    ("iam:ResetServiceSpecificCredential",),
    ("sts:AssumeRole",),
    ("ssm:SendCommand",),
    ("ssm:StartSession",),
    ("ec2-instance-connect:SendSSHPublicKey",),
    ("sagemaker:CreatePresignedNotebookInstanceUrl",),
    # Code that runs as another role already.
    ("lambda:UpdateFunctionCode",),
    ("lambda:UpdateFunctionConfiguration",),
    ("glue:UpdateDevEndpoint",),
    ("codebuild:UpdateProject",),
    ("cloudformation:UpdateStack",),
    ("cloudformation:SetStackPolicy",),
    ("states:UpdateStateMachine",),
    ("sagemaker:CreateStudioLifecycleConfig", "sagemaker:UpdateDomain"),
    ("sagemaker:UpdateNotebookInstance",),
    ("sagemaker:CreateNotebookInstanceLifecycleConfig",),
    ("ec2:ModifyInstanceAttribute",),
    ("ecs:ExecuteCommand",),
    # A role handed to something new.
    (PASS, "lambda:CreateFunction"),
    (PASS, "ec2:RunInstances"),
    (PASS, "ec2:AssociateIamInstanceProfile"),
    (PASS, "ec2:RequestSpotInstances"),
    (PASS, "autoscaling:CreateLaunchConfiguration"),
    (PASS, "ecs:RunTask"),
    (PASS, "ecs:RegisterTaskDefinition"),
    (PASS, "glue:CreateDevEndpoint"),
    (PASS, "glue:CreateJob"),
    (PASS, "glue:UpdateJob"),
    (PASS, "glue:CreateCrawler"),
    (PASS, "cloudformation:CreateStack"),
    (PASS, "cloudformation:CreateStackSet"),
    (PASS, "codebuild:CreateProject"),
    (PASS, "codepipeline:CreatePipeline"),
    (PASS, "codestar:CreateProject"),
    (PASS, "datapipeline:CreatePipeline"),
    (PASS, "datapipeline:PutPipelineDefinition"),
    (PASS, "states:CreateStateMachine"),
    (PASS, "events:PutTargets"),
    (PASS, "scheduler:CreateSchedule"),
    (PASS, "bedrock:CreateAgent"),
    (PASS, "emr-serverless:StartJobRun"),
    (PASS, "elasticmapreduce:RunJobFlow"),
    (PASS, "apprunner:CreateService"),
    (PASS, "sagemaker:CreateNotebookInstance"),
    (PASS, "sagemaker:CreateDomain"),
    (PASS, "sagemaker:CreateUserProfile"),
    (PASS, "sagemaker:CreateModel"),
    (PASS, "sagemaker:CreateTrainingJob"),
    (PASS, "sagemaker:CreateProcessingJob"),
    (PASS, "sagemaker:CreateHyperParameterTuningJob"),
    (PASS, "sagemaker:CreateTransformJob"),
    (PASS, "sagemaker:CreateAutoMLJob"),
    (PASS, "sagemaker:CreatePipeline"),
    # A resource's own policy.
    ("s3:PutBucketPolicy",),
    ("s3:PutBucketAcl",),
    ("kms:PutKeyPolicy",),
    ("lambda:AddPermission",),
    ("sns:AddPermission",),
    ("sqs:AddPermission",),
    ("sqs:SetQueueAttributes",),
    ("ecr:SetRepositoryPolicy",),
    ("sagemaker:PutModelPackageGroupPolicy",),
    ("glue:PutResourcePolicy",),
    ("lakeformation:PutDataLakeSettings",),
)


def granted(document: Document) -> frozenset[str]:
    """Every action that a document allows on anything."""
    return frozenset(
        action
        for statement in document["Statement"]
        if statement["Effect"] == "Allow"
        for pattern in listed(statement["Action"])
        for action in actions.expand(pattern)
    )


def effective(role: Role) -> frozenset[str]:
    """What its policies and its boundary both allow on anything; denies are not counted in its favour."""
    own = frozenset[str]().union(*(granted(document) for document in role.policies.values()))
    return own & granted(role.boundary) if role.boundary is not None else own


def ways(role: Role) -> frozenset[tuple[str, ...]]:
    """The ways that are open to it."""
    can = effective(role)
    return frozenset(way for way in WAYS if can.issuperset(way))


@dataclass(frozen=True)
class Passing:
    """What a role may hand on: `roles` by ARN, to `services`."""

    roles: frozenset[str]
    services: frozenset[str]


def passing(role: Role) -> Passing:
    statements = [each for _, each in role.statements() if each["Effect"] == "Allow" and PASS in listed(each["Action"])]
    return Passing(
        frozenset(arn for each in statements for arn in listed(each["Resource"])),
        frozenset(
            service
            for each in statements
            for service in listed(each.get("Condition", {}).get("StringEquals", {}).get("iam:PassedToService", "*"))
        ),
    )


OWN_CODE_ON_GLUE = frozenset(
    f"glue:{name}"
    for name in ("CreateDevEndpoint", "CreateJob", "CreateSession", "RunStatement", "UpdateDevEndpoint", "UpdateJob")
)
"""Who can do none of these hands Glue a role for Glue's own program alone: an evaluation of data quality."""

OWN_WORK_ON_BEDROCK = frozenset(
    f"bedrock:{name}"
    for name in (
        "CreateAgent",
        "CreateCustomModel",
        "CreateEvaluationJob",
        "CreateFlow",
        "CreateKnowledgeBase",
        "CreateModelCustomizationJob",
        "CreateModelImportJob",
        "PutModelInvocationLoggingConfiguration",
        "UpdateAgent",
        "UpdateFlow",
        "UpdateKnowledgeBase",
    )
)
"""Bedrock's calls that take a role, without `CreateModelInvocationJob`. Who can do none of these hands Bedrock a role
for batch jobs alone: a job runs no code, it puts records of the bucket to one model and writes the answers there."""

BATCH_JOB = frozenset(
    {
        "bedrock:InvokeModel",
        "kms:Decrypt",
        "kms:GenerateDataKey",
        "s3:AbortMultipartUpload",
        "s3:GetBucketLocation",
        "s3:GetObject",
        "s3:ListBucket",
        "s3:ListMultipartUploadParts",
        "s3:PutObject",
    }
)
"""What a batch job does under its role, after Bedrock's guide; on which objects and models, `needs` says."""


def uncontained(role: Role, roles: Mapping[str, Role]) -> Iterable[str]:
    """Ways that lead further than its own place.

    A role may be handed to SageMaker, or to Glue by who cannot bring code there, if that role leads nowhere; to
    Bedrock by who can begin nothing but batch jobs there, if Bedrock alone takes that role and it does what jobs do.
    """
    by_arn = {each.arn: each for each in roles.values()}
    for way in ways(role):
        if PASS not in way:
            yield f"{role.name}: {' and '.join(way)}"
    if PASS not in effective(role):
        return
    handed = passing(role)
    harmless = {"sagemaker.amazonaws.com"}
    if not OWN_CODE_ON_GLUE & effective(role):
        harmless |= {"glue.amazonaws.com"}
    if not OWN_WORK_ON_BEDROCK & effective(role):
        harmless |= {BEDROCK}
    if not handed.services <= harmless:
        yield f"{role.name}: hands roles to {', '.join(sorted(handed.services))}"
    for arn in handed.roles:
        target = by_arn.get(arn)
        if target is None:
            yield f"{role.name}: hands on {arn}, which is not a role of this platform"
        elif ways(target):
            yield f"{role.name}: hands on {target.name}, which itself can get further"
        elif target.boundary is None or any(action.startswith(("iam:", "sts:")) for action in effective(target)):
            yield f"{role.name}: hands on {target.name}, which touches identities"
        elif BEDROCK in handed.services:
            yield from (f"{role.name}: hands on {target.name}, {reason}" for reason in _more_than_a_batch_job(target))


def _more_than_a_batch_job(target: Role) -> Iterable[str]:
    """Why this is not a role of Bedrock's batch jobs and of nothing else."""
    beyond = frozenset[str]().union(*map(granted, target.policies.values())) - BATCH_JOB
    if beyond:
        yield f"which may do more than a batch job does: {', '.join(sorted(beyond))}"
    if any(statement["Principal"] != {"Service": BEDROCK} for statement in target.trust["Statement"]):
        yield "which others than Bedrock may take"
