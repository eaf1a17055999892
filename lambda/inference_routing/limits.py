"""Limit payload sizes. Pure.

API Gateway accepts 10 MB and Lambda 6 MB per synchronous request, so these limits are reached when a request grows
while it is converted to a model's own format.
"""

from __future__ import annotations

from inference_common.errors import PayloadTooLarge
from inference_routing.routes import Target

MIB = 1024 * 1024
REQUEST_BYTES = 6 * MIB
SAGEMAKER_BYTES = 6 * MIB  # `max` of InvokeEndpoint's Body in AWS's own API model
SERVERLESS_BYTES = 4 * MIB
BEDROCK_BYTES = 25_000_000


def limit_of(target: Target) -> int:
    if target.source == "bedrock":
        return BEDROCK_BYTES
    return SERVERLESS_BYTES if target.serverless else SAGEMAKER_BYTES


def check_payload(target: Target, size: int) -> None:
    limit = limit_of(target)
    if size > limit:
        raise PayloadTooLarge(
            f"the model's payload has {size} bytes, of {limit} that the target takes; send fewer inputs"
        )


def check_body(body: bytes, instead: str = "send fewer inputs") -> None:
    """Refuse a body that is larger than any target accepts, before parsing it."""
    if len(body) > REQUEST_BYTES:
        raise PayloadTooLarge(f"the body has more than {REQUEST_BYTES} bytes; {instead}")
