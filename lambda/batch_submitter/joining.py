"""Join ended jobs into one result: every record once, in order, with its output or the reason for its absence."""

from __future__ import annotations

import heapq
import itertools
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from operator import itemgetter
from typing import Any

from batch_submitter.object_keys import RequestPaths
from batch_submitter.prices import cost_of, unknown_cost
from batch_submitter.ranges import Ranges, add, count
from batch_submitter.services import Answer, Jobs
from batch_submitter.store import Store, Upload
from inference_common.json_input import loads

Document = dict[str, Any]
MISSING = "Missing"


@dataclass
class Tally:
    """Counts of a joined request."""

    total: int
    succeeded: int = 0
    failed: int = 0
    bad: int = 0
    missing: Ranges = field(default_factory=list)
    again: Ranges = field(default_factory=list)
    tokens: list[int] = field(default_factory=lambda: [0, 0])
    uncounted: int = 0
    """Answers without token usage."""

    def cost(self, blueprint: Mapping[str, Any], seconds: float) -> Document:
        """Return the cost estimate, or why a required one is missing."""
        return {
            "cost_usd": cost_of(blueprint, seconds, self.tokens, self.uncounted),
            "cost_unknown": unknown_cost(blueprint, self.uncounted),
        }

    def document(self) -> Document:
        return {
            "total": self.total,
            "succeeded": self.succeeded,
            "failed": self.failed,
            "bad": self.bad,
            "missing": count(self.missing),
        }


class Joiner:
    """Joins all attempts of one request."""

    def __init__(self, store: Store, jobs: Jobs, paths: RequestPaths) -> None:
        self._store = store
        self._jobs = jobs
        self._paths = paths

    def join(self, attempts: list[Document]) -> Tally:
        """Write results and errors. Nothing of it has to fit into memory."""
        tally = Tally(int(attempts[0]["records"]))
        bad = ((line["record"], 0, line["error"]) for line in map(loads, self._bad()))
        streams = [self._answers(attempt) for attempt in attempts]
        groups = itertools.groupby(heapq.merge(bad, *streams, key=itemgetter(0, 1)), key=itemgetter(0))
        reasons = self._reasons(attempts)
        following = next(groups, None)
        names = self._names()
        called = next(names, None)
        with Upload(self._store, self._paths.results) as results, Upload(self._store, self._paths.errors) as errors:
            for number in range(tally.total):
                about = []
                if following is not None and following[0] == number:
                    about = [each[2] for each in following[1]]
                    following = next(groups, None)
                line = self._line(number, about, reasons, tally)
                if called is not None and called["record"] == number:
                    line = {"record": number, "id": called["id"], **line}
                    called = next(names, None)
                results.write(line)
                if "error" in line:
                    errors.write(line)
        return tally

    def _bad(self) -> Iterator[bytes]:
        return self._store.lines(self._paths.bad_records)

    def _names(self) -> Iterator[Document]:
        """Yield the caller's record ids; older requests have none stored."""
        if self._store.head(self._paths.ids) is not None:
            yield from map(loads, self._store.lines(self._paths.ids))

    def _answers(self, attempt: Document) -> Iterator[tuple[int, int, Answer]]:
        for job in attempt["jobs"]:
            identifier = (self._store.read_json(self._paths.created(job["name"])) or {}).get("identifier")
            if not identifier:
                continue
            for index in job["parts"]:
                for number, answer in self._jobs.answers(attempt["parts"][index], identifier, attempt["output"]):
                    yield number, int(attempt["attempt"]), answer

    def _reasons(self, attempts: list[Document]) -> list[tuple[int, int, str]]:
        """Return why records may be missing: jobs with their records and how they ended, last first."""
        reasons = []
        for attempt in reversed(attempts):
            for job in attempt["jobs"]:
                end = self._store.read_json(self._paths.ended(job["name"])) or {}
                why = f"{job['name']} ended as {end.get('status')}: {end.get('reason') or 'no reason given'}"
                for index in job["parts"]:
                    for first, last in attempt["parts"][index]["ranges"]:
                        reasons.append((first, last, why))
        return reasons

    def _line(self, number: int, about: list[Any], reasons: list[tuple[int, int, str]], tally: Tally) -> Document:
        answers = [each for each in about if isinstance(each, Answer)]
        for answer in answers:
            tally.uncounted += answer.tokens is None
            for side, tokens in enumerate(answer.tokens or (0, 0)):
                tally.tokens[side] += tokens
        good = next((answer for answer in answers if answer.error is None), None)
        if good is not None:
            tally.succeeded += 1
            return {"record": number, "output": good.output}
        if answers:
            tally.failed += 1
            if answers[-1].retryable:
                add(tally.again, number)
            return {"record": number, "error": answers[-1].error}
        if about:
            tally.bad += 1
            return {"record": number, "error": about[0]}
        add(tally.missing, number)
        add(tally.again, number)
        why = next((words for first, last, words in reasons if first <= number < last), "no job had it")
        return {"record": number, "error": {"type": MISSING, "message": why}}
