"""Map each kind of inference and source of models to its implementation on AWS."""

from __future__ import annotations

from dataclasses import dataclass

from orchestrator.config.model.platform import Blueprint, Dataset, Described
from orchestrator.errors import ConfigError


@dataclass(frozen=True)
class Cell:
    """One combination.

    Attributes:
        meaning: its implementation on AWS.
        module: folder in `terraform/modules` that deploys it; `None` if it is not available.
        beside: other modules that its stack calls.
        packages: functions that its stack deploys.
    """

    meaning: str
    module: str | None = None
    beside: tuple[str, ...] = ()
    packages: tuple[str, ...] = ()

    @property
    def available(self) -> bool:
        return self.module is not None


MATRIX: dict[tuple[str, str], Cell] = {
    ("realtime", "sagemaker"): Cell("an endpoint on instances that always run", "realtime_endpoint"),
    ("realtime", "bedrock"): Cell("on-demand inference through an application inference profile", "bedrock_model"),
    ("serverless", "sagemaker"): Cell("an endpoint that scales to zero and has cold starts", "serverless_endpoint"),
    ("serverless", "bedrock"): Cell("on-demand inference: Bedrock has no servers", "bedrock_model"),
    ("batch", "sagemaker"): Cell("a Batch Transform job per input", "batch_transform", beside=("batch_runs",)),
    ("batch", "bedrock"): Cell(
        "a model invocation job per input, or per 50 000 records of it", "bedrock_batch", beside=("batch_runs",)
    ),
    ("async", "sagemaker"): Cell(
        "an asynchronous endpoint with a queue, scaling to zero",
        "async_endpoint",
        beside=("async_results", "lambda"),
        packages=("async_callback",),
    ),
    ("async", "bedrock"): Cell(
        "a queue and a worker function, since Bedrock has no asynchronous text inference",
        "bedrock_async",
        beside=("async_results", "bedrock_model", "lambda"),
        packages=("async_callback", "async_worker"),
    ),
}


def cell(blueprint: Blueprint) -> Cell:
    """Look up the combination of a blueprint. Raises `ConfigError` if it cannot be deployed."""
    kind, source = blueprint.kind, blueprint.model.source
    combination = MATRIX[kind, source]
    if not combination.available:
        available = sorted({k for (k, s), each in MATRIX.items() if s == source and each.available})
        raise ConfigError(
            f"blueprints/{blueprint.name}.yaml: kind `{kind}` with source `{source}` "
            f"({combination.meaning}) is not available in this version",
            hint=f"Available for `{source}`: {', '.join(available)}.",
        )
    return combination


ETL_PACKAGES = ("etl_script", "etl_library")


def module_of(file: Described) -> str:
    """Return the main module of the stack of a file."""
    if isinstance(file, Blueprint):
        module = cell(file).module
        assert module is not None
        return module
    return "dataset" if isinstance(file, Dataset) else "stepfunctions"


def packages_of(file: Described) -> tuple[str, ...]:
    """Return the packages that the stack of a file deploys; code of users is a package for each file."""
    if isinstance(file, Blueprint):
        return cell(file).packages
    if isinstance(file, Dataset):
        return (*ETL_PACKAGES, *((transform_package(file.name),) if file.transform else ()))
    return (model_package(file.name),)


def transform_package(dataset: str) -> str:
    """Return the package of a dataset's own code."""
    return f"dataset_{dataset.replace('-', '_')}"


def model_package(training: str) -> str:
    """Return the package of a training's own code."""
    return f"model_{training.replace('-', '_')}"
