"""Which split a row belongs to. Pure.

Every method is fixed by the rows and the seed: neither the order of the files nor the runner matters.

group       sha256(seed:group) as a point between 0 and 1: below `train` it is training, below `train + validation`
            validation, else test. All rows of a group share it, and new groups never move old ones.
stratified  Groups are ordered by that hash within each label (the smallest one of their rows); the n-th of m is at the
            point (n - 1/2) / m. So each label has its shares, to the row; new rows may move old ones.
time        Rows are ordered by time. The oldest `train` of them are training, the next `validation` of them validation,
            the newest test. Rows of the same time stay together, in the later split. New rows move the borders.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Sequence
from functools import lru_cache

from tabular.spec import Split

SPLITS = ("train", "validation", "test")
Number = float | int
EVER = float("inf")


@lru_cache(maxsize=4096)  # rows of one group often follow each other
def hash_of(group: str, seed: str) -> bytes:
    return hashlib.sha256((seed + ":" + group).encode()).digest()


def at_point(point: float, split: Split) -> str:
    """Return the split at a point between 0 and 1."""
    if point < split.train:
        return "train"
    return "validation" if point < split.train + split.validation else "test"


def split_of(group: str, split: Split) -> str:
    """Return the split of a group by its hash."""
    return at_point(int.from_bytes(hash_of(group, split.seed)[:8], "big") / 2**64, split)


def stratified(labels: dict[str, str], split: Split) -> dict[str, str]:
    """Return the splits of groups, given the label of each."""
    strata: dict[str, list[str]] = {}
    for group, label in labels.items():
        strata.setdefault(label, []).append(group)
    splits = {}
    for groups in strata.values():
        ordered = sorted(groups, key=lambda group: hash_of(group, split.seed))
        for place, group in enumerate(ordered):
            splits[group] = at_point((place + 0.5) / len(ordered), split)
    return splits


def borders(count: int, split: Split) -> tuple[int, int]:
    """Return the places, in the order of time, at which validation and test begin."""
    # 0.7 + 0.2 is a little less than 0.9.
    return int(count * split.train + 1e-9), int(count * (split.train + split.validation) + 1e-9)


def border_times(times: Sequence[Number], split: Split) -> tuple[Number, Number]:
    """Return the times at which validation and test begin."""
    ordered = sorted(times)
    first, second = (ordered[place] if place < len(ordered) else EVER for place in borders(len(ordered), split))
    return first, second


def by_time(at: Number, begins: tuple[Number, Number]) -> str:
    if at >= begins[1]:
        return "test"
    return "validation" if at >= begins[0] else "train"


def smallest(labels: Iterable[tuple[str, str]]) -> dict[str, str]:
    """Return the smallest label of each group."""
    labels_by_group: dict[str, str] = {}
    for group, label in labels:
        known = labels_by_group.get(group)
        if known is None or label < known:
            labels_by_group[group] = label
    return labels_by_group


@lru_cache(maxsize=4096)
def group_hash(group: str) -> str:
    """Return a short name of a group, to check that no group is in two splits."""
    return hashlib.sha256(group.encode()).hexdigest()[:16]
