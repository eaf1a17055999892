"""Bedrock's runtime answers: InvokeModel, Converse, ConverseStream and ApplyGuardrail. Moto returns an empty object.

The evidence names the stand-in that wrote the answer, so that nothing that rests on it counts as executed.
"""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from typing import Any

from botocore.exceptions import ClientError
from moto.bedrockruntime.exceptions import BedrockRuntimeError
from moto.bedrockruntime.responses import BedrockRuntimeResponse
from moto.core.responses import ActionResult

from emulator.bedrock import embeddings, families, guardrails
from emulator.bedrock.answering import Answered, ServerFailed, answer
from emulator.bedrock.text_model import Prompt
from emulator.compute.aws import Aws
from emulator.evidence import STORE
from emulator.seams.patching import add
from emulator.settings import Settings

APPLICATION_PROFILE = ":application-inference-profile/"
CHUNK_WORDS = 4
"""Words in one event of a stream."""


def apply(settings: Settings) -> None:
    runtime = _Runtime(Aws(settings))

    def invoke_model(self: Any) -> ActionResult:
        return runtime.invoke_model(self)

    # Replaces moto's own, which answers `{}`.
    BedrockRuntimeResponse.invoke_model = invoke_model  # type: ignore[method-assign]

    @add(BedrockRuntimeResponse)
    def converse(self: Any) -> ActionResult:
        return runtime.converse(self)

    @add(BedrockRuntimeResponse)
    def converse_stream(self: Any) -> ActionResult:
        return runtime.converse_stream(self)

    @add(BedrockRuntimeResponse)
    def apply_guardrail(self: Any) -> ActionResult:
        return runtime.apply_guardrail(self)


class _Runtime:
    def __init__(self, aws: Aws) -> None:
        self._aws = aws

    def invoke_model(self, request: Any) -> ActionResult:
        if request._get_param("guardrailIdentifier"):
            raise NotImplementedError("InvokeModel with a guardrail: ask ApplyGuardrail")
        model = self._model_behind(request)
        body = _json_body(request._get_param("body"))
        embedder = embeddings.of(model)
        if embedder:
            return self._embed(request, embedder, body)
        try:
            family = families.family_of(model)
            prompt = family.read(body)
        except families.InvalidRequest as error:
            raise _validation(str(error)) from error
        done = self._answer(request, prompt).completion
        request.response_headers["X-Amzn-Bedrock-Input-Token-Count"] = str(done.input_tokens)
        request.response_headers["X-Amzn-Bedrock-Output-Token-Count"] = str(done.output_tokens)
        return ActionResult({"body": json.dumps(family.write(done)), "contentType": "application/json"})

    def _embed(self, request: Any, family: embeddings.Family, body: dict[str, Any]) -> ActionResult:
        try:
            made = family.embed(body)
        except families.InvalidRequest as error:
            raise _validation(str(error)) from error
        usage = {"inputTokens": made.tokens, "outputTokens": 0, "totalTokens": made.tokens}
        self._note(request, str(request._get_param("modelId")), embeddings.NAME, {"usage": usage})
        request.response_headers["X-Amzn-Bedrock-Input-Token-Count"] = str(made.tokens)
        return ActionResult({"body": json.dumps(made.body), "contentType": "application/json"})

    def apply_guardrail(self, request: Any) -> ActionResult:
        guardrail = self._guardrail(request)
        blocks = _plain(request._get_param("content")) or []
        if not blocks or any("text" not in block for block in blocks):
            raise _validation("The local guardrail judges content blocks of text, and at least one.")
        texts, source = [str(block["text"]["text"]) for block in blocks], str(request._get_param("source"))
        try:
            found = guardrails.judge(guardrail, source, texts)
        except guardrails.BadPattern as error:
            raise _validation(str(error)) from error
        answered = guardrails.response(guardrail, source, texts, found)
        detail = {
            "action": answered["action"],
            "source": source,
            "usage": answered["usage"],
            "not_judged": found.not_judged,
        }
        stand_in = guardrails.NAME if found.by_stand_in or found.not_judged else None
        self._note(request, str(guardrail["guardrailArn"]), stand_in, detail)
        return ActionResult(answered)

    def _guardrail(self, request: Any) -> dict[str, Any]:
        """As it was made, of the version asked for."""
        named, version = request._get_param("guardrailIdentifier"), request._get_param("guardrailVersion")
        try:
            return self._aws.client("bedrock", region=request.region).get_guardrail(
                guardrailIdentifier=named, guardrailVersion=version
            )
        except ClientError as error:
            raise BedrockRuntimeError("ResourceNotFoundException", error.response["Error"]["Message"]) from error

    def _note(self, request: Any, resource: str, stand_in: str | None, detail: dict[str, Any]) -> None:
        record = STORE.begin("bedrock", resource)
        STORE.succeed(record.id, stand_in=stand_in, detail=detail)
        request.response_headers.update(STORE.headers(record.id))

    def converse(self, request: Any) -> ActionResult:
        started = time.monotonic()
        done = self._converse(request).completion
        return ActionResult(
            {
                "output": {"message": {"role": "assistant", "content": [{"text": done.text}]}},
                "stopReason": done.stop_reason,
                "usage": _usage(done),
                "metrics": {"latencyMs": int((time.monotonic() - started) * 1000)},
            }
        )

    def converse_stream(self, request: Any) -> ActionResult:
        started = time.monotonic()
        done = self._converse(request).completion
        events: list[dict[str, Any]] = [{"messageStart": {"role": "assistant"}}]
        events += [
            {"contentBlockDelta": {"delta": {"text": piece}, "contentBlockIndex": 0}} for piece in _pieces(done.text)
        ]
        events += [
            {"contentBlockStop": {"contentBlockIndex": 0}},
            {"messageStop": {"stopReason": done.stop_reason}},
            {
                "metadata": {
                    "usage": _usage(done),
                    "metrics": {"latencyMs": int((time.monotonic() - started) * 1000)},
                }
            },
        ]
        return ActionResult({"stream": events})

    def _converse(self, request: Any) -> Answered:
        if request._get_param("guardrailConfig"):
            raise NotImplementedError("Converse with a guardrail: ask ApplyGuardrail")
        self._check_model(request)
        options = request._get_param("inferenceConfig") or {}
        try:
            prompt = families.prompt(
                families.turns(_plain(request._get_param("messages"))),
                system=families.system_text(_plain(request._get_param("system"))),
                max_tokens=options.get("maxTokens"),
                temperature=options.get("temperature"),
                stop=options.get("stopSequences"),
            )
        except families.InvalidRequest as error:
            raise _validation(str(error)) from error
        return self._answer(request, prompt)

    def _check_model(self, request: Any) -> None:
        model = self._model_behind(request)
        if embeddings.of(model):
            raise _validation("This action doesn't support the model that you provided. Try again with a text model.")
        try:
            families.family_of(model)
        except families.InvalidRequest as error:
            raise _validation(str(error)) from error

    def _model_behind(self, request: Any) -> str:
        """An application inference profile stands for the model that it was copied from."""
        model_id = str(request._get_param("modelId"))
        if APPLICATION_PROFILE not in model_id:
            return model_id
        try:
            profile = self._aws.client("bedrock", region=request.region).get_inference_profile(
                inferenceProfileIdentifier=model_id
            )
        except ClientError as error:
            raise _validation("The provided model identifier is invalid.") from error
        return str(profile["models"][0]["modelArn"])

    def _answer(self, request: Any, prompt: Prompt) -> Answered:
        record = STORE.begin("bedrock", str(request._get_param("modelId")))
        try:
            answered = answer(prompt)
        except ServerFailed as error:
            STORE.fail(record.id, str(error))
            raise BedrockRuntimeError("ModelErrorException", str(error)) from error
        done = answered.completion
        detail = {"served_by": answered.served_by, "usage": _usage(done), "stop_reason": done.stop_reason}
        STORE.succeed(record.id, stand_in=answered.stand_in, detail=detail)
        request.response_headers.update(STORE.headers(record.id))
        return answered


def _json_body(body: Any) -> dict[str, Any]:
    try:
        document = json.loads(body or b"")
    except ValueError as error:
        raise _validation("Malformed input request, please reformat your input and try again.") from error
    if not isinstance(document, dict):
        raise _validation("Malformed input request: #: expected type: JSONObject")
    return document


def _plain(value: Any) -> Any:
    """Moto's parsed parameters are dictionaries of its own kind."""
    if isinstance(value, list):
        return [_plain(item) for item in value]
    return dict(value) if hasattr(value, "keys") else value


def _pieces(text: str) -> Iterator[str]:
    words = text.split(" ")
    for start in range(0, len(words), CHUNK_WORDS):
        piece = " ".join(words[start : start + CHUNK_WORDS])
        yield piece if start + CHUNK_WORDS >= len(words) else piece + " "


def _usage(done: Any) -> dict[str, int]:
    return {
        "inputTokens": done.input_tokens,
        "outputTokens": done.output_tokens,
        "totalTokens": done.input_tokens + done.output_tokens,
    }


def _validation(message: str) -> BedrockRuntimeError:
    return BedrockRuntimeError("ValidationException", message)
