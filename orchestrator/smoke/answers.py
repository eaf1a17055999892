"""Check the form and the content of answers. Pure."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

from orchestrator.config.model.blueprint import GoldenCase

LABELS = ("positive", "negative")
_SHOWN = 200


class WrongAnswer(Exception):
    """An answer is wrong; the message says how."""


def json_object(content: bytes) -> dict[str, Any]:
    """Parse the body of an answer."""
    try:
        document = json.loads(content)
    except ValueError:
        document = None
    if not isinstance(document, dict):
        raise WrongAnswer(f"the answer is not a JSON object: {shown(content)}")
    return document


def expect(case: GoldenCase, source: str) -> None:
    """Require an expectation in a golden case, because a probe without one proves nothing."""
    if source == "sagemaker" and case.label is None:
        raise WrongAnswer(f"the golden case `{_short(case.input)}` has no expected `label`")
    if source == "bedrock" and case.contains is None:
        raise WrongAnswer(f'the golden case `{_short(case.input)}` has no expected `contains` ("" = any text)')


def judge(case: GoldenCase, source: str, outputs: Any) -> str:
    """Compare the outputs for one input with its golden case, and return a summary."""
    if not isinstance(outputs, Sequence) or isinstance(outputs, str) or len(outputs) != 1:
        raise WrongAnswer(f"one input must have one output, got {shown(outputs)}")
    output = outputs[0]
    if not isinstance(output, Mapping):
        raise WrongAnswer(f"an output must be an object, got {shown(output)}")
    return _label(case, output) if source == "sagemaker" else _text(case, output)


def _label(case: GoldenCase, output: Mapping[str, Any]) -> str:
    label, score = output.get("label"), output.get("score")
    if label not in LABELS:
        raise WrongAnswer(f"`label` must be one of {', '.join(LABELS)}, got {shown(label)}")
    if isinstance(score, bool) or not isinstance(score, int | float) or not 0 <= score <= 1:
        raise WrongAnswer(f"`score` must be a number from 0 to 1, got {shown(score)}")
    if label != case.label:
        raise WrongAnswer(f"`{_short(case.input)}` must be {case.label}, got {label} ({score:.2f})")
    return f"{label} {score:.2f}"


def _text(case: GoldenCase, output: Mapping[str, Any]) -> str:
    text = output.get("text")
    if not isinstance(text, str) or not text.strip():
        raise WrongAnswer(f"`text` must be a non-empty string, got {shown(text)}")
    if case.contains and case.contains.lower() not in text.lower():
        raise WrongAnswer(f"the text must contain `{case.contains}`, got {shown(text)}")
    return f"{len(text)} characters"


def shown(value: Any) -> str:
    text = value.decode("utf-8", "replace") if isinstance(value, bytes) else json.dumps(value, default=str)
    return f"`{text[:_SHOWN]}`" if text else "nothing"


def _short(text: str) -> str:
    return text if len(text) <= 40 else f"{text[:39]}…"
