"""Targets on SageMaker endpoints."""

from __future__ import annotations

import json

from botocore.exceptions import BotoCoreError, ClientError
from deadline import Deadline
from dispatch import Reply
from inference_common.errors import ModelFailed
from inference_common.requests import InferenceRequest
from routes import Target

from clients import client, fidelity_of
from clients.failures import translate


class SageMakerBackend:
    """One InvokeEndpoint call carries all inputs."""

    def invoke(self, target: Target, request: InferenceRequest, deadline: Deadline) -> Reply:
        payload = {"inputs": list(request.inputs), "parameters": dict(request.parameters)}
        try:
            response = client("sagemaker-runtime", deadline.call_timeout()).invoke_endpoint(
                EndpointName=target.address,
                ContentType="application/json",
                Accept="application/json",
                Body=json.dumps(payload).encode(),
            )
            body = response["Body"].read()
        except (ClientError, BotoCoreError) as error:
            raise translate(error, f"endpoint {target.address}") from error
        return parse_reply(body, len(request.inputs), fidelity_of(response))


def parse_reply(body: bytes, expected: int, fidelity: str | None) -> Reply:
    """The container's answer, which must have one output per input."""
    try:
        answer = json.loads(body)
        outputs, model = answer["outputs"], answer["model"]
    except (ValueError, KeyError, TypeError):
        raise ModelFailed("the model's answer does not follow the contract") from None
    if not isinstance(outputs, list) or len(outputs) != expected or not isinstance(model, dict):
        raise ModelFailed(f"the model did not answer with {expected} outputs")
    return Reply(outputs, model, None, fidelity)
