"""Apply the route's guardrail before and after the model. The call to the guardrail is injected.

The guardrail fails closed: if it cannot be called, its error is the response.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Literal, Protocol

from inference_common.errors import GuardrailBlocked, ServiceError, Unavailable
from inference_common.inputs import check_texts
from inference_common.requests import InferenceRequest
from inference_routing.deadline import Deadline
from inference_routing.dispatch import Reply
from inference_routing.retry import Retry
from inference_routing.routes import Guardrail

TEXTS_PER_CALL = 20
NOT_WRITTEN = ("label", "sources")


class Judge(Protocol):
    def assess(self, guardrail: Guardrail, source: Literal["INPUT", "OUTPUT"], texts: Sequence[str]) -> dict[str, Any]:
        """Return the response of ApplyGuardrail. Raises `ServiceError`."""


@dataclass(frozen=True)
class Gate:
    """Applies a route's guardrail to one request."""

    guardrail: Guardrail
    judge: Callable[[Literal["INPUT", "OUTPUT"], Sequence[str], Deadline], dict[str, Any]]
    verdicts: list[str]
    """What it did, for response header and log."""

    def check_input(self, request: InferenceRequest, deadline: Deadline) -> InferenceRequest:
        """Return the request with masked texts. Raises `GuardrailBlocked`, or `BadRequest` if an input is not a text.

        Every text is checked, whatever its role: the caller also sends assistant turns and system prompts. The
        blueprint's own parameters come from its operator and are added later.
        """
        check_texts(request.inputs)
        texts = [text for _, text in request.turns] or list(request.inputs)
        masked = self._masked("input", {"texts": texts, "parameters": dict(request.parameters)}, deadline)
        request = replace(request, parameters=masked["parameters"])
        if not request.turns:
            return replace(request, inputs=tuple(masked["texts"]))
        turns = tuple((role, text) for (role, _), text in zip(request.turns, masked["texts"], strict=True))
        return replace(request, turns=turns, inputs=(turns[-1][1],) * len(request.inputs))

    def check_output(self, reply: Reply, deadline: Deadline) -> Reply:
        """Return the reply with masked texts. Labels and names of sources are not generated text."""
        written = [{k: v for k, v in output.items() if k not in NOT_WRITTEN} for output in reply.outputs]
        masked = self._masked("output", written, deadline)
        return replace(reply, outputs=[{**o, **m} for o, m in zip(reply.outputs, masked, strict=True)])

    def _masked(self, stage: Literal["input", "output"], value: Any, deadline: Deadline) -> Any:
        """Return the value with every text as it may pass, checking equal texts once."""
        texts = list(dict.fromkeys(text for text in texts_in(value) if text))
        return with_texts(value, dict(zip(texts, self._pass(stage, texts, deadline), strict=True)))

    def _pass(self, stage: Literal["input", "output"], texts: Sequence[str], deadline: Deadline) -> list[str]:
        passed: list[str] = []
        source: Literal["INPUT", "OUTPUT"] = "INPUT" if stage == "input" else "OUTPUT"
        for start in range(0, len(texts), TEXTS_PER_CALL):
            group = texts[start : start + TEXTS_PER_CALL]
            judged = judge_texts(self.judge(source, group, deadline), group)
            if isinstance(judged, str):
                self.verdicts.append(f"{stage}-blocked")
                raise GuardrailBlocked(judged or f"the guardrail blocked the {stage}", stage)
            if list(judged) != list(group):
                self.verdicts.append(f"{stage}-masked")
            passed += judged
        return passed


def texts_in(value: Any) -> Iterator[str]:
    """Yield every text in a JSON value. Field names are not checked: callers cannot choose them."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, Mapping):
        for each in value.values():
            yield from texts_in(each)
    elif isinstance(value, list | tuple):
        for each in value:
            yield from texts_in(each)


def with_texts(value: Any, masked: Mapping[str, str]) -> Any:
    """Return the value with masked texts replaced."""
    if isinstance(value, str):
        return masked.get(value, value)
    if isinstance(value, Mapping):
        return {name: with_texts(each, masked) for name, each in value.items()}
    return [with_texts(each, masked) for each in value] if isinstance(value, list | tuple) else value


def judge_texts(response: Mapping[str, Any], texts: Sequence[str]) -> list[str] | str:
    """Return the texts as they may pass, or the guardrail's message if it blocks them.

    A masking intervention has one output per text. Any other intervention blocks.
    """
    if response.get("action") == "NONE":
        return list(texts)
    if response.get("action") != "GUARDRAIL_INTERVENED":
        raise Unavailable("the guardrail's answer says nothing of its verdict")  # fails closed
    outputs = [str(output.get("text", "")) for output in response.get("outputs") or []]
    actions = set(actions_in(response.get("assessments") or []))
    if actions <= {"ANONYMIZED", "NONE"} and "ANONYMIZED" in actions and len(outputs) == len(texts):
        return outputs
    return " ".join(outputs)


def actions_in(value: Any) -> Iterator[str]:
    """Yield every `action` in the assessments, at any depth."""
    if isinstance(value, Mapping):
        if isinstance(value.get("action"), str):
            yield value["action"]
        for name, each in value.items():
            if name != "invocationMetrics":
                yield from actions_in(each)
    elif isinstance(value, list):
        for each in value:
            yield from actions_in(each)


def patiently(
    judge: Judge,
    guardrail: Guardrail,
    run: Callable[[float, Callable[[], dict[str, Any]]], dict[str, Any]],
    retry: Retry,
    pause: Callable[[float], None],
    draw: Callable[[], float],
) -> Callable[[Literal["INPUT", "OUTPUT"], Sequence[str], Deadline], dict[str, Any]]:
    """Return a judge that retries transient errors within the deadline, since the model has already been paid for."""

    def ask(source: Literal["INPUT", "OUTPUT"], texts: Sequence[str], deadline: Deadline) -> dict[str, Any]:
        for attempt in range(retry.retries + 1):
            try:
                return run(deadline.call_timeout(), lambda: judge.assess(guardrail, source, texts))
            except ServiceError as error:
                seconds = retry.pause(attempt, draw())
                if not error.same_target or attempt == retry.retries or not deadline.leaves(seconds):
                    raise
                pause(seconds)
        raise AssertionError("unreachable")

    return ask
