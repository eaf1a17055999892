"""Send a request through the queue of an asynchronous endpoint and fetch its answer."""

from __future__ import annotations

from typing import Any

from botocore.exceptions import ClientError

from endpoint_probe.probes import ProbeFailed

TTL_SECONDS = 3600
"""How long the state machine waits for an answer."""
MISSING = ("NoSuchKey", "404", "NotFound")


class AnswerPending(Exception):
    """There is neither a result nor a failure yet."""


def send(s3: Any, runtime: Any, event: dict[str, Any], body: bytes, content_type: str) -> dict[str, Any]:
    """Send the request; return the locations of its future result and failure."""
    queue = event["queue"]
    location = f"{queue['input']}/{event['training_job']}.json"
    bucket, key = split(location)
    s3.put_object(Bucket=bucket, Key=key, Body=body, ContentType=content_type)
    taken = runtime.invoke_endpoint_async(
        EndpointName=event["endpoint_name"],
        InputLocation=location,
        InferenceId=f"release-{event['training_job']}"[:64],
        ContentType=content_type,
        Accept=content_type,
        RequestTTLSeconds=TTL_SECONDS,
        InvocationTimeoutSeconds=int(queue["timeout_seconds"]),
    )
    return {"output": taken["OutputLocation"], "failure": taken.get("FailureLocation", "")}


def answer(s3: Any, event: dict[str, Any]) -> bytes:
    output = _read(s3, event["output"])
    if output is not None:
        return output
    failure = _read(s3, event["failure"]) if event.get("failure") else None
    if failure is not None:
        raise ProbeFailed(f"the request failed: {failure[:1000].decode('utf-8', 'replace')}")
    raise AnswerPending(f"there is no object {event['output']} yet")


def _read(s3: Any, location: str) -> bytes | None:
    bucket, key = split(location)
    try:
        return bytes(s3.get_object(Bucket=bucket, Key=key)["Body"].read())
    except ClientError as error:
        if error.response["Error"]["Code"] in MISSING:
            return None
        raise


def split(location: str) -> tuple[str, str]:
    bucket, _, key = location.removeprefix("s3://").partition("/")
    return bucket, key
