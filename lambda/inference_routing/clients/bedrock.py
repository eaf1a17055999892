"""Call Bedrock: Converse for text (one request schema for all families), InvokeModel for the rest."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from inference_common import bedrock_bodies as bedrock
from inference_common import embeddings, model_answers
from inference_common.errors import MalformedAnswer
from inference_common.json_output import dumps
from inference_common.requests import InferenceRequest
from inference_routing.clients import assistants, client, fidelity_of
from inference_routing.clients.failures import FAILURES, in_the_middle, translate
from inference_routing.clients.fanout import fan_out
from inference_routing.deadline import Deadline
from inference_routing.dispatch import PartialResponses, Reply
from inference_routing.limits import check_payload
from inference_routing.routes import Target

INFERENCE_CONFIG = {
    "max_tokens": "maxTokens",
    "temperature": "temperature",
    "top_p": "topP",
    "stop_sequences": "stopSequences",
}
USAGE = {name: name for name in ("inputTokens", "outputTokens", "totalTokens")}
INPUT_TOKENS = "x-amzn-bedrock-input-token-count"


class BedrockBackend:
    """Make one call per input, several at a time."""

    def invoke(self, target: Target, request: InferenceRequest, deadline: Deadline, kept: PartialResponses) -> Reply:
        if request.task == "embed":
            return self._embed(target, request, deadline, kept)
        if target.assistant:
            return assistants.invoke(target, request, deadline, kept)
        if target.api == "invoke":
            return self._invoke(target, request, deadline, kept)
        arguments = converse_arguments(request.parameters)

        def converse(position: int) -> Any:
            turns = request.turns or (("user", request.inputs[position]),)
            messages = [{"role": role, "content": [{"text": text}]} for role, text in turns]
            try:
                return client("bedrock-runtime").converse(modelId=target.address, messages=messages, **arguments)
            except FAILURES as error:
                raise translate(error, f"model {target.address}") from error

        responses = fan_out(len(request.inputs), kept, deadline, converse)
        return Reply(
            outputs=[{"text": text_of(response)} for response in responses],
            model={"model_id": target.address},
            usage=model_answers.total([model_answers.counts(USAGE, response.get("usage")) for response in responses]),
            fidelity=fidelities(responses),
            stops=tuple(str(response.get("stopReason", "end_turn")) for response in responses),
        )

    def _invoke(self, target: Target, request: InferenceRequest, deadline: Deadline, kept: PartialResponses) -> Reply:
        family = bedrock.of(target.family)
        bodies = [family.write(text, request) for text in request.inputs]
        responses = fan_out(len(bodies), kept, deadline, lambda i: invoke_model(target, bodies[i]))
        answers = [bedrock.read_answer(family, answer) for answer, _ in responses]
        counted = model_answers.total([answer.usage for answer in answers])
        return Reply(
            outputs=[{"text": answer.text} for answer in answers],
            model={"model_id": target.address},
            usage=counted and {**counted, "totalTokens": sum(counted.values())},
            fidelity=fidelities([response for _, response in responses]),
            stops=tuple(answer.stop for answer in answers),
        )

    def _embed(self, target: Target, request: InferenceRequest, deadline: Deadline, kept: PartialResponses) -> Reply:
        embedder = embeddings.of(target.family)
        starts = range(0, len(request.inputs), embedder.batch)
        groups = [request.inputs[start : start + embedder.batch] for start in starts]
        bodies = [embedder.write(group, request.parameters) for group in groups]
        responses = fan_out(len(bodies), kept, deadline, lambda i: invoke_model(target, bodies[i]))
        vectors = [
            vector
            for group, (answer, _) in zip(groups, responses, strict=True)
            for vector in embeddings.vectors(embedder, answer, len(group))
        ]
        counted = model_answers.total([token_count(answer, response) for answer, response in responses])
        return Reply(
            outputs=[{"embedding": vector} for vector in vectors],
            model={"model_id": target.address},
            usage=counted and {**counted, "outputTokens": 0, "totalTokens": counted["inputTokens"]},
            fidelity=fidelities([response for _, response in responses]),
        )


def invoke_model(target: Target, body: Mapping[str, Any]) -> tuple[Any, dict[str, Any]]:
    """Call InvokeModel; return the parsed body and the response."""
    payload = dumps(body).encode()
    check_payload(target, len(payload))
    try:
        response = client("bedrock-runtime").invoke_model(
            modelId=target.address, contentType="application/json", accept="application/json", body=payload
        )
    except FAILURES as error:
        raise translate(error, f"model {target.address}") from error
    try:
        content = response["body"].read()
    except FAILURES as error:
        raise in_the_middle(error) from error
    return model_answers.loads(content), response


def converse_arguments(parameters: Mapping[str, Any]) -> dict[str, Any]:
    """Convert the platform's parameters to arguments of Converse."""
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
        raise MalformedAnswer("the model's answer holds no message") from None


def token_count(answer: Any, response: Mapping[str, Any]) -> dict[str, int] | None:
    """Return the input tokens of an embedding: from Bedrock's header, else from Titan's body."""
    header = str(response.get("ResponseMetadata", {}).get("HTTPHeaders", {}).get(INPUT_TOKENS, ""))
    if header.isascii() and header.isdecimal():
        return {"inputTokens": int(header[:15])}
    return model_answers.counts({"inputTokens": "inputTextTokenCount"}, answer)


def fidelities(responses: list[Any]) -> str | None:
    return ",".join(sorted({value for r in responses if (value := fidelity_of(r))})) or None
