"""Detect incomplete responses of AWS services.

botocore parses some truncated or corrupted responses as empty: a REST-JSON body that is not JSON becomes an empty
response. Reading a member would raise KeyError, a permanent internal error, although a retry would help. Clients
therefore check their responses and raise botocore's own kind of error, which callers handle like a broken connection.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from botocore.exceptions import BotoCoreError
from botocore.parsers import ResponseParserError

SERVICE_FAILURES = (BotoCoreError, ResponseParserError)
"""Failures without a readable response. ClientError is separate: there the service has responded."""

READ: dict[tuple[str, str], tuple[str, ...]] = {
    ("bedrock", "CreateModelInvocationJob"): ("jobArn",),
    ("bedrock", "GetModelInvocationJob"): ("status",),
    ("bedrock-runtime", "ApplyGuardrail"): ("action",),
    ("s3", "CreateMultipartUpload"): ("UploadId",),
    ("s3", "HeadObject"): ("ETag", "ContentLength"),
    ("s3", "UploadPart"): ("ETag",),
    ("sagemaker", "CreateTransformJob"): ("TransformJobArn",),
    ("sagemaker", "DescribeTransformJob"): ("TransformJobStatus",),
    ("sagemaker-runtime", "InvokeEndpointAsync"): ("OutputLocation",),
    ("ssm", "GetParameter"): ("Parameter",),
    ("ssm", "GetParametersByPath"): ("Parameters",),
}
"""Response members that the functions read, by service and operation; a test compares this with their code.

Streaming bodies are always present. Model calls are not retried, so incomplete responses of Converse and other
model calls are malformed answers (`model_answers`) instead.
"""


class IncompleteAnswer(BotoCoreError):
    """A response lacks a required member."""

    fmt = "the answer of {service} to {operation} has no {member}"


def expect_whole_answers(client: Any) -> None:
    """Make the client raise `IncompleteAnswer` for incomplete responses."""

    def check(parsed: Mapping[str, Any], model: Any, http_response: Any = None, **_: Any) -> None:
        if http_response is not None and http_response.status_code >= 300:
            return
        service = model.service_model.service_name
        for member in READ.get((service, model.name), ()):
            if parsed.get(member) in (None, ""):
                raise IncompleteAnswer(service=service, operation=model.name, member=member)

    client.meta.events.register("after-call", check)
