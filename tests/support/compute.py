"""What the compute tests share: functions from source, archives from text, waiting, evidence."""

from __future__ import annotations

import io
import json
import tarfile
import time
import uuid
import zipfile
from collections.abc import Callable, Mapping
from typing import Any

from tests.support import keys

ROLE = "arn:aws:iam::123456789012:role/compute-tests"
TRUST = json.dumps(
    {
        "Version": "2012-10-17",
        "Statement": [
            {"Effect": "Allow", "Principal": {"Service": f"{service}.amazonaws.com"}, "Action": "sts:AssumeRole"}
            for service in ("events", "glue", "lambda", "sagemaker", "states")
        ],
    }
)


def unique(prefix: str) -> str:
    return f"{prefix}-{uuid.uuid4().hex[:8]}"


def zipped(**files: str) -> bytes:
    """`handler="..."` becomes handler.py."""
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w") as archive:
        for name, text in files.items():
            archive.writestr(f"{name}.py", text)
    return target.getvalue()


def tarred(files: Mapping[str, str | bytes]) -> bytes:
    target = io.BytesIO()
    with tarfile.open(fileobj=target, mode="w:gz") as archive:
        for name, text in files.items():
            content = text.encode() if isinstance(text, str) else text
            entry = tarfile.TarInfo(name)
            entry.size = len(content)
            archive.addfile(entry, io.BytesIO(content))
    return target.getvalue()


def members(content: bytes) -> dict[str, bytes]:
    """Files of a tar.gz."""
    files = {}
    with tarfile.open(fileobj=io.BytesIO(content)) as archive:
        for entry in archive.getmembers():
            stream = archive.extractfile(entry)
            if stream:
                files[entry.name.removeprefix("./")] = stream.read()
    return files


def wait_for(ask: Callable[[], Any], *, until: Callable[[Any], bool], seconds: float = 60) -> Any:
    """The first answer that satisfies `until`."""
    deadline = time.monotonic() + seconds
    while True:
        answer = ask()
        if until(answer):
            return answer
        if time.monotonic() > deadline:
            raise AssertionError(f"not within {seconds} seconds; last seen: {answer}")
        time.sleep(0.05)


def evidence(endpoint: str, **filters: str) -> list[dict[str, Any]]:
    """What the local AWS has started on this machine, and how it ended. Without a proxy."""
    return list(keys.page(endpoint, "evidence", **filters)["evidence"])


class Lambdas:
    """Deploys functions from source text and calls them."""

    def __init__(self, client: Any) -> None:
        self.client = client

    def deploy(self, source: str, *, timeout: int = 20, **options: Any) -> str:
        name = unique("fn")
        self.client.create_function(
            FunctionName=name,
            Runtime="python3.12",
            Role=ROLE,
            Handler="handler.handler",
            Timeout=timeout,
            Code={"ZipFile": zipped(handler=source)},
            **options,
        )
        return name

    def arn(self, name: str) -> str:
        return str(self.client.get_function_configuration(FunctionName=name)["FunctionArn"])

    def call(self, name: str, event: Any = None, **options: Any) -> tuple[Any, dict[str, Any]]:
        """The decoded payload and the whole answer."""
        answer = self.client.invoke(FunctionName=name, Payload=json.dumps(event or {}), **options)
        return json.loads(answer["Payload"].read()), answer
