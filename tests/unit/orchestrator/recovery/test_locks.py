"""The holder of a lock is found in the records of the commands that may have taken it."""

from __future__ import annotations

import datetime as dt
import getpass
import subprocess
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from orchestrator.aws.model import StoredLock
from orchestrator.recovery import locks
from orchestrator.system import identity, processes
from orchestrator.system.identity import Identity, Machine
from orchestrator.terraform import active
from orchestrator.terraform.record import Command, Ended, Record

NOW = dt.datetime.now(dt.UTC)
BUCKET = "mlops-local-tfstate"
ALIVE = identity.own()
DEAD = replace(ALIVE, pid=2**22 + 1)
ELSEWHERE = replace(ALIVE, machine=Machine("elsewhere", "boot", "ns"))
ME = f"{getpass.getuser()}@{identity.machine().host}"


def at(seconds: float) -> str:
    return (NOW + dt.timedelta(seconds=seconds)).isoformat().replace("+00:00", "Z")


def lock(*, who: str = ME, created: str = "", stack: str = "data") -> StoredLock:
    info = {"ID": "51d0", "Operation": "OperationTypeApply", "Who": who, "Created": created or at(0)}
    return StoredLock(stack, f"{stack}.tfstate.tflock", '"etag"', at(0), info)


def record(
    folder: Path,
    process: Identity = DEAD,
    *,
    stack: str = "data",
    bucket: str = BUCKET,
    begun: float = -2,
    ended: float | None = None,
) -> Record:
    """A command that began then."""
    made = Record(folder / f"20200101T000000Z-{len(list(folder.glob('*')))}" / "tools" / f"01-{stack}-apply")
    made.begin(Command(stack, "apply", ("terraform",), "root", "data", bucket, f"{stack}.tfstate", at(begun)))
    made.started(process)
    if ended is not None:
        made.end(Ended(0, at(ended)))
    return made


@pytest.mark.parametrize(("process", "life"), [(ALIVE, "alive"), (DEAD, "dead")])
def test_the_holder_is_the_command_that_ran_when_the_lock_was_created(
    tmp_path: Path, process: Identity, life: str
) -> None:
    made = record(tmp_path, process)
    judged = locks.judge(lock(), BUCKET, [made], [])
    assert (judged.life, judged.pid, judged.run_id) == (life, process.pid, made.folder.parents[1].name)


def test_a_process_of_another_machine_is_unknown(tmp_path: Path) -> None:
    made = record(tmp_path, ELSEWHERE)
    who = f"{getpass.getuser()}@elsewhere"
    assert locks.judge(lock(who=who), BUCKET, [made], []).life == "unknown"


@pytest.mark.parametrize(
    ("held", "changes"),
    [
        (lock(), {"stack": "models"}),
        (lock(), {"bucket": "another"}),
        (lock(who="another@" + identity.machine().host), {}),
        (lock(who=f"{getpass.getuser()}@laptop"), {}),
        (lock(created=at(-60)), {}),
        (lock(created=at(3600)), {}),
        (lock(created=at(-1)), {"begun": -5, "ended": -3}),
        (lock(created="yesterday"), {}),
        (replace(lock(), info=None), {}),
    ],
    ids=["stack", "bucket", "user", "host", "before", "long-after", "after-its-end", "no-time", "garbage"],
)
def test_a_record_that_does_not_match_proves_nothing(tmp_path: Path, held: StoredLock, changes: dict[str, Any]) -> None:
    made = record(tmp_path, **changes)
    assert locks.judge(held, BUCKET, [made], []).life == "unknown"


def test_a_lock_without_a_record_is_unknown(tmp_path: Path) -> None:
    judged = locks.judge(replace(lock(), info=None), BUCKET, [], [])
    assert locks.describe(judged) == (f"unknown (not created by terraform) since {at(0)}, unknown operation, unknown")


def test_a_terraform_of_another_checkout_on_that_state_may_be_the_holder(tmp_path: Path) -> None:
    made = record(tmp_path, DEAD)
    judged = locks.judge(lock(), BUCKET, [made], [ALIVE])
    assert (judged.life, judged.pid) == ("alive", ALIVE.pid)


def test_a_terraform_here_holds_no_lock_of_another_machine(tmp_path: Path) -> None:
    assert locks.judge(lock(who="alice@laptop"), BUCKET, [], [ALIVE]).life == "unknown"


def test_of_several_commands_the_live_one_counts(tmp_path: Path) -> None:
    made = [record(tmp_path, DEAD), record(tmp_path, ALIVE)]
    assert locks.judge(lock(), BUCKET, made, []).life == "alive"


# --- processes of this machine -------------------------------------------------------------------------------


@pytest.fixture
def terraform(tmp_path: Path) -> Iterator[subprocess.Popen[str]]:
    """A process of that name, at work on `data.tfstate`."""
    program = tmp_path / "terraform"
    program.symlink_to("/bin/sleep")
    data = tmp_path / "datadir"
    data.mkdir()
    (data / "terraform.tfstate").write_text(
        f'{{"backend": {{"type": "s3", "config": {{"bucket": "{BUCKET}", "key": "data.tfstate"}}}}}}', encoding="utf-8"
    )
    environment = {"TF_DATA_DIR": str(data), "AWS_ENDPOINT_URL": "http://127.0.0.1:1"}
    child = subprocess.Popen([program, "60"], env=environment, text=True)
    yield child
    child.kill()
    child.wait()


@pytest.mark.skipif(not Path("/proc/self/comm").exists(), reason="no /proc")
def test_running_terraforms_are_found_by_their_state(
    tmp_path: Path, terraform: subprocess.Popen[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def is_listed(bucket: str = BUCKET, key: str = "data.tfstate", endpoint: str | None = "http://127.0.0.1:1") -> bool:
        return terraform.pid in [each.pid for each in active.on_state(bucket, key, endpoint)]

    deadline = dt.datetime.now() + dt.timedelta(seconds=5)
    while not is_listed() and dt.datetime.now() < deadline:  # until it has become that program
        pass
    assert is_listed()
    assert not is_listed(key="models.tfstate")
    assert not is_listed(bucket="another")
    assert not is_listed(endpoint=None), "another local AWS has buckets of the same names"
    (tmp_path / "datadir/terraform.tfstate").write_text("{", encoding="utf-8")
    assert is_listed(key="models.tfstate"), "an unreadable record matches any state"
    monkeypatch.setattr(processes, "_PROC", tmp_path)
    assert is_listed(key="others.tfstate", endpoint=None), "without /proc every process matches"
