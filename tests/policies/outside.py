"""Faults that other tools know, rebuilt in our own words; `test_outside.py` holds them against the policies.

Each is a change of one resource that is right, and names the public test case that shows the same fault, or is one of
ours beside theirs. Nothing of those cases is copied: names, values and form are ours. The tables stand in
`outside_data.py` and `outside_access.py`.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from tests.policies import outside_access, outside_data
from tests.policies.outside_subject import Json, Subject
from tests.policies.spellings import Ref, Resource


@dataclass(frozen=True)
class Opening:
    """A fault beside the same resource without it, and what these belong to."""

    source: str
    number: str
    right: Resource
    wrong: Resource
    owners: tuple[Resource, ...] = ()

    @property
    def name(self) -> str:
        return f"{self.wrong.kind} {self.number}: {self.source}"


def _openings(number: int, subject: Subject) -> Iterator[Opening]:
    for place, (source, change) in enumerate(subject.faults):
        pair = [(f"right_{number}", subject.right), (f"wrong_{number}_{place}", subject.right | change)]
        owners = [Resource(subject.of, name, {subject.of.split("_")[-1]: name}) for name, _ in pair if subject.of]
        right, wrong = (_made(subject, name, arguments) for name, arguments in pair)
        yield Opening(source, f"{number}.{place}", right, wrong, tuple(owners))


def _made(subject: Subject, name: str, arguments: Json) -> Resource:
    owner = {subject.of.split("_")[-1]: Ref(f"{subject.of}.{name}.id")} if subject.of else {}
    return Resource(subject.kind, name, _given(arguments | owner))


def _given(arguments: Json) -> Json:
    return {name: value for name, value in arguments.items() if value is not None}


SUBJECTS = [*outside_data.SUBJECTS, *outside_access.SUBJECTS]
OPENINGS = [opening for number, subject in enumerate(SUBJECTS) for opening in _openings(number, subject)]
