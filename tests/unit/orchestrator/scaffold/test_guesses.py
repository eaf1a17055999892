"""Which roles columns may have, and why."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from orchestrator.errors import PlatformError
from orchestrator.scaffold import guesses, raw
from orchestrator.scaffold.columns import infer
from orchestrator.scaffold.guesses import Guess

File = Callable[[str, str | bytes], Path]
ROWS = 100
IDS = "id,patient_id,country_id,score,kind\n" + "".join(
    f"p{n},{n % 40},{n % 3},{n / 7:.3f},{'ab'[n % 2]}\n" for n in range(ROWS)
)


def guess(path: Path, label: str | None = None, id: str | None = None, group: str | None = None) -> Guess:
    return guesses.roles(infer(raw.read(path)), label=label, id=id, group=group)


def test_ids_groups_and_labels_are_guessed_with_reasons(file: File) -> None:
    guessed = guess(file("a.csv", IDS))
    assert (guessed.id, guessed.group, guessed.label, guessed.stratified) == ("id", "patient_id", "score", False)
    assert guessed.reasons["id"] == "id (guess: unique, and called so)"
    assert "an id that repeats" in guessed.reasons["patient_id"]
    assert guessed.reasons["score"] == "label (guess: called so)"
    assert guessed.reasons["country_id"] == "could be `roles.group`: an id that repeats"


def test_given_roles_take_the_place_of_guesses(file: File) -> None:
    guessed = guess(file("a.csv", IDS), label="Kind", group="country_id", id="id")
    assert (guessed.id, guessed.group, guessed.label) == ("id", "country_id", "kind")
    assert guessed.reasons["kind"] == "label"


def test_a_column_that_is_not_there_is_refused(file: File) -> None:
    with pytest.raises(PlatformError, match=r"a\.csv has no column `kinds`; did you mean `kind`\?") as refusal:
        guess(file("a.csv", IDS), label="kinds")
    assert refusal.value.hint == "its columns: id, patient_id, country_id, score, kind"


def test_the_last_column_is_the_label_where_none_is_called_so(file: File) -> None:
    rows = "".join(f"{n / 7:.3f},{'ab'[n % 2]}\n" for n in range(ROWS))
    guessed = guess(file("a.csv", "width,sort\n" + rows))
    assert (guessed.label, guessed.stratified) == ("sort", True)
    assert guessed.reasons["sort"] == "label (guess: the last column)"


def test_texts_and_names_are_not_labels(file: File) -> None:
    rows = "".join(f"{n % 5},a text of several words number {n}\n" for n in range(ROWS))
    assert guess(file("a.csv", "n,remark\n" + rows)).label is None
    rows = "".join(f"{n % 5},name{n}\n" for n in range(ROWS))
    guessed = guess(file("b.csv", "n,person\n" + rows))
    assert guessed.label is None
    assert guessed.reasons["person"] == "could be `roles.id`: each row has another value"


def test_times_could_order_a_split(file: File) -> None:
    rows = "".join(f"2026-01-{n % 28 + 1:02},{n % 5}\n" for n in range(ROWS))
    assert "roles.time" in guess(file("a.csv", "day,n\n" + rows)).reasons["day"]


@pytest.mark.parametrize(
    ("values", "task"),
    [
        (["a", "b"], "classification"),
        (["true", "false"], "classification"),
        (["0", "1", "2"], "classification"),
        ([str(n) for n in range(90)], "regression"),
        (["0.5", "1.5"], "regression"),
    ],
)
def test_the_task_follows_from_the_label(file: File, values: list[str], task: str) -> None:
    rows = "".join(f"{n},{values[n % len(values)]}\n" for n in range(ROWS))
    column = infer(raw.read(file("a.csv", "n,label\n" + rows))).column("label")
    assert column is not None
    assert guesses.task_of(column) == task
