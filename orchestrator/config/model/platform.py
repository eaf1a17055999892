"""What an environment file may say: the typed model of `platform.yaml` and `blueprints/<name>.yaml`.

Each section of `Platform` reaches Terraform unchanged, as a variable of the same name in every phase
root whose `phase.yaml` lists it under `values`.
"""

from __future__ import annotations

import datetime as dt
from typing import Annotated, Literal

from pydantic import Field

from orchestrator.config.model.blueprint import Blueprint
from orchestrator.config.model.data import Data, Efs, Emr, Sharing, Streaming
from orchestrator.config.model.section import AccountId, Name, Section

__all__ = ["Blueprint", "Name", "Section"]
"""Of other modules, and taken from here by everybody; what is defined below is public without being listed."""

SubnetId = Annotated[str, Field(pattern=r"^subnet-[0-9a-f]{8,17}$")]


class ExistingNetwork(Section):
    """A VPC that somebody else looks after: it gets security groups and the endpoints asked for, nothing else."""

    vpc_id: Annotated[str, Field(pattern=r"^vpc-[0-9a-f]{8,17}$")]
    private_subnet_ids: list[SubnetId] = Field(min_length=2, description="in at least two zones")
    public_subnet_ids: list[SubnetId] = Field([])
    isolated_subnet_ids: list[SubnetId] = Field([])
    route_table_ids: list[Annotated[str, Field(pattern=r"^rtb-[0-9a-f]{8,17}$")]] = Field(
        [], description="tables that get the S3 gateway endpoint; none: the network has one already"
    )
    internet_egress: bool = Field(True, description="workloads may leave over TLS; the network has a way out")


class Network(Section):
    cidr: str = Field(
        "10.0.0.0/16", description="from /16 to /20, cut into sixteenths; to be given, but with `use_existing`"
    )
    availability_zones: int = Field(2, ge=2, le=3)
    nat: Literal["none", "single", "per_az"] = Field("single", description="per_az survives the loss of a zone")
    isolated_subnets: bool = Field(False, description="a third subnet per zone that reaches S3 alone")
    interface_endpoints: list[str] = Field([], description="service names, each billed per hour and zone")
    flow_logs: bool = True
    flow_log_traffic: Literal["ALL", "ACCEPT", "REJECT"] = "ALL"
    flow_log_interval_seconds: Literal[60, 600] = 600
    use_existing: ExistingNetwork | None = Field(None, description="a VPC that exists, instead of one of our own")


class Encryption(Section):
    rotation_days: int = Field(365, ge=90, le=2560)
    deletion_window_days: int = Field(30, ge=7, le=30)
    multi_region: bool = Field(False, description="keys that can be replicated; changing it later makes new keys")


Persona = Literal["data_scientist", "ml_engineer", "data_engineer", "production"]
PrincipalArn = Annotated[str, Field(pattern=r"^arn:[a-z-]+:(iam|sts)::\d{12}:[a-z-]+/[A-Za-z0-9_+=,.@/-]+$")]
DeployerArn = Annotated[str, Field(pattern=r"^arn:[a-z-]+:iam::\d{12}:(role|user)/[A-Za-z0-9_+=,.@/-]+$")]


class Access(Section):
    """Who deploys, and who may take the roles for people."""

    deployers: list[DeployerArn] = Field(
        [],
        description="roles or users that deploy: nobody else then writes what roles execute; "
        "without, no role of the environment does",
    )
    persona_principals: dict[Persona, list[PrincipalArn]] = Field(
        {},
        description="roles or users that may take a persona's role; "
        "without, whoever carries the principal tag `persona`",
    )
    require_mfa: bool = Field(True, description="only sessions that signed in with a second factor")
    organization_id: Annotated[str, Field(pattern=r"^o-[a-z0-9]{10,32}$")] | None = Field(
        None, description="only principals of this AWS organisation"
    )


class Storage(Section):
    """Lifecycle of the one data bucket, in days (SPEC defaults)."""

    force_destroy: bool = False
    raw_expiration_days: int = Field(30, ge=1)
    checkpoint_expiration_days: int = Field(7, ge=1)
    batch_input_expiration_days: int = Field(14, ge=1)
    async_output_glacier_days: int = Field(30, ge=1)
    log_glacier_days: int = Field(90, ge=1)
    noncurrent_expiration_days: int = Field(30, ge=1)
    abort_multipart_days: int = Field(7, ge=1, description="uploads that were never finished")
    access_log_expiration_days: int = Field(365, ge=1, description="access logs of the data bucket")


class Repository(Section):
    keep_images: int = Field(20, ge=1, le=1000)
    untagged_after_days: int = Field(14, ge=1)


class Images(Section):
    """Container images, in ECR repositories by short name."""

    repositories: dict[Name, Repository] = Field({"training": Repository(), "inference": Repository()})
    pull_account_ids: list[AccountId] = Field([], description="other accounts that may pull images")


class ModelGroup(Section):
    description: str = Field(min_length=1, max_length=1024, description="SageMaker never changes it")


class Registry(Section):
    """Model package groups by short name. Every inference method takes its model from one of them."""

    groups: dict[Name, ModelGroup] = Field({"reviews": ModelGroup(description="Sentiment of customer reviews")})
    consumer_account_ids: list[AccountId] = Field([], description="other accounts that may deploy models from here")
    encrypt_versions: bool = Field(
        False, description="descriptions of versions under the models key: readers need to decrypt with it"
    )


class StudioPackages(Section):
    """Python packages that notebooks count on."""

    source: Literal["image", "pip"] = Field(
        "image", description="image: SageMaker Distribution brings them; pip: installed at every start of an app"
    )
    names: tuple[Annotated[str, Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]*(==[A-Za-z0-9.]+)?$")], ...] = Field(
        ("boto3", "langchain", "sagemaker", "transformers"), min_length=1
    )


class Studio(Section):
    """Notebooks for people. The domain costs the storage of its home folders; apps cost while they run."""

    enabled: bool = False
    instance_type: str = Field("ml.t3.medium", description="of a JupyterLab whose user chose none")
    idle_minutes: int = Field(60, ge=60, le=525_600, description="without a kernel or terminal, then it is shut down")
    volume_gb: int = Field(5, ge=5, le=16_384, description="of a new space")
    max_volume_gb: int = Field(50, ge=5, le=16_384)
    packages: StudioPackages = StudioPackages()


class FeatureStore(Section):
    """A feature group of the reviews, which the training pipeline has filled. Offline it is objects and a table."""

    enabled: bool = True
    online: bool = Field(
        False,
        description="records by id in milliseconds, billed per write, read and GB-month; a change makes a new group",
    )
    timeout_minutes: int = Field(60, ge=1, le=2880, description="of the ingestion job")


class Gate(Section):
    """When a trained model may be registered."""

    margin_over_baseline: float = Field(0.10, ge=0, le=1, description="accuracy above the majority baseline")
    min_f1: float = Field(0.60, ge=0, le=1)


class Training(Section):
    instance_type: str = "ml.m5.large"
    volume_gb: int = Field(30, ge=5, le=16384)
    max_runtime_seconds: int = Field(3600, ge=60, le=432000)
    spot: bool = True
    hyperparameters: dict[str, str] = Field({"seed": "42", "c": "4.0", "max-features": "30000"})
    gate: Gate = Gate()
    approval: Literal["auto", "manual"] = "auto"
    approval_days: int = Field(30, ge=1, le=300, description="for so long a version waits for a person; then rejected")
    poll_seconds: int = Field(5, ge=1, le=60, description="pause between two looks at crawler and candidate")


class Throttle(Section):
    rate_per_second: float = Field(50, gt=0)
    burst: int = Field(100, ge=1)


class ApiKey(Section):
    """One caller of the inference API beside the default one. The key's value is AWS's making and stands in no file."""

    blueprints: list[Annotated[str, Field(pattern=r"^(\*|[a-z][a-z0-9-]{0,30}[a-z0-9])$")]] = Field(
        min_length=1, description='that the key is good for; "*": all, later ones too'
    )
    throttle: Throttle | None = Field(None, description="unset: that of the API")
    quota_per_day: int | None = Field(None, ge=1, description="unset: that of the API")


class Cognito(Section):
    """User pools that exist already; their tokens open the paths under /cognito/."""

    user_pool_arns: list[
        Annotated[str, Field(pattern=r"^arn:[a-z-]+:cognito-idp:[a-z0-9-]+:\d{12}:userpool/[\w-]+$")]
    ] = Field(min_length=1)
    scopes: list[str] = Field([], description="of which an access token needs one; none: ID tokens are taken")


class ApiAuth(Section):
    """Ways into the inference API beside API keys, each under paths of its own."""

    iam: bool = Field(False, description="requests signed by roles with `execute-api:Invoke`, under /iam/")
    cognito: Cognito | None = None


class Inference(Section):
    throttle: Throttle = Throttle()
    quota_per_day: int = Field(100_000, ge=1)
    api_keys: dict[Name, ApiKey] = Field({}, description="by name, beside `default`, which is good for everything")
    auth: ApiAuth = ApiAuth()
    lambda_in_vpc: bool = False
    parquet_layer_arn: str | None = Field(
        None,
        pattern=r"^arn:[a-z-]+:lambda:[a-z0-9-]+:\d{12}:layer:[A-Za-z0-9_-]+:\d+$",
        description="layer with pyarrow (arm64, Python 3.12), such as AWS SDK for pandas; none: no Parquet in batch",
    )
    waf: bool = False
    fixed_size: bool | None = Field(
        None,
        description="real-time endpoints may stay without `autoscaling`; unset: with `target: local` alone",
    )


class InvocationBodies(Section):
    """Of which kinds requests and answers themselves are logged: what people wrote is in the log then."""

    text: bool = False
    images: bool = False
    embeddings: bool = False
    videos: bool = False


class InvocationLogging(Section):
    """One event for every call of a model of Bedrock: caller, model, tokens; larger bodies below logs/bedrock/."""

    enabled: bool = Field(
        False, description="in one environment per account and region: AWS has one such setting. Not local"
    )
    bodies: InvocationBodies = InvocationBodies()


class Bedrock(Section):
    """What blueprints of Bedrock may have beside a model, and what an account has once per region."""

    knowledge_bases: bool = Field(False, description="roles and keys reach vectors of documents")
    agents: bool = Field(False, description="roles reach agents")
    invocation_logging: InvocationLogging = InvocationLogging()


class Monitoring(Section):
    log_retention_days: Literal[1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180, 365, 400, 545, 731] = 30
    alarm_email: str | None = None
    latency_ms: int = Field(2000, ge=1)
    error_rate_percent: float = Field(5, gt=0, le=100)


class Events(Section):
    """What is told to the notification topic, and what becomes of what cannot be delivered."""

    completions: Literal["all", "failures"] = Field("all", description="which ends of jobs and pipelines are told")
    redeploy_state_machine: Name | None = Field(
        None,
        description="state machine (without the environment's prefix) that an approved model version starts; "
        "null: people are told, nothing starts",
    )
    archive_days: int = Field(0, ge=0, description="days for which events can be replayed; 0: no archive")
    retry_minutes: int = Field(60, ge=1, le=1440, description="for how long delivery is tried")
    retry_attempts: int = Field(10, ge=0, le=185)
    dead_letter_days: int = Field(14, ge=1, le=14, description="for how long undelivered events are kept")


class Local(Section):
    """The local AWS of an environment, which nothing else shares."""

    port: int | None = Field(
        None, ge=1024, le=65535, description="on 127.0.0.1; unset: the first free one from 4566, kept from then on"
    )


class Deploy(Section):
    skip: Literal["proof", "never"] | None = Field(
        None,
        description="whether a deploy passes over a stack that is proven unchanged, or looks at each; unset: proof "
        "with `target: local`, never with `target: aws`",
    )


class Approvals(Section):
    deploy: Literal["ask", "never"] | None = Field(
        None,
        description="whether a deploy is previewed, its risks accepted and asked about; unset: never with "
        "`target: local`, ask with `target: aws`",
    )


class Limits(Section):
    parallelism: int = Field(2, ge=1, le=16, description="stacks deployed at the same time, if cores and memory allow")


class Platform(Section):
    """`terraform/envs/<env>/platform.yaml`.

    What names an environment, protects it or is seen by somebody outside has no default, and neither have the sections
    that every environment decides about (`access: {}` takes all its defaults): a file that lost its end is refused.
    """

    target: Literal["local", "aws"] = Field(
        description="local: an AWS of its own on this machine, without an account; aws: whatever the credentials reach"
    )
    project: Annotated[str, Field(pattern=r"^[a-z][a-z0-9-]{0,14}[a-z0-9]$")]
    region: Annotated[str, Field(pattern=r"^[a-z]{2}(-[a-z]+)+-\d$")]
    account_id: Annotated[str, Field(pattern=r"^\d{12}$")] | None = Field(
        None, description="refuse to deploy into any other account"
    )
    owner: Name
    cost_center: Name
    expires_at: dt.date | None = Field(
        None, description="fixed day for the tag `expires-at`; afterwards nothing more is deployed"
    )
    lifetime_days: int = Field(
        30,
        ge=1,
        le=366,
        description="without `expires_at`, everything expires so many days after the last deployment, rounded up to "
        "a Monday",
    )
    permanent: bool = Field(False, description="stays until somebody removes it: `expires-at` is `never`")
    tags: dict[str, str] = Field({})
    protected: bool = Field(description="destroy needs --yes-destroy-protected; deletion protection on")
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


class Environment(Section):
    """Everything that was read for one environment."""

    name: Name
    platform: Platform
    blueprints: tuple[Blueprint, ...]

    @property
    def is_local(self) -> bool:
        """Whether it lives in a local AWS: its file decides, whatever it is called."""
        return self.platform.target == "local"

    @property
    def asks(self) -> bool:
        """Whether a deploy needs accepted risks and a yes."""
        said = self.platform.approvals.deploy
        return not self.is_local if said is None else said == "ask"

    @property
    def skips_by_proof(self) -> bool:
        """Whether a deploy may leave proven stacks alone. A proof knows nothing of what people change by hand."""
        said = self.platform.deploy.skip
        return self.is_local if said is None else said == "proof"

    @property
    def has_sample_data(self) -> bool:
        """Whether the sample reviews may be uploaded, and a model trained on them."""
        said = self.platform.data.sample
        return self.is_local if said is None else said

    @property
    def allows_fixed_size(self) -> bool:
        """Whether real-time endpoints may have a number of instances that nothing changes."""
        said = self.platform.inference.fixed_size
        return self.is_local if said is None else said

    @property
    def name_prefix(self) -> str:
        return f"{self.platform.project}-{self.name}"
