"""`orchestrator unlock`: locks are shown, released or refused."""

from __future__ import annotations

import datetime as dt
import getpass
import json
from dataclasses import replace
from pathlib import Path

import pytest

from orchestrator.core.types import Json
from orchestrator.system import identity
from orchestrator.system.identity import Identity
from orchestrator.terraform.record import Command, Record
from tests.fakes.state import FakeStateStore
from tests.unit.orchestrator.cli.conftest import Cli

ALIVE = identity.own()
DEAD = replace(ALIVE, pid=2**22 + 1)


def now() -> str:
    return dt.datetime.now(dt.UTC).isoformat()


def info(who: str = f"{getpass.getuser()}@{identity.machine().host}") -> Json:
    return {"ID": "1", "Who": who, "Created": now(), "Operation": "OperationTypeApply"}


@pytest.fixture
def store(cli: Cli) -> FakeStateStore:
    """Of an environment that is deployed."""
    cli.prepare = lambda tools: tools.emulator.up()
    assert cli("status", "local").code == 0
    return cli._tools["local"].store


def taken(repo: Path, store: FakeStateStore, stack: str, process: Identity) -> None:
    """A lock, and the record of the command that took it."""
    record = Record(repo / ".runs/local/20260101T000000Z-abcdef/tools" / f"0001-{stack}-apply")
    record.begin(Command(stack, "apply", (), "root", "data", store.bucket, store.key(stack), now()))
    record.started(process)
    store.lock(stack, info())


def test_nothing_is_locked(cli: Cli, store: FakeStateStore) -> None:
    answer = cli("unlock", "local")
    assert (answer.code, answer.out, answer.err) == (0, "", "no state of `local` is locked\n")


def test_locks_of_the_dead_are_freed_also_of_stacks_that_no_file_names(cli: Cli, store: FakeStateStore) -> None:
    taken(cli.repo, store, "data", DEAD)
    taken(cli.repo, store, "blueprint-gone", DEAD)
    answer = cli("unlock", "local")
    assert answer.code == 0, answer.err
    assert store.held == {}
    assert f"dead (process {DEAD.pid})" in answer.out
    assert answer.err.splitlines() == ["lock of `data`: released", "lock of `blueprint-gone`: released"]


@pytest.mark.parametrize("options", [(), ("--force", "--yes")])
def test_the_lock_of_a_living_process_stays(cli: Cli, store: FakeStateStore, options: tuple[str, ...]) -> None:
    taken(cli.repo, store, "data", ALIVE)
    taken(cli.repo, store, "models", DEAD)
    answer = cli("unlock", "local", *options)
    assert answer.code == 13
    assert list(store.held) == ["data"]
    assert f"alive (process {ALIVE.pid})\nhint: wait for it, or run `kill -INT {ALIVE.pid}`" in answer.err


def test_a_lock_of_another_machine_goes_by_force_alone(cli: Cli, store: FakeStateStore) -> None:
    store.lock("data", info("alice@laptop"))
    refused = cli("unlock", "local")
    assert (refused.code, list(store.held)) == (13, ["data"])
    assert "`data` stays locked by alice@laptop since" in refused.err
    assert "hint: if it is certainly dead, run `orchestrator unlock local --force`\n" in refused.err
    unanswered = cli("unlock", "local", "--force")
    assert (unanswered.code, list(store.held)) == (14, ["data"])
    forced = cli("unlock", "local", "--force", "--yes")
    assert (forced.code, store.held) == (0, {})
    assert (
        "warning: if a terraform process still works on `data` elsewhere, two processes will write one state"
        in forced.err
    )


def test_a_lock_that_terraform_did_not_create_is_released_by_force(cli: Cli, store: FakeStateStore) -> None:
    store.lock("data", None)
    refused = cli("unlock", "local")
    assert refused.code == 13
    assert "unknown (not created by terraform)" in refused.err
    assert cli("unlock", "local", "--force", "--yes").code == 0
    assert store.held == {}


def test_of_one_stack(cli: Cli, store: FakeStateStore) -> None:
    taken(cli.repo, store, "data", DEAD)
    taken(cli.repo, store, "models", DEAD)
    assert cli("unlock", "local", "data").code == 0
    assert list(store.held) == ["models"]
    assert cli("unlock", "local", "data").err == "the state of `data` is not locked\n"
    mistyped = cli("unlock", "local", "mdels")
    assert (mistyped.code, "did you mean `models`?" in mistyped.err) == (1, True)


def test_a_lock_that_changed_meanwhile_is_skipped(
    cli: Cli, store: FakeStateStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    taken(cli.repo, store, "data", DEAD)
    monkeypatch.setattr(store, "remove_lock", lambda lock: False)
    answer = cli("unlock", "local")
    assert "lock of `data`: skipped: already released, or taken by another process" in answer.err


def test_json(cli: Cli, store: FakeStateStore) -> None:
    taken(cli.repo, store, "data", DEAD)
    store.lock("models", info("alice@laptop"))
    answer = cli("unlock", "local", "--json")
    assert answer.code == 13
    data, models = json.loads(answer.out)["locks"]
    assert (data["holder"], data["pid"], data["run_id"], data["freed"]) == (
        "dead", DEAD.pid, "20260101T000000Z-abcdef", True,
    )  # fmt: skip
    assert (models["holder"], models["who"], models["freed"]) == ("unknown", "alice@laptop", False)


def test_a_local_aws_that_does_not_run_holds_no_locks(cli: Cli) -> None:
    answer = cli("unlock", "local")
    assert (answer.code, "the local AWS is not running" in answer.err) == (0, True)
