"""Sections of `platform.yaml` about data: what the second phase builds, and what it reads from others."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from orchestrator.config.model.section import AccountId, Name, Section


class Etl(Section):
    """The Spark job that cleans and splits the reviews. Locally it is one process, whatever the workers."""

    worker_type: Literal["G.1X", "G.2X", "G.4X", "G.8X"] = "G.1X"
    workers: int = Field(2, ge=2, le=299, description="one of them is the driver")
    timeout_minutes: int = Field(30, ge=1, le=2880)
    max_quarantine_share: float = Field(
        0.05, ge=0, le=1, description="of rows, and of bytes in files that cannot be read; above it the step fails"
    )
    bookmarks: Literal["disable", "enable"] = Field(
        "disable", description="enable: each run takes new raw files only and adds to what is there; not local"
    )


SourceName = Annotated[str, Field(pattern=r"^[a-z][a-z0-9-]*$")]
BucketName = Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$")]
CatalogName = Annotated[str, Field(pattern=r"^[a-z0-9_-]{1,255}$")]
Folder = Annotated[str, Field(pattern=r"^[A-Za-z0-9_=.][A-Za-z0-9_=./-]*/$")]
KeyArn = Annotated[str, Field(pattern=r"^arn:[a-z-]+:kms:[a-z0-9-]+:\d{12}:key/[A-Za-z0-9-]+$")]


class DataSource(Section):
    """Input that others own and that is only read: folders of a bucket, or a Glue database of this account."""

    bucket: BucketName | None = None
    prefixes: list[Folder] = Field([], description="folders of the bucket, each ending with a slash; never all of it")
    kms_key_arn: KeyArn | None = Field(None, description="key of the bucket's objects, where they have one")
    owner: AccountId | None = Field(None, description="account that the bucket belongs to; none: the environment's own")
    database: CatalogName | None = None


class Processing(Section):
    """SageMaker processing jobs that run the flows of configs/preprocessing/. They cost while they run."""

    instance_type: Annotated[str, Field(pattern=r"^ml\.[a-z0-9]+\.[a-z0-9]+$")] = "ml.m5.large"
    volume_gb: int = Field(30, ge=1, le=16_384)
    max_runtime_seconds: int = Field(3600, ge=60, le=432_000)


class Data(Section):
    sample: bool | None = Field(
        None,
        description="upload the sample review data before the pipeline runs; unset: with `target: local` alone",
    )
    etl: Etl = Etl()
    processing: Processing = Processing()
    # An argument of a program: one that began with a hyphen would be read as the next option.
    split_seed: Annotated[str, Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$")] = "reviews-v1"
    athena_bytes_scanned_limit: int = Field(1_073_741_824, ge=10_485_760)
    workflow_schedule: Annotated[str, Field(pattern=r"^cron\([^()]+\)$")] | None = Field(
        None, description="when the Glue workflow starts by itself, as `cron(0 2 * * ? *)`; none: when asked to"
    )
    extra_quality_rules: list[Annotated[str, Field(pattern=r"^[A-Z(][^\n]*$")]] = Field(
        [], description="DQDL rules on the processed reviews beside the module's, such as `RowCount > 10000`"
    )
    sources: dict[SourceName, DataSource] = Field(
        {}, description="existing buckets and Glue databases that the ETL may read beside the environment's own"
    )


class Share(Section):
    """A database that another account shares with this one through Lake Formation."""

    producer_account_id: AccountId
    database: CatalogName
    table: CatalogName | None = Field(None, description="one table of it; none: all that are shared")
    readers: list[Literal["glue", "data_scientist", "ml_engineer", "data_engineer"]] = Field(
        ["glue"], min_length=1, description="who may SELECT: the role of ETL and crawlers, or a persona's"
    )


class Consumer(Section):
    """Lake Formation as a reader: settings, grants and links. The account's settings are shared by all in it."""

    admin_arns: list[Annotated[str, Field(pattern=r"^arn:[a-z-]+:iam::\d{12}:(role|user)/[A-Za-z0-9_+=,.@/-]+$")]] = (
        Field([], description="administrators beside those that the account has; whoever deploys must be one of them")
    )
    shares: dict[Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]*$")], Share] = Field(
        {}, description="by the short name that ends the name of the linked database; not local"
    )


class Sharing(Section):
    """Data of other accounts. Nothing is copied: a link stands for the producer's tables."""

    consumer: Consumer = Consumer()


class Column(Section):
    name: Annotated[str, Field(pattern=r"^[a-z_][a-z0-9_]*$")]
    type: Annotated[str, Field(pattern=r"^[a-z]+([<(][a-z0-9_:,<>()]+[>)])?$")] = Field(description="as Hive names it")


class Streaming(Section):
    """Records that arrive one by one: a Kinesis stream, and Firehose that writes them to data/raw/ as Parquet."""

    enabled: bool = Field(False, description="not local: there is no Firehose that delivers")
    dataset: Name = Field("review-events", description="folder of data/raw/ of its own, beside what the ETL reads")
    shards: int | None = Field(None, ge=1, le=500, description="1 MB/s each; none: on demand")
    retention_hours: int = Field(24, ge=24, le=8760)
    buffering_seconds: int = Field(300, ge=60, le=900, description="how long an object collects records")
    columns: tuple[Column, ...] = Field(
        (Column(name="id", type="string"), Column(name="rating", type="double"), Column(name="text", type="string")),
        min_length=1,
        description="of a JSON record, in order",
    )


class Emr(Section):
    """EMR Serverless for ETL that outgrows Glue. It costs nothing while no job runs."""

    enabled: bool = Field(False, description="not local: the ETL runs as a Glue job there")
    release_label: Annotated[str, Field(pattern=r"^emr-[67]\.\d+\.\d+$")] = "emr-7.5.0"
    max_vcpus: int = Field(32, ge=4, le=4000, description="of all jobs together: this bounds the bill")
    max_memory_gb: int = Field(128, ge=8, le=32_000, description="2 to 8 for each vCPU")
    idle_minutes: int = Field(5, ge=1, le=60, description="without a job, then the application stops")
    in_vpc: bool = Field(False, description="workers in the private subnets; needs a way to what the jobs call")


class Efs(Section):
    """Files that many jobs read again and again. S3 stays the place where data is kept."""

    enabled: bool = Field(False, description="not local: nothing is mounted there")
    backups: bool = True
