"""The four roles for people, used: what each can do, and what it is refused.

A person is a user who carries the tag `persona`, as the identity provider would set it, and assumes the role of that
name. Refusals must have AWS's own wording, so that no other error passes for one.
"""

from __future__ import annotations

import json
import uuid
from collections.abc import Callable, Iterator
from functools import partial
from typing import Any

import boto3
import pytest
from botocore.config import Config
from botocore.exceptions import ClientError

from tests.support import keys
from tests.support.shared_platform import ACCOUNT, PREFIX, REGION, Deployed

pytestmark = [pytest.mark.emulator, pytest.mark.terraform]

PERSONAS = ("data_scientist", "ml_engineer", "data_engineer", "production")
BUCKET = f"{PREFIX}-data-{ACCOUNT}-{REGION}"
REFUSALS = ("AccessDenied", "AccessDeniedException", "AuthorizationError")
MACHINE = f"arn:aws:states:{REGION}:{ACCOUNT}:stateMachine:{PREFIX}-training"


class Desk:
    """Where people sign in. What it makes it removes."""

    def __init__(self, deployed: Deployed) -> None:
        self._deployed = deployed
        self._iam = deployed.client("iam")
        self._users: list[tuple[str, str]] = []
        # One session reads each service's model once.
        self._session = boto3.session.Session()
        self._clients: dict[tuple[str, str], Any] = {}

    def sign_in(self, tag: str) -> Callable[[str], Any]:
        """Create a user with this value of the tag `persona` that may call AssumeRole for every role."""
        name = f"person-{uuid.uuid4().hex[:8]}"
        self._iam.create_user(UserName=name, Tags=[{"Key": "persona", "Value": tag}])
        document = (
            '{"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "sts:AssumeRole", "Resource": "*"}]}'
        )
        self._iam.put_user_policy(UserName=name, PolicyName="sign-in", PolicyDocument=document)
        key = self._iam.create_access_key(UserName=name)["AccessKey"]
        self._users.append((name, key["AccessKeyId"]))
        return partial(self._client, key)

    def assume(self, person: Callable[[str], Any], persona: str) -> Callable[[str], Any]:
        """Clients of the persona's role. Raises `ClientError` when the role does not let the person in."""
        role = self._deployed.outputs("foundation")["iam"]["persona_role_arns"][persona]
        session = person("sts").assume_role(RoleArn=role, RoleSessionName="tests")
        return partial(self._client, session["Credentials"])

    def _client(self, credentials: dict[str, str], service: str) -> Any:
        key = (credentials["AccessKeyId"], service)
        if key not in self._clients:
            self._clients[key] = self._session.client(
                service,
                region_name=REGION,
                endpoint_url=self._deployed.endpoint,
                aws_access_key_id=credentials["AccessKeyId"],
                aws_secret_access_key=credentials["SecretAccessKey"],
                aws_session_token=credentials.get("SessionToken"),
                config=Config(retries={"max_attempts": 0}, proxies={}, s3={"addressing_style": "path"}),
            )
        return self._clients[key]

    def close(self) -> None:
        for name, key in self._users:
            self._iam.delete_access_key(UserName=name, AccessKeyId=key)
            self._iam.delete_user_policy(UserName=name, PolicyName="sign-in")
            self._iam.delete_user(UserName=name)


@pytest.fixture(scope="module")
def desk(deployed: Deployed) -> Iterator[Desk]:
    desk = Desk(deployed)
    yield desk
    desk.close()


@pytest.fixture(scope="module")
def roles(desk: Desk) -> dict[str, Callable[[str], Any]]:
    """Clients by persona: `roles["production"]("s3")`."""
    return {name: desk.assume(desk.sign_in(name.replace("_", "-")), name) for name in PERSONAS}


def refused(call: Callable[..., Any], action: str) -> None:
    with pytest.raises(ClientError) as failure:
        call()
    error = failure.value.response["Error"]
    assert error["Code"] in REFUSALS, error
    assert f"is not authorized to perform: {action}" in error["Message"]


def first_key(deployed: Deployed, prefix: str) -> str:
    return str(deployed.client("s3").list_objects_v2(Bucket=BUCKET, Prefix=prefix, MaxKeys=1)["Contents"][0]["Key"])


def read(role: Callable[[str], Any], key: str) -> Callable[[], Any]:
    return lambda: role("s3").get_object(Bucket=BUCKET, Key=key)


def write(role: Callable[[str], Any], key: str) -> Callable[[], Any]:
    return lambda: role("s3").put_object(Bucket=BUCKET, Key=key, Body=b"")


def forget(deployed: Deployed, key: str) -> None:
    """A persona has no access to old versions, which a deletion leaves in the versioned bucket."""
    versions = deployed.client("s3").list_object_versions(Bucket=BUCKET, Prefix=key)
    for version in [*versions.get("Versions", []), *versions.get("DeleteMarkers", [])]:
        deployed.client("s3").delete_object(Bucket=BUCKET, Key=key, VersionId=version["VersionId"])


def training_job(role: Callable[[str], Any], name: str, runs_as: str) -> Callable[[], Any]:
    return lambda: role("sagemaker").create_training_job(
        TrainingJobName=name,
        RoleArn=runs_as,
        AlgorithmSpecification={"TrainingImage": "image", "TrainingInputMode": "File"},
        OutputDataConfig={"S3OutputPath": f"s3://{BUCKET}/experiments/data-scientist/"},
        ResourceConfig={"InstanceType": "ml.m5.large", "InstanceCount": 1, "VolumeSizeInGB": 1},
        StoppingCondition={"MaxRuntimeInSeconds": 60},
    )


@pytest.mark.parametrize("persona", PERSONAS)
def test_only_who_carries_the_tag_becomes_the_persona(desk: Desk, deployed: Deployed, persona: str) -> None:
    others = {name.replace("_", "-") for name in PERSONAS} - {persona.replace("_", "-")}
    for tag in (*sorted(others)[:1], "guest"):
        refused(lambda tag=tag: desk.assume(desk.sign_in(tag), persona), "sts:AssumeRole")
    arn = deployed.outputs("foundation")["iam"]["persona_role_arns"][persona]
    administrator = deployed.client("sts")
    refused(lambda: administrator.assume_role(RoleArn=arn, RoleSessionName="tests"), "sts:AssumeRole")


def test_the_data_scientist_reads_processed_data_and_starts_experiments(roles: Any, deployed: Deployed) -> None:
    role = roles["data_scientist"]
    training = deployed.outputs("models")["sagemaker"]["training_role_arn"]
    key = first_key(deployed, "data/processed/")
    # The key opens as well: the object is encrypted, and reading it decrypts it.
    assert read(role, key)()["ServerSideEncryption"] == "aws:kms"
    role("s3").list_objects_v2(Bucket=BUCKET, Prefix="data/features/")
    jobs = role("sagemaker").list_training_jobs()["TrainingJobSummaries"]
    role("sagemaker").describe_training_job(TrainingJobName=jobs[0]["TrainingJobName"])
    role("sagemaker").create_experiment(ExperimentName=f"{PREFIX}-lab")
    deployed.client("sagemaker").delete_experiment(ExperimentName=f"{PREFIX}-lab")
    role("glue").get_tables(DatabaseName=f"{PREFIX.replace('-', '_')}_raw")
    refused(
        training_job(role, f"{PREFIX}-lab", "arn:aws:iam::123456789012:role/mlops-local-production"), "iam:PassRole"
    )
    refused(training_job(role, f"{PREFIX}-lab", training), "iam:PassRole")
    refused(training_job(role, "elsewhere-lab", training), "sagemaker:CreateTrainingJob")


def test_no_persona_replaces_what_roles_run(roles: Any, deployed: Deployed) -> None:
    """Every persona is refused: where an identity policy would allow it, the bucket policy denies it."""
    for persona in ("data_scientist", "ml_engineer", "data_engineer"):
        for prefix in ("artifacts/code/", "artifacts/training-outputs/", "artifacts/models/registered/"):
            refused(write(roles[persona], first_key(deployed, prefix)), "s3:PutObject")
        own, other = persona.replace("_", "-"), "ml-engineer" if persona == "data_engineer" else "data-engineer"
        key = f"experiments/{own}/{uuid.uuid4().hex}.txt"
        write(roles[persona], key)()
        roles[persona]("s3").delete_object(Bucket=BUCKET, Key=key)
        forget(deployed, key)
        refused(write(roles[persona], f"experiments/{other}/test.txt"), "s3:PutObject")
    refused(
        lambda: roles["data_engineer"]("glue").start_job_run(
            JobName=f"{PREFIX}-reviews-etl",
            Arguments={"--scriptLocation": f"s3://{BUCKET}/experiments/data-engineer/mine.py"},
        ),
        "glue:StartJobRun",
    )


def test_the_bucket_itself_refuses_roles_that_their_policies_would_admit(roles: Any, deployed: Deployed) -> None:
    iam, role, session = deployed.client("iam"), f"{PREFIX}-ml-engineer", roles["ml_engineer"]
    statement = {"Effect": "Allow", "Action": "s3:PutObject", "Resource": f"arn:aws:s3:::{BUCKET}/*"}
    document = json.dumps({"Version": "2012-10-17", "Statement": [statement]})
    iam.put_role_policy(RoleName=role, PolicyName="of-a-test", PolicyDocument=document)
    try:
        for key in ("artifacts/code/etl/mine.py", "artifacts/models/registered/0/model.tar.gz"):
            refused(write(session, key), "s3:PutObject")
    finally:
        iam.delete_role_policy(RoleName=role, PolicyName="of-a-test")


def test_the_data_scientist_deploys_nothing(roles: Any, deployed: Deployed) -> None:
    role, endpoint = roles["data_scientist"], f"{PREFIX}-reviews"
    sagemaker = role("sagemaker")
    current = deployed.client("sagemaker").describe_endpoint(EndpointName=endpoint)["EndpointConfigName"]
    refused(
        lambda: sagemaker.update_endpoint(EndpointName=endpoint, EndpointConfigName=current), "sagemaker:UpdateEndpoint"
    )
    refused(
        lambda: sagemaker.create_endpoint(EndpointName=f"{PREFIX}-mine", EndpointConfigName=current),
        "sagemaker:CreateEndpoint",
    )
    refused(lambda: sagemaker.delete_endpoint(EndpointName=endpoint), "sagemaker:DeleteEndpoint")
    refused(
        lambda: sagemaker.update_model_package(
            ModelPackageArn=f"arn:aws:sagemaker:{REGION}:{ACCOUNT}:model-package/{PREFIX}-reviews/1",
            ModelApprovalStatus="Approved",
        ),
        "sagemaker:UpdateModelPackage",
    )
    refused(lambda: role("stepfunctions").start_execution(stateMachineArn=MACHINE), "states:StartExecution")
    refused(write(role, "data/raw/mine.txt"), "s3:PutObject")
    refused(
        lambda: role("iam").attach_role_policy(
            RoleName=f"{PREFIX}-data-scientist", PolicyArn="arn:aws:iam::aws:policy/AdministratorAccess"
        ),
        "iam:AttachRolePolicy",
    )


def test_the_production_role_reads_no_data(roles: Any, deployed: Deployed) -> None:
    role = roles["production"]
    for prefix in ("data/raw/", "data/processed/", "data/features/", "artifacts/training-outputs/"):
        refused(read(role, first_key(deployed, prefix)), "s3:GetObject")
        refused(lambda prefix=prefix: role("s3").list_objects_v2(Bucket=BUCKET, Prefix=prefix), "s3:ListBucket")
    refused(lambda: role("s3").list_objects_v2(Bucket=BUCKET), "s3:ListBucket")
    refused(lambda: role("stepfunctions").start_execution(stateMachineArn=MACHINE), "states:StartExecution")
    refused(
        lambda: role("sagemaker").create_model(
            ModelName=f"{PREFIX}-mine", ExecutionRoleArn=f"arn:aws:iam::{ACCOUNT}:role/{PREFIX}-production"
        ),
        "sagemaker:CreateModel",
    )


def test_the_production_role_serves_and_watches(roles: Any) -> None:
    role = roles["production"]
    role("sagemaker").describe_endpoint(EndpointName=f"{PREFIX}-reviews")
    answer = role("sagemaker-runtime").invoke_endpoint(
        EndpointName=f"{PREFIX}-reviews", ContentType="application/json", Body=b'{"inputs": ["Great product!"]}'
    )
    assert b"positive" in answer["Body"].read()
    role("cloudwatch").list_metrics()
    refused(
        lambda: role("sagemaker-runtime").invoke_endpoint(EndpointName="elsewhere", Body=b"{}"),
        "sagemaker:InvokeEndpoint",
    )


def test_the_ml_engineer_runs_the_pipeline_and_approves_models(roles: Any, deployed: Deployed) -> None:
    role = roles["ml_engineer"]
    assert role("stepfunctions").list_executions(stateMachineArn=MACHINE)["executions"]
    role("sagemaker").describe_model_package(
        ModelPackageName=f"arn:aws:sagemaker:{REGION}:{ACCOUNT}:model-package/{PREFIX}-reviews/1"
    )
    role("sagemaker-runtime").invoke_endpoint(
        EndpointName=f"{PREFIX}-reviews", ContentType="application/json", Body=b'{"inputs": ["x"]}'
    )
    refused(read(role, first_key(deployed, "data/raw/")), "s3:GetObject")
    refused(lambda: role("sagemaker").delete_endpoint(EndpointName=f"{PREFIX}-reviews"), "sagemaker:DeleteEndpoint")
    refused(lambda: role("kms").list_keys(), "kms:ListKeys")


def test_the_data_engineer_owns_raw_data_and_touches_no_model(roles: Any, deployed: Deployed) -> None:
    role, key = roles["data_engineer"], f"data/raw/tests/{uuid.uuid4().hex}.txt"
    write(role, key)()
    role("s3").delete_object(Bucket=BUCKET, Key=key)
    forget(deployed, key)
    assert role("glue").get_crawler(Name=f"{PREFIX}-raw-reviews")["Crawler"]["Name"] == f"{PREFIX}-raw-reviews"
    refused(write(role, "data/features/mine.parquet"), "s3:PutObject")
    refused(read(role, first_key(deployed, "artifacts/training-outputs/")), "s3:GetObject")
    refused(lambda: role("sagemaker").delete_endpoint(EndpointName=f"{PREFIX}-reviews"), "sagemaker:DeleteEndpoint")
    refused(lambda: role("lambda").invoke(FunctionName=f"{PREFIX}-model-router"), "lambda:InvokeFunction")


def test_nothing_that_the_platform_itself_did_was_refused(deployed: Deployed) -> None:
    """Pipeline, functions, router, jobs, training and endpoints: every role sufficed for the whole deployment."""
    people = {f"{PREFIX}-{name.replace('_', '-')}" for name in PERSONAS}
    rows = keys.page(deployed.endpoint, "evidence", kind="iam-decision")["evidence"]
    own = [
        row
        for row in rows
        if row["role"] and (name := row["role"].rsplit("/", 1)[-1]).startswith(PREFIX) and name not in people
    ]
    assert {row["role"] for row in own if row["decision"] == "denied"} == set()
    acted = {row["role"].rsplit("/", 1)[-1] for row in own}
    jobs = ("glue", "sagemaker-training", "sagemaker-evaluation", "sagemaker-candidate")
    expected = ("training", *jobs, "model-router", "data-validation", "endpoint-probe")
    assert {f"{PREFIX}-{name}" for name in expected} <= acted
