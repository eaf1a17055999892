"""What each role needs: (action, resource) pairs, each with where the need comes from.

Resources are written short: `{prefix}` is the environment's name prefix, `key:<purpose>` a KMS key, `bucket` the data
bucket, and an ARN begins with its service. `short` turns what was applied into the same spelling, so that granted and
needed can be compared pair by pair, in both directions.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from itertools import product

from tests.access.roles import Role, listed

Pair = tuple[str, str]
Pairs = frozenset[Pair]


@dataclass(frozen=True)
class Need:
    """Of one role.

    Attributes:
        code: folder whose boto3 calls make the need; `None` where AWS itself acts under the role.
        calls: pairs of the code's own calls.
        around: pairs that follow from how it runs.
        later: of the calls those that a fresh platform does not make yet.
        by_option: of the calls those whose right comes with blueprints that this platform has none of.
    """

    code: str | None
    calls: Pairs
    around: Pairs
    later: Pairs = frozenset()
    by_option: Pairs = frozenset()

    @property
    def pairs(self) -> Pairs:
        return self.calls | self.around | self.later


def pairs(actions: Iterable[str] | str, resources: Iterable[str] | str) -> Pairs:
    return frozenset(product([actions] if isinstance(actions, str) else actions, listed(resources)))


# ---- the bucket ------------------------------------------------------------------------------------------------


LISTING = pairs("s3:ListBucket", "bucket")

TOLD_WHAT_IS_MISSING = LISTING
"""S3 answers 404 for a missing object only to those who may list; to others everything is forbidden."""


def reading(*prefixes: str) -> Pairs:
    return pairs("s3:GetObject", [f"bucket/{prefix}*" for prefix in prefixes])


def writing(*prefixes: str) -> Pairs:
    return pairs("s3:PutObject", [f"bucket/{prefix}*" for prefix in prefixes])


def deleting(*prefixes: str) -> Pairs:
    return pairs("s3:DeleteObject", [f"bucket/{prefix}*" for prefix in prefixes])


def large_objects(*prefixes: str) -> Pairs:
    """Above 8 MB, SDKs write in parts, and clean up or go on after a failure."""
    return pairs(
        ["s3:AbortMultipartUpload", "s3:ListMultipartUploadParts"], [f"bucket/{prefix}*" for prefix in prefixes]
    )


LOCATE = pairs("s3:GetBucketLocation", "bucket")
"""SDKs query the location of a bucket if their region is another one."""


def encrypted(*purposes: str, write: bool = False) -> Pairs:
    """S3 uses the key in the name of the principal that reads or writes the object."""
    return pairs(
        ["kms:Decrypt", "kms:GenerateDataKey"] if write else "kms:Decrypt", [f"key:{each}" for each in purposes]
    )


# ---- where it runs ---------------------------------------------------------------------------------------------


def lambda_runtime(name: str) -> Pairs:
    """Lambda writes the log, opens the encrypted environment and sends traces under the function's role."""
    return (
        pairs(["logs:CreateLogStream", "logs:PutLogEvents"], f"logs:log-group:/aws/lambda/{{prefix}}-{name}:*")
        | pairs("kms:Decrypt", "key:data")
        | pairs(["xray:PutTraceSegments", "xray:PutTelemetryRecords"], "*")
    )


IMAGES = ["ecr:BatchCheckLayerAvailability", "ecr:BatchGetImage", "ecr:GetDownloadUrlForLayer"]
FRAMEWORK_IMAGES = {
    "683313688378": ["sagemaker-scikit-learn", "sagemaker-xgboost"],
    "763104351884": [
        "huggingface-pytorch-inference",
        "huggingface-pytorch-training",
        "pytorch-inference",
        "pytorch-training",
    ],
    "156813124566": ["sagemaker-model-monitor-analyzer"],
}
"""AWS's own accounts in us-east-1, and the images of theirs that blueprints may name."""

CATALOG = ["glue:catalog", "glue:database/{sql_prefix}_*", "glue:table/{sql_prefix}_*/*"]

JOBS = (
    pairs("cloudwatch:PutMetricData", "*")
    | pairs(
        IMAGES, [f"ecr:{account}:repository/{name}" for account, names in FRAMEWORK_IMAGES.items() for name in names]
    )
    | pairs(IMAGES, ["ecr:repository/{prefix}/inference", "ecr:repository/{prefix}/training"])
    | pairs("ecr:GetAuthorizationToken", "*")
    # Volumes and output under a customer key (SageMaker's guide, "SageMaker AI roles").
    | pairs(["kms:CreateGrant", "kms:DescribeKey", "kms:Encrypt"], "key:models")
)
"""What SageMaker needs to run anything."""

BASE = JOBS | pairs(
    [
        "glue:BatchGetPartition",
        "glue:GetDatabase",
        "glue:GetDatabases",
        "glue:GetPartition",
        "glue:GetPartitions",
        "glue:GetTable",
        "glue:GetTables",
    ],
    CATALOG,
)
"""The base of everything that SageMaker runs for the platform."""

NETWORK = (
    pairs("ec2:CreateNetworkInterface", ["ec2:network-interface/*", "ec2:security-group/{id}", "ec2:subnet/{id}"])
    | pairs(
        ["ec2:CreateNetworkInterfacePermission", "ec2:DeleteNetworkInterface", "ec2:DeleteNetworkInterfacePermission"],
        "ec2:network-interface/*",
    )
    | pairs(
        [
            "ec2:DescribeDhcpOptions",
            "ec2:DescribeNetworkInterfaces",
            "ec2:DescribeSecurityGroups",
            "ec2:DescribeSubnets",
            "ec2:DescribeVpcs",
        ],
        "*",
    )
)
"""SageMaker attaches its containers to subnets (SageMaker's guide, "Connect to resources in a VPC")."""


def sagemaker_logs(group: str, *, make: bool) -> Pairs:
    actions = ["logs:CreateLogStream", "logs:DescribeLogStreams", "logs:PutLogEvents"]
    needed = pairs(actions, f"logs:log-group:{group}:*")
    return (
        needed | pairs([*actions, "logs:CreateLogGroup"], [f"logs:log-group:{group}:*", f"logs:log-group:{group}"])
        if make
        else needed
    )


# ---- the roles -------------------------------------------------------------------------------------------------

_REGISTERED = "artifacts/models/registered/"
_MODELS = (
    _REGISTERED,
    "artifacts/training-outputs/",
    "artifacts/models/sagemaker-custom/",
    "artifacts/models/sagemaker-finetuned/",
)
_ETL_READ = ("data/raw/", "data/processed/", "data/features/")
_ETL_WRITE = ("data/processed/", "data/features/", "data/quarantine/")
_ETL_DELETE = ("data/processed/reviews/", "data/features/reviews/")
_TRAINED = ("artifacts/training-outputs/", "artifacts/checkpoints/")

_NOTEBOOK_READ = (
    "data/raw/",
    "data/processed/",
    "data/features/",
    "artifacts/code/notebooks/",
    "configs/training/",
    "logs/athena/",
)
_EXPERIMENT_KINDS = (
    "experiment",
    "experiment-trial",
    "experiment-trial-component",
    "hyper-parameter-tuning-job",
    "processing-job",
    "training-job",
)


def _studio(profile: str, persona: str) -> Pairs:
    """Notebooks of a profile: its own workplace, experiments, queries (Studio's guide, "IAM policies for Studio")."""
    written = (f"experiments/{persona}/", "logs/athena/")
    workplace = [f"sagemaker:{kind}/*/{{prefix}}-{profile}*" for kind in ("app", "space", "user-profile")]
    return (
        BASE
        | NETWORK
        | LISTING
        | LOCATE
        | reading(*_NOTEBOOK_READ, f"experiments/{persona}/")
        | writing(*written)
        | large_objects(*written)
        | pairs(
            [
                *(f"sagemaker:{verb}Space" for verb in ("Create", "Delete", "Describe", "Update")),
                *(f"sagemaker:{verb}App" for verb in ("Create", "Delete", "Describe")),
                "sagemaker:AddTags",
                "sagemaker:CreatePresignedDomainUrl",
                "sagemaker:DescribeUserProfile",
            ],
            workplace,
        )
        | pairs([f"sagemaker:List{kind}" for kind in ("Apps", "Domains", "Spaces", "UserProfiles")], "*")
        | pairs("sagemaker:DescribeDomain", "sagemaker:domain/{id}")
        | pairs(
            ["logs:CreateLogGroup", "logs:CreateLogStream", "logs:DescribeLogStreams", "logs:PutLogEvents"],
            ["logs:log-group:/aws/sagemaker/studio", "logs:log-group:/aws/sagemaker/studio:*"],
        )
        | pairs(
            [
                "sagemaker:AddTags",
                *(f"sagemaker:Create{kind}" for kind in ("Experiment", "Trial", "TrialComponent")),
                *(f"sagemaker:Describe{kind}" for kind in ("Experiment", "Trial", "TrialComponent")),
                "sagemaker:UpdateTrialComponent",
                *(
                    f"sagemaker:{verb}{kind}Job"
                    for verb in ("Create", "Describe", "Stop")
                    for kind in ("HyperParameterTuning", "Processing", "Training")
                ),
            ],
            [f"sagemaker:{kind}/{{prefix}}-*" for kind in _EXPERIMENT_KINDS],
        )
        | pairs([f"sagemaker:List{kind}" for kind in ("Experiments", "ModelPackageGroups", "TrainingJobs")], "*")
        | pairs("sagemaker:Search", "*")
        | pairs("iam:PassRole", f"iam:role/{{prefix}}-experiments-{persona}")
        # Records of the feature groups; the online store is opened with the reader's rights.
        | pairs(
            ["sagemaker:BatchGetRecord", "sagemaker:DescribeFeatureGroup", "sagemaker:GetRecord"],
            "sagemaker:feature-group/{prefix}-*",
        )
        | pairs(
            [
                *(f"athena:{verb}QueryExecution" for verb in ("Get", "Start", "Stop")),
                "athena:GetQueryResults",
                "athena:GetWorkGroup",
            ],
            "athena:workgroup/{prefix}-*",
        )
    )


_BATCH_WRITE = ("inference/batch/input/_parts/", "inference/batch/output/")


def _results_crawler(blueprint: str) -> Need:
    """Of one batch blueprint: reads its results, writes its own two tables."""
    database = f"{{sql_prefix}}_{blueprint.replace('-', '_')}"
    return Need(
        None,
        frozenset(),
        reading(f"inference/batch/output/{blueprint}/")
        | LISTING
        | LOCATE
        | encrypted("data")
        | pairs(
            [
                "glue:BatchCreatePartition",
                "glue:BatchGetPartition",
                "glue:BatchUpdatePartition",
                "glue:CreatePartition",
                "glue:CreateTable",
                "glue:GetDatabase",
                "glue:GetPartition",
                "glue:GetPartitions",
                "glue:GetTable",
                "glue:GetTables",
                "glue:UpdatePartition",
                "glue:UpdateTable",
            ],
            ["glue:catalog", f"glue:database/{database}", f"glue:table/{database}/*"],
        )
        | pairs(
            ["logs:AssociateKmsKey", "logs:CreateLogGroup", "logs:CreateLogStream", "logs:PutLogEvents"],
            "logs:log-group:/aws-glue/*",
        )
        | pairs("glue:GetSecurityConfiguration", "*"),
    )


_ASYNC = ("inference/async/input/", "inference/async/output/", "inference/async/failures/")


def _callback(blueprint: str) -> Need:
    """Of one asynchronous blueprint: tells its table; a webhook would have a secret."""
    return Need(
        "lambda/async_callback",
        pairs("dynamodb:PutItem", f"dynamodb:table/{{prefix}}-{blueprint}-results"),
        # What cannot be delivered is kept, encrypted.
        pairs("sqs:SendMessage", f"sqs:{{prefix}}-{blueprint}-undelivered")
        | pairs(["kms:Decrypt", "kms:GenerateDataKey"], "key:logs")
        | lambda_runtime(f"{blueprint}-callback"),
        by_option=pairs("ssm:GetParameter", f"ssm:parameter/mlops/local/callbacks/{blueprint}"),
    )


def _worker(blueprint: str) -> Need:
    """Of one asynchronous blueprint on Bedrock: reads its queue, asks its model, writes into its folders."""
    folders = [f"{prefix}{blueprint}/" for prefix in _ASYNC]
    queues = [f"sqs:{{prefix}}-{blueprint}-requests{end}" for end in ("", "-dead")]
    return Need(
        "lambda/async_worker",
        reading(*folders)
        | writing(*folders)
        | pairs("ssm:GetParameter", f"ssm:parameter/mlops/local/routes/{blueprint}")
        | pairs("sns:Publish", [f"sns:{{prefix}}-{blueprint}-{end}" for end in ("completed", "failed")])
        | pairs(
            "bedrock:InvokeModel",
            ["bedrock:application-inference-profile/{id}", "bedrock::foundation-model/amazon.nova-lite-v1:0"],
        ),
        # Lambda reads the queue under the function's role.
        pairs(["sqs:DeleteMessage", "sqs:GetQueueAttributes", "sqs:ReceiveMessage"], queues)
        | pairs(["kms:Decrypt", "kms:GenerateDataKey"], "key:logs")
        | TOLD_WHAT_IS_MISSING
        | LOCATE
        | large_objects(*folders)
        | encrypted("data", write=True)
        | lambda_runtime(f"{blueprint}-worker"),
        # Nothing is throttled and no two workers have the same request while a platform is deployed.
        later=pairs("sqs:ChangeMessageVisibility", queues) | deleting(folders[1]),
        by_option=pairs("bedrock:ApplyGuardrail", "bedrock:guardrail/*"),
    )


def _experiments(persona: str, *read: str) -> Need:
    """Jobs that a persona starts: its own folder, and what it reads."""
    own = f"experiments/{persona}/"
    return Need(
        None,
        frozenset(),
        reading(*read, own)
        | LISTING
        | writing(own)
        | large_objects(own)
        | LOCATE
        | encrypted("data", "models", write=True)
        | JOBS
        | NETWORK
        | sagemaker_logs("/aws/sagemaker/ProcessingJobs", make=True)
        | sagemaker_logs("/aws/sagemaker/TrainingJobs", make=True),
    )


LOGGED_MACHINE = pairs(
    [
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
    ],
    "*",
)
"""Logging and tracing of state machines (Step Functions' guide)."""


def _glue_run(job: str) -> Need:
    """A state machine that runs one job with its own arguments."""
    return Need(
        None,
        frozenset(),
        pairs(
            ["glue:BatchStopJobRun", "glue:GetJobRun", "glue:GetJobRuns", "glue:StartJobRun"],
            f"glue:job/{{prefix}}-{job}",
        )
        | LOGGED_MACHINE,
    )


NEEDS: dict[str, Need] = {
    "data-validation": Need(
        "lambda/data_validation",
        reading("data/processed/", "data/features/") | LISTING,
        LOCATE | encrypted("data") | lambda_runtime("data-validation"),
    ),
    "model-artifacts": Need(
        "lambda/model_artifacts",
        # A copy reads and writes. Above 5 GB it is made in parts.
        reading("artifacts/training-outputs/") | writing(_REGISTERED),
        LOCATE
        | TOLD_WHAT_IS_MISSING
        | large_objects(_REGISTERED)
        | encrypted("data", "models", write=True)
        | lambda_runtime("model-artifacts"),
        # A release compares.
        later=reading(_REGISTERED),
    ),
    "endpoint-probe": Need(
        "lambda/endpoint_probe",
        pairs("sagemaker:InvokeEndpoint", "sagemaker:endpoint/{prefix}-*"),
        LOCATE
        | TOLD_WHAT_IS_MISSING
        | large_objects("inference/async/input/")
        | encrypted("data", write=True)
        | lambda_runtime("endpoint-probe"),
        # A release of an asynchronous endpoint, of which a first deployment has none.
        later=pairs("sagemaker:InvokeEndpointAsync", "sagemaker:endpoint/{prefix}-*")
        | reading("inference/async/output/", "inference/async/failures/")
        | writing("inference/async/input/"),
    ),
    "model-router": Need(
        "lambda/model_router",
        pairs("sagemaker:InvokeEndpoint", "sagemaker:endpoint/{prefix}-*")
        | pairs("ssm:GetParameter", "ssm:parameter/mlops/local/routes/*")
        | pairs(
            "bedrock:InvokeModel",
            ["bedrock:application-inference-profile/{id}", "bedrock::foundation-model/amazon.nova-lite-v1:0"],
        ),
        lambda_runtime("model-router"),
        # The models are not listed while a platform is deployed, and no blueprint of it has a guardrail.
        later=pairs(
            "ssm:GetParametersByPath", ["ssm:parameter/mlops/local/routes", "ssm:parameter/mlops/local/routes/*"]
        )
        | pairs("bedrock:ApplyGuardrail", "bedrock:guardrail/*"),
        # Knowledge bases and agents, which the local AWS has none of.
        by_option=pairs("bedrock:RetrieveAndGenerate", "*") | pairs("bedrock:InvokeAgent", "bedrock:agent-alias/{id}"),
    ),
    "token-authorizer": Need(
        "lambda/token_authorizer",
        # With a slash at the path's end or without one.
        pairs("ssm:GetParametersByPath", [f"ssm:parameter/mlops/local/api-keys{end}" for end in ("", "/*")]),
        # Its records are opened with the key that its environment is under.
        lambda_runtime("token-authorizer"),
    ),
    "job-api": Need(
        "lambda/job_api",
        reading(*_ASYNC)
        | writing("inference/async/input/")
        | pairs("ssm:GetParameter", ["ssm:parameter/mlops/local/routes/*", "ssm:parameter/mlops/local/secrets/job-ids"])
        | pairs("sagemaker:InvokeEndpointAsync", "sagemaker:endpoint/{prefix}-*")
        | pairs("sqs:SendMessage", "sqs:{prefix}-*-requests")
        | pairs("lambda:InvokeFunction", "lambda:function:{prefix}-batch-submitter"),
        TOLD_WHAT_IS_MISSING
        | LOCATE
        | large_objects("inference/async/input/")
        | encrypted("data", write=True)
        | pairs(["kms:Decrypt", "kms:GenerateDataKey"], "key:logs")
        | lambda_runtime("job-api"),
    ),
    "chat-async-worker": _worker("chat-async"),
    "chat-async-callback": _callback("chat-async"),
    "reviews-async-callback": _callback("reviews-async"),
    "reviews-async-endpoint": Need(
        "jobs/models/reviews",
        frozenset(),
        # SageMaker fetches inputs, writes results and tells the topics under the endpoint's role.
        reading(*_MODELS, "inference/async/input/reviews-async/")
        | writing("inference/async/output/reviews-async/", "inference/async/failures/reviews-async/")
        | large_objects("inference/async/output/reviews-async/", "inference/async/failures/reviews-async/")
        | LISTING
        | LOCATE
        | encrypted("data", write=True)
        | encrypted("models")
        | BASE
        | NETWORK
        | pairs("sns:Publish", "sns:{prefix}-*")
        | pairs(["kms:Decrypt", "kms:GenerateDataKey"], "key:logs")
        | sagemaker_logs("/aws/sagemaker/Endpoints/{prefix}-reviews-async", make=False),
    ),
    "batch-submitter": Need(
        "lambda/batch_submitter",
        reading("inference/batch/input/", "inference/batch/output/")
        | writing(*_BATCH_WRITE)
        | pairs(
            "ssm:GetParameter", ["ssm:parameter/mlops/local/routes/*", "ssm:parameter/mlops/local/releases/records/*"]
        )
        | pairs(
            ["sagemaker:CreateTransformJob", "sagemaker:DescribeTransformJob"], "sagemaker:transform-job/{prefix}-*"
        )
        | pairs(
            "bedrock:CreateModelInvocationJob",
            [
                "bedrock:application-inference-profile/{id}",
                "bedrock::foundation-model/amazon.nova-lite-v1:0",
                "bedrock:model-invocation-job/*",
            ],
        )
        | pairs("bedrock:GetModelInvocationJob", "bedrock:model-invocation-job/*")
        | pairs("glue:StartCrawler", "glue:crawler/{prefix}-*-results")
        | pairs("sns:Publish", "sns:{prefix}-notifications"),
        LOCATE
        | encrypted("data", write=True)
        | pairs("s3:ListMultipartUploadParts", [f"bucket/{prefix}*" for prefix in _BATCH_WRITE])
        | lambda_runtime("batch-submitter")
        # Jobs are tagged; notifications and volumes are under customer keys; Bedrock works under a separate role.
        | pairs("sagemaker:AddTags", "sagemaker:transform-job/{prefix}-*")
        | pairs("bedrock:TagResource", "bedrock:model-invocation-job/*")
        | pairs(["kms:Decrypt", "kms:GenerateDataKey"], "key:logs")
        | pairs(["kms:CreateGrant", "kms:DescribeKey"], "key:models")
        | pairs("iam:PassRole", "iam:role/{prefix}-chat-batch-jobs"),
        # No schedule sweeps the folder, no input is large, and no upload breaks off while a platform is deployed.
        later=LISTING
        | pairs("lambda:InvokeFunction", "lambda:function:{prefix}-batch-submitter")
        | pairs("s3:AbortMultipartUpload", [f"bucket/{prefix}*" for prefix in _BATCH_WRITE]),
    ),
    "reviews-batch-model": Need(
        "jobs/models/reviews",
        frozenset(),
        reading(*_MODELS, "inference/batch/input/_parts/reviews-batch/")
        | writing("inference/batch/output/reviews-batch/raw/")
        | large_objects("inference/batch/output/reviews-batch/raw/")
        | LISTING
        | LOCATE
        | encrypted("data", write=True)
        | encrypted("models")
        | BASE
        | NETWORK
        | sagemaker_logs("/aws/sagemaker/TransformJobs", make=True),
    ),
    "reviews-batch-crawler": _results_crawler("reviews-batch"),
    "chat-batch-crawler": _results_crawler("chat-batch"),
    "chat-batch-jobs": Need(
        None,
        frozenset(),
        # Bedrock's guide, "Create a custom service role for batch inference".
        reading("inference/batch/input/_parts/chat-batch/")
        | writing("inference/batch/output/chat-batch/raw/")
        | large_objects("inference/batch/output/chat-batch/raw/")
        | LISTING
        | LOCATE
        | encrypted("data", write=True)
        | pairs(
            "bedrock:InvokeModel",
            ["bedrock:application-inference-profile/{id}", "bedrock::foundation-model/amazon.nova-lite-v1:0"],
        ),
    ),
    "glue": Need(
        "jobs/etl",
        reading(*_ETL_READ, "artifacts/code/") | LISTING | writing(*_ETL_WRITE),
        LOCATE
        | encrypted("data", write=True)
        | large_objects(*_ETL_WRITE)
        # Crawlers write the catalog, and only theirs.
        | pairs(
            [
                "glue:BatchCreatePartition",
                "glue:BatchGetPartition",
                "glue:BatchUpdatePartition",
                "glue:CreatePartition",
                "glue:CreateTable",
                "glue:GetDatabase",
                "glue:GetPartition",
                "glue:GetPartitions",
                "glue:GetTable",
                "glue:GetTables",
                "glue:UpdatePartition",
                "glue:UpdateTable",
            ],
            CATALOG,
        )
        # Evaluations of rulesets fetch their program (Glue's guide, "Troubleshooting AWS Glue Data Quality").
        | pairs("s3:GetObject", "s3:aws-glue-ml-data-quality-assets-us-east-1/*")
        # The security configuration: encrypted logs and bookmarks (Glue's guide, "Setting up encryption").
        | pairs(
            ["logs:AssociateKmsKey", "logs:CreateLogGroup", "logs:CreateLogStream", "logs:PutLogEvents"],
            "logs:log-group:/aws-glue/*",
        )
        | pairs(["kms:Decrypt", "kms:Encrypt", "kms:GenerateDataKey"], "key:data")
        | pairs(["glue:GetSecurityConfiguration", "cloudwatch:PutMetricData"], "*"),
        # The first run finds nothing of earlier ones to remove; only a dataset from a table asks the catalogue for it.
        later=deleting(*_ETL_DELETE) | pairs(["glue:GetPartitions", "glue:GetTable"], CATALOG),
    ),
    "feature-ingestion": Need(
        "jobs/features",
        reading("data/features/", "artifacts/code/features/")
        | LISTING
        | writing("data/features/ingestion/")
        | pairs(
            ["sagemaker:BatchWriteRecord", "sagemaker:DescribeFeatureGroup"],
            "sagemaker:feature-group/{prefix}-reviews",
        ),
        LOCATE
        | encrypted("data", write=True)
        | large_objects("data/features/ingestion/")
        | pairs(
            ["logs:AssociateKmsKey", "logs:CreateLogGroup", "logs:CreateLogStream", "logs:PutLogEvents"],
            "logs:log-group:/aws-glue/*",
        )
        | pairs("glue:GetSecurityConfiguration", "*"),
        # Nothing is gone after the first run, and single records are for SDKs without batches: Glue's own.
        later=pairs(["sagemaker:DeleteRecord", "sagemaker:PutRecord"], "sagemaker:feature-group/{prefix}-reviews"),
    ),
    "feature-store": Need(
        None,
        frozenset(),
        # Feature Store's guide, "Adding required policies to your IAM role", on one prefix.
        writing("data/features/offline/")
        | large_objects("data/features/offline/")
        | LOCATE
        | pairs("s3:GetBucketAcl", "bucket")
        | pairs("s3:PutObjectAcl", "bucket/data/features/offline/*")
        | encrypted("data", write=True),
    ),
    "sagemaker-training": Need(
        "jobs/models/reviews",
        frozenset(),
        # The container calls nothing; SageMaker moves its data.
        reading("data/features/", "artifacts/code/", "artifacts/checkpoints/")
        | LISTING
        | writing(*_TRAINED)
        | large_objects(*_TRAINED)
        | LOCATE
        | encrypted("data", "models", write=True)
        | BASE
        | NETWORK
        | sagemaker_logs("/aws/sagemaker/TrainingJobs", make=True),
    ),
    "sagemaker-evaluation": Need(
        "jobs/evaluation",
        frozenset(),
        # The container calls nothing; SageMaker moves its data.
        reading("data/features/", "artifacts/code/", "artifacts/training-outputs/", _REGISTERED)
        | LISTING
        | writing("artifacts/evaluations/")
        | large_objects("artifacts/evaluations/")
        | LOCATE
        | encrypted("data", write=True)
        | encrypted("models")
        | BASE
        | NETWORK
        | sagemaker_logs("/aws/sagemaker/ProcessingJobs", make=True),
    ),
    "processing": Need(
        None,
        frozenset(),
        # The program calls nothing; SageMaker moves its data.
        reading("data/raw/reviews/", "artifacts/code/flows/", "artifacts/code/processing/")
        | LISTING
        | writing("data/processed/reviews-wrangled/")
        | large_objects("data/processed/reviews-wrangled/")
        | LOCATE
        | encrypted("data", write=True)
        | BASE
        | NETWORK
        | sagemaker_logs("/aws/sagemaker/ProcessingJobs", make=True),
    ),
    "experiments-data-scientist": _experiments("data-scientist", "data/raw/", "data/processed/", "data/features/"),
    "experiments-ml-engineer": _experiments("ml-engineer", "data/processed/", "data/features/"),
    "experiments-data-engineer": _experiments(
        "data-engineer", "data/raw/", "data/processed/", "configs/preprocessing/", "artifacts/code/processing/"
    ),
    "etl-run": _glue_run("reviews-etl"),
    "feature-ingestion-run": _glue_run("feature-ingestion"),
    "preprocessing-run": Need(
        None,
        frozenset(),
        pairs(
            [
                "sagemaker:AddTags",
                "sagemaker:CreateProcessingJob",
                "sagemaker:DescribeProcessingJob",
                "sagemaker:StopProcessingJob",
            ],
            "sagemaker:processing-job/{prefix}-*",
        )
        | pairs("iam:PassRole", "iam:role/{prefix}-processing")
        | pairs(
            ["events:DescribeRule", "events:PutRule", "events:PutTargets"],
            "events:rule/StepFunctionsGetEventsForSageMakerProcessingJobsRule",
        )
        | pairs(["kms:CreateGrant", "kms:DescribeKey"], "key:models")
        | LOGGED_MACHINE,
    ),
    "sagemaker-candidate": Need(
        "jobs/models/reviews",
        frozenset(),
        reading(_REGISTERED)
        | LISTING
        | LOCATE
        | encrypted("data", "models")
        | BASE
        | NETWORK
        | sagemaker_logs("/aws/sagemaker/Endpoints/{prefix}-candidate-*", make=True),
    ),
    "reviews-endpoint": Need(
        "jobs/models/reviews",
        frozenset(),
        reading(*_MODELS)
        | LISTING
        | LOCATE
        | encrypted("data", "models")
        | BASE
        | NETWORK
        | sagemaker_logs("/aws/sagemaker/Endpoints/{prefix}-reviews", make=False),
    ),
    "reviews-serverless-endpoint": Need(
        "jobs/models/reviews",
        frozenset(),
        reading(*_MODELS)
        | LISTING
        | LOCATE
        | encrypted("data", "models")
        | BASE
        | sagemaker_logs("/aws/sagemaker/Endpoints/{prefix}-reviews-serverless", make=False),
    ),
    "studio-data-scientist": Need(
        None,
        frozenset(),
        _studio("DataScientist", "data-scientist") | encrypted("data", "models", write=True),
    ),
    "studio-ml-engineer": Need(
        None,
        frozenset(),
        _studio("MLEngineer", "ml-engineer")
        | reading("artifacts/training-outputs/", _REGISTERED, "artifacts/models/sagemaker-custom/")
        | encrypted("data", "models", write=True)
        | pairs("sagemaker:InvokeEndpoint", "sagemaker:endpoint/{prefix}-*")
        | pairs(
            ["sagemaker:DescribeModelPackage", "sagemaker:DescribeModelPackageGroup", "sagemaker:ListModelPackages"],
            ["sagemaker:model-package-group/{prefix}-reviews", "sagemaker:model-package/{prefix}-reviews/*"],
        ),
    ),
    "flow-logs": Need(
        None,
        frozenset(),
        # VPC's guide, "IAM role for publishing flow logs to CloudWatch Logs", less the group that exists already.
        pairs(
            ["logs:CreateLogStream", "logs:DescribeLogStreams", "logs:PutLogEvents"],
            ["logs:log-group:/aws/vpc/{prefix}/flow-logs", "logs:log-group:/aws/vpc/{prefix}/flow-logs:*"],
        )
        | pairs("logs:DescribeLogGroups", "logs:log-group:*"),
    ),
}
"""By the role's name after the prefix; a name that ends with a hyphen is followed by a suffix of AWS's."""


def granted(role: Role, names: Mapping[str, str]) -> Pairs:
    """The pairs that a role's own policies allow, in short spelling; conditions stay out of it."""
    return frozenset(
        (action, short(resource, names))
        for _, statement in role.statements()
        if statement["Effect"] == "Allow"
        for action in listed(statement["Action"])
        for resource in listed(statement["Resource"])
    )


def names_of(foundation: Mapping[str, object]) -> dict[str, str]:
    """What `short` replaces, from the outputs of phase foundation."""
    text = json.loads(json.dumps(foundation))
    return {
        text["s3"]["bucket_arn"]: "bucket",
        text["kms"]["data_key_arn"]: "key:data",
        text["kms"]["models_key_arn"]: "key:models",
        text["kms"]["logs_key_arn"]: "key:logs",
    }


def short(resource: str, names: Mapping[str, str], account: str = "123456789012", prefix: str = "mlops-local") -> str:
    for arn, name in names.items():
        resource = resource.replace(arn, name)
    resource = re.sub(rf"^arn:aws:([a-z0-9-]+):[a-z0-9-]*:(?:{account})?:", r"\1:", resource)
    # AWS's own: its account, or none at all, is part of what the right is about.
    resource = re.sub(r"^arn:aws:([a-z0-9-]+):[a-z0-9-]*:(\d{12}):", r"\1:\2:", resource)
    resource = re.sub(r"^bedrock:foundation-model", "bedrock::foundation-model", resource)
    resource = re.sub(
        r"(security-group|subnet|application-inference-profile|domain)/(?!\*)[A-Za-z0-9-]+$", r"\1/{id}", resource
    )
    return resource.replace(prefix, "{prefix}").replace(prefix.replace("-", "_"), "{sql_prefix}")
