"""Decide how a model reads each column of a dataset, by rows of its sample. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from orchestrator.config.model.dataset import Dataset

_WORDS = 4
"""Words of an average value from which a column is read as a text."""
_NAMES = 20
"""Rows from which a column with another value in each of them is taken for a name, from which nothing is learnt."""


def kinds(dataset: Dataset, rows: Sequence[Mapping[str, Any]]) -> tuple[dict[str, str], list[str]]:
    """Return the kind of each feature (number, category, text or time), and the features to leave out."""
    types = {column.name: column.type for column in dataset.produced}
    chosen: dict[str, str] = {}
    left_out = []
    for name in dataset.features:
        values = [row[name] for row in rows if row.get(name) is not None]
        kind = _kind(types[name], values)
        if kind == "category" and len(values) >= _NAMES and len(set(values)) == len(values):
            left_out.append(name)
        else:
            chosen[name] = kind
    if not chosen:
        # A model has to read something.
        return dict.fromkeys(left_out, "text"), []
    return chosen, left_out


def _kind(column_type: str, values: Sequence[Any]) -> str:
    if column_type in ("bigint", "double"):
        return "number"
    if column_type in ("timestamp", "date"):
        return "time"
    if column_type == "string" and sum(len(str(value).split()) for value in values) >= _WORDS * max(1, len(values)):
        return "text" if values else "category"
    return "category"
