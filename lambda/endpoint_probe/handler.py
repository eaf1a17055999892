"""Does an endpoint answer as it should: the candidate's temporary one in pipeline step 8, or one just released?

Event: {"endpoint_name", "training_job", "target_variant"?, "target_model"?, "target_container"?, "any_training_job"?}.
The last one is said where another model or container than the version's own answers.

Raises ProbeFailed (a wrong answer: permanent) or EndpointUnavailable (no answer: transient); the state machine sees the
names and retries the second.
"""

from __future__ import annotations

from typing import Any

import boto3
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError
from inference_common.logs import bind, get_logger
from probes import check_answer, request_body

# A container loads its model on the first request; the state machine, not boto3, decides on another try.
RUNTIME = boto3.client("sagemaker-runtime", config=Config(read_timeout=50, retries={"total_max_attempts": 1}))
LOG = get_logger("endpoint_probe")

# Where variants share the traffic, or an endpoint has many models or containers, only one of them is to be asked.
TARGETS = {
    "target_variant": "TargetVariant",
    "target_model": "TargetModel",
    "target_container": "TargetContainerHostname",
}


class EndpointUnavailable(Exception):
    """The endpoint did not answer at all, or its container failed."""


def handler(event: dict[str, Any], context: Any) -> dict[str, Any]:
    log = bind(LOG, request_id=context.aws_request_id, endpoint=event["endpoint_name"])
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
        log.error("no answer", extra={"error": str(error)})
        raise EndpointUnavailable(str(error)) from error
    verdict = check_answer(body, None if event.get("any_training_job") else event["training_job"])
    log.info("endpoint answers")
    return verdict
