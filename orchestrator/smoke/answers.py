"""Check the form and the content of answers: the same rules for every kind of blueprint."""

from __future__ import annotations

import importlib.util
import json
import math
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import jsonschema

from orchestrator.config.model.golden import GoldenCase

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


def judge(case: GoldenCase, outputs: Any, repo: Path) -> str:
    """Compare the outputs for one input with its golden case, and return a summary.

    Args:
        case: the case.
        outputs: a list with the one output.
        repo: the checkout, which has the files of custom checks.
    """
    if not isinstance(outputs, Sequence) or isinstance(outputs, str) or len(outputs) != 1:
        raise WrongAnswer(f"one input must have one output, got {shown(outputs)}")
    return ", ".join(_JUDGES[name](case, outputs[0], repo) for name in case.expectations)


def _label(case: GoldenCase, output: Any, repo: Path) -> str:
    label, score = _member(output, "label"), output.get("score")
    if not isinstance(label, str):
        raise WrongAnswer(f"`label` must be a text, got {shown(label)}")
    if score is not None and not (_is_number(score) and 0 <= score <= 1):
        raise WrongAnswer(f"`score` must be a number from 0 to 1, got {shown(score)}")
    summary = label if score is None else f"{label} {score:.2f}"
    if label != case.label:
        scored = "" if score is None else f" ({score:.2f})"
        raise WrongAnswer(f"{_short(case.input)} must be {case.label}, got {label}{scored}")
    return summary


def _value(case: GoldenCase, output: Any, repo: Path) -> str:
    expected = case.value or 0.0
    value = value_of(output)
    if value is None:
        raise WrongAnswer(f"the output must be a number, or have one as `value`, got {shown(output)}")
    if abs(value - expected) > case.tolerance:
        limit = f" ± {case.tolerance:g}" if case.tolerance else ""
        raise WrongAnswer(f"{_short(case.input)} must be {expected:g}{limit}, got {value:g}")
    return f"{value:g}"


def value_of(output: Any) -> float | None:
    """Return the number of an output: `value`, a single prediction, or the output itself."""
    if isinstance(output, Mapping):
        output = next((output[name] for name in ("value", "prediction", "output") if name in output), None)
    if isinstance(output, list) and len(output) == 1:
        output = output[0]
    return float(output) if _is_number(output) and math.isfinite(output) else None


def _contains(case: GoldenCase, output: Any, repo: Path) -> str:
    text = _member(output, "text")
    if not isinstance(text, str) or not text.strip():
        raise WrongAnswer(f"`text` must be a non-empty string, got {shown(text)}")
    if case.contains and case.contains.lower() not in text.lower():
        raise WrongAnswer(f"the text must contain `{case.contains}`, got {shown(text)}")
    return f"{len(text)} characters"


def _schema(case: GoldenCase, output: Any, repo: Path) -> str:
    try:
        jsonschema.validate(output, case.schema_ or {}, cls=jsonschema.Draft202012Validator)
    except jsonschema.ValidationError as error:
        raise WrongAnswer(f"the output violates `schema` at {error.json_path}: {error.message[:_SHOWN]}") from error
    return "as its schema says"


def _length(case: GoldenCase, output: Any, repo: Path) -> str:
    vector = output if isinstance(output, list) else _member(output, "embedding")
    if not isinstance(vector, list) or not all(_is_number(each) and math.isfinite(each) for each in vector):
        raise WrongAnswer(f"`embedding` must be a list of finite numbers, got {shown(vector)}")
    if len(vector) != case.length:
        raise WrongAnswer(f"`embedding` must have {case.length} numbers, got {len(vector)}")
    return f"{len(vector)} numbers"


def _check(case: GoldenCase, output: Any, repo: Path) -> str:
    """Run the function that the case names. It raises an AssertionError for a wrong output."""
    file, _, name = str(case.check).rpartition(":")
    function = _loaded(repo / file, name)
    try:
        function(output, case.model_dump(exclude_none=True))
    except AssertionError as error:
        raise WrongAnswer(f"{case.check}: {error or 'its assertion failed'}, got {shown(output)}") from error
    except Exception as error:
        raise WrongAnswer(f"{case.check} failed: {type(error).__name__}: {error}") from error
    return f"passed by {case.check}"


def _loaded(file: Path, name: str) -> Callable[[Any, Any], None]:
    """Return a function of a Python file, which is run once more for each case."""
    specification = importlib.util.spec_from_file_location(f"golden_check_{file.stem}", file)
    if not file.is_file() or specification is None or specification.loader is None:
        raise WrongAnswer(f"there is no file {file}, which a golden case names as its `check`")
    module = importlib.util.module_from_spec(specification)
    try:
        specification.loader.exec_module(module)
    except Exception as error:
        raise WrongAnswer(f"{file} could not be imported: {type(error).__name__}: {error}") from error
    function = getattr(module, name, None)
    if not callable(function):
        raise WrongAnswer(f"{file} has no function `{name}`, which a golden case names as its `check`")
    return function  # type: ignore[no-any-return]


_JUDGES: dict[str, Callable[[GoldenCase, Any, Path], str]] = {
    "label": _label,
    "value": _value,
    "contains": _contains,
    "schema": _schema,
    "length": _length,
    "check": _check,
}


def _member(output: Any, name: str) -> Any:
    if not isinstance(output, Mapping):
        raise WrongAnswer(f"an output must be an object with `{name}`, got {shown(output)}")
    return output.get(name)


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def shown(value: Any) -> str:
    text = value.decode("utf-8", "replace") if isinstance(value, bytes) else json.dumps(value, default=str)
    return f"`{text[:_SHOWN]}`" if text else "nothing"


def _short(given: Any) -> str:
    text = given if isinstance(given, str) else json.dumps(given, ensure_ascii=False)
    return f"`{text if len(text) <= 40 else f'{text[:39]}…'}`"
