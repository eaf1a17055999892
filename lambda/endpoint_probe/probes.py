"""Define the probe requests and check their answers. Pure."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from inference_common import model_answers
from inference_common.errors import MalformedAnswer


class ProbeFailed(Exception):
    """The candidate must not go live; the message says what is wrong with its answer."""


@dataclass(frozen=True)
class Case:
    text: str
    label: str


CASES = (
    Case("Excellent! I love it, it works perfectly and the quality is wonderful. Highly recommended.", "positive"),
    Case("Terrible and boring. A complete waste of money, it broke at once and I hate it.", "negative"),
)


def request_body(cases: tuple[Case, ...] = CASES) -> bytes:
    return json.dumps({"inputs": [case.text for case in cases]}).encode()


def check_answer(body: bytes, training_job: str | None, cases: tuple[Case, ...] = CASES) -> dict[str, Any]:
    """Check schema, labels and training job (None: any) of an answer; return what to record."""
    try:
        answer = model_answers.loads(body, "the answer")
    except MalformedAnswer as error:
        raise ProbeFailed(error.message) from None
    if not isinstance(answer, dict):
        raise ProbeFailed("the answer is not a JSON object")
    model = answer.get("model")
    speaker = model.get("training_job") if isinstance(model, dict) else None
    if training_job is not None and speaker != training_job:
        raise ProbeFailed(f"the answer comes from training job '{speaker}', not from '{training_job}'")
    outputs = answer.get("outputs")
    if not isinstance(outputs, list) or len(outputs) != len(cases):
        raise ProbeFailed(f"'outputs' is not a list of {len(cases)} items")
    for case, output in zip(cases, outputs, strict=True):
        check_output(case, output)
    return {"passed": True, "outputs": outputs, "model": model}


def check_output(case: Case, output: Any) -> None:
    if not isinstance(output, Mapping) or set(output) != {"label", "score"}:
        raise ProbeFailed("an output must have exactly 'label' and 'score'")
    probability = output["score"]
    if isinstance(probability, bool) or not isinstance(probability, int | float) or not 0 <= probability <= 1:
        raise ProbeFailed(f"score {probability!r} is not a probability")
    if output["label"] != case.label:
        raise ProbeFailed(f"a clearly {case.label} review was answered with '{output['label']}'")
