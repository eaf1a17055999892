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
    "emulator.moto.version",
    "emulator.moto.core",
    "emulator.moto.thread_safety",
    "emulator.services.iam.moto_patch",
    "emulator.services.iam.moto_identities",
    "emulator.services.storage.moto_s3",
    "emulator.services.storage.moto_s3_owner",
    "emulator.services.messaging.moto_sqs",
    "emulator.services.storage.moto_ec2",
    "emulator.services.storage.moto_kms",
    "emulator.services.glue.moto_patch",
    "emulator.services.athena.moto_patch",
    "emulator.services.lambda_.moto_patch",
    "emulator.services.stepfunctions.moto_patch",
    "emulator.services.sagemaker.moto_patch",
    "emulator.services.sagemaker.moto_feature_store",
    "emulator.services.sagemaker.moto_registry",
    "emulator.services.sagemaker.moto_studio",
    "emulator.services.sagemaker.moto_autoscaling_targets",
    "emulator.services.cloudwatch.moto_logs",
    "emulator.services.apigateway.moto_patch",
    "emulator.services.iam.moto_policies",
    "emulator.moto.lineage",
    "emulator.services.lambda_.moto_invoke",
    "emulator.services.stepfunctions.moto_execution",
    "emulator.services.sagemaker.moto_compute",
    "emulator.services.sagemaker.moto_processing",
    "emulator.services.sagemaker.moto_transform",
    "emulator.services.sagemaker.moto_runtime",
    "emulator.services.sagemaker.moto_autoscaling",
    "emulator.services.sagemaker.moto_async",
    "emulator.services.glue.moto_jobs",
    "emulator.services.athena.moto_queries",
    "emulator.services.glue.moto_data_quality",
    "emulator.services.events.moto_delivery",
    "emulator.services.events.moto_schedule",
    "emulator.services.events.moto_service_events",
    "emulator.services.messaging.moto_sns",
    "emulator.services.lambda_.moto_event_sources",
    "emulator.services.cloudwatch.moto_alarms",
    "emulator.services.cloudwatch.moto_queue_metrics",
    "emulator.services.bedrock.moto_runtime",
    "emulator.services.bedrock.moto_batch",
)
"""Control plane first, then what makes it compute."""

_applied: list[ModuleType] = []


def apply(settings: Settings) -> None:
    """Install every seam. A seam that cannot be installed stops the emulator: half an AWS helps nobody."""
    for name in SEAMS:
        seam = importlib.import_module(name)
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
    from emulator.moto import wire

    return wire.request_handler()
