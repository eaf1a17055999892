"""Fail a test whose platform code sends S3 a request that does not name the owner of the bucket.

It watches the clients that the platform's code creates in this process: one that was not created in the one place for
clients is reported at its first call. The local AWS records calls of separate processes
(`tests/e2e/read_only/test_bucket_owners.py`).
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path
from types import FrameType
from typing import Any

import botocore.session
import pytest

REPO = Path(__file__).resolve().parents[2]
PLATFORM = ("orchestrator", "lambda", "jobs")
HEADERS = {
    "ExpectedBucketOwner": "x-amz-expected-bucket-owner",
    "ExpectedSourceBucketOwner": "x-amz-source-expected-bucket-owner",
}
FORGOTTEN: list[str] = []
"""Operations without, since the last test."""


def install() -> None:
    """Watch every client that is made from now on."""
    original = botocore.session.Session.create_client

    def create_client(self: Any, service_name: str, *args: Any, **options: Any) -> Any:
        client = original(self, service_name, *args, **options)
        if service_name == "s3" and made_by_the_platform(sys._getframe(1)):
            client.meta.events.register("before-call.s3", check)
        return client

    botocore.session.Session.create_client = create_client  # type: ignore[method-assign]


def check(model: Any, params: dict[str, Any], **_: Any) -> None:
    sent = {name.lower() for name in params["headers"]}
    members = model.input_shape.members if model.input_shape is not None else {}
    FORGOTTEN.extend(
        f"{model.name} without {member}"
        for member, header in HEADERS.items()
        if member in members and header not in sent
    )


def made_by_the_platform(frame: FrameType | None) -> bool:
    """Whether the innermost code of this repository that is at work is the platform's."""
    while frame is not None:
        file = Path(frame.f_code.co_filename)
        if file.is_relative_to(REPO) and not (part := file.relative_to(REPO).parts[0]).startswith("."):
            return part in PLATFORM
        frame = frame.f_back
    return False


@pytest.hookimpl(wrapper=True)
def pytest_runtest_call(item: pytest.Item) -> Iterator[None]:
    FORGOTTEN.clear()
    result = yield
    if FORGOTTEN:
        pytest.fail(f"S3 requests that name no owner of the bucket: {', '.join(sorted(set(FORGOTTEN)))}")
    return result
