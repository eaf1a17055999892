"""What a payload may weigh on its way. Pure.

API Gateway takes 10 MB and hands the function at most 6 MB (Lambda's quota for a caller that waits), so
these are reached when a small request grows on its way into a model's own format.
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
    """A body that came in larger than any target takes is refused before anything is read."""
    if len(body) > REQUEST_BYTES:
        raise PayloadTooLarge(f"the body has more than {REQUEST_BYTES} bytes; {instead}")
