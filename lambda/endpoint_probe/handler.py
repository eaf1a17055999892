"""Check the answers of an endpoint: a candidate's temporary one (pipeline step 8), or one just released.

Event: {"endpoint_name", "training_job", "cases", "format"?, "target_variant"?, "target_model"?, "target_container"?,
"any_training_job"?}. `cases` are golden cases as JSON text (`probes`), `format` is the container's, if not the
platform's own. The last one is set if a model or container other than the version's own may answer, or if the version
was imported: then `training_job` only names the request.

An asynchronous endpoint is probed in two invocations, since its queue may hold other requests. The event
{"endpoint_name", "training_job", "cases", "format"?, "queue": {"input", "timeout_seconds"}} sends a request and returns
{"output", "failure", "cases", "format"}, which together with the training job is the event of the second invocation.

Raises ProbeFailed (wrong answer: permanent), EndpointUnavailable (no answer: transient) or AnswerPending (the
asynchronous answer is not there yet). The state machine retries the last two by their names.
"""

from __future__ import annotations

from typing import Any

import boto3
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError

from endpoint_probe import async_probe
from endpoint_probe.probes import cases_of, check_answer, format_of, payloads
from inference_common.json_output import dumps
from inference_common.logs import BoundLogger, bind, described, get_logger
from inference_common.s3 import expect_own_buckets

# A container loads its model at the first request; retries are left to the state machine.
RUNTIME = expect_own_buckets(
    boto3.client("sagemaker-runtime", config=Config(read_timeout=50, retries={"total_max_attempts": 1}))
)
LOG = get_logger("endpoint_probe")
_CLIENTS: dict[str, Any] = {}

# Selects one of several variants, models or containers of an endpoint.
TARGETS = {
    "target_variant": "TargetVariant",
    "target_model": "TargetModel",
    "target_container": "TargetContainerHostname",
}


class EndpointUnavailable(Exception):
    """The endpoint did not answer, or its container failed."""


def handler(event: dict[str, Any], context: Any) -> dict[str, Any]:
    if "output" in event:
        return read(event, context)
    payload_format = format_of(event)
    log = bind(LOG, request_id=context.aws_request_id, endpoint=event["endpoint_name"])
    groups = payloads(cases_of(event), payload_format)
    if "queue" in event:
        # A container that takes one input per call gets the first case.
        sent, body = groups[0]
        try:
            places = async_probe.send(client("s3"), RUNTIME, event, body, payload_format.content_type)
        except (ClientError, BotoCoreError) as error:
            log.error("the request was not taken", extra=described(error))
            raise EndpointUnavailable(str(error)) from error
        return {**places, "cases": dumps(list(sent)), "format": event.get("format", "inputs")}
    verdicts = []
    for group, body in groups:
        answer = _invoke(event, body, payload_format.content_type, log)
        verdicts.append(check_answer(answer, _speaker(event), group, payload_format))
    log.info("endpoint answers")
    return {**verdicts[0], "outputs": [output for verdict in verdicts for output in verdict["outputs"]]}


def _invoke(event: dict[str, Any], body: bytes, content_type: str, log: BoundLogger) -> bytes:
    targets = {argument: event[name] for name, argument in TARGETS.items() if event.get(name)}
    try:
        response = RUNTIME.invoke_endpoint(
            EndpointName=event["endpoint_name"], ContentType=content_type, Accept=content_type, Body=body, **targets
        )
        return bytes(response["Body"].read())
    except (ClientError, BotoCoreError) as error:
        log.error("no answer", extra=described(error))
        raise EndpointUnavailable(str(error)) from error


def _speaker(event: dict[str, Any]) -> str | None:
    """Return the training job that the answer must name; `None` if any may."""
    return None if event.get("any_training_job") else str(event["training_job"])


def read(event: dict[str, Any], context: Any) -> dict[str, Any]:
    """Check the answer to a request that an earlier invocation sent."""
    try:
        body = async_probe.answer(client("s3"), event)
    except (ClientError, BotoCoreError) as error:
        raise EndpointUnavailable(str(error)) from error
    verdict = check_answer(body, _speaker(event), cases_of(event), format_of(event))
    bind(LOG, request_id=context.aws_request_id, output=event["output"]).info("endpoint answers")
    return verdict


def client(service: str) -> Any:
    if service not in _CLIENTS:
        made = boto3.client(service, config=Config(connect_timeout=5, read_timeout=20))
        _CLIENTS[service] = expect_own_buckets(made)
    return _CLIENTS[service]
