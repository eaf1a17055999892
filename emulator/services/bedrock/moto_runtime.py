"""Bedrock's runtime: InvokeModel, Converse, ConverseStream and ApplyGuardrail. Moto returns an empty object.

The evidence names the stand-in that wrote the answer, so that nothing that depends on it counts as executed.
"""

from __future__ import annotations

import dataclasses
import json
import time
from collections.abc import Iterator
from typing import Any

from botocore.exceptions import ClientError
from moto.bedrockruntime.exceptions import BedrockRuntimeError
from moto.bedrockruntime.responses import BedrockRuntimeResponse
from moto.core.responses import ActionResult
from moto.core.utils import get_service_model

from emulator.core import shapes
from emulator.core.aws import Aws
from emulator.core.evidence import STORE
from emulator.core.settings import Settings
from emulator.moto.patching import add, replace
from emulator.services.bedrock import embeddings, families, guardrails, inline
from emulator.services.bedrock.answering import Answered, ServerFailed, answer
from emulator.services.bedrock.conversation import InvalidRequest
from emulator.services.bedrock.text_model import Completion, Prompt

APPLICATION_PROFILE = ":application-inference-profile/"
CHUNK_WORDS = 4
"""Words in one event of a stream."""


def apply(settings: Settings) -> None:
    runtime = _Runtime(Aws(settings))

    def invoke_model(self: Any) -> ActionResult:
        return runtime.invoke_model(self)

    # Replaces moto's method, which returns `{}`.
    replace(BedrockRuntimeResponse, "invoke_model", invoke_model)

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
        named = ("modelId", "trace", "guardrailIdentifier", "guardrailVersion")
        given = {name: request._get_param(name) for name in named}
        _check("InvokeModel", {**given, "body": bytes(request.raw_body or b"")})
        model = self._model_behind(request)
        body = _json_body(request._get_param("body"))
        named, version = request._get_param("guardrailIdentifier"), request._get_param("guardrailVersion")
        guard = self._inline(request, named, version, request._get_param("trace")) if named else None
        embedder = embeddings.of(model)
        if embedder:
            if guard is not None:
                raise _validation("Guardrails judge text: an embedding model takes none.")
            return self._embed(request, embedder, body)
        if guard is not None and body.pop(inline.TAGGED, None):
            raise NotImplementedError("InvokeModel with tags around the parts for the guardrail; use Converse")
        try:
            family = families.family_of(model)
            prompt = family.read(body)
        except InvalidRequest as error:
            raise _validation(str(error)) from error
        done = self._answer(request, prompt, guard)
        request.response_headers["X-Amzn-Bedrock-Input-Token-Count"] = str(done.input_tokens)
        request.response_headers["X-Amzn-Bedrock-Output-Token-Count"] = str(done.output_tokens)
        if guard is not None and done.stop_reason == inline.STOP_REASON:
            # Families lack this stop reason; another member has it.
            done = dataclasses.replace(done, stop_reason="end_turn")
        written = family.write(done) | (guard.invoke_members() if guard is not None else {})
        return ActionResult({"body": json.dumps(written), "contentType": "application/json"})

    def _embed(self, request: Any, family: embeddings.Family, body: dict[str, Any]) -> ActionResult:
        try:
            made = family.embed(body)
        except InvalidRequest as error:
            raise _validation(str(error)) from error
        usage = {"inputTokens": made.tokens, "outputTokens": 0, "totalTokens": made.tokens}
        self._note(request, str(request._get_param("modelId")), embeddings.NAME, {"usage": usage})
        request.response_headers["X-Amzn-Bedrock-Input-Token-Count"] = str(made.tokens)
        return ActionResult({"body": json.dumps(made.body), "contentType": "application/json"})

    def apply_guardrail(self, request: Any) -> ActionResult:
        named = ("guardrailIdentifier", "guardrailVersion")
        _check("ApplyGuardrail", {**_sent(request), **{name: request._get_param(name) for name in named}})
        guardrail = self._guardrail(request)
        blocks = _plain(request._get_param("content")) or []
        if not blocks or any("text" not in block for block in blocks):
            raise _validation("The local guardrail requires at least one content block of text, and no others.")
        texts, source = [str(block["text"]["text"]) for block in blocks], str(request._get_param("source"))
        try:
            judgement = guardrails.judge(guardrail, source, texts)
        except guardrails.BadPattern as error:
            raise _validation(str(error)) from error
        answered = guardrails.response(guardrail, source, texts, judgement)
        detail = {
            "action": answered["action"],
            "source": source,
            "usage": answered["usage"],
            "not_judged": judgement.not_judged,
        }
        stand_in = guardrails.NAME if judgement.by_stand_in or judgement.not_judged else None
        self._note(request, str(guardrail["guardrailArn"]), stand_in, detail)
        return ActionResult(answered)

    def _inline(self, request: Any, named: Any, version: Any, trace: Any) -> inline.Inline:
        if not version:
            raise _validation("guardrailVersion is required with guardrailIdentifier.")
        shown = self._guardrail_shown(request, str(named), str(version))
        return inline.Inline(shown, trace=str(trace or "").upper() in ("ENABLED", "ENABLED_FULL"))

    def _guardrail(self, request: Any) -> dict[str, Any]:
        named, version = request._get_param("guardrailIdentifier"), request._get_param("guardrailVersion")
        return self._guardrail_shown(request, named, version)

    def _guardrail_shown(self, request: Any, named: str, version: str) -> dict[str, Any]:
        """Return the guardrail in the requested version."""
        try:
            client = self._aws.client("bedrock", region=request.region)
            return dict(client.get_guardrail(guardrailIdentifier=named, guardrailVersion=version))
        except ClientError as error:
            raise BedrockRuntimeError("ResourceNotFoundException", error.response["Error"]["Message"]) from error

    def _note(self, request: Any, resource: str, stand_in: str | None, detail: dict[str, Any]) -> None:
        record = STORE.begin("bedrock", resource)
        STORE.succeed(record.id, stand_in=stand_in, detail=detail)
        request.response_headers.update(STORE.headers(record.id))

    def converse(self, request: Any) -> ActionResult:
        started = time.monotonic()
        done, trace = self._converse(request)
        return ActionResult(
            {
                **trace,
                "output": {"message": {"role": "assistant", "content": [{"text": done.text}]}},
                "stopReason": done.stop_reason,
                "usage": _usage(done),
                "metrics": {"latencyMs": int((time.monotonic() - started) * 1000)},
            }
        )

    def converse_stream(self, request: Any) -> ActionResult:
        started = time.monotonic()
        done, trace = self._converse(request)
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
                    **trace,
                }
            },
        ]
        return ActionResult({"stream": events})

    def _converse(self, request: Any) -> tuple[Completion, dict[str, Any]]:
        """Return the completion, and the trace of the guardrail if the request enabled it."""
        sent = _sent(request)
        _check("Converse", {**sent, "modelId": request._get_param("modelId")})
        self._check_model(request)
        config = sent.get("guardrailConfig") or {}
        guard = None
        if config:
            named, version = config.get("guardrailIdentifier"), config.get("guardrailVersion")
            guard = self._inline(request, named, version, config.get("trace"))
        messages, system = sent.get("messages") or [], sent.get("system")
        try:
            prompt = families.converse_prompt(
                self._model_behind(request), messages, system, sent.get("inferenceConfig") or {}
            )
        except InvalidRequest as error:
            raise _validation(str(error)) from error
        done = self._answer(request, prompt, guard, inline.marked(messages, system or ()))
        return done, guard.converse_trace() if guard is not None else {}

    def _check_model(self, request: Any) -> None:
        model = self._model_behind(request)
        if embeddings.of(model):
            raise _validation("This action doesn't support the model that you provided. Try again with a text model.")
        try:
            families.family_of(model)
        except InvalidRequest as error:
            raise _validation(str(error)) from error

    def _model_behind(self, request: Any) -> str:
        """Return the model behind the requested id; an application inference profile has that of its source."""
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

    def _answer(
        self, request: Any, prompt: Prompt, guard: inline.Inline | None = None, marked: list[str] | None = None
    ) -> Completion:
        record = STORE.begin("bedrock", str(request._get_param("modelId")))
        try:
            seen = guard.ask(prompt, marked) if guard is not None else prompt
            answered = Answered(seen, None, "guardrail") if isinstance(seen, Completion) else answer(seen)
            done = answered.completion
            if guard is not None and done is not seen:
                done = guard.answer(done)
        except ServerFailed as error:
            STORE.fail(record.id, str(error))
            raise BedrockRuntimeError("ModelErrorException", str(error)) from error
        except guardrails.BadPattern as error:
            STORE.fail(record.id, str(error))
            raise _validation(str(error)) from error
        detail = {"served_by": answered.served_by, "usage": _usage(done), "stop_reason": done.stop_reason}
        stand_in = answered.stand_in
        if guard is not None:
            detail["guardrail"] = guard.detail()
            stand_in = stand_in or guard.stand_in
        STORE.succeed(record.id, stand_in=stand_in, detail=detail)
        request.response_headers.update(STORE.headers(record.id))
        return done


def _check(operation: str, given: dict[str, Any]) -> None:
    """Reject what the service model rejects."""
    shape = get_service_model("bedrock-runtime").operation_model(operation).input_shape
    assert shape is not None
    try:
        refusal = shapes.refusal(shape, given)
    except shapes.WrongType as error:
        raise BedrockRuntimeError("SerializationException", str(error)) from error
    if refusal:
        raise _validation(refusal)


def _sent(request: Any) -> dict[str, Any]:
    """Return the body as sent; moto's parser converts texts to numbers and drops unknown members."""
    try:
        document = json.loads(request.raw_body or b"{}", parse_constant=_no_number)
    except (ValueError, RecursionError) as error:
        raise BedrockRuntimeError("SerializationException", "The request is not valid JSON.") from error
    if not isinstance(document, dict):
        raise BedrockRuntimeError("SerializationException", "The request must be a JSON object.")
    return document


def _no_number(word: str) -> Any:
    raise ValueError(f"{word} is not a JSON number")


def _json_body(body: Any) -> dict[str, Any]:
    try:
        document = json.loads(body or b"", parse_constant=_no_number)
    except (ValueError, RecursionError) as error:
        raise _validation("Malformed input request, please reformat your input and try again.") from error
    if not isinstance(document, dict):
        raise _validation("Malformed input request: #: expected type: JSONObject")
    return document


def _plain(value: Any) -> Any:
    """Convert moto's parsed parameters, which have their own dictionary class, to plain ones."""
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
