"""Which kills a campaign makes: the same rows for the same seed."""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any, Literal

Killed = Literal["orchestrator", "terraform", "provider", "aws", "hang-up", "terminate", "interrupt-twice"]
Run = Literal["create", "rebuild", "change", "destroy"]
"""`create`: a deploy to an AWS with nothing in it; `rebuild`: of blueprints that were destroyed; `change`: of another
variant; `destroy`: of everything."""
Phase = Literal["plan", "apply", "upload", "unlock", "pipeline", "release", "smoke", "models"]
Column = Literal["machine lives", "machine gone"]

COLUMNS: tuple[Column, ...] = ("machine lives", "machine gone")
KILLED: dict[Killed, str] = {
    "orchestrator": "kill -9 of the orchestrator",
    "terraform": "kill -9 of terraform",
    "provider": "kill -9 of the provider",
    "aws": "kill -9 of the local AWS",
    "hang-up": "SIGHUP",
    "terminate": "SIGTERM",
    "interrupt-twice": "Ctrl-C twice",
}
PHASES: dict[Phase, str] = {
    "plan": "plan",
    "apply": "apply",
    "upload": "state upload",
    "unlock": "unlock",
    "pipeline": "pipeline",
    "release": "release",
    "smoke": "smoke",
    "models": "removal of models",
}
SHARED = {
    "buckets": 2,
    "foundation": 6,
    "retention": 1,
    "notifications": 2,
    "data": 2,
    "models": 3,
    "releases": 1,
    "inference": 3,
    "monitoring": 1,
}
"""Stacks, and how often each is chosen: where more is made, more can be lost."""
OF_BLUEPRINTS = {"blueprint-chat": 1, "blueprint-reviews": 2}
CHANGED = {name: weight for name, weight in SHARED.items() if name != "retention"}
"""Stacks that a change of the tags reaches."""
STACKS: dict[Run, dict[str, int]] = {
    "create": SHARED,
    "rebuild": OF_BLUEPRINTS,
    "change": CHANGED,
    "destroy": SHARED | OF_BLUEPRINTS,
}
CELLS: tuple[tuple[Killed, Run, Phase], ...] = (
    # Ordered so that the first ones are worth the most, and runs that empty an AWS stand before those that fill it.
    ("orchestrator", "create", "apply"),
    ("orchestrator", "change", "apply"),
    ("orchestrator", "destroy", "apply"),
    ("terraform", "create", "apply"),
    ("orchestrator", "rebuild", "upload"),
    ("terraform", "rebuild", "apply"),
    ("provider", "change", "apply"),
    ("orchestrator", "change", "unlock"),
    ("interrupt-twice", "destroy", "apply"),
    ("interrupt-twice", "create", "apply"),
    ("orchestrator", "change", "release"),
    ("terraform", "rebuild", "upload"),
    ("terminate", "rebuild", "apply"),
    ("hang-up", "rebuild", "apply"),
    ("orchestrator", "destroy", "upload"),
    ("orchestrator", "create", "pipeline"),
    ("aws", "change", "apply"),
    ("orchestrator", "rebuild", "smoke"),
    ("terraform", "change", "unlock"),
    ("terraform", "destroy", "apply"),
    ("provider", "create", "apply"),
    ("interrupt-twice", "change", "upload"),
    ("terminate", "change", "release"),
    ("orchestrator", "rebuild", "plan"),
    ("orchestrator", "destroy", "unlock"),
    ("orchestrator", "create", "upload"),
    ("terraform", "change", "plan"),
    ("provider", "rebuild", "plan"),
    ("interrupt-twice", "rebuild", "unlock"),
    ("orchestrator", "destroy", "models"),
    ("terminate", "create", "pipeline"),
    ("hang-up", "change", "upload"),
    ("terminate", "rebuild", "unlock"),
    ("interrupt-twice", "change", "release"),
    ("interrupt-twice", "destroy", "models"),
    ("terraform", "create", "unlock"),
    ("hang-up", "change", "release"),
    ("terminate", "rebuild", "smoke"),
    ("aws", "rebuild", "upload"),
    ("terminate", "destroy", "upload"),
    ("interrupt-twice", "create", "pipeline"),
    ("hang-up", "rebuild", "smoke"),
    ("aws", "change", "release"),
    ("provider", "destroy", "apply"),
    ("hang-up", "create", "pipeline"),
    ("orchestrator", "rebuild", "apply"),
    ("terraform", "change", "apply"),
    ("terraform", "destroy", "unlock"),
    ("aws", "create", "pipeline"),
    ("hang-up", "destroy", "unlock"),
)
HELD_PHASES = ("apply", "upload", "unlock")
MOST_EVENTS, MOST_STATES, MOST_MILLISECONDS = 8, 30, 400


@dataclass(frozen=True)
class Row:
    """One kill.

    Attributes:
        held: whether the local AWS is slow to carry out the upload or unlock, and the kill comes before it has. A kill
            of terraform is always held: a small stack is applied and stored before it could be killed otherwise.
        nth: the event of the phase that the kill follows.
    """

    number: int
    killed: Killed
    run: Run
    phase: Phase
    stack: str
    held: bool
    nth: int
    delay_ms: int

    @property
    def starts_empty(self) -> bool:
        return self.run == "create"

    @property
    def columns(self) -> tuple[Column, ...]:
        """A local AWS that is killed takes everything along: without a machine, too, nothing would be left."""
        return COLUMNS[:1] if self.killed == "aws" else COLUMNS

    def to_json(self) -> dict[str, Any]:
        return asdict(self)

    def __str__(self) -> str:
        where = f" of {self.stack}" if self.stack else ""
        return f"{KILLED[self.killed]} during {PHASES[self.phase]}{where} ({self.run})"


def rows(seed: int, count: int = len(CELLS)) -> list[Row]:
    """The rows of a seed; the first `count` of them are the same for every count."""
    return [_row(number, *CELLS[number % len(CELLS)], random.Random(f"{seed}/{number}")) for number in range(count)]


def _row(number: int, killed: Killed, run: Run, phase: Phase, chance: random.Random) -> Row:
    stack = ""
    if phase in ("plan", "apply", "upload", "unlock"):
        (stack,) = chance.choices(list(STACKS[run]), list(STACKS[run].values()))
    elif phase in ("release", "smoke"):
        stack = "reviews" if phase == "release" else chance.choice(("chat", "reviews"))
    held = phase in ("upload", "unlock") and chance.random() < 0.5
    held |= phase in HELD_PHASES and killed in ("terraform", "provider")
    nth = chance.randint(1, MOST_STATES if phase == "pipeline" else MOST_EVENTS)
    return Row(number, killed, run, phase, stack, held, nth, chance.randrange(MOST_MILLISECONDS))


def left(planned: Sequence[Row], done: Sequence[dict[str, Any]], seed: int) -> list[tuple[Row, Column]]:
    """Return what of a campaign is still due: rows of this seed without a finished line."""
    finished = {(line["row"]["number"], line["column"]) for line in done if line["seed"] == seed}
    return [(row, column) for row in planned for column in row.columns if (row.number, column) not in finished]


def choose(waiting: Sequence[tuple[Row, Column]], empty: bool) -> tuple[Row, Column] | None:
    """The next for an AWS that holds nothing, or everything: one that can start there, if there is one."""
    return next((each for each in waiting if each[0].starts_empty == empty), next(iter(waiting), None))
