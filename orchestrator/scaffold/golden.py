"""Golden cases and gates from rows of a sample: such that a first version passes, and that say how to expect more."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from orchestrator.config.model.dataset import Column, Dataset
from orchestrator.scaffold.yaml_text import flow

CASES = 3
LABELS_NAMED = 20
"""Labels up to which a case names all that may be answered."""
_LONGEST_TEXT = 300
_LONGEST_CASES = 2_500
"""Characters of the inputs of all cases, which have to fit into a parameter."""
_PER_LABEL = 8
_MOST_TESTED = 40


@dataclass(frozen=True)
class Sample:
    """Rows of a dataset's sample with the columns' types; none where it has no sample, or a transform changes them."""

    dataset: Dataset
    rows: tuple[dict[str, Any], ...]

    @property
    def labels(self) -> list[Any]:
        """The labels of the rows."""
        label = self.dataset.roles.label
        return [row[label] for row in self.rows if label is not None and row.get(label) is not None]

    def picked(self, per_label: int, most: int, *, spread: bool) -> list[dict[str, Any]]:
        """Return the first rows with a label; with `spread` only so many of each label."""
        label = self.dataset.roles.label
        seen: Counter[Any] = Counter()
        picked: list[dict[str, Any]] = []
        for row in self.rows:
            value = row.get(label) if label else None
            if len(picked) == most or (label and value is None):
                continue
            if spread and seen[value] == per_label:
                continue
            seen[value] += 1
            picked.append(row)
        return picked

    def tested(self, *, spread: bool) -> list[dict[str, Any]]:
        """Return rows for the test of a model's code: of a few labels, several each."""
        return self.picked(_PER_LABEL, _MOST_TESTED, spread=spread) or [
            {column.name: _example(column, number) for column in self.dataset.produced} for number in range(10)
        ]

    def input_of(self, row: Mapping[str, Any]) -> Any:
        """Return what a model receives: the features by name, or the value of the only one."""
        features = self.dataset.features
        values = {name: _clipped(row.get(name)) for name in features}
        return values[features[0]] if len(features) == 1 else values


def cases(sample: Sample, answer: str, indent: str) -> str:
    """Return golden cases as lines of YAML.

    Args:
        sample: where the inputs come from.
        answer: what the model answers: `classification`, `regression` or `clusters`.
        indent: before each line.
    """
    rows = sample.picked(1, CASES, spread=answer == "classification") or sample.tested(spread=False)[:1]
    while len(rows) > 1 and len(flow([sample.input_of(row) for row in rows])) > _LONGEST_CASES:
        rows = rows[:-1]
    lines = []
    for row in rows:
        lines.append(f"{indent}- input: {flow(sample.input_of(row))}")
        lines += [f"{indent}  {line}" for line in _expected(sample, answer, row)]
    return "\n".join(lines)


def _expected(sample: Sample, answer: str, row: Mapping[str, Any]) -> list[str]:
    labels, label = sample.labels, sample.dataset.roles.label
    if answer == "regression" and labels:
        truth, width = row[label or ""], _rounded_up(3 * _deviation(labels))
        return [f"value: {flow(truth)} # the truth", f"tolerance: {flow(width)} # three standard deviations: narrow it"]
    if answer == "classification":
        names = sorted({text_of(each) for each in labels})
        allowed: dict[str, Any] = {"enum": names} if 0 < len(names) <= LABELS_NAMED else {"type": "string"}
        schema = {"type": "object", "required": ["label", "score"], "properties": {"label": allowed}}
        truth_line = [f"# label: {flow(text_of(row[label or '']))} # the truth: requires this answer"] if labels else []
        return [f"schema: {flow(schema)}", *truth_line]
    required = {"regression": "value", "clusters": "cluster"}[answer]
    return [f"schema: {flow({'type': 'object', 'required': [required]})}"]


def gate(sample: Sample, task: str, answer: str) -> str:
    """Return the conditions of a gate as lines of YAML."""
    if task == "custom":
        metric, direction, threshold, meaning = {
            "classification": ("lowest_recall", None, 0.1, "share of right answers of the worst label"),
            "regression": ("within_a_quarter", None, 0.1, "share of answers within a quarter of the truth"),
            "clusters": ("largest_cluster", "lower", 0.95, "with nearly all rows in one cluster, none was found"),
        }[answer]
        lines = [f"metric: {metric} # returned by evaluate.py: {meaning}"]
        lines += [f"direction: {direction} # is better"] if direction else []
        return _indented(
            [*lines, f"threshold: {flow(threshold)} # where no version is live yet", *_leads(baseline=False)]
        )
    if task == "classification":
        level, why = _majority_f1(sample.labels)
        metric = "metric: f1 # the mean over all labels; also accuracy, precision, recall, log_loss"
    elif sample.labels:
        level = _rounded_up(_deviation(sample.labels))
        why = "what always answering the mean reaches in the sample"
        metric = f"metric: rmse # in units of {sample.dataset.roles.label}, less is better; also mae, r2"
    else:
        level, why = 0.0, "what always answering the mean reaches"
        metric = "metric: r2 # also rmse and mae, in units of the label"
    return _indented(
        [metric, f"threshold: {flow(level)} # where no version is live yet: {why}", *_leads(baseline=True)]
    )


def _leads(*, baseline: bool) -> list[str]:
    lead = ["above_baseline: 0.0 # lead over a model that always gives the same answer"] if baseline else []
    return [*lead, "above_champion: 0.0 # lead over the live version on the same rows"]


def _indented(lines: Sequence[str]) -> str:
    return "\n".join(f"  {line}" for line in lines)


def _majority_f1(labels: Sequence[Any]) -> tuple[float, str]:
    if not labels:
        return 0.1, "raise it once you know what is good"
    counts = Counter(map(text_of, labels))
    share = max(counts.values()) / len(labels)
    level = 2 * share / (1 + share) / len(counts)
    return math.ceil(level * 100) / 100, "what always answering the most frequent label reaches in the sample"


def _deviation(values: Sequence[Any]) -> float:
    numbers = [float(value) for value in values]
    mean = sum(numbers) / len(numbers)
    return math.sqrt(sum((number - mean) ** 2 for number in numbers) / len(numbers))


def _rounded_up(value: float) -> float:
    """Round to three digits, never down."""
    if value <= 0:
        return 0.0
    digits = 2 - math.floor(math.log10(value))
    return float(f"{math.ceil(value * 10**digits) / 10**digits:.10g}")


def text_of(value: Any) -> str:
    """Return a label as the evaluation compares it."""
    if isinstance(value, bool):
        return "true" if value else "false"
    return str(int(value)) if isinstance(value, float) and value.is_integer() else str(value)


def _clipped(value: Any) -> Any:
    return value[:_LONGEST_TEXT] if isinstance(value, str) else value


def _example(column: Column, number: int) -> Any:
    """Return a valid value of a column, where there is no sample to take one from."""
    if column.values is not None:
        return column.values[number % len(column.values)]
    if column.type in ("bigint", "double"):
        lowest = column.minimum if column.minimum is not None else (column.maximum or 0) - 1
        highest = column.maximum if column.maximum is not None else lowest + 10
        value = lowest + (highest - lowest) * number / 10
        return int(value) if column.type == "bigint" else value
    return {
        "boolean": number % 2 == 0,
        "timestamp": f"2026-01-{number + 1:02}T12:00:00",
        "date": f"2026-01-{number + 1:02}",
    }.get(column.type, f"example {number % 2}")
