"""Guess the roles of columns: id, group and label, each with the reason. Pure."""

from __future__ import annotations

import re
from dataclasses import dataclass, field

from orchestrator.config.problems import nearest
from orchestrator.errors import PlatformError
from orchestrator.scaffold.columns import LABELS, Column, Table
from orchestrator.scaffold.naming import folded

LABEL_NAMES = (
    "label",
    "target",
    "class",
    "y",
    "outcome",
    "category",
    "sentiment",
    "species",
    "price",
    "score",
    "rating",
)
_ID = re.compile(r"(.*_)?(id|uuid|guid|key)|index")
_GROUPS = 20
"""Different values from which a repeated id may keep rows together: with fewer, whole splits could stay empty."""
_SMALL = 10_000
"""Rows up to which a split by label keeps its shares better than a hash does."""


@dataclass
class Guess:
    """Roles by column, and for each column why it has the role, or could have one."""

    id: str | None = None
    group: str | None = None
    label: str | None = None
    stratified: bool = False
    reasons: dict[str, str] = field(default_factory=dict)

    @property
    def others(self) -> set[str | None]:
        return {self.id, self.group, self.label}


def roles(table: Table, *, label: str | None, id: str | None, group: str | None) -> Guess:
    """Return the given roles, and guesses for the others.

    Raises:
        PlatformError: a given column is not in the file.
    """
    guess = Guess()
    for role, given in (("label", label), ("id", id), ("group", group)):
        if given is not None:
            name = _existing(table, given)
            setattr(guess, role, name)
            guess.reasons[name] = role
    _guess_keys(table, guess)
    if guess.label is None:
        _guess_label(table, guess)
    if guess.label is not None:
        guess.stratified = _is_stratified(table, guess)
    for column in table.columns:
        if column.type in ("timestamp", "date") and column.name not in guess.others:
            guess.reasons.setdefault(column.name, "could be `roles.time`, for a split by time")
    return guess


def task_of(column: Column) -> str:
    """Return the task of a model that predicts this column."""
    few = not column.many and len(column.values) <= LABELS
    whole = column.type == "bigint" and few and len(column.values) * 10 <= column.present
    return "classification" if column.type in ("string", "boolean") or whole else "regression"


def _existing(table: Table, given: str) -> str:
    name = folded(given)
    known = [column.name for column in table.columns]
    match = next((each for each in known if folded(each) == name), None)
    if match is None:
        near = nearest(name, known)
        raise PlatformError(
            f"{table.raw.path.name} has no column `{given}`" + (f"; did you mean `{near}`?" if near else ""),
            hint=f"its columns: {', '.join(known)}",
        )
    return match


def _guess_keys(table: Table, guess: Guess) -> None:
    for column in table.columns:
        if column.name in guess.others or column.type not in ("string", "bigint"):
            continue
        named = _ID.fullmatch(column.name) is not None
        if column.is_unique:
            if named and guess.id is None:
                guess.id = column.name
                guess.reasons[column.name] = "id (guess: unique, and called so)"
            elif column.type == "bigint" or not column.is_text:
                guess.reasons[column.name] = "could be `roles.id`: each row has another value"
        elif named and column.required:
            if guess.group is None and len(column.values) >= _GROUPS:
                guess.group = column.name
                guess.reasons[column.name] = "group (guess: an id that repeats; its rows stay in one split)"
            else:
                guess.reasons[column.name] = "could be `roles.group`: an id that repeats"


def _guess_label(table: Table, guess: Guess) -> None:
    free = [column for column in table.columns if column.name not in guess.others and column.present]
    named = [column for column in free if column.name in LABEL_NAMES]
    if named:
        guess.label = named[-1].name
        guess.reasons[guess.label] = "label (guess: called so)"
    elif len(free) > 1 and not free[-1].is_text and (free[-1].is_number or not free[-1].is_unique):
        guess.label = free[-1].name
        guess.reasons[guess.label] = "label (guess: the last column)"


def _is_stratified(table: Table, guess: Guess) -> bool:
    column = table.column(guess.label or "")
    assert column is not None  # roles are columns of the table
    return guess.group is None and table.complete and table.rows <= _SMALL and task_of(column) == "classification"
