"""Targets on Bedrock, through Converse: one request schema for every family of models."""

from __future__ import annotations

from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError
from deadline import Deadline
from dispatch import Reply
from inference_common.errors import BadRequest, ModelFailed
from inference_common.requests import InferenceRequest
from routes import Target

from clients import client, fidelity_of
from clients.failures import translate

PARALLEL_CALLS = 8  # Converse takes one conversation per call
INFERENCE_CONFIG = {
    "max_tokens": "maxTokens",
    "temperature": "temperature",
    "top_p": "topP",
    "stop_sequences": "stopSequences",
}
KNOWN = (*INFERENCE_CONFIG, "system")
USAGE = ("inputTokens", "outputTokens", "totalTokens")


def converse_arguments(parameters: Mapping[str, Any]) -> dict[str, Any]:
    """Our parameter names as Converse's arguments; what is not known is refused, not dropped."""
    unknown = sorted(set(parameters) - set(KNOWN))
    if unknown:
        raise BadRequest(f"unknown parameter '{unknown[0]}'; known are {', '.join(KNOWN)}")
    arguments: dict[str, Any] = {}
    config = {INFERENCE_CONFIG[name]: v for name, v in parameters.items() if name in INFERENCE_CONFIG}
    if config:
        arguments["inferenceConfig"] = config
    if "system" in parameters:
        arguments["system"] = [{"text": str(parameters["system"])}]
    return arguments


def text_of(response: Mapping[str, Any]) -> str:
    try:
        return "".join(part.get("text", "") for part in response["output"]["message"]["content"])
    except (KeyError, TypeError, AttributeError):
        raise ModelFailed("the model's answer holds no message") from None


class BedrockBackend:
    """One Converse call per input, several at a time."""

    def invoke(self, target: Target, request: InferenceRequest, deadline: Deadline) -> Reply:
        arguments = converse_arguments(request.parameters)

        def converse(text: str) -> Any:
            # Asked anew for each input: the later ones have less time, or none.
            bedrock = client("bedrock-runtime", deadline.call_timeout())
            messages = [{"role": "user", "content": [{"text": text}]}]
            return bedrock.converse(modelId=target.address, messages=messages, **arguments)

        try:
            with ThreadPoolExecutor(min(PARALLEL_CALLS, len(request.inputs))) as pool:
                responses = list(pool.map(converse, request.inputs))
        except (ClientError, BotoCoreError) as error:
            raise translate(error, f"model {target.address}") from error
        usage = {name: sum(r.get("usage", {}).get(name, 0) for r in responses) for name in USAGE}
        fidelity = sorted({value for r in responses if (value := fidelity_of(r))})
        return Reply(
            outputs=[{"text": text_of(response)} for response in responses],
            model={"model_id": target.address},
            usage=usage,
            fidelity=",".join(fidelity) or None,
        )
