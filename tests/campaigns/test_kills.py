"""A few rows of the campaign (`kill.py`), so that every run of the tests kills something."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.campaigns import kill, recovery
from tests.campaigns.kill import References
from tests.campaigns.rows import Column, Row
from tests.campaigns.small import Lane

pytestmark = [pytest.mark.emulator, pytest.mark.terraform, pytest.mark.full]

LIVES: Column = "machine lives"
GONE: Column = "machine gone"


@pytest.fixture(scope="module")
def lane() -> Iterator[Lane]:
    # Not pytest's own folder: sockets lie below it, and their paths must be short.
    folder = Path(tempfile.mkdtemp(prefix="kills-"))
    made = Lane(folder / "l0")
    made.start()
    yield made
    made.stop()
    shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture(scope="module")
def references(lane: Lane) -> References:
    """The environment, deployed undisturbed; the others are not needed."""
    kill.undisturbed(lane, recovery.DEPLOY)
    return References({"deployed": lane.world()})


@pytest.mark.parametrize(
    ("row", "column"),
    [
        (Row(0, "orchestrator", "rebuild", "apply", "blueprint-chat", False, 3, 100), LIVES),
        (Row(1, "terraform", "rebuild", "apply", "blueprint-reviews", False, 2, 0), LIVES),
        (Row(2, "interrupt-twice", "rebuild", "upload", "blueprint-reviews", True, 1, 100), LIVES),
        (Row(3, "orchestrator", "rebuild", "upload", "blueprint-chat", True, 1, 100), GONE),
    ],
    ids=lambda value: str(value).replace(" ", "-"),
)
def test_nothing_is_lost(lane: Lane, references: References, row: Row, column: Column) -> None:
    kill.prepare(lane, row, empty=False)
    outcome = kill.play(lane, row, column, references)
    assert outcome["reached"], outcome
    assert (outcome["lost"], outcome["difference"], outcome["remains"]) == ([], [], []), outcome
    assert outcome["green"], outcome
