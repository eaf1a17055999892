"""Faults that other tools know, rebuilt in our own words; `test_outside.py` holds them against the policies.

Each is a change of one resource that is right, and names the public test case that shows the same fault. Nothing of
those cases is copied: names, values and form are ours. The tables stand in `outside_data.py` and `outside_access.py`.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from tests.policies import outside_access, outside_data
from tests.policies.outside_subject import Json, Subject
from tests.policies.spellings import Resource


@dataclass(frozen=True)
class Opening:
    """A fault beside the same resource without it."""

    name: str
    right: Resource
    wrong: Resource

    @property
    def source(self) -> str:
        return self.name.rpartition(" ")[2]


def _openings(number: int, subject: Subject) -> Iterator[Opening]:
    right = Resource(subject.kind, f"right_{number}", _given(subject.right))
    for place, (source, change) in enumerate(subject.faults):
        wrong = Resource(subject.kind, f"wrong_{number}_{place}", _given(subject.right | change))
        yield Opening(f"{subject.kind} {number}.{place}: {source}", right, wrong)


def _given(arguments: Json) -> Json:
    return {name: value for name, value in arguments.items() if value is not None}


SUBJECTS = [*outside_data.SUBJECTS, *outside_access.SUBJECTS]
OPENINGS = [opening for number, subject in enumerate(SUBJECTS) for opening in _openings(number, subject)]
