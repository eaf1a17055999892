"""What each persona must be able to do, and what it must not: calls, put to the policy evaluator one by one."""

from __future__ import annotations

from dataclasses import dataclass, field

REGION, ACCOUNT = "us-east-1", "123456789012"


@dataclass(frozen=True)
class Call:
    """One call of a persona. Resources are filled in with `bucket`, `prefix` and `sql` (the prefix without hyphens)."""

    persona: str
    action: str
    resource: str
    allowed: bool
    context: dict[str, str] = field(default_factory=dict)

    @property
    def id(self) -> str:
        return f"{self.persona} {'may' if self.allowed else 'may not'} {self.action} {self.resource.rpartition(':')[2]}"


def arn(service: str, resource: str) -> str:
    return f"arn:aws:{service}:{REGION}:{ACCOUNT}:{resource}"


def sagemaker(resource: str) -> str:
    return arn("sagemaker", resource)


S3_KEY = {"kms:ViaService": f"s3.{REGION}.amazonaws.com"}
TO_SAGEMAKER = {"iam:PassedToService": "sagemaker.amazonaws.com"}
TRAINING_ROLE = f"arn:aws:iam::{ACCOUNT}:role/{{prefix}}-sagemaker-training"
EXECUTED = (
    "artifacts/code/etl/x/etl.py",
    "artifacts/code/notebooks/x/call_endpoint.ipynb",
    "artifacts/models/registered/x/model.tar.gz",
    "artifacts/models/sagemaker-custom/a/model.tar.gz",
    "artifacts/training-outputs/mine/output/model.tar.gz",
    "artifacts/checkpoints/mine/member.npy",
)
"""What roles execute, or make models of."""
DEPLOYING = ("CreateEndpoint", "UpdateEndpoint", "DeleteEndpoint", "UpdateEndpointWeightsAndCapacities")


def may(persona: str, action: str, resource: str, **context: str) -> Call:
    return Call(persona, action, resource, True, {key.replace("__", ":"): value for key, value in context.items()})


def may_not(persona: str, action: str, resource: str, **context: str) -> Call:
    return Call(persona, action, resource, False, {key.replace("__", ":"): value for key, value in context.items()})


def experiments_role(persona: str) -> str:
    return f"arn:aws:iam::{ACCOUNT}:role/{{prefix}}-experiments-{persona.replace('_', '-')}"


def experimenting(persona: str) -> list[Call]:
    """Allow the persona's own folder and role for jobs, no other persona's, and nothing that roles execute."""
    personas = ("data_scientist", "ml_engineer", "data_engineer")
    return [
        *(Call(persona, "iam:PassRole", experiments_role(other), other == persona, TO_SAGEMAKER) for other in personas),
        *(
            Call(persona, action, f"{{bucket}}/experiments/{other.replace('_', '-')}/a", other == persona)
            for other in personas
            for action in ("s3:PutObject", "s3:GetObject", "s3:DeleteObject")
        ),
        *(
            may_not(persona, action, f"{{bucket}}/{key}")
            for key in EXECUTED
            for action in ("s3:PutObject", "s3:DeleteObject")
        ),
        Call(persona, "iam:PassRole", TRAINING_ROLE, False, TO_SAGEMAKER),
        *(may_not(persona, "glue:StartJobRun", arn("glue", f"job/{{prefix}}-{job}")) for job in ("reviews-etl", "x")),
    ]


def approving(persona: str, *, allowed: bool) -> list[Call]:
    """Decide about a model version, and wake the execution that waits for it."""
    token = arn("ssm", "parameter/mlops/{environment}/approvals/reviews/3")
    opened = {"kms:ViaService": f"ssm.{REGION}.amazonaws.com", "kms:EncryptionContext:PARAMETER_ARN": token}
    return [
        Call(persona, "sagemaker:UpdateModelPackage", sagemaker("model-package/{prefix}-reviews/1"), allowed),
        Call(persona, "ssm:GetParameter", token, allowed),
        Call(persona, "kms:Decrypt", "{data_key}", allowed, opened),
        Call(persona, "states:SendTaskSuccess", "*", allowed),
        # Approvers cannot write tokens, and cannot open other secrets of the environment.
        may_not(persona, "ssm:PutParameter", token),
        may_not(persona, "ssm:GetParameter", arn("ssm", "parameter/mlops/{environment}/secrets/job-ids")),
    ]


DATA_SCIENTIST = [
    *experimenting("data_scientist"),
    may("data_scientist", "s3:GetObject", "{bucket}/data/raw/reviews/a.txt"),
    may("data_scientist", "s3:GetObject", "{bucket}/data/features/reviews/a.parquet"),
    may("data_scientist", "s3:ListBucket", "{bucket}", s3__prefix="data/features/reviews/"),
    may("data_scientist", "athena:StartQueryExecution", arn("athena", "workgroup/{prefix}-analytics")),
    may("data_scientist", "glue:GetTable", arn("glue", "table/{sql}_raw/reviews")),
    may("data_scientist", "sagemaker:GetRecord", sagemaker("feature-group/{prefix}-reviews")),
    may("data_scientist", "sagemaker:BatchGetRecord", sagemaker("feature-group/{prefix}-reviews")),
    Call("data_scientist", "kms:Decrypt", "{data_key}", True, {"kms:ViaService": f"sagemaker.{REGION}.amazonaws.com"}),
    may("data_scientist", "s3:GetObject", "{bucket}/data/features/offline/a.parquet"),
    *(
        may_not("data_scientist", f"sagemaker:{action}", sagemaker("feature-group/{prefix}-reviews"))
        for action in ("PutRecord", "DeleteRecord", "DeleteFeatureGroup", "UpdateFeatureGroup")
    ),
    may_not("data_scientist", "sagemaker:GetRecord", sagemaker("feature-group/mlops-prod-reviews")),
    may("data_scientist", "sagemaker:CreatePresignedDomainUrl", sagemaker("user-profile/d-1/{prefix}-DataScientist")),
    may("data_scientist", "sagemaker:CreateApp", sagemaker("app/d-1/{prefix}-DataScientist-1/JupyterLab/default")),
    may_not("data_scientist", "sagemaker:CreatePresignedDomainUrl", sagemaker("user-profile/d-1/{prefix}-MLEngineer")),
    may("data_scientist", "sagemaker:CreateTrainingJob", sagemaker("training-job/{prefix}-try-1")),
    may("data_scientist", "sagemaker:CreateExperiment", sagemaker("experiment/{prefix}-try")),
    *(may_not("data_scientist", f"sagemaker:{action}", sagemaker("endpoint/{prefix}-reviews")) for action in DEPLOYING),
    may_not("data_scientist", "sagemaker:CreateModel", sagemaker("model/{prefix}-mine")),
    *approving("data_scientist", allowed=False),
    may_not("data_scientist", "s3:PutObject", "{bucket}/data/features/reviews/a.parquet"),
    may_not("data_scientist", "s3:DeleteObject", "{bucket}/data/raw/reviews/a.txt"),
    may_not("data_scientist", "s3:GetObject", "arn:aws:s3:::another-bucket/data/raw/a.txt"),
    may_not("data_scientist", "s3:ListBucket", "{bucket}"),
    may_not("data_scientist", "states:StartExecution", arn("states", "stateMachine:{prefix}-training")),
    may_not("data_scientist", "sagemaker:CreateTrainingJob", sagemaker("training-job/mlops-prod-try-1")),
    Call("data_scientist", "iam:PassRole", f"arn:aws:iam::{ACCOUNT}:role/{{prefix}}-glue", False, TO_SAGEMAKER),
    may_not(
        "data_scientist",
        "iam:PassRole",
        experiments_role("data_scientist"),
        iam__PassedToService="lambda.amazonaws.com",
    ),
    may_not("data_scientist", "kms:Decrypt", "{data_key}"),
    Call("data_scientist", "kms:Decrypt", "{data_key}", True, S3_KEY),
]

ML_ENGINEER = [
    *experimenting("ml_engineer"),
    may("ml_engineer", "states:StartExecution", arn("states", "stateMachine:{prefix}-training")),
    *approving("ml_engineer", allowed=True),
    may("ml_engineer", "sagemaker:InvokeEndpoint", sagemaker("endpoint/{prefix}-reviews")),
    may("ml_engineer", "s3:PutObject", "{bucket}/configs/inference/realtime/reviews.json"),
    may("ml_engineer", "s3:GetObject", "{bucket}/data/features/reviews/a.parquet"),
    may_not("ml_engineer", "s3:GetObject", "{bucket}/data/raw/reviews/a.txt"),
    may_not("ml_engineer", "s3:PutObject", "{bucket}/data/features/reviews/a.parquet"),
    *(may_not("ml_engineer", f"sagemaker:{action}", sagemaker("endpoint/{prefix}-reviews")) for action in DEPLOYING),
    may_not("ml_engineer", "states:UpdateStateMachine", arn("states", "stateMachine:{prefix}-training")),
    may_not("ml_engineer", "lambda:UpdateFunctionCode", arn("lambda", "function:{prefix}-model-router")),
]

DATA_ENGINEER = [
    *approving("data_engineer", allowed=False),
    *experimenting("data_engineer"),
    *(
        may("data_engineer", "states:StartExecution", arn("states", f"stateMachine:{{prefix}}-{machine}"))
        for machine in ("etl", "feature-ingestion", "preprocessing")
    ),
    may_not("data_engineer", "states:StartExecution", arn("states", "stateMachine:{prefix}-training")),
    Call(
        "data_engineer",
        "iam:PassRole",
        f"arn:aws:iam::{ACCOUNT}:role/{{prefix}}-processing",
        False,
        TO_SAGEMAKER,
    ),
    may("data_engineer", "s3:PutObject", "{bucket}/data/raw/reviews/a.txt"),
    may("data_engineer", "s3:DeleteObject", "{bucket}/data/quarantine/reviews/a.jsonl"),
    may("data_engineer", "sagemaker:CreateProcessingJob", sagemaker("processing-job/{prefix}-reviews-1")),
    may("data_engineer", "glue:StartCrawler", arn("glue", "crawler/{prefix}-raw-reviews")),
    may("data_engineer", "athena:StartQueryExecution", arn("athena", "workgroup/{prefix}-analytics")),
    may_not("data_engineer", "s3:DeleteObject", "{bucket}/data/processed/reviews/a.parquet"),
    may_not("data_engineer", "s3:DeleteObjectVersion", "{bucket}/data/raw/reviews/a.txt"),
    may_not("data_engineer", "s3:GetObject", "{bucket}/artifacts/models/sagemaker-custom/a/model.tar.gz"),
    may_not("data_engineer", "glue:UpdateJob", arn("glue", "job/{prefix}-reviews-etl")),
    may_not("data_engineer", "glue:DeleteTable", arn("glue", "table/{sql}_raw/reviews")),
    may_not("data_engineer", "sagemaker:CreateTrainingJob", sagemaker("training-job/{prefix}-try-1")),
    *(may_not("data_engineer", f"sagemaker:{action}", sagemaker("endpoint/{prefix}-reviews")) for action in DEPLOYING),
]

PRODUCTION = [
    *approving("production", allowed=False),
    may("production", "sagemaker:UpdateEndpoint", sagemaker("endpoint/{prefix}-reviews")),
    may("production", "sagemaker:UpdateEndpoint", sagemaker("endpoint-config/{prefix}-reviews-0a1b2c3d")),
    may("production", "sagemaker:InvokeEndpoint", sagemaker("endpoint/{prefix}-reviews")),
    Call(
        "production",
        "application-autoscaling:RegisterScalableTarget",
        arn("application-autoscaling", "scalable-target/1"),
        True,
        {"application-autoscaling:service-namespace": "sagemaker"},
    ),
    may("production", "cloudwatch:GetMetricData", "*"),
    may("production", "logs:FilterLogEvents", arn("logs", "log-group:/aws/lambda/{prefix}-model-router")),
    may("production", "s3:GetObject", "{bucket}/logs/inference/realtime/a.json"),
    *(
        may_not("production", "s3:GetObject", f"{{bucket}}/{prefix}a")
        for prefix in (
            "data/raw/",
            "data/processed/",
            "data/features/",
            "data/features/offline/",
            "data/quarantine/",
            "artifacts/training-outputs/",
            "artifacts/checkpoints/",
            "artifacts/models/sagemaker-custom/",
        )
    ),
    may_not("production", "s3:ListBucket", "{bucket}", s3__prefix="data/raw/"),
    may_not("production", "s3:PutObject", "{bucket}/logs/inference/realtime/a.json"),
    may_not("production", "athena:StartQueryExecution", arn("athena", "workgroup/{prefix}-analytics")),
    may_not("production", "glue:GetTable", arn("glue", "table/{sql}_features/reviews")),
    may_not("production", "sagemaker:GetRecord", sagemaker("feature-group/{prefix}-reviews")),
    *(
        may_not("production", f"sagemaker:{action}", sagemaker(f"{kind}/{{prefix}}-x"))
        for action, kind in (
            ("CreateEndpoint", "endpoint"),
            ("DeleteEndpoint", "endpoint"),
            ("CreateEndpointConfig", "endpoint-config"),
            ("CreateModel", "model"),
            ("CreateTrainingJob", "training-job"),
            ("UpdateModelPackage", "model-package"),
        )
    ),
    Call("production", "iam:PassRole", TRAINING_ROLE, False, TO_SAGEMAKER),
    Call(
        "production",
        "application-autoscaling:RegisterScalableTarget",
        arn("application-autoscaling", "scalable-target/1"),
        False,
        {"application-autoscaling:service-namespace": "dynamodb"},
    ),
]

CALLS = [*DATA_SCIENTIST, *ML_ENGINEER, *DATA_ENGINEER, *PRODUCTION]
