"""Call targets that replace a Bedrock model: a knowledge base (retrieval-augmented generation) or an agent.

Each request is a separate session: it carries the conversation so far, and nothing is kept afterwards.
"""

from __future__ import annotations

import uuid
from collections.abc import Iterable, Mapping
from typing import Any

from botocore.exceptions import ClientError

from inference_common.errors import AnswerCutOff, MalformedAnswer, ServiceError
from inference_common.model_answers import text
from inference_common.requests import InferenceRequest
from inference_routing.clients import client, fidelity_of
from inference_routing.clients.failures import FAILURES, in_the_middle, translate
from inference_routing.clients.fanout import fan_out
from inference_routing.deadline import Deadline
from inference_routing.dispatch import PartialResponses, Reply
from inference_routing.routes import AGENT, KNOWLEDGE_BASE, Target

INFERENCE_CONFIG = {
    "max_tokens": "maxTokens",
    "temperature": "temperature",
    "top_p": "topP",
    "stop_sequences": "stopSequences",
}
Answer = tuple[str, list[str], str | None]
"""Text, sources and fidelity."""


def invoke(target: Target, request: InferenceRequest, deadline: Deadline, kept: PartialResponses) -> Reply:
    """Make one call per input, several at a time. Neither service reports token usage."""
    ask = {KNOWLEDGE_BASE: _generate, AGENT: _agent}[target.api]
    answers: list[Answer] = fan_out(len(request.inputs), kept, deadline, lambda i: ask(target, request, i))
    fidelities = {fidelity for _, _, fidelity in answers if fidelity}
    name = "knowledge_base_id" if target.api == KNOWLEDGE_BASE else "agent"
    return Reply(
        outputs=[{"text": text, "sources": sources} for text, sources, _ in answers],
        model={"model_id": target.address, name: target.assistant},
        fidelity=",".join(sorted(fidelities)) or None,
        stops=("end_turn",) * len(answers),
    )


def _generate(target: Target, request: InferenceRequest, position: int) -> Answer:
    """Query a knowledge base. It retrieves by one text, so a conversation is joined into one."""
    turns = request.turns or (("user", request.inputs[position]),)
    question = turns[0][1] if len(turns) == 1 else "\n".join(f"{role}: {content}" for role, content in turns)
    config: dict[str, Any] = {
        "knowledgeBaseId": target.assistant,
        "modelArn": target.address,
        "retrievalConfiguration": {"vectorSearchConfiguration": {"numberOfResults": target.results}},
    }
    given = request.parameters
    settings = {theirs: given[ours] for ours, theirs in INFERENCE_CONFIG.items() if ours in given}
    if settings:
        config["generationConfiguration"] = {"inferenceConfig": {"textInferenceConfig": settings}}
    try:
        response = client("bedrock-agent-runtime").retrieve_and_generate(
            input={"text": question},
            retrieveAndGenerateConfiguration={"type": "KNOWLEDGE_BASE", "knowledgeBaseConfiguration": config},
        )
    except FAILURES as error:
        raise translate(error, f"knowledge base {target.assistant}") from error
    try:
        return str(response["output"]["text"]), sources_of(response.get("citations") or ()), fidelity_of(response)
    except (KeyError, TypeError, AttributeError):
        raise MalformedAnswer("the knowledge base's answer holds no text") from None


def _agent(target: Target, request: InferenceRequest, position: int) -> Answer:
    agent, _, alias = target.assistant.partition("/")
    *before, (_, prompt) = request.turns or (("user", request.inputs[position]),)
    history = [{"role": role, "content": [{"text": content}]} for role, content in before]
    state = {"sessionState": {"conversationHistory": {"messages": history}}} if history else {}
    try:
        response = client("bedrock-agent-runtime").invoke_agent(
            agentId=agent, agentAliasId=alias, sessionId=str(uuid.uuid4()), inputText=prompt, **state
        )
    except FAILURES as error:
        raise translate(error, f"agent {target.assistant}") from error
    pieces: list[bytes] = []  # joined before decoding: a character may span two chunks
    citations: list[Any] = []
    try:
        for event in response["completion"]:
            chunk = event.get("chunk") or {}
            pieces.append(bytes(chunk.get("bytes", b"")))
            citations += (chunk.get("attribution") or {}).get("citations") or []
    except FAILURES as error:
        raise broken_off(error, any(pieces), f"agent {target.assistant}") from error
    except (KeyError, TypeError, AttributeError):
        raise MalformedAnswer("the agent's answer cannot be read") from None
    return text(b"".join(pieces), "the agent's answer"), sources_of(citations), fidelity_of(response)


def broken_off(error: Exception, begun: bool, address: str) -> ServiceError:
    """Translate a failure inside an event stream, where Bedrock's error codes start in lower case."""
    if begun:
        return AnswerCutOff("the agent's answer was interrupted")
    if not isinstance(error, ClientError):
        return in_the_middle(error)
    content = error.response["Error"]
    code = str(content.get("Code", ""))
    response: Any = {**error.response, "Error": {**content, "Code": code[:1].upper() + code[1:]}}
    return translate(ClientError(response, error.operation_name), address)


def sources_of(citations: Iterable[Mapping[str, Any]]) -> list[str]:
    """Return the cited sources, each once. The cited passages are left out: no guardrail has checked them."""
    uris = [
        location.get("s3Location", {}).get("uri")
        for citation in citations
        for reference in citation.get("retrievedReferences") or ()
        for location in [reference.get("location") or {}]
    ]
    return list(dict.fromkeys(str(uri) for uri in uris if uri))
