"""What roles execute, and who can put something else in its place: collected from what is applied, and evaluated.

A principal that writes what a role runs has the role's permissions. So every program, model, image, definition and
choice of one is a `Reference` here, with the calls that replace it, and only its owners may make those.
"""

from __future__ import annotations

import base64
import json
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from fnmatch import fnmatch
from typing import Any

from tests.access import actions, simulation
from tests.access.roles import Document, Role, listed, resources

REPLACING_OBJECTS = (
    "s3:DeleteObject",
    "s3:DeleteObjectTagging",
    "s3:DeleteObjectVersion",
    "s3:PutObject",
    "s3:PutObjectAcl",
    "s3:PutObjectTagging",
)
REOPENING_BUCKETS = (
    "s3:DeleteBucketPolicy",
    "s3:PutBucketPolicy",
    "s3:PutBucketVersioning",
    "s3:PutLifecycleConfiguration",
    "s3:PutReplicationConfiguration",
)
REPLACING: Mapping[str, tuple[str, ...]] = {
    "aws_lambda_function": ("lambda:UpdateFunctionCode", "lambda:UpdateFunctionConfiguration"),
    "aws_lambda_layer_version": ("lambda:DeleteLayerVersion", "lambda:PublishLayerVersion"),
    # The caller that starts a run names its script and libraries.
    "aws_glue_job": ("glue:CreateJob", "glue:DeleteJob", "glue:StartJobRun", "glue:UpdateJob"),
    "aws_glue_trigger": ("glue:CreateTrigger", "glue:UpdateTrigger"),
    "aws_sfn_state_machine": (
        "states:CreateStateMachine",
        "states:DeleteStateMachine",
        "states:PublishStateMachineVersion",
        "states:UpdateStateMachine",
    ),
    "aws_sagemaker_endpoint": ("sagemaker:CreateEndpoint", "sagemaker:DeleteEndpoint", "sagemaker:UpdateEndpoint"),
    "aws_sagemaker_endpoint_configuration": ("sagemaker:CreateEndpointConfig", "sagemaker:DeleteEndpointConfig"),
    "aws_sagemaker_model": ("sagemaker:CreateModel", "sagemaker:DeleteModel"),
    "aws_sagemaker_studio_lifecycle_config": (
        "sagemaker:CreateStudioLifecycleConfig",
        "sagemaker:DeleteStudioLifecycleConfig",
    ),
    "aws_sagemaker_domain": ("sagemaker:UpdateDomain",),
    "aws_sagemaker_user_profile": ("sagemaker:UpdateUserProfile",),
    "aws_ecr_repository": (
        "ecr:BatchDeleteImage",
        "ecr:InitiateLayerUpload",
        "ecr:PutImage",
        "ecr:PutImageTagMutability",
        "ecr:SetRepositoryPolicy",
        "ecr:UploadLayerPart",
    ),
    # Routes, specifications of releases: what runs is chosen by them.
    "aws_ssm_parameter": ("ssm:DeleteParameter", "ssm:PutParameter"),
    "aws_cloudwatch_event_target": ("events:PutTargets", "events:RemoveTargets"),
}
"""Calls that put something else in a resource's place, by Terraform's type."""

CODE_ARGUMENTS = ("--extra-py-files", "--extra-jars", "--extra-files", "--additional-python-modules")
CODE_MEMBERS = ("sagemaker_submit_directory", "S3OutputPath", "checkpoint_uri")
DATA_INPUTS = frozenset({"labels", "rows", "source", "spec"})
"""Inputs of processing jobs that are read and not run."""

OWNERS: Mapping[tuple[str, str], frozenset[str]] = {
    ("artifacts/models/registered/", "s3:PutObject"): frozenset({"model-artifacts"}),
    ("artifacts/training-outputs/", "s3:PutObject"): frozenset({"sagemaker-training"}),
    ("artifacts/checkpoints/", "s3:PutObject"): frozenset({"sagemaker-training"}),
    ("artifacts/evaluations/", "s3:PutObject"): frozenset({"sagemaker-evaluation"}),
    ("job/", "glue:StartJobRun"): frozenset({"training", "etl-run", "feature-ingestion-run"}),
    # The pipeline's are its candidates, by name.
    ("endpoint/", "sagemaker:UpdateEndpoint"): frozenset({"release", "production"}),
    ("endpoint-config/", "sagemaker:CreateEndpointConfig"): frozenset({"release"}),
    ("endpoint-config/", "sagemaker:DeleteEndpointConfig"): frozenset({"release"}),
    ("model/", "sagemaker:CreateModel"): frozenset({"release"}),
    ("model/", "sagemaker:DeleteModel"): frozenset({"release"}),
    ("parameter/{path}/models/", "ssm:PutParameter"): frozenset({"training"}),
    ("parameter/{path}/approvals/", "ssm:PutParameter"): frozenset({"training"}),
    ("parameter/{path}/releases/records/", "ssm:PutParameter"): frozenset({"release"}),
}
"""Roles, by their names after the prefix, that may do this to what begins so (after the ARN's account, or the bucket).
No other role may; what is not listed here only the deploying identity may change, which is not one of these roles."""


@dataclass(frozen=True)
class Reference:
    """Something that decides what a role runs.

    Attributes:
        by: who refers to it.
        arn: of the object, or of the resource.
        calls: that put something else in its place.
    """

    by: str
    arn: str
    calls: tuple[str, ...]


def references(states: Mapping[str, Document]) -> list[Reference]:
    """Collect all of an environment. Raises `ValueError` for an executable outside S3, which no policy could guard."""
    collected = [
        Reference(f"{kind} {attributes.get('name') or attributes.get('id')}", arn, calls)
        for kind, calls in REPLACING.items()
        for attributes in resources(states, kind)
        if (arn := attributes.get("arn"))
    ]
    for by, uri in _uris(states):
        bucket, _, key = uri.removeprefix("s3://").partition("/")
        # A prefix stands for every object below it.
        below = "" if re.search(r"\.[a-z0-9.]+$", key) else "x" if key.endswith("/") else "/x"
        arn = f"arn:aws:s3:::{bucket}/{key}{below}"
        collected += [Reference(by, arn, REPLACING_OBJECTS), Reference(by, f"arn:aws:s3:::{bucket}", REOPENING_BUCKETS)]
    return list(dict.fromkeys(collected))


def _uris(states: Mapping[str, Document]) -> Iterator[tuple[str, str]]:
    """Who executes what in S3, or makes models of it."""
    for each in resources(states, "aws_lambda_function"):
        yield f"function {each['function_name']}", f"s3://{each['s3_bucket']}/{each['s3_key']}"
    for each in resources(states, "aws_glue_job"):
        yield from ((f"job {each['name']}", uri) for uri in _of_job(each))
    for each in resources(states, "aws_sfn_state_machine"):
        yield from ((f"machine {each['name']}", uri) for uri in of_definition(json.loads(each["definition"])))
    for each in resources(states, "aws_sagemaker_model"):
        for container in [*each["primary_container"], *each["container"]]:
            if container["model_data_url"]:
                yield f"model {each['name']}", container["model_data_url"]
    for each in resources(states, "aws_sagemaker_studio_lifecycle_config"):
        script = base64.b64decode(each["studio_lifecycle_config_content"]).decode()
        yield from ((f"start script {each['id']}", uri) for uri in re.findall(r"s3://[^'\"$\s]+", script))


def _of_job(job: Document) -> Iterator[str]:
    yield job["command"][0]["script_location"]
    for argument in CODE_ARGUMENTS:
        for part in filter(None, (job["default_arguments"] or {}).get(argument, "").split(",")):
            if not part.startswith("s3://"):
                raise ValueError(f"job {job['name']}: {argument} fetches '{part}' from elsewhere")
            yield part


def of_definition(value: Any) -> Iterator[str]:
    """Code of training and processing jobs that a state machine starts, and where models are written to."""
    if isinstance(value, list):
        for item in value:
            yield from of_definition(item)
    if not isinstance(value, dict):
        return
    if "S3Input" in value and value.get("InputName") in DATA_INPUTS:
        return
    for name, item in value.items():
        code = name.removesuffix(".$") in CODE_MEMBERS or (name == "S3Uri" and "LocalPath" in value)
        if isinstance(item, str) and code:
            yield from re.findall(r"s3://[^'{}]+", item)
        if name != "ProcessingOutputConfig":
            yield from of_definition(item)


def replaceable(
    reference: Reference, roles: Iterable[Role], policies: Mapping[str, Document], prefix: str, path: str
) -> Iterator[str]:
    """Roles that could replace it and do not own it, in sentences. `policies` are those of buckets, by ARN."""
    for call in reference.calls:
        owners = owners_of(reference.arn, call, path)
        for role in roles:
            if role.name.removeprefix(f"{prefix}-") not in owners and may(role, call, reference.arn, policies):
                yield f"{role.name} may {call} on {reference.arn}, which {reference.by} runs"


def owners_of(arn: str, call: str, path: str) -> frozenset[str]:
    name = arn.split("/", 1)[-1] if arn.startswith("arn:aws:s3:") else arn.split(":", 5)[5]
    return frozenset[str]().union(
        *(who for (start, action), who in OWNERS.items() if action == call and name.startswith(start.format(path=path)))
    )


def may(role: Role, action: str, arn: str, policies: Mapping[str, Document]) -> bool:
    """Tell whether a session of the role may, under the best conditions that any of its statements requires."""
    policy = policies.get(arn.split("/", 1)[0])
    # Evaluate only statements that cover the action, which are few: the evaluator is slow.
    allows = [
        statement
        for _, statement in role.statements()
        if statement["Effect"] == "Allow" and any(fnmatch(action, each) for each in listed(statement["Action"]))
    ]
    contexts = [simulation.meeting(statement) | {"aws:PrincipalArn": role.arn} for statement in allows]
    return any(simulation.ask(role, action, arn, context, policy).allowed for context in contexts)


MACHINERY = frozenset(
    {
        "cloudwatch:PutMetricData",
        "ecr:BatchCheckLayerAvailability",
        "ecr:BatchGetImage",
        "ecr:GetAuthorizationToken",
        "ecr:GetDownloadUrlForLayer",
        "kms:CreateGrant",
        "kms:DescribeKey",
        "kms:Encrypt",
        "logs:CreateLogGroup",
        "logs:CreateLogStream",
        "logs:DescribeLogStreams",
        "logs:PutLogEvents",
    }
)
"""What SageMaker does under any job's role to run it: image, volume (the grant is for AWS alone), log, metrics; and
network interfaces. None of it reads or changes what another role runs or owns."""


def beyond(person: Role, passed: Role) -> Iterator[str]:
    """Rights of a role that who hands it on has not; with any program in a job, that is what a person would gain."""
    for sid, statement in passed.statements():
        if statement["Effect"] != "Allow":
            continue
        context = simulation.meeting(statement)
        for action in listed(statement["Action"]):
            if action in MACHINERY or action.startswith("ec2:"):
                continue
            for resource in listed(statement["Resource"]):
                if resource != "*" and not actions.can_mean(resource, action) and action not in actions.EITHER:
                    continue  # another action of the statement takes this resource
                if not simulation.ask(person, action, simulation.one_of(resource), context).allowed:
                    yield f"{person.name} hands on {passed.name}, which may {action} on {resource} ({sid})"
