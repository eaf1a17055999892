"""Accuracy and macro-F1 of several classifiers on the same rows, with bootstrap intervals.

What is resampled is groups of rows, all rows of a group together: rows of one review are not independent. A classifier
may have several runs, as a model has seeds; each resample draws from them as well and takes the mean.
"""

from __future__ import annotations

import random
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from statistics import fmean
from typing import NamedTuple

LABELS = ("negative", "positive")
CONFIDENCE = 0.95


class Score(NamedTuple):
    accuracy: float
    macro_f1: float

    def minus(self, other: Score) -> Score:
        return Score(self.accuracy - other.accuracy, self.macro_f1 - other.macro_f1)


@dataclass(frozen=True)
class Rows:
    """Rows with their true labels, and the group that each belongs to."""

    groups: Sequence[str]
    labels: Sequence[str]


@dataclass(frozen=True)
class Scores:
    """One classifier's scores: of each run, and of each resample (the mean of the runs that it drew)."""

    runs: list[Score]
    resamples: list[Score]

    @property
    def mean(self) -> Score:
        return mean(self.runs)

    def interval(self) -> tuple[Score, Score]:
        return interval(self.resamples)

    def ahead_of(self, other: Scores) -> tuple[Score, tuple[Score, Score]]:
        """Return the difference to another classifier and its interval, resample by resample on the same rows."""
        pairs = zip(self.resamples, other.resamples, strict=True)
        return self.mean.minus(other.mean), interval([ours.minus(theirs) for ours, theirs in pairs])


def mean(scores: Sequence[Score]) -> Score:
    return Score(*(fmean(column) for column in zip(*scores, strict=True)))


def interval(scores: Sequence[Score]) -> tuple[Score, Score]:
    """Return the limits between which the middle 95 % of the values are, for each measure."""
    outside = round((1 - CONFIDENCE) / 2 * len(scores))
    columns = [sorted(column) for column in zip(*scores, strict=True)]
    return Score(*(column[outside] for column in columns)), Score(*(column[-1 - outside] for column in columns))


def bootstrap(
    rows: Rows, classifiers: Mapping[str, Sequence[Sequence[str]]], resamples: int, seed: int
) -> dict[str, Scores]:
    """Score every classifier on the rows, and on the same resamples of them.

    Args:
        rows: what was held out.
        classifiers: by name the answers of each run, in the order of the rows. Answers other than labels are wrong.
        resamples: how many.
        seed: of the draws.
    """
    draw = random.Random(seed)
    tallies = tally(rows, [run for runs in classifiers.values() for run in runs])
    scores = {name: Scores(runs, []) for name, runs in _cut(_scores(tallies), classifiers).items()}
    for _ in range(resamples):
        drawn = _cut(_scores(draw.choices(tallies, k=len(tallies))), classifiers)
        for name, runs in drawn.items():
            scores[name].resamples.append(mean(draw.choices(runs, k=len(runs))))
    return scores


def tally(rows: Rows, runs: Sequence[Sequence[str]]) -> list[list[int]]:
    """Count for each group its rows by label; then for each run the answers and the right answers by label."""
    width = len(LABELS)
    counts: dict[str, list[int]] = {}
    for at, (group, label) in enumerate(zip(rows.groups, rows.labels, strict=True)):
        count = counts.setdefault(group, [0] * width * (1 + 2 * len(runs)))
        count[LABELS.index(label)] += 1
        for number, run in enumerate(runs):
            if run[at] in LABELS:
                answered = width * (1 + 2 * number) + LABELS.index(run[at])
                count[answered] += 1
                count[answered + width] += run[at] == label
    return list(counts.values())


def _scores(tallies: Sequence[Sequence[int]]) -> list[Score]:
    """Return the score of each run."""
    width = len(LABELS)
    totals = [sum(column) for column in zip(*tallies, strict=True)]
    true, *answers = (totals[at : at + width] for at in range(0, len(totals), width))
    return [_score(true, answered, right) for answered, right in zip(answers[::2], answers[1::2], strict=True)]


def _score(true: Sequence[int], answered: Sequence[int], right: Sequence[int]) -> Score:
    f1 = [2 * r / (t + a) if t + a else 0.0 for t, a, r in zip(true, answered, right, strict=True)]
    return Score(sum(right) / sum(true), fmean(f1))


def _cut(scores: Sequence[Score], classifiers: Mapping[str, Sequence[object]]) -> dict[str, list[Score]]:
    """Give each classifier the scores of its runs."""
    rest = iter(scores)
    return {name: [next(rest) for _ in runs] for name, runs in classifiers.items()}
