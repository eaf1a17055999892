from __future__ import annotations

from collections import Counter
from typing import Any

from tests.campaigns.rows import COLUMNS, KILLED, PHASES, STACKS, Row, choose, left, rows


def line(row: Row, column: str, seed: int = 1) -> dict[str, Any]:
    return {"seed": seed, "row": row.to_json(), "column": column}


def test_fifty_rows_reach_every_kind_of_kill_and_every_phase() -> None:
    chosen = rows(seed=1)
    assert len(chosen) == 50
    assert {row.killed for row in chosen} == set(KILLED)
    assert {row.phase for row in chosen} == set(PHASES)
    of_destroy = {row.phase for row in chosen if row.run == "destroy"}
    assert of_destroy == {"apply", "upload", "unlock", "models"}
    # Each kind of kill has an apply: that is where things are lost.
    assert {row.killed for row in chosen if row.phase == "apply"} == set(KILLED)


def test_a_seed_makes_the_same_rows_and_another_one_others() -> None:
    assert rows(seed=1) == rows(seed=1)
    assert rows(seed=1, count=10) == rows(seed=1)[:10]
    assert rows(seed=1) != rows(seed=2)


def test_a_row_names_a_stack_that_its_run_touches() -> None:
    for row in rows(seed=3, count=200):
        if row.phase in ("plan", "apply", "upload", "unlock"):
            assert row.stack in STACKS[row.run], row
        assert not row.held or row.phase in ("upload", "unlock") or row.killed in ("terraform", "provider"), row


def test_terraform_and_its_provider_are_killed_only_while_they_work() -> None:
    for row in rows(seed=1):
        if row.killed in ("terraform", "provider"):
            assert row.phase in ("plan", "apply", "upload", "unlock"), row
            assert row.held or row.phase == "plan", "it may have ended before its kill"


def test_half_of_the_uploads_and_unlocks_are_killed_before_they_are_carried_out() -> None:
    held = Counter(
        row.held
        for row in rows(seed=1, count=500)
        if row.phase in ("upload", "unlock") and row.killed not in ("terraform", "provider")
    )
    assert min(held.values()) > 0.35 * held.total()


def test_finished_rows_are_not_repeated() -> None:
    first, second = rows(seed=1, count=2)
    done = [line(first, COLUMNS[0])]
    assert left([first, second], done, 1) == [(first, COLUMNS[1]), (second, COLUMNS[0]), (second, COLUMNS[1])]
    assert left([first, second], done, 2)[0] == (first, COLUMNS[0]), "another seed's rows are others"


def test_a_killed_local_aws_has_one_column() -> None:
    (row,) = [row for row in rows(seed=1) if row.killed == "aws"][:1]
    assert left([row], [], 1) == [(row, "machine lives")]


def test_the_next_row_is_one_that_starts_where_the_lane_stands() -> None:
    create = next(row for row in rows(seed=1) if row.starts_empty)
    change = next(row for row in rows(seed=1) if not row.starts_empty)
    waiting = [(create, COLUMNS[0]), (change, COLUMNS[0])]
    assert choose(waiting, empty=False) == (change, COLUMNS[0])
    assert choose(waiting, empty=True) == (create, COLUMNS[0])
    assert choose(waiting[:1], empty=False) == (create, COLUMNS[0]), "better than nothing: it is prepared for"
    assert choose([], empty=True) is None
