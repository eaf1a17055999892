"""Call SageMaker endpoints."""

from __future__ import annotations

from typing import Any

from inference_common import containers
from inference_common.model_answers import total
from inference_common.requests import InferenceRequest
from inference_routing.clients import client, fidelity_of
from inference_routing.clients.failures import FAILURES, in_the_middle, translate
from inference_routing.clients.fanout import fan_out
from inference_routing.deadline import Deadline
from inference_routing.dispatch import PartialResponses, Reply
from inference_routing.limits import check_payload
from inference_routing.routes import Target


class SageMakerBackend:
    """Sends all inputs in one call, or one call per input if the container takes only one."""

    def invoke(self, target: Target, request: InferenceRequest, deadline: Deadline, kept: PartialResponses) -> Reply:
        payload_format = containers.of(target.format)
        if payload_format.together:
            body, fidelity = self._call(target, payload_format, payload_format.encode(request.inputs, request))
            parts, fidelities = [payload_format.decode(body, len(request.inputs))], [fidelity]
        else:
            payloads = [payload_format.encode([value], request) for value in request.inputs]
            answers = fan_out(len(payloads), kept, deadline, lambda i: self._call(target, payload_format, payloads[i]))
            parts, fidelities = [payload_format.decode(body, 1) for body, _ in answers], [each for _, each in answers]
        return reply_of(target, parts, fidelities)

    def _call(self, target: Target, payload_format: containers.Format, payload: bytes) -> tuple[bytes, str | None]:
        check_payload(target, len(payload))
        try:
            response = client("sagemaker-runtime").invoke_endpoint(
                EndpointName=target.address,
                ContentType=payload_format.content_type,
                Accept=payload_format.content_type,
                Body=payload,
                **target_arguments(target),
            )
        except FAILURES as error:
            raise translate(error, f"endpoint {target.address}") from error
        try:
            body: bytes = response["Body"].read()
        except FAILURES as error:
            raise in_the_middle(error) from error
        return body, fidelity_of(response)


def target_arguments(target: Target) -> dict[str, str]:
    """Return the arguments that select a model or container of the endpoint."""
    named = {"TargetModel": target.model, "TargetContainerHostname": target.container}
    return {name: value for name, value in named.items() if value}


def reply_of(target: Target, parts: list[containers.Part], fidelities: list[str | None]) -> Reply:
    """Combine the responses to single inputs into one reply."""
    model: dict[str, Any] = parts[0].model or {"endpoint_name": target.address}
    return Reply(
        outputs=[output for part in parts for output in part.outputs],
        model=model,
        usage=total([part.usage for part in parts]),
        fidelity=",".join(sorted({each for each in fidelities if each})) or None,
        stops=tuple(stop for part in parts for stop in part.stops),
    )
