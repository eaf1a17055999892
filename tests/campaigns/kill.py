"""Kills deployments of a small environment at seeded moments, and sees what it takes to be green again.

    python -m tests.campaigns.kill [--seed 1] [--rows 50] [--lanes 2] [--minutes 60] [--only 3,7] [--column lives|gone]
                                   [--write]

A row is one kill (`rows.py`). After it, in the column *machine lives*, the same command runs again, and what it names
as the way out if it is not green. In the column *machine gone*, runs, build, temporary files and all processes but AWS
are deleted; a fresh clone goes on with `unlock --force`, `recover --import` and the command. Then everything that
exists is compared with an undisturbed run, and nothing may be left over.

Finished rows are kept in `build/campaigns/kill-<seed>.jsonl`: a campaign that was stopped goes on where it was. Run
folders and logs of a row that is not green are saved beside it.
`--write` renews docs/reference/reliability.md from that file.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import asdict
from pathlib import Path
from typing import Any

from benchmarks import machine as measured_on
from tests.campaigns import recovery, report, watch, world
from tests.campaigns.recovery import DEPLOY, DESTROY, DESTROY_BLUEPRINTS, Ran
from tests.campaigns.rows import COLUMNS, Column, Row, choose, left, rows
from tests.campaigns.rows import Run as RunOfRow
from tests.campaigns.small import VARIANTS, Lane
from tests.campaigns.world import World
from tests.support.checkout import REPO, Running

SOURCES = ("orchestrator", "emulator", "terraform", "lambda", "jobs", "policies", "tests/campaigns")
RESULTS = REPO / "build" / "campaigns"
TO_THE_MOMENT, TO_ITS_END = 240.0, 180.0
"""Seconds for a run to come to the moment of the kill, and to end after it."""
BETWEEN_INTERRUPTS = 1.0
AFTER: dict[RunOfRow, str] = {"create": "deployed", "rebuild": "deployed", "change": "released", "destroy": "empty"}
"""Which world a run leads to: a change takes a release, which keeps what the endpoint had before."""


class NotPrepared(Exception):
    """An undisturbed command failed."""


class References:
    """Worlds after undisturbed runs (`AFTER`). Lanes that need one wait for it.

    Args:
        kept: file that has them from an earlier campaign with the same sources, or is to have them for a later one.
    """

    def __init__(self, worlds: Mapping[str, World] | None = None, kept: Path | None = None) -> None:
        self._kept = kept
        stored = json.loads(kept.read_text(encoding="utf-8")) if kept is not None and kept.is_file() else {}
        self._worlds = {name: Counter(map(tuple, items)) for name, items in stored.items()} | dict(worlds or {})
        self._changed = threading.Condition()
        self._failed = ""

    def take(self, lane: Lane) -> None:
        if set(AFTER.values()) <= self._worlds.keys():
            return
        try:
            for name, command in (("deployed", DEPLOY), ("released", DEPLOY), ("empty", DESTROY)):
                if name == "released":
                    lane.clone.become("b")
                seconds = undisturbed(lane, command)
                self.put(name, lane.world(), seconds)
        except BaseException as error:
            with self._changed:
                self._failed = str(error) or type(error).__name__
                self._changed.notify_all()
            raise
        finally:
            lane.clone.become("a")

    def __contains__(self, name: str) -> bool:
        return name in self._worlds

    def of(self, name: str) -> World:
        with self._changed:
            self._changed.wait_for(lambda: name in self._worlds or self._failed)
            if self._failed:
                raise NotPrepared(self._failed)
            return self._worlds[name]

    def put(self, name: str, world: World, seconds: float) -> None:
        note(f"undisturbed: {name}, {world.total()} things, {seconds:.0f} s")
        with self._changed:
            self._worlds[name] = world
            self._changed.notify_all()
        if self._kept is not None:
            worlds = {each: sorted(world.elements()) for each, world in self._worlds.items()}
            self._kept.write_text(json.dumps(worlds), encoding="utf-8")


def undisturbed(lane: Lane, command: Sequence[str]) -> float:
    """Run a command that has to be green; its seconds."""
    ran = recovery.commands_of(lane)(command)
    if ran.exit_code != 0:
        raise NotPrepared(f"`{ran.command}` ended with {ran.exit_code}, though nothing disturbed it:\n{ran.said}")
    return ran.seconds


def prepare(lane: Lane, row: Row, empty: bool) -> None:
    """Bring the lane to where the row starts."""
    if row.starts_empty:
        lane.renew()  # an emptied AWS remembers: numbers of model versions go on
    if empty and not row.starts_empty:
        undisturbed(lane, DEPLOY)
    if row.run == "rebuild":
        undisturbed(lane, DESTROY_BLUEPRINTS)
    if row.run == "change":
        lane.clone.become(next(name for name in VARIANTS if name != lane.clone.variant))


def strike(lane: Lane, row: Row) -> tuple[bool, int | None]:
    """Start the run and kill; whether its moment came, and how the run ended."""
    watch.hold(row, lane)
    watching = watch.Watch(lane.clone, lane.log)
    running = lane.clone.start(*(DESTROY if row.run == "destroy" else DEPLOY))
    try:
        came = watching.wait(watch.signals(row), running.process, TO_THE_MOMENT)
        reached = came is not None and running.process.poll() is None
        if reached:
            time.sleep(row.delay_ms / 1000)
            reached = _kill(lane, row, running)
        with suppress(subprocess.TimeoutExpired):
            return reached, running.end(TO_ITS_END)
        return reached, None
    finally:
        if running.process.poll() is None:
            running.process.kill()
            running.process.wait()
        lane.disarm()


def _kill(lane: Lane, row: Row, running: Running) -> bool:
    """Whether there was something to kill."""
    process = running.process
    if row.killed == "interrupt-twice":
        process.send_signal(signal.SIGINT)
        time.sleep(BETWEEN_INTERRUPTS)
        process.send_signal(signal.SIGINT)
        return True
    if row.killed in ("hang-up", "terminate"):
        process.send_signal(signal.SIGHUP if row.killed == "hang-up" else signal.SIGTERM)
        return True
    pids = {"orchestrator": [process.pid]}.get(row.killed) or _victims(lane, row)
    for pid in pids:
        with suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)
    return bool(pids)


def _victims(lane: Lane, row: Row) -> list[int]:
    if row.killed == "aws":
        return [lane.aws_pid]
    processes = lane.processes()
    if row.killed == "provider":
        return [pid for pid, each in processes.items() if each.is_provider]
    return [pid for pid, each in processes.items() if each.works_on(row.stack)]


def play(lane: Lane, row: Row, column: Column, references: References) -> dict[str, Any]:
    """One row in one column, told as a line of the results."""
    reached, ended = strike(lane, row)
    if column == "machine gone":
        lane.lose_the_machine()
    ran = recovery.recover(recovery.commands_of(lane), row, column)
    # After the end of its AWS, a deploy begins with nothing.
    expected = references.of("deployed" if row.killed == "aws" else AFTER[row.run])
    actual, remains = World(), ["the local AWS does not answer"]
    with suppress(OSError, ValueError):
        actual = lane.world()
        remains = recovery.remains(lane)
    difference = world.compare(expected, actual)
    recovered = ran[-1].exit_code == 0
    sound = recovered and not difference and not remains
    return {
        "reached": reached,
        "ended": ended,
        "recovery": [asdict(_short(each)) for each in ran],
        "recovered": recovered,
        "lost": difference.lost,
        "difference": difference.lines(),
        "remains": remains,
        "sound": sound,
        "green": reached and sound,
    }


def _short(ran: Ran) -> Ran:
    return Ran(ran.command, ran.exit_code, ran.seconds, "" if ran.exit_code == 0 else ran.said)


class Campaign:
    """Rows from one list, played by several lanes."""

    def __init__(self, results: Path, seed: int, references: References, until: float) -> None:
        self._results, self._seed, self._references, self._until = results, seed, references, until
        self._lock = threading.Lock()
        if results.exists() and not results.read_bytes().endswith(b"\n"):
            with results.open("a", encoding="utf-8") as file:  # of a campaign that was killed itself
                file.write("\n")
        self.waiting: list[tuple[Row, Column]] = []

    def work(self, lane: Lane, *, empty: bool = True) -> None:
        """Play rows until there is none, or no time, left."""
        while (chosen := self._next(empty)) is not None:
            row, column = chosen
            began = time.monotonic()
            try:
                prepare(lane, row, empty)
                outcome = play(lane, row, column, self._references)
            except NotPrepared as error:
                outcome = {"green": False, "sound": False, "reached": False, "lost": [], "error": str(error)}
            self._keep(row, column, {**outcome, "seconds": round(time.monotonic() - began, 1)})
            empty = row.run == "destroy"
            if not outcome["sound"]:
                lane.save(self._results.with_suffix("") / f"{row.number}-{column.replace(' ', '-')}")
            if empty or not outcome["sound"]:
                # An AWS in which something was destroyed keeps traces, of jobs for instance: the next one has none.
                lane.renew()
                empty = True

    def _next(self, empty: bool) -> tuple[Row, Column] | None:
        with self._lock:
            chosen = choose(self.waiting, empty) if time.monotonic() < self._until else None
            if chosen is not None:
                self.waiting.remove(chosen)
            return chosen

    def _keep(self, row: Row, column: Column, outcome: dict[str, Any]) -> None:
        line = {"seed": self._seed, "row": row.to_json(), "column": column, "commit": commit(), **outcome}
        with self._lock, self._results.open("a", encoding="utf-8") as file:
            file.write(json.dumps(line) + "\n")
        verdict = "green" if outcome["green"] else "RED" if outcome["reached"] else "not reached"
        note(f"row {row.number}, {column}: {row}: {verdict}, {outcome['seconds']:.0f} s{_why(outcome)}")


def _why(outcome: dict[str, Any]) -> str:
    if outcome["green"]:
        return ""
    ends = ", ".join(f"`{each['command']}` {each['exit_code']}" for each in outcome.get("recovery", []))
    parts = (
        ends,
        *outcome.get("difference", [])[:4],
        *outcome["lost"][:3],
        *outcome.get("remains", [])[:3],
        outcome.get("error"),
    )
    return "".join(f"\n    {part}" for part in parts if part)


def commit() -> str:
    return measured_on.commit() + (" with changes" if measured_on.changed() else "")


def read(results: Path) -> list[dict[str, Any]]:
    """Finished rows; a line that was cut short counts for nothing."""
    lines = results.read_text(encoding="utf-8").splitlines() if results.exists() else []
    rows_read = []
    for line in lines:
        with suppress(ValueError):
            rows_read.append(json.loads(line))
    return rows_read


def note(text: str) -> None:
    sys.stderr.write(f"{time.strftime('%H:%M:%S')} {text}\n")
    sys.stderr.flush()


def sources() -> str:
    """One word for everything that a deployment is made of, and that decides how it is checked."""
    digest = hashlib.sha256()
    for folder in SOURCES:
        for file in sorted(path for path in (REPO / folder).rglob("*") if path.is_file()):
            if "__pycache__" not in file.parts and ".terraform" not in file.parts:
                digest.update(f"{file.relative_to(REPO)}\0".encode() + file.read_bytes() + b"\0")
    return digest.hexdigest()[:12]


def kept() -> Path:
    """Where worlds of the sources as they are lie for the next campaign."""
    RESULTS.mkdir(parents=True, exist_ok=True)
    return RESULTS / f"worlds-{sources()}.json"


def campaign(options: argparse.Namespace, results: Path) -> None:
    chosen = rows(options.seed, options.rows)
    if options.only:
        chosen = [row for row in chosen if row.number in options.only]
    references = References(kept=kept())
    work = Campaign(results, options.seed, references, time.monotonic() + options.minutes * 60)
    columns = [column for column in COLUMNS if options.column in column]
    work.waiting = [each for each in left(chosen, read(results), options.seed) if each[1] in columns]
    if not work.waiting:
        note("every row is finished")
        return
    folder = Path(tempfile.mkdtemp(prefix="kills-"))
    lanes = [Lane(folder / f"l{number}") for number in range(min(options.lanes, len(work.waiting)))]
    try:
        for lane in lanes:
            lane.start()
        _together([lambda: _first(lanes[0], references, work), *(_worker(work, lane) for lane in lanes[1:])])
    finally:
        for lane in lanes:
            lane.stop()
        shutil.rmtree(folder, ignore_errors=True)
    note(f"{len(work.waiting)} left to be done" if work.waiting else "every row is finished")


def _first(lane: Lane, references: References, work: Campaign) -> None:
    references.take(lane)
    work.work(lane)


def _worker(work: Campaign, lane: Lane) -> Callable[[], None]:
    return lambda: work.work(lane)


def _together(jobs: Sequence[Callable[[], None]]) -> None:
    """Raises what the first of them raised, once all have ended."""
    errors: list[BaseException] = []

    def guarded(job: Callable[[], None]) -> None:
        try:
            job()
        except BaseException as error:
            note(f"a lane ended: {type(error).__name__}: {error}")
            errors.append(error)

    threads = [threading.Thread(target=guarded, args=(job,), daemon=True) for job in jobs]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    if errors:
        raise errors[0]


def main(words: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--rows", type=int, default=50)
    parser.add_argument("--lanes", type=int, default=2, help="local AWSes at work at the same time")
    parser.add_argument("--minutes", type=float, default=55, help="after so many, no further row is begun")
    parser.add_argument("--only", type=lambda text: {int(number) for number in text.split(",")}, help="rows by number")
    parser.add_argument("--column", choices=("lives", "gone"), default="", help="one of the two")
    parser.add_argument("--write", action="store_true", help=f"renew {report.DOCUMENT.relative_to(REPO)}")
    parser.add_argument("--report", action="store_true", help="play nothing: report the finished rows")
    options = parser.parse_args(words)
    RESULTS.mkdir(parents=True, exist_ok=True)
    results = RESULTS / f"kill-{options.seed}.jsonl"
    if not options.report:
        campaign(options, results)
    lines = [line for line in read(results) if line["seed"] == options.seed]
    section = report.kills(lines, rows(options.seed, options.rows))
    sys.stdout.write(section)
    if options.write:
        report.write("kills", section)
    return 0 if lines and all(line["green"] for line in lines) else 1


if __name__ == "__main__":
    sys.exit(main())
