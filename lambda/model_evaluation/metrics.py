"""Compute accuracy, F1 and baseline, and apply the quality gate. Pure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

POSITIVE, NEGATIVE = "positive", "negative"


class EvaluationError(Exception):
    """Predictions and labels do not belong together, so that metrics would be meaningless."""


@dataclass(frozen=True)
class Gate:
    """The quality gate. A model must exceed the accuracy of the majority label by `margin_over_baseline`."""

    margin_over_baseline: float
    min_f1: float


@dataclass(frozen=True)
class Score:
    accuracy: float
    f1: float
    baseline: float
    confusion: Mapping[str, int]
    rows: int


def score(labels: Mapping[str, str], predictions: Mapping[str, str]) -> Score:
    """Compare predicted with true labels by id."""
    if not labels:
        raise EvaluationError("there are no labels to compare with")
    missing, extra = labels.keys() - predictions.keys(), predictions.keys() - labels.keys()
    if missing or extra:
        raise EvaluationError(f"predictions are not of the labelled rows: {len(missing)} missing, {len(extra)} unknown")
    strange = ({*labels.values(), *predictions.values()}) - {POSITIVE, NEGATIVE}
    if strange:
        raise EvaluationError(f"labels other than positive and negative: {sorted(strange)}")
    pairs = Counter((labels[i], predictions[i]) for i in labels)
    hits, misses = pairs[POSITIVE, POSITIVE], pairs[POSITIVE, NEGATIVE]
    alarms, rest = pairs[NEGATIVE, POSITIVE], pairs[NEGATIVE, NEGATIVE]
    rows = len(labels)
    denominator = 2 * hits + alarms + misses
    return Score(
        accuracy=(hits + rest) / rows,
        f1=2 * hits / denominator if denominator else 0.0,
        baseline=max(hits + misses, alarms + rest) / rows,
        confusion={
            "true_positive": hits,
            "false_negative": misses,
            "false_positive": alarms,
            "true_negative": rest,
        },
        rows=rows,
    )


def judge(result: Score, gate: Gate) -> dict[str, Any]:
    """Return the verdict that the pipeline branches on."""
    threshold = result.baseline + gate.margin_over_baseline
    reasons = []
    if result.accuracy < threshold:
        reasons.append(
            f"accuracy {result.accuracy:.4f} is below {threshold:.4f} "
            f"(baseline {result.baseline:.4f} + {gate.margin_over_baseline:.2f})"
        )
    if result.f1 < gate.min_f1:
        reasons.append(f"F1 {result.f1:.4f} is below {gate.min_f1:.4f}")
    return {
        "passed": not reasons,
        "accuracy": round(result.accuracy, 6),
        "f1": round(result.f1, 6),
        "baseline": round(result.baseline, 6),
        "threshold": round(threshold, 6),
        "min_f1": gate.min_f1,
        "confusion": dict(result.confusion),
        "rows": result.rows,
        "reason": "; ".join(reasons) or f"accuracy {result.accuracy:.4f} reaches {threshold:.4f}",
    }
