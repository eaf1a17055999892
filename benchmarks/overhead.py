"""The orchestrator's own cost: synthetic units through the real executor, walker, journal and progress.

After the method of Terragrunt's benchmark with synthetic units: each unit sleeps a random 100-300 ms, odd
units depend on the even one before them, N doubles from 2 to 256. The makespan is compared with the bound
that no schedule can beat with the same parallelism: max(longest chain, all work / parallelism). The same
graphs with units that do nothing show what one unit costs.
"""

from __future__ import annotations

import io
import random
import statistics
import sys
import tempfile
import threading
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast

from benchmarks import machine
from benchmarks.measure import REPO, Goal
from benchmarks.report import Report, finish, note, number, parser, table
from orchestrator.config import load
from orchestrator.config.model.platform import Environment
from orchestrator.execution.executor import Executor
from orchestrator.planning import graph, phases
from orchestrator.planning.steps import Plan, Step
from orchestrator.reporting.console import Console
from orchestrator.runs.journal import Journal
from orchestrator.runs.run_folder import RunFolder
from orchestrator.session.ports import Tools
from orchestrator.session.session import Session

SIZES = (2, 4, 8, 16, 32, 64, 128, 256)
JUDGED = 128
RATIO_LIMIT = 1.05
FLAT_LIMIT = 1.5
FLAT_FROM, FLAT_TO = 32, 256
SHORTEST, LONGEST = 0.1, 0.3


@dataclass(frozen=True)
class Unit(Step):
    """Does nothing for a while."""

    seconds: float = 0.0


@dataclass(frozen=True)
class OnlyWalking:
    """The part of `Tools` that walking needs; a unit that uses more would fail."""

    repo: Path
    environment: Environment
    parallelism: int


class SyntheticExecutor(Executor):
    """The real executor, which besides knows what to do with a unit."""

    def __init__(self, session: Session) -> None:
        super().__init__(session)
        self._handlers[Unit] = lambda unit: time.sleep(unit.seconds) if unit.seconds else None


def units(count: int, *, seed: int, shortest: float = SHORTEST, longest: float = LONGEST) -> tuple[Unit, ...]:
    """Generate units: odd ones depend on the even one before them."""
    draw = random.Random(seed)
    return tuple(
        Unit(f"unit-{index}", (f"unit-{index - 1}",) if index % 2 else (), draw.uniform(shortest, longest))
        for index in range(count)
    )


def bound(steps: Sequence[Unit], parallelism: int) -> float:
    """Return the lower bound of any schedule: the longest chain, or all work spread evenly."""
    ends: dict[str, float] = {}
    for step in steps:
        ends[step.name] = step.seconds + max((ends[need] for need in step.needs), default=0.0)
    return max(max(ends.values()), sum(step.seconds for step in steps) / parallelism)


def makespan(steps: Sequence[Unit], parallelism: int) -> float:
    """Measure the seconds of one run, from creating its folder to its written result."""
    environment = load(REPO, "local")
    stacks = graph.build(phases.read(REPO), environment)
    plan = Plan(environment.name, "benchmark", tuple(steps))
    with tempfile.TemporaryDirectory() as scratch, Console(stderr=io.StringIO()).progress() as progress:
        started = time.perf_counter()
        journal = Journal(RunFolder.create(Path(scratch), environment.name), (progress,))
        tools = cast(Tools, OnlyWalking(REPO, environment, parallelism))
        result = SyntheticExecutor(Session(tools, stacks, journal, threading.Event())).run(plan)
        seconds = time.perf_counter() - started
    if result.status != "ok":
        raise SystemExit(f"a run of {len(steps)} units ended as {result.status}: {result.error}")
    return seconds


@dataclass(frozen=True)
class Measured:
    size: int
    bound: float
    makespan: float
    idle_unit_ms: float
    """Milliseconds for a unit that does nothing."""

    @property
    def ratio(self) -> float:
        return self.makespan / self.bound


def measure(size: int, parallelism: int, runs: int) -> Measured:
    """Return medians over seeds 1 … `runs` (makespan and bound are those of the run with the median ratio)."""
    pairs = []
    for seed in range(1, runs + 1):
        steps = units(size, seed=seed)
        pairs.append((makespan(steps, parallelism), bound(steps, parallelism)))
    middle = sorted(pairs, key=lambda pair: pair[0] / pair[1])[runs // 2]
    idle = [makespan(units(size, seed=1, shortest=0, longest=0), parallelism) for _ in range(max(runs, 5))]
    return Measured(size, middle[1], middle[0], 1000 * statistics.median(idle) / size)


def flatness(measured: Mapping[int, Measured]) -> float:
    """Return a unit's cost among many over its cost among few; below `FLAT_FROM` the run's fixed cost dominates."""
    return measured[FLAT_TO].idle_unit_ms / measured[FLAT_FROM].idle_unit_ms


def main() -> int:
    options = parser(__doc__)
    options.add_argument("--runs", type=int, default=3, help="seeds for each size (default: %(default)s)")
    options.add_argument("--parallelism", type=int, default=8, help="units at a time (default: %(default)s)")
    arguments = options.parse_args()
    report = Report("overhead", "The orchestrator's own cost", machine.versions("python"))
    if machine.changed():
        report.commit += " with uncommitted changes"
    measured: dict[int, Measured] = {}
    for size in SIZES:
        note(f"{size} units")
        measured[size] = measure(size, arguments.parallelism, arguments.runs)
    report.goals.append(Goal(f"makespan / bound, {JUDGED} units", measured[JUDGED].ratio, RATIO_LIMIT))
    report.goals.append(Goal(f"cost of a unit, {FLAT_TO} units / {FLAT_FROM} units", flatness(measured), FLAT_LIMIT))
    report.say(_table(list(measured.values())))
    report.say(
        f"Units at a time: {arguments.parallelism}, for the runs as for the bound. Real executor, walker, journal (run "
        "folder on disk) and plain progress; only the work of a unit is a sleep of 100-300 ms (seeded), or nothing "
        f"for the last column. {arguments.runs} seeds for each size, the run with the median ratio is shown. "
        "Baseline: the bound max(longest chain, all work / units at a time), which no schedule can beat and, with few "
        "units for each place, none can reach: the last ones leave places empty."
    )
    return finish(report, arguments)


def _table(measured: Sequence[Measured]) -> str:
    rows: list[tuple[Any, ...]] = [
        (
            str(each.size),
            number(each.bound),
            number(each.makespan),
            number(each.ratio),
            number(each.idle_unit_ms),
        )
        for each in measured
    ]
    return table(("units", "bound s", "makespan s", "ratio", "idle unit ms"), rows)


if __name__ == "__main__":
    sys.exit(main())
