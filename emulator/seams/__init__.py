"""The only place that imports or patches moto.

Each module here is one seam: it takes one service of moto, adds or corrects what the platform needs, and
says beside each correction what AWS does and what moto does instead. A seam has one public function,

    def apply(settings: Settings) -> None

called once at start-up, in the order of `SEAMS`, before the first request. `core` comes first because moto
reads parts of its configuration while its modules are being imported.
"""

from __future__ import annotations

import importlib
import importlib.util

from emulator.settings import Settings

SEAMS: tuple[str, ...] = (
    "version",
    "core",
    "s3",
    "sqs",
    "ec2",
    "kms",
    "glue",
    "athena",
    "awslambda",
    "stepfunctions",
    "sagemaker",
    "autoscaling",
    "apigateway",
    "bedrock",
    "logs",
    "lambda_exec",
    "stepfunctions_exec",
    "sagemaker_compute",
    "sagemaker_runtime",
    "glue_compute",
    "events_delivery",
    "bedrock_runtime",
)
"""Control plane first, then what makes it compute."""


def apply(settings: Settings) -> None:
    """Install every seam. A seam that cannot be installed stops the emulator: half an AWS helps nobody."""
    for name in SEAMS:
        if importlib.util.find_spec(f"{__name__}.{name}") is None:
            continue
        importlib.import_module(f"{__name__}.{name}").apply(settings)
