"""Which kind of inference goes with which source of models, and what the combination means on AWS."""

from __future__ import annotations

from dataclasses import dataclass

from orchestrator.config.model.platform import Blueprint
from orchestrator.errors import ConfigError


@dataclass(frozen=True)
class Cell:
    """One combination.

    Attributes:
        meaning: what it is on AWS.
        module: folder in `terraform/modules` that deploys it; `None` while there is none.
        beside: further modules that its stack calls.
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
    ("serverless", "bedrock"): Cell("on-demand inference: Bedrock has no servers to begin with", "bedrock_model"),
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
    """The combination that a blueprint asks for. Raises `ConfigError` if it cannot be deployed."""
    kind, source = blueprint.kind, blueprint.model.source
    found = MATRIX[kind, source]
    if not found.available:
        offered = sorted({k for (k, s), each in MATRIX.items() if s == source and each.available})
        raise ConfigError(
            f"blueprints/{blueprint.name}.yaml: kind `{kind}` with source `{source}` "
            f"({found.meaning}) is not available in this version",
            hint=f"Available for `{source}`: {', '.join(offered)}.",
        )
    return found
