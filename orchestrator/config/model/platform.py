"""The typed model of an environment: `platform.yaml` and its `blueprints/<name>.yaml`.

Each section of `Platform` is passed to Terraform unchanged, as a variable of the same name in every phase root whose
`phase.yaml` lists it under `values`.
"""

from __future__ import annotations

import datetime as dt
from typing import Annotated, Any, Literal

from pydantic import Field, model_validator

from orchestrator.config.model.blueprint import Blueprint
from orchestrator.config.model.data import Data, Efs, Emr, Sharing, Streaming
from orchestrator.config.model.dataset import Dataset
from orchestrator.config.model.section import AccountId, Name, Section
from orchestrator.config.model.training import MetricName, ModelGate, TrainingJob

__all__ = ["Blueprint", "Dataset", "Name", "Section", "TrainingJob"]
"""Names of other modules that are imported from here; definitions below are public without being listed."""

SubnetId = Annotated[str, Field(pattern=r"^subnet-[0-9a-f]{8,17}$")]


class ExistingNetwork(Section):
    """A VPC that is managed elsewhere: only security groups and the listed endpoints are added."""

    vpc_id: Annotated[str, Field(pattern=r"^vpc-[0-9a-f]{8,17}$")]
    private_subnet_ids: list[SubnetId] = Field(min_length=2, description="in at least two zones")
    public_subnet_ids: list[SubnetId] = Field([])
    isolated_subnet_ids: list[SubnetId] = Field([])
    route_table_ids: list[Annotated[str, Field(pattern=r"^rtb-[0-9a-f]{8,17}$")]] = Field(
        [], description="tables that get the S3 gateway endpoint; empty: the network already has one"
    )
    internet_egress: bool = Field(True, description="workloads may connect to the internet over TLS")


class Network(Section):
    cidr: str = Field(
        "10.0.0.0/16", description="from /16 to /20, split into sixteenths; required without `use_existing`"
    )
    availability_zones: int = Field(2, ge=2, le=3)
    nat: Literal["none", "single", "per_az"] = Field("single", description="per_az survives the loss of a zone")
    isolated_subnets: bool = Field(False, description="a third subnet per zone that reaches only S3")
    interface_endpoints: list[str] = Field([], description="service names, each billed per hour and zone")
    flow_logs: bool = True
    flow_log_traffic: Literal["ALL", "ACCEPT", "REJECT"] = "ALL"
    flow_log_interval_seconds: Literal[60, 600] = 600
    use_existing: ExistingNetwork | None = Field(None, description="use an existing VPC instead of creating one")


class Encryption(Section):
    rotation_days: int = Field(365, ge=90, le=2560)
    deletion_window_days: int = Field(30, ge=7, le=30)
    multi_region: bool = Field(False, description="keys that can be replicated; a later change creates new keys")


Persona = Literal["data_scientist", "ml_engineer", "data_engineer", "production"]
PrincipalArn = Annotated[str, Field(pattern=r"^arn:[a-z-]+:(iam|sts)::\d{12}:[a-z-]+/[A-Za-z0-9_+=,.@/-]+$")]
DeployerArn = Annotated[str, Field(pattern=r"^arn:[a-z-]+:iam::\d{12}:(role|user)/[A-Za-z0-9_+=,.@/-]+$")]


class Access(Section):
    """Deploying principals, and principals that may assume the roles for users."""

    deployers: list[DeployerArn] = Field(
        [],
        description="roles or users that deploy, and alone write the code that roles execute; "
        "empty: no role of the environment writes it",
    )
    persona_principals: dict[Persona, list[PrincipalArn]] = Field(
        {},
        description="roles or users that may assume a persona's role; empty: principals with the tag `persona`",
    )
    require_mfa: bool = Field(True, description="only sessions with multi-factor authentication")
    organization_id: Annotated[str, Field(pattern=r"^o-[a-z0-9]{10,32}$")] | None = Field(
        None, description="only principals of this AWS organisation"
    )


class Storage(Section):
    """Lifecycle of the data bucket, in days."""

    force_destroy: bool = False
    raw_expiration_days: int = Field(30, ge=1)
    checkpoint_expiration_days: int = Field(7, ge=1)
    batch_input_expiration_days: int = Field(14, ge=1)
    async_output_glacier_days: int = Field(30, ge=1)
    log_glacier_days: int = Field(90, ge=1)
    noncurrent_expiration_days: int = Field(30, ge=1)
    abort_multipart_days: int = Field(7, ge=1, description="incomplete uploads")
    access_log_expiration_days: int = Field(365, ge=1, description="access logs of the data bucket")


class Repository(Section):
    keep_images: int = Field(20, ge=1, le=1000)
    untagged_after_days: int = Field(14, ge=1)


class Images(Section):
    """ECR repositories for container images, by short name."""

    repositories: dict[Name, Repository] = Field({"training": Repository(), "inference": Repository()})
    pull_account_ids: list[AccountId] = Field([], description="other accounts that may pull images")


class ModelGroup(Section):
    description: str = Field(min_length=1, max_length=1024, description="cannot be changed later in SageMaker")


class Registry(Section):
    """Model package groups by short name. Blueprints on SageMaker take their models from them."""

    groups: dict[Name, ModelGroup] = Field({"reviews": ModelGroup(description="Sentiment of customer reviews")})
    consumer_account_ids: list[AccountId] = Field([], description="other accounts that may deploy models from here")
    encrypt_versions: bool = Field(
        False, description="encrypt descriptions of versions with the models key; readers need to decrypt with it"
    )


class StudioPackages(Section):
    """Python packages that notebooks require."""

    source: Literal["image", "pip"] = Field(
        "image", description="image: included in SageMaker Distribution; pip: installed at every start of an app"
    )
    names: tuple[Annotated[str, Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]*(==[A-Za-z0-9.]+)?$")], ...] = Field(
        ("boto3", "langchain", "sagemaker", "transformers"), min_length=1
    )


class Studio(Section):
    """Notebooks. AWS bills the storage of the domain's home folders, and running apps."""

    enabled: bool = False
    instance_type: str = Field("ml.t3.medium", description="default for JupyterLab")
    idle_minutes: int = Field(60, ge=60, le=525_600, description="apps without kernel or terminal are shut down then")
    volume_gb: int = Field(5, ge=5, le=16_384, description="of a new space")
    max_volume_gb: int = Field(50, ge=5, le=16_384)
    packages: StudioPackages = StudioPackages()


class FeatureStore(Section):
    """A feature group of the reviews, filled by the training pipeline. Offline it consists of objects and a table."""

    enabled: bool = True
    online: bool = Field(
        False,
        description="look up records by id, billed per write, read and GB-month; a change creates a new group",
    )
    timeout_minutes: int = Field(60, ge=1, le=2880, description="of the ingestion job")


class Gate(ModelGate):
    """Conditions for registering a model of the platform's own training."""

    metric: MetricName = "accuracy"
    threshold: float = Field(0.60, description="limit where no version is live yet")
    above_baseline: float | None = Field(
        0.10, ge=0, description="lead over a model that always gives the same answer; null: none is required"
    )

    @model_validator(mode="before")
    @classmethod
    def _names_of_today(cls, given: Any) -> Any:
        former = [name for name in ("margin_over_baseline", "min_f1") if isinstance(given, dict) and name in given]
        if former:
            raise ValueError(
                f"`{former[0]}` no longer exists: write the metric that decides (`metric: accuracy` or "
                "`metric: f1`), its limit (`threshold: 0.6`) and the lead over the baseline (`above_baseline: 0.1`)"
            )
        return given


class Training(Section):
    instance_type: str = "ml.m5.large"
    volume_gb: int = Field(30, ge=5, le=16384)
    max_runtime_seconds: int = Field(3600, ge=60, le=432000)
    spot: bool = True
    hyperparameters: dict[str, str] = Field({"seed": "42", "c": "4.0", "max-features": "30000"})
    metrics: tuple[Annotated[str, Field(pattern=r"^[A-Za-z][A-Za-z0-9_:-]{0,39}$")], ...] = Field(
        ("validation:accuracy", "validation:f1"),
        max_length=38,
        description="names of the `name=value;` lines that train.py prints",
    )
    gate: Gate = Gate()
    approval: Literal["auto", "manual"] = "auto"
    approval_days: int = Field(30, ge=1, le=300, description="a pending version is rejected after this time")
    poll_seconds: int = Field(5, ge=1, le=60, description="interval for polling crawler and candidate")


class Throttle(Section):
    rate_per_second: float = Field(50, gt=0)
    burst: int = Field(100, ge=1)


class ApiKey(Section):
    """A further caller of the inference API. AWS generates the key's value, which is in no file."""

    blueprints: list[Annotated[str, Field(pattern=r"^(\*|[a-z][a-z0-9-]{0,30}[a-z0-9])$")]] = Field(
        min_length=1, description='that the key is valid for; "*": all, including later ones'
    )
    throttle: Throttle | None = Field(None, description="unset: that of the API")
    quota_per_day: int | None = Field(None, ge=1, description="unset: that of the API")


class Cognito(Section):
    """Existing user pools; their tokens are accepted for paths under /cognito/."""

    user_pool_arns: list[
        Annotated[str, Field(pattern=r"^arn:[a-z-]+:cognito-idp:[a-z0-9-]+:\d{12}:userpool/[\w-]+$")]
    ] = Field(min_length=1)
    scopes: list[str] = Field([], description="an access token requires one of them; empty: ID tokens are accepted")


class ApiAuth(Section):
    """Authentication methods of the inference API in addition to API keys, each under its own paths."""

    iam: bool = Field(False, description="requests signed by roles with `execute-api:Invoke`, under /iam/")
    cognito: Cognito | None = None


class Inference(Section):
    throttle: Throttle = Throttle()
    quota_per_day: int = Field(100_000, ge=1)
    api_keys: dict[Name, ApiKey] = Field({}, description="in addition to `default`, which is valid for all blueprints")
    auth: ApiAuth = ApiAuth()
    lambda_in_vpc: bool = False
    parquet_layer_arn: str | None = Field(
        None,
        pattern=r"^arn:[a-z-]+:lambda:[a-z0-9-]+:\d{12}:layer:[A-Za-z0-9_-]+:\d+$",
        description="layer with pyarrow (arm64, Python 3.12), such as AWS SDK for pandas; unset: no Parquet in batch",
    )
    waf: bool = False
    fixed_size: bool | None = Field(
        None,
        description="allow real-time endpoints without `autoscaling`; unset: only with `target: local`",
    )


class InvocationBodies(Section):
    """Kinds of requests and answers whose content is logged; the log then contains user input."""

    text: bool = False
    images: bool = False
    embeddings: bool = False
    videos: bool = False


class InvocationLogging(Section):
    """An event for every call of a Bedrock model: caller, model, tokens; larger bodies in logs/bedrock/."""

    enabled: bool = Field(
        False, description="only in one environment per account and region, as AWS has one such setting. Not local"
    )
    bodies: InvocationBodies = InvocationBodies()


class Bedrock(Section):
    """Optional features of Bedrock blueprints, and settings that an account has once per region."""

    knowledge_bases: bool = Field(False, description="allow `knowledge_base`; grants roles and keys access to vectors")
    agents: bool = Field(False, description="allow `agent`; grants roles access to agents")
    invocation_logging: InvocationLogging = InvocationLogging()


class Monitoring(Section):
    log_retention_days: Literal[1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180, 365, 400, 545, 731] = 30
    alarm_email: str | None = None
    latency_ms: int = Field(2000, ge=1)
    error_rate_percent: float = Field(5, gt=0, le=100)


class Events(Section):
    """Events for the notification topic, and the handling of undelivered events."""

    completions: Literal["all", "failures"] = Field("all", description="completed jobs and pipelines to notify of")
    redeploy_state_machine: Name | None = Field(
        None,
        description="state machine (without the environment's prefix) that an approved model version starts; "
        "null: notify only",
    )
    archive_days: int = Field(0, ge=0, description="days for which events can be replayed; 0: no archive")
    retry_minutes: int = Field(60, ge=1, le=1440, description="time for which delivery is retried")
    retry_attempts: int = Field(10, ge=0, le=185)
    dead_letter_days: int = Field(14, ge=1, le=14, description="time for which undelivered events are kept")


class Local(Section):
    """The local AWS of an environment."""

    port: int | None = Field(
        None, ge=1024, le=65535, description="on 127.0.0.1; unset: the first free port from 4566, which is then kept"
    )


class Deploy(Section):
    skip: Literal["proof", "never"] | None = Field(
        None,
        description="proof: skip stacks that are proven unchanged; never: check each stack; unset: proof "
        "with `target: local`, never with `target: aws`",
    )


class Approvals(Section):
    deploy: Literal["ask", "never"] | None = Field(
        None,
        description="ask: a deployment requires a preview, accepted risks and approval; unset: never with "
        "`target: local`, ask with `target: aws`",
    )


class Limits(Section):
    parallelism: int = Field(2, ge=1, le=16, description="stacks deployed concurrently, if cores and memory allow")


class Platform(Section):
    """`terraform/envs/<env>/platform.yaml`.

    Keys that name or protect an environment, or are visible outside, have no default, and neither have the sections
    that every environment decides on (`access: {}` uses the defaults): a truncated file is rejected.
    """

    target: Literal["local", "aws"] = Field(
        description="local: its own AWS on this machine, without an account; aws: the account of the credentials"
    )
    project: Annotated[str, Field(pattern=r"^[a-z][a-z0-9-]{0,14}[a-z0-9]$")]
    region: Annotated[str, Field(pattern=r"^[a-z]{2}(-[a-z]+)+-\d$")]
    account_id: Annotated[str, Field(pattern=r"^\d{12}$")] | None = Field(
        None, description="deployments to any other account are rejected"
    )
    owner: Name
    cost_center: Name
    expires_at: dt.date | None = Field(
        None, description="fixed date for the tag `expires-at`; deployments are rejected afterwards"
    )
    lifetime_days: int = Field(
        30,
        ge=1,
        le=366,
        description="without `expires_at`, everything expires this many days after the last deployment, rounded up to "
        "a Monday",
    )
    permanent: bool = Field(False, description="kept until it is destroyed: `expires-at` is `never`")
    tags: dict[str, str] = Field({})
    protected: bool = Field(description="destroy requires --yes-destroy-protected; deletion protection is on")
    network: Network
    encryption: Encryption
    access: Access
    storage: Storage
    images: Images = Images()
    registry: Registry = Registry()
    data: Data = Data()
    sharing: Sharing = Sharing()
    streaming: Streaming = Streaming()
    emr: Emr = Emr()
    efs: Efs = Efs()
    studio: Studio = Studio()
    feature_store: FeatureStore = FeatureStore()
    training: Training
    inference: Inference
    bedrock: Bedrock = Bedrock()
    monitoring: Monitoring
    events: Events
    local: Local = Field(Local(), description="with `target: local`")
    deploy: Deploy = Deploy()
    approvals: Approvals = Approvals()
    limits: Limits


Described = Blueprint | Dataset | TrainingJob
"""A file of an environment from which a stack is synthesised."""


class Environment(Section):
    """An environment with its datasets, trainings and blueprints."""

    name: Name
    platform: Platform
    blueprints: tuple[Blueprint, ...]
    datasets: tuple[Dataset, ...] = ()
    trainings: tuple[TrainingJob, ...] = ()

    @property
    def files(self) -> tuple[Described, ...]:
        """All files from which a stack is synthesised."""
        return (*self.datasets, *self.trainings, *self.blueprints)

    @property
    def model_groups(self) -> tuple[str, ...]:
        """Short names of the model package groups: those of the platform, and one for each training."""
        return (*self.platform.registry.groups, *(training.name for training in self.trainings))

    @property
    def is_local(self) -> bool:
        """Whether it runs in a local AWS, which its file decides, not its name."""
        return self.platform.target == "local"

    @property
    def asks(self) -> bool:
        """Whether a deployment requires accepted risks and approval."""
        value = self.platform.approvals.deploy
        return not self.is_local if value is None else value == "ask"

    @property
    def skips_by_proof(self) -> bool:
        """Whether a deployment skips proven stacks. A proof does not detect manual changes."""
        value = self.platform.deploy.skip
        return self.is_local if value is None else value == "proof"

    @property
    def has_sample_data(self) -> bool:
        """Whether the sample reviews are uploaded, and a model is trained on them."""
        value = self.platform.data.sample
        return self.is_local if value is None else value

    @property
    def allows_fixed_size(self) -> bool:
        """Whether real-time endpoints may have a fixed number of instances."""
        value = self.platform.inference.fixed_size
        return self.is_local if value is None else value

    @property
    def name_prefix(self) -> str:
        return f"{self.platform.project}-{self.name}"
