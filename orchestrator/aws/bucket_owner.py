"""Send the bucket's expected owner with every S3 request.

Bucket names are global and ours can be guessed, so a stranger may create one first. S3 compares
`x-amz-expected-bucket-owner` with the account that owns the bucket and refuses the request (403) when they differ.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

MEMBERS = ("ExpectedBucketOwner", "ExpectedSourceBucketOwner")


def expect_owner(s3: Any, owner: Callable[[], str]) -> None:
    """Make an S3 client send `owner()` with every operation that accepts it, unless the call names an owner.

    Presigned URLs are left out: the header would be part of the signature, so that clients would have to send it, which
    plain downloads cannot.
    """

    def add(params: dict[str, Any], model: Any, context: dict[str, Any], **_: Any) -> None:
        if context.get("is_presign_request") or model.input_shape is None:
            return
        for member in MEMBERS:
            if member in model.input_shape.members and member not in params:
                params[member] = owner()

    s3.meta.events.register("before-parameter-build.s3", add)
