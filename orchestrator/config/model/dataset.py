"""`terraform/envs/<env>/datasets/<name>.yaml`: where data comes from, what it must look like, how it is split.

The same content, as JSON, is what the ETL job, the data validation, trainings and evaluations work by: none of them
contains the name of a column.
"""

from __future__ import annotations

from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from orchestrator.config.model.data import CatalogName, Etl, Folder, SourceName
from orchestrator.config.model.section import Name, Section

ColumnName = Annotated[str, Field(pattern=r"^[a-z_][a-z0-9_]{0,127}$")]
"""As in the Glue catalogue, whose names are lower-case."""
RepositoryFolder = Annotated[str, Field(pattern=r"^[A-Za-z0-9._-]+(/[A-Za-z0-9._-]+)*$")]
Schedule = Annotated[str, Field(pattern=r"^(cron|rate)\([^()]+\)$")]
QualityRule = Annotated[str, Field(pattern=r"^[A-Z(][^\n]*$")]


class S3Source(Section):
    """Objects: those below `data/raw/<name>/` of the environment's bucket, or a folder of an external one."""

    type: Literal["s3"] = "s3"
    external: SourceName | None = Field(None, description="entry of `data.sources` in platform.yaml; unset: data/raw/")
    prefix: Folder | None = Field(None, description="folder of the external bucket, one of its `prefixes` or below")

    @model_validator(mode="after")
    def _external_has_a_folder(self) -> Self:
        if (self.external is None) != (self.prefix is None):
            raise ValueError("`external` and `prefix` belong together: a folder of one of `data.sources`")
        return self


class GlueSource(Section):
    """An existing table of the Glue catalogue, whose files are read by its location, format and columns."""

    type: Literal["glue"]
    database: CatalogName
    table: CatalogName


class JdbcSource(Section):
    """A table of a relational database, through an existing Glue connection. Not local."""

    type: Literal["jdbc"]
    connection: Annotated[str, Field(pattern=r"^[A-Za-z0-9_-]{1,255}$", description="name of the Glue connection")]
    table: Annotated[str, Field(pattern=r"^[A-Za-z0-9_.]{1,255}$")]


class DynamoSource(Section):
    """A DynamoDB table of this account, read by Glue's connector. Not local."""

    type: Literal["dynamodb"]
    table: Annotated[str, Field(pattern=r"^[A-Za-z0-9_.-]{3,255}$")]
    read_percent: float = Field(0.5, gt=0, le=1.5, description="share of the table's read capacity that a run uses")


Source = Annotated[S3Source | GlueSource | JdbcSource | DynamoSource, Field(discriminator="type")]


class Format(Section):
    """Form of the raw files."""

    type: Literal["csv", "tsv", "json", "jsonlines", "parquet"] = "csv"
    header: bool = Field(True, description="csv, tsv: the first row names the columns; false: they are in order")
    delimiter: Annotated[str, Field(min_length=1, max_length=1)] = Field(",", description="csv: between cells")
    quote: Annotated[str, Field(max_length=1)] = Field('"', description="csv, tsv: around cells; empty: none")
    encoding: Literal["utf-8", "utf-16", "latin-1", "cp1252"] = "utf-8"
    compression: Literal["auto", "none", "gzip"] = Field("auto", description="auto: gzip for files ending with .gz")
    nulls: tuple[str, ...] = Field(("",), description="csv, tsv: cells that mean no value, such as NA")


ColumnType = Literal["string", "bigint", "double", "boolean", "timestamp", "date"]


class Column(Section):
    """A column, and what each of its values must be. A row that breaks a rule goes into quarantine."""

    name: ColumnName
    type: ColumnType
    required: bool = Field(True, description="an empty value breaks the contract")
    minimum: float | None = None
    maximum: float | None = None
    min_length: int | None = Field(None, ge=0)
    max_length: int | None = Field(None, ge=1)
    pattern: str | None = Field(None, description="regular expression that the whole text matches")
    values: tuple[str | int | float | bool, ...] | None = Field(None, min_length=1, description="the only valid values")


class Roles(Section):
    """Columns with a special meaning, by name."""

    id: ColumnName | None = Field(None, description="unique key of a row; unset: a hash of its content")
    group: ColumnName | None = Field(None, description="rows of one group stay in one split; unset: each row alone")
    label: ColumnName | None = Field(None, description="what models predict; unset: there is none")
    time: ColumnName | None = Field(None, description="order of a split by time")
    features: tuple[ColumnName, ...] | None = Field(
        None, min_length=1, description="what models read; unset: all columns without another role, except partitions"
    )


class Split(Section):
    """Shares of the rows for training, for choices made while training, and for the final judgement."""

    method: Literal["group", "stratified", "time"] = Field(
        "group", description="by a hash of the group; by a hash within each label; the newest rows last"
    )
    seed: Annotated[str, Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$")] = "v1"
    train: float = Field(0.8, gt=0, lt=1)
    validation: float = Field(0.1, gt=0, lt=1)
    test: float = Field(0.1, gt=0, lt=1)

    @model_validator(mode="after")
    def _adds_up(self) -> Self:
        total = self.train + self.validation + self.test
        if abs(total - 1) > 1e-9:
            raise ValueError(f"`train`, `validation` and `test` must add up to 1, not to {total:g}")
        return self


class FeatureGroup(Section):
    """A feature group filled from the dataset after each run. Offline it consists of objects and a table."""

    enabled: bool = False
    online: bool = Field(False, description="look up records by id, billed per write, read and GB-month")
    timeout_minutes: int = Field(60, ge=1, le=2880, description="of the ingestion job")


class Dataset(Section):
    """`terraform/envs/<env>/datasets/<name>.yaml`: data that models are trained on."""

    name: Name
    kind: Literal["dataset"]
    description: str = Field("", max_length=1024)
    source: Source = S3Source()
    sample: RepositoryFolder | None = Field(
        None, description="folder that is uploaded to data/raw/<name>/ where `data.sample` is on"
    )
    format: Format = Format()
    columns: tuple[Column, ...] = Field(min_length=1, max_length=1000, description="of the raw records, in order")
    partitions: tuple[ColumnName, ...] = Field(
        (), description="columns in the names of the raw files' folders, as `<name>=<value>/`; text unless in `columns`"
    )
    transform: RepositoryFolder | None = Field(
        None, description="folder with a transform.py, whose function `transform` turns a raw row into rows"
    )
    output: tuple[Column, ...] | None = Field(
        None, min_length=1, description="columns of the rows that `transform` returns; unset: the same"
    )
    roles: Roles = Roles()
    split: Split = Split()
    quality: tuple[QualityRule, ...] = Field(
        (), description="DQDL rules in addition to those that follow from the columns"
    )
    max_quarantine_share: float = Field(
        0.05, ge=0, le=1, description="of invalid rows, or of bytes in unreadable files; the run fails above it"
    )
    etl: Etl = Etl()
    schedule: Schedule | None = Field(None, description="when the ETL runs by itself; unset: with trainings only")
    feature_store: FeatureGroup = FeatureGroup()
    trains: bool = Field(False, description="new objects in data/raw/<name>/ start the trainings that use the dataset")

    @property
    def reads_elsewhere(self) -> bool:
        """Whether its raw files are not those below data/raw/<name>/."""
        return not isinstance(self.source, S3Source) or self.source.external is not None

    @property
    def produced(self) -> tuple[Column, ...]:
        """The columns of the processed rows."""
        declared = {column.name: column for column in self.columns}
        folders = (declared.get(name) or Column(name=name, type="string") for name in self.partitions)
        rows = self.output or self.columns
        return (*(column for column in rows if column.name not in self.partitions), *folders)

    @property
    def features(self) -> tuple[str, ...]:
        """The columns that models read."""
        if self.roles.features is not None:
            return self.roles.features
        others = {self.roles.id, self.roles.group, self.roles.label, self.roles.time, *self.partitions}
        return tuple(column.name for column in self.produced if column.name not in others)
