"""Decide whether a candidate may become a version: by the live version, a threshold and the baseline. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from evaluation.errors import EvaluationError

ERRORS = ("rmse", "mae", "mse", "log_loss", "error")
"""Metrics of which less is better."""


@dataclass(frozen=True)
class Gate:
    """Conditions on one metric. `above_baseline` and `above_champion` are leads; `None` demands none."""

    metric: str
    threshold: float
    lower_is_better: bool
    above_baseline: float | None
    above_champion: float | None

    @classmethod
    def of(cls, given: Mapping[str, Any]) -> Gate:
        metric, direction = str(given["metric"]), given.get("direction")
        return cls(
            metric,
            float(given["threshold"]),
            direction == "lower" if direction else metric in ERRORS,
            *(None if given.get(lead) is None else float(given[lead]) for lead in ("above_baseline", "above_champion")),
        )

    def value(self, measured: Mapping[str, float]) -> float:
        if self.metric not in measured:
            raise EvaluationError(f"the gate is about '{self.metric}', and the metrics are {', '.join(measured)}")
        return measured[self.metric]

    def lead(self, value: float, over: float) -> float:
        """Return by how much a value is better than another one."""
        return over - value if self.lower_is_better else value - over


@dataclass(frozen=True)
class Champion:
    """The live version: its metrics on the same rows, or why it has none."""

    name: str
    metrics: Mapping[str, float] | None
    problem: str = ""


@dataclass(frozen=True)
class Verdict:
    passed: bool
    reasons: tuple[str, ...]

    @property
    def reason(self) -> str:
        return "; ".join(self.reasons)


def judge(
    gate: Gate, candidate: Mapping[str, float], baseline: Mapping[str, float] | None, champion: Champion | None
) -> Verdict:
    """Return whether the candidate passes: with the reasons for a refusal, or with everything that was compared.

    A live version takes the threshold's place, unless no lead over it is demanded; the threshold is then told.
    """
    value = gate.value(candidate)
    compared = champion is not None and gate.above_champion is not None
    checks: list[tuple[bool, bool, str]] = []  # whether it decides, whether it holds, a sentence
    if champion is not None:
        checks.append((compared, *_against_champion(gate, value, champion)))
    checks.append((not compared, *_against_threshold(gate, value)))
    if gate.above_baseline is not None:
        checks.append((True, *_against_baseline(gate, value, baseline)))
    refusals = tuple(sentence for decides, holds, sentence in checks if decides and not holds)
    return Verdict(not refusals, refusals or tuple(sentence for _, _, sentence in checks))


def _against_champion(gate: Gate, value: float, champion: Champion) -> tuple[bool, str]:
    if champion.metrics is None:
        return False, (
            f"{champion.name}, the live version, cannot be compared ({champion.problem}); "
            "`above_champion: null` lets the threshold decide"
        )
    live, required = gate.value(champion.metrics), gate.above_champion or 0.0
    return _compared(gate, value, live, required, f"the {shown(live)} of {champion.name}, the live version")


def _against_threshold(gate: Gate, value: float) -> tuple[bool, str]:
    return _compared(gate, value, gate.threshold, 0.0, f"the threshold {shown(gate.threshold)}")


def _against_baseline(gate: Gate, value: float, baseline: Mapping[str, float] | None) -> tuple[bool, str]:
    if baseline is None:
        raise EvaluationError("a custom evaluation has no baseline: leave above_baseline out of the gate")
    level = gate.value(baseline)
    return _compared(gate, value, level, gate.above_baseline or 0.0, f"the baseline's {shown(level)}")


def _compared(gate: Gate, value: float, other: float, required: float, what: str) -> tuple[bool, str]:
    lead = gate.lead(value, other)
    # Values are rounded: a difference of binary fractions is not.
    holds = lead >= required - 1e-9
    better = "equals" if abs(lead) < 1e-9 else "is better than" if lead > 0 else "is worse than"
    demanded = f", and must be better by {shown(required)}" if required and not holds else ""
    return holds, f"{gate.metric} {shown(value)} {better} {what}{demanded}"


def shown(number: float) -> str:
    return f"{number:.6g}"
