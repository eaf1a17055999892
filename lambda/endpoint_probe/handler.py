"""Check the answers of an endpoint: a candidate's temporary one (pipeline step 8), or one just released.

Event: {"endpoint_name", "training_job", "target_variant"?, "target_model"?, "target_container"?, "any_training_job"?}.
Set the last one if a model or container other than the version's own may answer.

An asynchronous endpoint is probed in two invocations, since its queue may hold other requests. The event
{"endpoint_name", "training_job", "queue": {"input", "timeout_seconds"}} sends a request and returns
{"output", "failure"}, which together with the training job is the event of the second invocation.

Raises ProbeFailed (wrong answer: permanent), EndpointUnavailable (no answer: transient) or AnswerPending (the
asynchronous answer is not there yet). The state machine retries the last two by their names.
"""

from __future__ import annotations

from typing import Any

import boto3
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError

from endpoint_probe import async_probe
from endpoint_probe.probes import check_answer, request_body
from inference_common.logs import bind, described, get_logger
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
    log = bind(LOG, request_id=context.aws_request_id, endpoint=event["endpoint_name"])
    if "queue" in event:
        try:
            return async_probe.send(client("s3"), RUNTIME, event, request_body())
        except (ClientError, BotoCoreError) as error:
            log.error("the request was not taken", extra=described(error))
            raise EndpointUnavailable(str(error)) from error
    targets = {argument: event[name] for name, argument in TARGETS.items() if event.get(name)}
    try:
        response = RUNTIME.invoke_endpoint(
            EndpointName=event["endpoint_name"],
            ContentType="application/json",
            Accept="application/json",
            Body=request_body(),
            **targets,
        )
        body = response["Body"].read()
    except (ClientError, BotoCoreError) as error:
        log.error("no answer", extra=described(error))
        raise EndpointUnavailable(str(error)) from error
    verdict = check_answer(body, None if event.get("any_training_job") else event["training_job"])
    log.info("endpoint answers")
    return verdict


def read(event: dict[str, Any], context: Any) -> dict[str, Any]:
    """Check the answer to a request that an earlier invocation sent."""
    try:
        body = async_probe.answer(client("s3"), event)
    except (ClientError, BotoCoreError) as error:
        raise EndpointUnavailable(str(error)) from error
    verdict = check_answer(body, event["training_job"])
    bind(LOG, request_id=context.aws_request_id, output=event["output"]).info("endpoint answers")
    return verdict


def client(service: str) -> Any:
    if service not in _CLIENTS:
        made = boto3.client(service, config=Config(connect_timeout=5, read_timeout=20))
        _CLIENTS[service] = expect_own_buckets(made)
    return _CLIENTS[service]
