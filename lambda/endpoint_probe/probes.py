"""Build probe requests from golden cases, and judge the answers by the rules of the smoke tests. Pure.

[{"input", "label" | "value" and "tolerance" | "contains" | "length" | "schema"}], with at least one of these. Of a
`schema` only that the output is an object is checked: the smoke tests validate it.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from inference_common import containers
from inference_common.errors import BadRequest, MalformedAnswer
from inference_common.json_input import loads
from inference_common.json_output import dumps
from inference_common.requests import InferenceRequest

Case = Mapping[str, Any]
ANY_ANSWER: tuple[Case, ...] = ({"input": "Does this endpoint answer?"},)
"""Releases of endpoints that an earlier version of this platform specified name no cases."""


class ProbeFailed(Exception):
    """The candidate must not go live; the message says what is wrong with its answer."""


def cases_of(event: Mapping[str, Any]) -> tuple[Case, ...]:
    """Return the cases of an event, which has them as JSON text."""
    if "cases" not in event:
        return ANY_ANSWER
    cases = loads(event["cases"])
    valid = isinstance(cases, list) and all(isinstance(case, dict) and "input" in case for case in cases)
    if not valid or not cases:
        raise ProbeFailed("the event's 'cases' must be a list of at least one case with an 'input'")
    return tuple(cases)


def format_of(event: Mapping[str, Any]) -> containers.Format:
    return containers.of(str(event.get("format", "inputs")))


def payloads(cases: Sequence[Case], payload_format: containers.Format) -> list[tuple[tuple[Case, ...], bytes]]:
    """Return the payloads to send, each with its cases: all in one, or one each if the container takes one."""
    groups = [tuple(cases)] if payload_format.together else [(case,) for case in cases]
    try:
        return [(group, _payload([case["input"] for case in group], payload_format)) for group in groups]
    except BadRequest as error:
        raise ProbeFailed(f"a golden case does not fit the container: {error.message}") from None


def _payload(inputs: list[Any], payload_format: containers.Format) -> bytes:
    return payload_format.encode(inputs, InferenceRequest(tuple(inputs)))


def check_answer(
    body: bytes, training_job: str | None, cases: Sequence[Case], payload_format: containers.Format
) -> dict[str, Any]:
    """Check form, content and training job (None: any) of an answer; return what to record."""
    try:
        answer = payload_format.decode(body, len(cases))
    except MalformedAnswer as error:
        raise ProbeFailed(error.message) from None
    speaker = (answer.model or {}).get("training_job")
    # Containers of other formats do not say which model they run.
    if training_job is not None and answer.model is not None and speaker != training_job:
        raise ProbeFailed(f"the answer comes from training job '{speaker}', not from '{training_job}'")
    for case, output in zip(cases, answer.outputs, strict=True):
        judge(case, output)
    return {"passed": True, "outputs": answer.outputs, "model": answer.model}


def judge(case: Case, output: Mapping[str, Any]) -> None:
    """Raise `ProbeFailed` if an output is not what its case expects."""
    for name, check in JUDGES.items():
        if name in case:
            check(case, output)


def _label(case: Case, output: Mapping[str, Any]) -> None:
    score = output.get("score")
    if score is not None and not (_is_number(score) and 0 <= score <= 1):
        raise ProbeFailed(f"score {score!r} is not a probability")
    if output.get("label") != case["label"]:
        raise ProbeFailed(f"{shown(case['input'])} must be {case['label']}, got {shown(output.get('label'))}")


def _value(case: Case, output: Mapping[str, Any]) -> None:
    value = next((output[name] for name in ("value", "prediction", "output") if name in output), None)
    value = value[0] if isinstance(value, list) and len(value) == 1 else value
    if not _is_number(value):
        raise ProbeFailed(f"{shown(case['input'])} must be a number, got {shown(output)}")
    if abs(value - case["value"]) > case.get("tolerance", 0):
        limit = f" ± {case['tolerance']}" if case.get("tolerance") else ""
        raise ProbeFailed(f"{shown(case['input'])} must be {case['value']}{limit}, got {value}")


def _contains(case: Case, output: Mapping[str, Any]) -> None:
    text = output.get("text")
    if not isinstance(text, str) or not text.strip():
        raise ProbeFailed(f"'text' must be a non-empty string, got {shown(text)}")
    if case["contains"].lower() not in text.lower():
        raise ProbeFailed(f"the text must contain '{case['contains']}', got {shown(text)}")


def _length(case: Case, output: Mapping[str, Any]) -> None:
    vector = output.get("embedding")
    if not isinstance(vector, list) or not all(map(_is_number, vector)) or len(vector) != case["length"]:
        raise ProbeFailed(f"'embedding' must be a list of {case['length']} finite numbers, got {shown(vector)}")


JUDGES: dict[str, Callable[[Case, Mapping[str, Any]], None]] = {
    "label": _label,
    "value": _value,
    "contains": _contains,
    "length": _length,
}


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value)


def shown(value: Any) -> str:
    text = dumps(value)
    return text if len(text) <= 80 else f"{text[:79]}…"
