"""The only place that imports or patches moto.

Each module here is one seam: it takes one service of moto, adds or corrects what the platform needs, and
says beside each correction what AWS does and what moto does instead. A seam has one public function,

    def apply(settings: Settings) -> None

called once at start-up, in the order of `SEAMS`, before the first request. `version` comes first, `core`
second because moto reads parts of its configuration while its modules are being imported. A seam that
started something (processes, threads) also has `def shutdown() -> None`.

`wire`, `requests` and `gateway` are no seams but windows: moto's HTTP application, requests as AWS operations, and
moto's API Gateway as plain data.
"""

from __future__ import annotations

import importlib
from types import ModuleType
from typing import TYPE_CHECKING

from emulator.core.settings import Settings

if TYPE_CHECKING:
    from werkzeug.serving import WSGIRequestHandler

SEAMS: tuple[str, ...] = (
    "version",
    "core",
    "walks",
    "iam",
    "identities",
    "s3",
    "s3_owner",
    "sqs",
    "ec2",
    "kms",
    "glue",
    "athena",
    "awslambda",
    "stepfunctions",
    "sagemaker",
    "featurestore",
    "model_registry",
    "sagemaker_studio",
    "autoscaling",
    "logs",
    "apigateway",
    "policies",
    "lineage",
    "lambda_exec",
    "stepfunctions_exec",
    "sagemaker_compute",
    "sagemaker_processing",
    "sagemaker_transform",
    "sagemaker_runtime",
    "scaling",
    "sagemaker_async",
    "glue_compute",
    "athena_queries",
    "glue_quality",
    "events_delivery",
    "events_schedule",
    "service_events",
    "sns_delivery",
    "lambda_sources",
    "cloudwatch_alarms",
    "queue_metrics",
    "bedrock_runtime",
    "bedrock_batch",
)
"""Control plane first, then what makes it compute."""

_applied: list[ModuleType] = []


def apply(settings: Settings) -> None:
    """Install every seam. A seam that cannot be installed stops the emulator: half an AWS helps nobody."""
    for name in SEAMS:
        seam = importlib.import_module(f"{__name__}.{name}")
        seam.apply(settings)
        _applied.append(seam)


def shutdown() -> None:
    """End what the seams started, last one first."""
    while _applied:
        seam = _applied.pop()
        if hasattr(seam, "shutdown"):
            seam.shutdown()


def request_handler() -> type[WSGIRequestHandler]:
    """The HTTP handler that moto's application needs (it keeps the spelling of S3 metadata headers)."""
    from emulator.seams import wire

    return wire.request_handler()
