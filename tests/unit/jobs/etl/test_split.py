"""Which split a row is in: the same for the same rows and seed, with the required shares."""

from __future__ import annotations

from collections import Counter
from datetime import datetime, timedelta
from typing import Any

import pytest
from tabular.spec import Split
from tabular.split import border_times, borders, by_time, smallest, split_of, stratified

from tests.unit.jobs.etl.conftest import Outcome, Run

SHARES = Split(train=0.7, validation=0.15, test=0.15)


def test_a_group_s_split_depends_on_the_seed_and_on_nothing_else() -> None:
    ids = [f"movie-{n}" for n in range(1000)]
    one, again, other = ([split_of(i, Split(seed=seed)) for i in ids] for seed in ("a", "a", "b"))
    assert one == again
    assert one != other
    assert 750 < one.count("train") < 850
    assert 60 < one.count("validation") < 140


def test_the_hash_is_the_documented_one() -> None:
    # The first eight bytes of sha256("reviews-v1:amazon-1"), over 2^64, are 0.70055.
    shares = [(0.7, 0.1, 0.2), (0.70056, 0.1, 0.19944), (0.6, 0.1, 0.3)]
    splits = [split_of("amazon-1", Split("group", "reviews-v1", *each)) for each in shares]
    assert splits == ["validation", "train", "test"]


def test_each_label_has_its_shares_to_the_row() -> None:
    labels = {f"g{n}": "rare" if n % 10 == 0 else "common" for n in range(1000)}
    splits = stratified(labels, SHARES)
    counts = Counter((labels[group], splits[group]) for group in labels)
    assert counts == {
        ("rare", "train"): 70, ("rare", "validation"): 15, ("rare", "test"): 15,
        ("common", "train"): 630, ("common", "validation"): 135, ("common", "test"): 135,
    }  # fmt: skip
    assert stratified(dict(reversed(labels.items())), SHARES) == splits
    assert stratified(labels, Split(seed="other", train=0.7, validation=0.15, test=0.15)) != splits


@pytest.mark.parametrize(
    ("count", "expected"), [(1, (1, 0, 0)), (2, (2, 0, 0)), (3, (2, 1, 0)), (5, (4, 0, 1)), (10, (8, 1, 1))]
)
def test_a_rare_label_goes_to_training_first(count: int, expected: tuple[int, ...]) -> None:
    splits = Counter(stratified({f"g{n}": "x" for n in range(count)}, Split()).values())
    assert tuple(splits[name] for name in ("train", "validation", "test")) == expected


def test_a_group_of_several_labels_counts_as_the_smallest() -> None:
    assert smallest([("a", "z"), ("b", "y"), ("a", "m"), ("a", "n")]) == {"a": "m", "b": "y"}


@pytest.mark.parametrize(
    ("count", "shares", "expected"),
    [
        (10, (0.8, 0.1, 0.1), (8, 9)),
        (10, (0.7, 0.2, 0.1), (7, 9)),
        (1, (0.8, 0.1, 0.1), (0, 0)),
        (7, (0.5, 0.5, 0), (3, 7)),
    ],
)
def test_borders_are_where_the_shares_end(count: int, shares: tuple[float, ...], expected: tuple[int, int]) -> None:
    assert borders(count, Split("time", "v1", *shares)) == expected


def test_rows_of_the_same_time_stay_together() -> None:
    times = [1, 2, 3, 4, 5, 6, 7, 8, 8, 8]
    begins = border_times(list(reversed(times)), Split())
    assert [by_time(time, begins) for time in times] == ["train"] * 7 + ["test"] * 3
    assert border_times([], Split()) == (float("inf"), float("inf"))


# ---- whole runs -----------------------------------------------------------------------------------------

VISITS: dict[str, Any] = {
    "name": "visits",
    "columns": [
        {"name": "id", "type": "bigint"},
        {"name": "patient", "type": "string"},
        {"name": "at", "type": "timestamp"},
        {"name": "ill", "type": "boolean"},
    ],
    "roles": {"id": "id", "group": "patient", "label": "ill", "time": "at"},
    "split": {"seed": "s", "train": 0.6, "validation": 0.2, "test": 0.2},
}
START = datetime(2026, 1, 1)


def visits(count: int) -> bytes:
    """One in four is ill; the newest come first."""
    rows = (
        f"{n},p{n // 2},{(START - timedelta(hours=n)).isoformat()},{'true' if n % 8 < 2 else 'false'}"
        for n in range(count)
    )
    return ("id,patient,at,ill\n" + "\n".join(rows)).encode()


def split_ids(outcome: Outcome) -> dict[str, set[int]]:
    return {
        name: {row["id"] for row in outcome.rows("features", f"split={name}")}
        for name in ("train", "validation", "test")
    }


@pytest.mark.parametrize("method", ["group", "stratified", "time"])
def test_every_row_is_in_one_split_and_the_report_counts_them(run: Run, method: str) -> None:
    outcome = run({**VISITS, "split": {**VISITS["split"], "method": method}}, {"a.csv": visits(400)})
    ids = split_ids(outcome)
    assert sum(map(len, ids.values())) == len(set().union(*ids.values())) == 400
    for name, split in outcome.report["splits"].items():
        ill = {
            flag: sum(row["ill"] is flag for row in outcome.rows("features", f"split={name}")) for flag in (False, True)
        }
        assert split["rows"] == len(ids[name])
        assert split["labels"] == {"false": ill[False], "true": ill[True]}
        assert split["groups"] == len({n // 2 for n in ids[name]})
    assert {each["id"] for each in outcome.labels} == ids["test"]
    assert {each["label"] for each in outcome.labels} == {False, True}


def test_groups_stay_together_unless_time_parts_them(run: Run) -> None:
    for method, parted in (("group", False), ("stratified", False), ("time", True)):
        ids = split_ids(run({**VISITS, "split": {**VISITS["split"], "method": method}}, {"a.csv": visits(406)}))
        patients = [{n // 2 for n in each} for each in ids.values()]
        assert (len(set().union(*patients)) < sum(map(len, patients))) is parted


def test_strata_have_their_shares_and_time_its_order(run: Run) -> None:
    outcome = run({**VISITS, "split": {**VISITS["split"], "method": "stratified"}}, {"a.csv": visits(400)})
    assert [split["labels"] for split in outcome.report["splits"].values()] == [
        {"false": 180, "true": 60}, {"false": 60, "true": 20}, {"false": 60, "true": 20},
    ]  # fmt: skip
    ids = split_ids(run({**VISITS, "split": {**VISITS["split"], "method": "time"}}, {"a.csv": visits(400)}))
    # The newest have the smallest numbers.
    assert (ids["test"], ids["validation"]) == (set(range(80)), set(range(80, 160)))


def test_the_order_of_files_does_not_matter(run: Run) -> None:
    lines = visits(300).splitlines()
    for method in ("group", "stratified", "time"):
        document = {**VISITS, "split": {**VISITS["split"], "method": method}}
        one = split_ids(run({**document, "name": f"one-{method}"}, {"a.csv": visits(300)}))
        files = {
            "b.csv": b"\n".join([lines[0], *lines[150:]]),
            "c.csv": b"\n".join([lines[0], *reversed(lines[1:150])]),
        }
        assert split_ids(run({**document, "name": f"two-{method}"}, files)) == one
