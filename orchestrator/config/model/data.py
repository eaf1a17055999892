"""Sections of `platform.yaml` about data: resources of the second phase, and external sources."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from orchestrator.config.model.section import AccountId, Name, Section


class Etl(Section):
    """The Spark job that cleans and splits the reviews. Locally it is one process, regardless of `workers`."""

    worker_type: Literal["G.1X", "G.2X", "G.4X", "G.8X"] = "G.1X"
    workers: int = Field(2, ge=2, le=299, description="one of them is the driver")
    timeout_minutes: int = Field(30, ge=1, le=2880)
    max_quarantine_share: float = Field(
        0.05, ge=0, le=1, description="of invalid rows, or of bytes in unreadable files; the step fails above it"
    )
    bookmarks: Literal["disable", "enable"] = Field(
        "disable", description="enable: each run processes new raw files only and appends the result; not local"
    )


SourceName = Annotated[str, Field(pattern=r"^[a-z][a-z0-9-]*$")]
BucketName = Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$")]
CatalogName = Annotated[str, Field(pattern=r"^[a-z0-9_-]{1,255}$")]
Folder = Annotated[str, Field(pattern=r"^[A-Za-z0-9_=.][A-Za-z0-9_=./-]*/$")]
KeyArn = Annotated[str, Field(pattern=r"^arn:[a-z-]+:kms:[a-z0-9-]+:\d{12}:key/[A-Za-z0-9-]+$")]


class DataSource(Section):
    """External input, which is only read: folders of a bucket, or a Glue database of this account."""

    bucket: BucketName | None = None
    prefixes: list[Folder] = Field([], description="folders of the bucket, each ending with a slash")
    kms_key_arn: KeyArn | None = Field(None, description="key of the bucket's objects, if they are encrypted with one")
    owner: AccountId | None = Field(None, description="account that owns the bucket; unset: the environment's own")
    database: CatalogName | None = None


class Processing(Section):
    """SageMaker processing jobs that run the flows of configs/preprocessing/. They cost while they run."""

    instance_type: Annotated[str, Field(pattern=r"^ml\.[a-z0-9]+\.[a-z0-9]+$")] = "ml.m5.large"
    volume_gb: int = Field(30, ge=1, le=16_384)
    max_runtime_seconds: int = Field(3600, ge=60, le=432_000)


class Data(Section):
    sample: bool | None = Field(
        None,
        description="upload the sample review data before the pipeline runs; unset: only with `target: local`",
    )
    etl: Etl = Etl()
    processing: Processing = Processing()
    # An argument of a program, which would read a leading hyphen as an option.
    split_seed: Annotated[str, Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$")] = "reviews-v1"
    athena_bytes_scanned_limit: int = Field(1_073_741_824, ge=10_485_760)
    workflow_schedule: Annotated[str, Field(pattern=r"^cron\([^()]+\)$")] | None = Field(
        None, description="schedule of the Glue workflow, such as `cron(0 2 * * ? *)`; unset: started on request"
    )
    extra_quality_rules: list[Annotated[str, Field(pattern=r"^[A-Z(][^\n]*$")]] = Field(
        [], description="further DQDL rules for the processed reviews, such as `RowCount > 10000`"
    )
    sources: dict[SourceName, DataSource] = Field(
        {}, description="existing buckets and Glue databases that the ETL may also read"
    )


class Share(Section):
    """A database that another account shares with this account through Lake Formation."""

    producer_account_id: AccountId
    database: CatalogName
    table: CatalogName | None = Field(None, description="a single table; unset: all shared tables")
    readers: list[Literal["glue", "data_scientist", "ml_engineer", "data_engineer"]] = Field(
        ["glue"], min_length=1, description="roles that may SELECT: that of ETL and crawlers, or a persona's"
    )


class Consumer(Section):
    """Lake Formation for a consumer: settings, grants and links. The settings apply to the whole account."""

    admin_arns: list[Annotated[str, Field(pattern=r"^arn:[a-z-]+:iam::\d{12}:(role|user)/[A-Za-z0-9_+=,.@/-]+$")]] = (
        Field([], description="administrators in addition to those of the account; must include the deploying role")
    )
    shares: dict[Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]*$")], Share] = Field(
        {}, description="by short name, the suffix of the linked database's name; not local"
    )


class Sharing(Section):
    """Data of other accounts. Nothing is copied: a link refers to the producer's tables."""

    consumer: Consumer = Consumer()


class Column(Section):
    name: Annotated[str, Field(pattern=r"^[a-z_][a-z0-9_]*$")]
    type: Annotated[str, Field(pattern=r"^[a-z]+([<(][a-z0-9_:,<>()]+[>)])?$")] = Field(description="Hive type")


class Streaming(Section):
    """Streamed records: a Kinesis stream, and Firehose, which writes them to data/raw/ as Parquet."""

    enabled: bool = Field(False, description="not local: Firehose is not emulated")
    dataset: Name = Field("review-events", description="folder in data/raw/, other than that of the ETL")
    shards: int | None = Field(None, ge=1, le=500, description="1 MB/s each; unset: on demand")
    retention_hours: int = Field(24, ge=24, le=8760)
    buffering_seconds: int = Field(300, ge=60, le=900, description="time for which records are collected in an object")
    columns: tuple[Column, ...] = Field(
        (Column(name="id", type="string"), Column(name="rating", type="double"), Column(name="text", type="string")),
        min_length=1,
        description="of a JSON record, in order",
    )


class Emr(Section):
    """EMR Serverless for ETL that outgrows Glue. It costs nothing without jobs."""

    enabled: bool = Field(False, description="not local: the ETL runs as a Glue job there")
    release_label: Annotated[str, Field(pattern=r"^emr-[67]\.\d+\.\d+$")] = "emr-7.5.0"
    max_vcpus: int = Field(32, ge=4, le=4000, description="of all jobs together, which limits the cost")
    max_memory_gb: int = Field(128, ge=8, le=32_000, description="2 to 8 for each vCPU")
    idle_minutes: int = Field(5, ge=1, le=60, description="the application stops after this time without a job")
    in_vpc: bool = Field(False, description="workers in the private subnets, which need access to called services")


class Efs(Section):
    """A file system for files that many jobs read repeatedly. Data is stored in S3."""

    enabled: bool = Field(False, description="not local: file systems are not mounted")
    backups: bool = True
