"""Determine which process holds a state's lock, and whether it still runs.

A lock names a user and a machine, but no process. The process is found in the records of our runs: the terraform
command on the same state, on that machine, that was running when the lock was created. Another checkout may have been
used there at the same time; so a holder is only dead if, in addition, no running terraform on this machine works on
that state. Only locks of holders that are proven dead are released without force; the holder of a lock that none of our
runs took, or that was taken on another machine, is unknown.
"""

from __future__ import annotations

import datetime as dt
import os
import pwd
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from orchestrator.aws.model import StateStore, StoredLock
from orchestrator.core.types import Json
from orchestrator.runs.run_folder import RUNS
from orchestrator.system import identity
from orchestrator.system.identity import Identity, Life
from orchestrator.terraform import active
from orchestrator.terraform.record import FOLDER, Record

LOCK_SUFFIX = ".tflock"
_BEFORE = dt.timedelta(seconds=1)
"""Tolerance, since the clocks are read at different moments."""
_AFTER = dt.timedelta(seconds=30)
"""How long after a process's last output its lock may have been created: it prints nothing while it waits for one."""


@dataclass(frozen=True)
class Lock:
    """A lock and its holder."""

    stored: StoredLock
    life: Life
    """The state of the process that holds it."""
    process: Identity | None = None
    record: Record | None = None
    """The record of the command that took it, if it was one of ours."""

    @property
    def stack(self) -> str:
        return self.stored.stack

    @property
    def who(self) -> str:
        return self._field("Who") or "unknown (not created by terraform)"

    @property
    def since(self) -> str:
        return self._field("Created") or self.stored.modified

    @property
    def operation(self) -> str:
        return self._field("Operation") or "unknown operation"

    @property
    def pid(self) -> int | None:
        return self.process.pid if self.process else None

    @property
    def run_id(self) -> str | None:
        return self.record.folder.parent.parent.name if self.record is not None else None

    @property
    def holder(self) -> str:
        """A description of the holder's process."""
        process = f"process {self.pid}" if self.pid is not None else ""
        match self.life:
            case "alive":
                return f"alive ({process})"
            case "dead":
                return f"dead ({process})"
            case _:
                return f"unknown ({process} of another machine)" if process else "unknown"

    def age(self, now: dt.datetime) -> dt.timedelta:
        since = moment(self.since) or moment(self.stored.modified) or now
        return max(now - since, dt.timedelta(0))

    def to_json(self, now: dt.datetime) -> Json:
        known = self.stored.info or {}
        return {
            "stack": self.stack,
            "key": self.stored.key,
            "who": known.get("Who"),
            "since": self.since,
            "age_seconds": round(self.age(now).total_seconds()),
            "operation": known.get("Operation"),
            "id": known.get("ID"),
            "holder": self.life,
            "pid": self.pid,
            "run_id": self.run_id,
        }

    def _field(self, name: str) -> str:
        return str((self.stored.info or {}).get(name) or "")


def held(store: StateStore, repo: Path, environment: str, endpoint: str | None) -> list[Lock]:
    """List every lock of the environment, ordered by stack."""
    runs = repo / RUNS / environment
    locks = []
    for lock in store.locks():
        key = lock.key.removesuffix(LOCK_SUFFIX)
        running = list(active.on_state(store.bucket, key, endpoint))
        locks.append(judge(lock, store.bucket, _records(runs, lock), running))
    return locks


def judge(lock: StoredLock, bucket: str, records: Iterable[Record], running: Sequence[Identity]) -> Lock:
    """Determine the holder of a lock.

    Args:
        lock: the lock as stored.
        bucket: the bucket of the state.
        records: the records of all commands that may have taken it.
        running: the processes on this machine that work on that state.
    """
    mine = _taken_here(lock)
    fitting = [(_life(each), each) for each in records if _took(each, lock, bucket)]
    for life, record in fitting:
        if life == "alive":
            return Lock(lock, "alive", record.process, record)
    if running and mine:
        return Lock(lock, "alive", running[0])
    for life in ("unknown", "dead"):
        for each, record in fitting:
            if each == life:
                return Lock(lock, each, record.process, record)
    return Lock(lock, "unknown")


def moment(text: str) -> dt.datetime | None:
    """Parse a time in ISO 8601; `None` if it is invalid or has no time zone."""
    try:
        time = dt.datetime.fromisoformat(text)
    except ValueError:
        return None
    return time if time.tzinfo is not None else None


def _records(runs: Path, lock: StoredLock) -> Iterator[Record]:
    """Yield the records of the runs that had begun when the lock was created, the newest first."""
    made = moment(str((lock.info or {}).get("Created") or ""))
    if made is None:
        return
    # A run's name begins with its start time, in seconds.
    latest = f"{made + _BEFORE:%Y%m%dT%H%M%SZ}~"
    folders = sorted((each for each in runs.glob("*") if not each.is_symlink() and each.name <= latest), reverse=True)
    for folder in folders:
        for record in sorted(folder.glob(f"{FOLDER}/*-{lock.stack}-*/"), reverse=True):
            yield Record(record)


def _took(record: Record, lock: StoredLock, bucket: str) -> bool:
    command, process, info = record.command, record.process, lock.info or {}
    made = moment(str(info.get("Created") or ""))
    if command is None or process is None or made is None:
        return False
    if (command.bucket, f"{command.state_key}{LOCK_SUFFIX}") != (bucket, lock.key):
        return False
    user, host = _taker(lock)
    if host != process.machine.host or user not in _owners(record.folder):
        return False
    begun = moment(command.at)
    return begun is not None and begun - _BEFORE <= made <= _latest(record, begun)


def _latest(record: Record, begun: dt.datetime) -> dt.datetime:
    """Return the latest time at which the command can have created a lock."""
    ended = moment(record.ended.at) if record.ended else None
    if ended is not None:
        return ended
    signs = [record.folder / name for name in ("process.json", "stdout", "stderr")]
    times = [dt.datetime.fromtimestamp(each.stat().st_mtime, dt.UTC) for each in signs if each.exists()]
    return max([begun, *times]) + _AFTER


def _life(record: Record) -> Life:
    process = record.process
    return identity.life(process) if process else "unknown"


def _taker(lock: StoredLock) -> tuple[str, str]:
    """Return user and host of a lock."""
    user, _, host = str((lock.info or {}).get("Who") or "").rpartition("@")
    return user, host


def _taken_here(lock: StoredLock) -> bool:
    return _taker(lock)[1] == identity.machine().host


def _owners(folder: Path) -> tuple[str, ...]:
    """List the names that terraform may use for its user: without a name for the uid it uses $USER, or nothing."""
    uid = folder.stat().st_uid
    try:
        return (pwd.getpwuid(uid).pw_name,)
    except KeyError:
        return (os.environ.get("USER", ""), "", str(uid))


def describe(lock: Lock) -> str:
    """Describe a lock: user, time, operation and the state of the process."""
    return f"{lock.who} since {lock.since}, {lock.operation}, {lock.holder}"
