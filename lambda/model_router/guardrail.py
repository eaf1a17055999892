"""The route's guardrail before and after the model. Pure but for the service that judges.

A guardrail that cannot be asked lets nothing through: its error is the answer.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Literal, Protocol

from deadline import Deadline
from dispatch import Reply
from inference_common.errors import GuardrailBlocked, ServiceError
from inference_common.requests import InferenceRequest
from retry import Retry
from routes import Guardrail

SECONDS_AFTER = 2.0
"""What the model must leave of the time, so that its answer can still be judged."""
TEXTS_PER_CALL = 20


class Judge(Protocol):
    def assess(self, guardrail: Guardrail, source: Literal["INPUT", "OUTPUT"], texts: Sequence[str]) -> dict[str, Any]:
        """ApplyGuardrail's response, or a ServiceError."""


@dataclass
class Verdicts:
    """What the guardrail did, for header and log."""

    told: list[str] = field(default_factory=list)


@dataclass(frozen=True)
class Gate:
    """One route's guardrail in one request."""

    guardrail: Guardrail
    judge: Callable[[Literal["INPUT", "OUTPUT"], Sequence[str], Deadline], dict[str, Any]]
    verdicts: Verdicts

    def check_input(self, request: InferenceRequest, deadline: Deadline) -> InferenceRequest:
        """The request with what the guardrail masks, or GuardrailBlocked. Only the caller's words are judged."""
        if not request.turns:
            return replace(request, inputs=tuple(self._pass("input", request.inputs, deadline)))
        said = [text for role, text in request.turns if role == "user"]
        masked = iter(self._pass("input", said, deadline))
        turns = tuple((role, next(masked) if role == "user" else text) for role, text in request.turns)
        return replace(request, turns=turns, inputs=(turns[-1][1],) * len(request.inputs))

    def check_output(self, reply: Reply, deadline: Deadline) -> Reply:
        """The reply with what the guardrail masks. Outputs without text (labels, vectors) are not judged."""
        places = [i for i, output in enumerate(reply.outputs) if isinstance(output.get("text"), str)]
        texts = [str(reply.outputs[i]["text"]) for i in places]
        if not any(texts):
            return reply
        masked = dict(zip(places, self._pass("output", texts, deadline), strict=True))
        outputs = [{**o, "text": masked[i]} if i in masked else o for i, o in enumerate(reply.outputs)]
        return replace(reply, outputs=outputs)

    def _pass(self, stage: Literal["input", "output"], texts: Sequence[str], deadline: Deadline) -> list[str]:
        passed: list[str] = []
        source: Literal["INPUT", "OUTPUT"] = "INPUT" if stage == "input" else "OUTPUT"
        for start in range(0, len(texts), TEXTS_PER_CALL):
            group = texts[start : start + TEXTS_PER_CALL]
            judged = judge_texts(self.judge(source, group, deadline), group)
            if isinstance(judged, str):
                self.verdicts.told.append(f"{stage}-blocked")
                raise GuardrailBlocked(judged or f"the guardrail blocked the {stage}", stage)
            if list(judged) != list(group):
                self.verdicts.told.append(f"{stage}-masked")
            passed += judged
        return passed


def judge_texts(response: Mapping[str, Any], texts: Sequence[str]) -> list[str] | str:
    """The texts as they may pass, or the guardrail's message when they may not.

    An intervention that only masks has one output per text. Anything else that intervened, blocks.
    """
    if response.get("action") != "GUARDRAIL_INTERVENED":
        return list(texts)
    outputs = [str(output.get("text", "")) for output in response.get("outputs") or []]
    actions = set(actions_in(response.get("assessments") or []))
    if actions <= {"ANONYMIZED", "NONE"} and "ANONYMIZED" in actions and len(outputs) == len(texts):
        return outputs
    return " ".join(outputs)


def actions_in(value: Any) -> Iterator[str]:
    """Every `action` in the assessments, however deep in a policy."""
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
    """The judge, asked again within the deadline after errors that pass: the answer it judges is paid for."""

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
