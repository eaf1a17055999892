"""How a campaign goes on: what it keeps, what it repeats, and what becomes of a lane after a red row."""

from __future__ import annotations

import json
import time
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from tests.campaigns import kill
from tests.campaigns.kill import Campaign, NotPrepared, References
from tests.campaigns.rows import COLUMNS, Row, left, rows

CREATE, CHANGE, DESTROY = (next(row for row in rows(1) if row.run == run) for run in ("create", "change", "destroy"))
GREEN: dict[str, Any] = {"green": True, "sound": True, "reached": True, "lost": []}
RED: dict[str, Any] = {"green": False, "sound": False, "reached": True, "lost": ["ec2 Vpcs main"]}
MISSED: dict[str, Any] = {"green": False, "sound": True, "reached": False, "lost": []}


class FakeLane:
    def __init__(self) -> None:
        self.renewed = 0
        self.saved: list[str] = []

    def renew(self) -> None:
        self.renewed += 1

    def save(self, folder: Path) -> None:
        self.saved.append(folder.name)


@pytest.fixture
def starts(monkeypatch: pytest.MonkeyPatch) -> list[tuple[int, bool]]:
    """Rows as they were prepared, with what was said of the AWS then; nothing is really deployed."""
    seen: list[tuple[int, bool]] = []
    monkeypatch.setattr(kill, "prepare", lambda lane, row, empty: seen.append((row.number, empty)))
    monkeypatch.setattr(kill, "commit", lambda: "0123abcd")
    return seen


def played(monkeypatch: pytest.MonkeyPatch, results: Path, waiting: list[Row], *outcomes: dict[str, Any]) -> FakeLane:
    answers = iter(outcomes)
    monkeypatch.setattr(kill, "play", lambda *_: next(answers))
    campaign = Campaign(results, 1, References(), time.monotonic() + 60)
    campaign.waiting = [(row, COLUMNS[0]) for row in waiting]
    lane = FakeLane()
    campaign.work(lane)  # type: ignore[arg-type]
    return lane


def test_a_lane_remembers_what_the_last_run_left(
    monkeypatch: pytest.MonkeyPatch, starts: list[tuple[int, bool]], tmp_path: Path
) -> None:
    lane = played(monkeypatch, tmp_path / "r.jsonl", [DESTROY, CHANGE, CREATE], GREEN, GREEN, GREEN)
    assert starts == [(CREATE.number, True), (DESTROY.number, False), (CHANGE.number, True)]
    assert (lane.renewed, lane.saved) == (1, []), "what was destroyed leaves traces"


def test_a_red_row_is_saved_and_leaves_a_new_aws(
    monkeypatch: pytest.MonkeyPatch, starts: list[tuple[int, bool]], tmp_path: Path
) -> None:
    lane = played(monkeypatch, tmp_path / "r.jsonl", [CREATE, CHANGE], RED, GREEN)
    assert starts == [(CREATE.number, True), (CHANGE.number, True)]
    assert (lane.renewed, lane.saved) == (1, [f"{CREATE.number}-machine-lives"])


def test_a_moment_that_never_came_is_not_green_and_costs_no_aws(
    monkeypatch: pytest.MonkeyPatch, starts: list[tuple[int, bool]], tmp_path: Path
) -> None:
    lane = played(monkeypatch, tmp_path / "r.jsonl", [CREATE], MISSED)
    assert lane.renewed == 0
    assert [line["green"] for line in kill.read(tmp_path / "r.jsonl")] == [False]


def test_what_is_not_prepared_is_reported_and_not_green(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    def refuse(*_: object) -> None:
        raise NotPrepared("`deploy local` ended with 8")

    monkeypatch.setattr(kill, "prepare", refuse)
    lane = played(monkeypatch, tmp_path / "r.jsonl", [CREATE])
    (line,) = kill.read(tmp_path / "r.jsonl")
    assert (line["green"], line["error"]) == (False, "`deploy local` ended with 8")
    assert lane.renewed == 1


def test_a_stopped_campaign_goes_on_after_its_last_whole_line(
    monkeypatch: pytest.MonkeyPatch, starts: list[tuple[int, bool]], tmp_path: Path
) -> None:
    results = tmp_path / "r.jsonl"
    played(monkeypatch, results, [CREATE], GREEN)
    with results.open("a") as file:
        file.write('{"seed": 1, "row": {"numb')
    done = kill.read(results)
    assert left([CREATE, CHANGE], done, 1) == [
        (CREATE, COLUMNS[1]),
        *((CHANGE, column) for column in CHANGE.columns),
    ]
    played(monkeypatch, results, [DESTROY], GREEN)
    assert [line["row"]["number"] for line in kill.read(results)] == [CREATE.number, DESTROY.number]


def test_no_row_begins_when_the_time_is_over(starts: list[tuple[int, bool]], tmp_path: Path) -> None:
    campaign = Campaign(tmp_path / "r.jsonl", 1, References(), time.monotonic() - 1)
    campaign.waiting = [(CREATE, COLUMNS[0])]
    campaign.work(FakeLane())  # type: ignore[arg-type]
    assert starts == []
    assert campaign.waiting == [(CREATE, COLUMNS[0])]


def test_worlds_are_kept_and_found_again(tmp_path: Path) -> None:
    kept = tmp_path / "worlds.json"
    world = Counter({("ec2 Vpcs", "main", "{}"): 2})
    References(kept=kept).put("deployed", world, 1.0)
    assert json.loads(kept.read_text())
    again = References(kept=kept)
    assert "deployed" in again
    assert again.of("deployed") == world


def test_lanes_that_wait_for_a_failed_world_are_notified() -> None:
    class Broken:
        @property
        def clone(self) -> Any:
            raise NotPrepared("no undisturbed deploy")

    references = References()
    with pytest.raises(NotPrepared):
        references.take(Broken())  # type: ignore[arg-type]
    with pytest.raises(NotPrepared, match="no undisturbed deploy"):
        references.of("deployed")
