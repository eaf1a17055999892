"""Answers of AWS's services that lack what is read of them.

An answer that was cut or mangled on its way can be one that botocore reads, with nothing in it: a body of REST-JSON
that is no JSON becomes an empty answer. Whoever then reads a member of it raises KeyError, an error of ours for ever,
while asking again would help. So each client looks at its answers itself, and one that is not whole is a failure like
a broken connection: botocore's own kind of error, which every caller handles already.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from botocore.exceptions import BotoCoreError
from botocore.parsers import ResponseParserError

SERVICE_FAILURES = (BotoCoreError, ResponseParserError)
"""Of a service that has not answered, or not so that it can be read. ClientError is beside them: there it has."""

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
"""What the functions read of an answer, by service and operation; a test holds it to their code.

Bodies that are streams are always there. What a model has answered is not asked for again, so Converse and its like are
none of these: they are malformed answers (`model_answers`).
"""


class IncompleteAnswer(BotoCoreError):
    """A service has answered, and without what its answer is asked for."""

    fmt = "the answer of {service} to {operation} has no {member}"


def expect_whole_answers(client: Any) -> None:
    """Let the client raise `IncompleteAnswer` from now on."""

    def check(parsed: Mapping[str, Any], model: Any, http_response: Any = None, **_: Any) -> None:
        if http_response is not None and http_response.status_code >= 300:
            return
        service = model.service_model.service_name
        for member in READ.get((service, model.name), ()):
            if parsed.get(member) in (None, ""):
                raise IncompleteAnswer(service=service, operation=model.name, member=member)

    client.meta.events.register("after-call", check)
