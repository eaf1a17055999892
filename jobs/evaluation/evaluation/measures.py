"""Measure answers by task, with scikit-learn."""

from __future__ import annotations

import importlib
import math
import re
import sys
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

from sklearn import metrics

from evaluation.errors import EvaluationError, ModelError
from evaluation.rows import text

BINS = 10
DIGITS = 6
MOST_METRICS = 30
NAME = re.compile(r"[A-Za-z][A-Za-z0-9_.-]{0,62}")
"""Of a metric: valid in CloudWatch and in a version's metadata."""
MOST_SLICES = 20


@dataclass(frozen=True)
class Sample:
    """Rows with their true answers and those of a model; `labels` is empty where the dataset has none."""

    records: Sequence[Mapping[str, Any]]
    labels: Sequence[Any]
    outputs: Sequence[Any]

    def part(self, positions: Sequence[int]) -> Sample:
        def chosen(values: Sequence[Any]) -> list[Any]:
            return [values[position] for position in positions] if values else []

        return Sample(chosen(self.records), chosen(self.labels), chosen(self.outputs))


class Task(Protocol):
    def measure(self, sample: Sample) -> dict[str, float]: ...

    def baseline(self, labels: Sequence[Any]) -> list[Any] | None:
        """Return the answers of a model that knows the labels' distribution and no features."""
        ...

    def details(self, sample: Sample) -> dict[str, Any]:
        """Return what a report shows or draws besides metrics."""
        ...


# ---- classification ---------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Classification:
    """Answers are `{"label", "score"?, "scores"?}` or the label alone.

    Attributes:
        positive: the label that precision, recall and f1 are about; `None` for their mean over all labels.
    """

    positive: str | None

    def measure(self, sample: Sample) -> dict[str, float]:
        truth, guess = _labels(sample.labels), [_label(output) for output in sample.outputs]
        options: dict[str, Any] = {"average": "macro"}
        if self.positive is not None:
            # Also right for rows without this label, such as those of a slice.
            options = {"average": "micro", "labels": [self.positive]}
        precision, recall, f1, _ = metrics.precision_recall_fscore_support(truth, guess, zero_division=0, **options)
        measured = {
            "accuracy": metrics.accuracy_score(truth, guess),
            "f1": f1,
            "precision": precision,
            "recall": recall,
        }
        return rounded(measured | _log_loss(truth, sample.outputs))

    def baseline(self, labels: Sequence[Any]) -> list[Any]:
        """Always answer the most frequent label, with the labels' shares as probabilities."""
        counts = Counter(_labels(labels))
        if self.positive is not None and self.positive not in counts:
            raise EvaluationError(
                f"no row of the test split has the label '{self.positive}', only {sorted(counts)[:10]}"
            )
        most = max(sorted(counts), key=counts.__getitem__)
        return [{"label": most, "scores": {label: n / len(labels) for label, n in counts.items()}}] * len(labels)

    def details(self, sample: Sample) -> dict[str, Any]:
        truth, guess = _labels(sample.labels), [_label(output) for output in sample.outputs]
        names = sorted({*truth, *guess})
        matrix = metrics.confusion_matrix(truth, guess, labels=names)
        return {
            "confusion": {"labels": names, "rows": matrix.tolist()},
            "calibration": _calibration(truth, guess, sample.outputs),
        }


def _labels(values: Sequence[Any]) -> list[str]:
    return [text(value) for value in values]


def _label(output: Any) -> str:
    value = output.get("label") if isinstance(output, dict) else output
    if value is None or isinstance(value, (dict, list)):
        raise ModelError(f"an answer of a classification must have a label, got {_shown(output)}")
    return text(value)


def _log_loss(truth: list[str], outputs: Sequence[Any]) -> dict[str, float]:
    """Return the log loss if every answer has the probabilities of all labels."""
    names = sorted({*truth, *(name for output in outputs for name in _probabilities(output, ()))})
    rows = [_probabilities(output, names) for output in outputs]
    if len(names) < 2 or not all(row.keys() >= set(names) for row in rows):
        return {}
    matrix = [[row[name] for name in names] for row in rows]
    return {"log_loss": metrics.log_loss(truth, matrix, labels=names)}


def _probabilities(output: Any, names: Sequence[str]) -> dict[str, float]:
    """Return an answer's probabilities by label. With two labels, that of the answer says the other one."""
    if not isinstance(output, dict):
        return {}
    scores = output.get("scores")
    if isinstance(scores, dict):
        return {text(name): _number(score, output) for name, score in scores.items()}
    if "score" not in output:
        return {}
    label, score = _label(output), _number(output["score"], output)
    others = [name for name in names if name != label]
    return {label: score, **({others[0]: 1 - score} if len(others) == 1 else {})}


def _calibration(truth: list[str], guess: list[str], outputs: Sequence[Any]) -> list[dict[str, Any]] | None:
    """Compare the answers' confidence with how often they are right; `None` without scores."""
    bins: list[list[tuple[float, bool]]] = [[] for _ in range(BINS)]
    for label, answer, output in zip(truth, guess, outputs, strict=True):
        confidence = _probabilities(output, ()).get(answer)
        if confidence is None:
            return None
        bins[min(max(int(confidence * BINS), 0), BINS - 1)].append((confidence, label == answer))
    return [
        {
            "from": number / BINS,
            "to": (number + 1) / BINS,
            "rows": len(each),
            "confidence": round(sum(confidence for confidence, _ in each) / len(each), DIGITS),
            "accuracy": round(sum(right for _, right in each) / len(each), DIGITS),
        }
        for number, each in enumerate(bins)
        if each
    ]


# ---- regression -------------------------------------------------------------------------------------------------


class Regression:
    """Answers are `{"value"}` or the number alone."""

    def measure(self, sample: Sample) -> dict[str, float]:
        truth, guess = _truths(sample.labels), [_value(output) for output in sample.outputs]
        measured = {
            "rmse": math.sqrt(metrics.mean_squared_error(truth, guess)),
            "mae": metrics.mean_absolute_error(truth, guess),
        }
        if len(truth) > 1:  # of one row there is no variance
            measured["r2"] = metrics.r2_score(truth, guess)
        return rounded(measured)

    def baseline(self, labels: Sequence[Any]) -> list[Any]:
        """Always answer the mean."""
        truth = _truths(labels)
        return [{"value": sum(truth) / len(truth)}] * len(truth)

    def details(self, sample: Sample) -> dict[str, Any]:
        return {"pairs": list(zip(_truths(sample.labels), map(_value, sample.outputs), strict=True))}


def _truths(labels: Sequence[Any]) -> list[float]:
    return [_number(label, label, EvaluationError("a label of a regression must be a number")) for label in labels]


def _value(output: Any) -> float:
    return _number(output.get("value") if isinstance(output, dict) else output, output)


# ---- custom -----------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Custom:
    """The function `evaluate(rows, outputs)` of the model's own code, which returns metrics by name."""

    evaluate: Callable[[list[Any], list[Any]], Mapping[str, float]]

    @classmethod
    def of(cls, code: Path) -> Custom:
        """Load evaluate.py. It runs in this process: what it returns is believed either way."""
        if not (code / "evaluate.py").is_file():
            raise EvaluationError("a custom task needs an evaluate.py beside train.py")
        sys.path.insert(0, str(code))
        with _of_the_user():
            module = importlib.import_module("evaluate")
        if not callable(getattr(module, "evaluate", None)):
            raise EvaluationError("evaluate.py has no function evaluate(rows, outputs)")
        return cls(module.evaluate)

    def measure(self, sample: Sample) -> dict[str, float]:
        with _of_the_user():
            measured = self.evaluate([dict(record) for record in sample.records], list(sample.outputs))
        if not isinstance(measured, Mapping) or not 1 <= len(measured) <= MOST_METRICS:
            raise EvaluationError(f"evaluate must return 1 to {MOST_METRICS} metrics by name, got {_shown(measured)}")
        for name in measured:
            if not NAME.fullmatch(str(name)):
                raise EvaluationError(f"'{name}' cannot be the name of a metric: it must match {NAME.pattern}")
        return rounded(measured)

    def baseline(self, labels: Sequence[Any]) -> None:
        return None

    def details(self, sample: Sample) -> dict[str, Any]:
        return {}


@contextmanager
def _of_the_user() -> Iterator[None]:
    """Turn whatever a user's code raises into an error of the evaluation that names it."""
    try:
        yield
    except Exception as error:
        raise EvaluationError(f"evaluate.py failed: {type(error).__name__}: {error}") from error


# ---- all tasks --------------------------------------------------------------------------------------------------


def task(name: str, positive: str | None, code: Callable[[], Path]) -> Task:
    """Return a task by its name. `code` returns the folder with an evaluate.py."""
    if name == "custom":
        return Custom.of(code())
    return Classification(positive) if name == "classification" else Regression()


def slices(task: Task, sample: Sample, columns: Sequence[str]) -> dict[str, dict[str, Any]]:
    """Measure the rows of each value of these columns, the most frequent values first."""
    measured: dict[str, dict[str, Any]] = {}
    for column in columns:
        if column not in sample.records[0]:
            raise EvaluationError(f"there is no column '{column}' in the test split to measure slices by")
        positions: dict[str, list[int]] = {}
        for position, record in enumerate(sample.records):
            positions.setdefault(text(record[column]), []).append(position)
        most = sorted(positions, key=lambda value: (-len(positions[value]), value))[:MOST_SLICES]
        measured[column] = {
            value: {"rows": len(positions[value]), "metrics": task.measure(sample.part(positions[value]))}
            for value in most
        }
    return measured


def rounded(measured: Mapping[str, Any]) -> dict[str, float]:
    """Round metrics. Raises `EvaluationError` for one that is not a number."""
    return {
        str(name): round(_number(value, measured, EvaluationError(f"metric '{name}' is not a number: {value}")), DIGITS)
        for name, value in measured.items()
    }


def _number(value: Any, output: Any, refusal: EvaluationError | None = None) -> float:
    if isinstance(value, bool) or not isinstance(value, (int, float)) or not math.isfinite(value):
        raise refusal or ModelError(f"an answer must have a finite number, got {_shown(output)}")
    return float(value)


def _shown(value: Any) -> str:
    shown = repr(value)
    return shown if len(shown) <= 80 else f"{shown[:77]}..."
