"""`terraform/envs/<env>/trainings/<name>.yaml`: a model that is trained on a dataset, judged and registered.

Versions go into the model package group of the same name.
"""

from __future__ import annotations

from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from orchestrator.config.model.dataset import ColumnName, RepositoryFolder, Schedule
from orchestrator.config.model.golden import GoldenCase
from orchestrator.config.model.section import Name, Section

MetricName = Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]{0,62}$")]
ImageUri = Annotated[str, Field(pattern=r"^\d{12}\.dkr\.ecr\.[a-z0-9-]+\.amazonaws\.com(\.cn)?/[^\s:@]+[:@]\S+$")]


class Framework(Section):
    """What trains and serves the model: a framework's image of AWS, a built-in algorithm, or a user's image."""

    name: Literal["sklearn", "xgboost", "lightgbm", "pytorch"] | None = None
    version: Annotated[str, Field(pattern=r"^[0-9][0-9A-Za-z.-]{0,31}$")] | None = Field(
        None, description="unset: the version that the platform is tested with"
    )
    algorithm: Annotated[str, Field(pattern=r"^[a-z][a-z0-9-]{1,62}$")] | None = Field(
        None, description="one of SageMaker's built-in algorithms, which need no code. Not local"
    )
    image: (
        Annotated[str, Field(pattern=r"^\d{12}\.dkr\.ecr\.[a-z0-9-]+\.amazonaws\.com(\.cn)?/[^\s:@]+[:@]\S+$")] | None
    ) = Field(None, description="URI of an own image in ECR. Not local")

    @model_validator(mode="after")
    def _exactly_one(self) -> Self:
        chosen = [name for name in ("name", "algorithm", "image") if getattr(self, name) is not None]
        if len(chosen) != 1:
            raise ValueError("requires exactly one of `name` (a framework), `algorithm` and `image`")
        if self.version is not None and self.name is None:
            raise ValueError("`version` belongs to `name`, a framework")
        return self


class ModelGate(Section):
    """What a candidate must show before it is registered."""

    metric: MetricName
    direction: Literal["higher", "lower"] | None = Field(None, description="unset: lower for errors such as rmse")
    threshold: float = Field(description="limit where no version is live yet")
    above_baseline: float | None = Field(None, ge=0, description="lead over a model that always gives the same answer")
    above_champion: float | None = Field(
        0.0, ge=0, description="lead over the live version, on the same rows; null: the threshold decides"
    )


class TrainingJob(Section):
    """`terraform/envs/<env>/trainings/<name>.yaml`: a model that is trained, judged and registered."""

    name: Name
    kind: Literal["training"]
    description: str = Field(min_length=1, max_length=1024, description="of the model package group; cannot be changed")
    dataset: Name
    code: RepositoryFolder = Field(description="folder with train.py and inference.py")
    task: Literal["classification", "regression", "custom"] = Field(
        description="custom: the folder's evaluate.py measures the model"
    )
    framework: Framework = Framework(name="sklearn")
    hyperparameters: dict[Annotated[str, Field(pattern=r"^[A-Za-z][A-Za-z0-9_-]{0,255}$")], str] = Field({})
    metrics: tuple[Annotated[str, Field(pattern=r"^[A-Za-z][A-Za-z0-9_:-]{0,39}$")], ...] = Field(
        (), max_length=38, description="names of `name=value;` lines that train.py prints, shown as its progress"
    )
    instance_type: str = "ml.m5.large"
    instance_count: int = Field(1, ge=1, le=20)
    volume_gb: int = Field(30, ge=5, le=16384)
    max_runtime_seconds: int = Field(3600, ge=60, le=432000)
    spot: bool = True
    gate: ModelGate
    positive: str | None = Field(None, description="classification: label that precision, recall and f1 are about")
    slices: tuple[ColumnName, ...] = Field((), max_length=10, description="metrics are repeated by their values")
    golden: tuple[GoldenCase, ...] = Field(
        min_length=1, description="requests that a candidate must answer before it goes live"
    )
    approval: Literal["auto", "manual"] = "auto"
    approval_days: int = Field(30, ge=1, le=300, description="a pending version is rejected after this time")
    poll_seconds: int = Field(5, ge=1, le=60, description="interval for polling crawlers and candidate")
    schedule: Schedule | None = Field(None, description="when it trains by itself; unset: on request")
