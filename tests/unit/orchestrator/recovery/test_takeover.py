"""A new run cleans up after unfinished ones."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from orchestrator.errors import Interrupted, StateLocked
from orchestrator.recovery import following, takeover
from orchestrator.recovery.takeover import Left
from orchestrator.session.target import Target
from orchestrator.system import identity, processes
from orchestrator.system.identity import Identity
from tests.fakes.aws import FakeCloud
from tests.fakes.killed import ALIVE, BUCKET, DEAD, ELSEWHERE, Killed, lock_info, made, now, running
from tests.fakes.state import FakeStateStore


class Here:
    """A checkout, and the AWS with its states."""

    def __init__(self, repo: Path) -> None:
        self.repo = repo
        self.store = FakeStateStore(bucket=BUCKET)
        self.lines: list[str] = []

    def take_up(self, **options: bool) -> Left:
        left = takeover.look(self.repo, "local")
        target = Target(FakeCloud(), "123456789012", "http://127.0.0.1:1", self.store, {})
        takeover.take_up(left, self.repo, "local", target, self.lines.append, **options)
        return left


@pytest.fixture
def here(tmp_path: Path) -> Here:
    return Here(tmp_path)


def test_locks_of_dead_runs_are_released_and_the_runs_closed(here: Here) -> None:
    run = Killed(here.repo)
    run.terraform("data")
    here.store.lock("data", lock_info())
    here.store.lock("models", lock_info("alice@laptop"))
    here.take_up()
    assert list(here.store.held) == ["models"]
    assert run.result is not None
    assert here.lines[0].startswith("lock of `data` released: ")
    assert takeover.look(here.repo, "local").runs == ()


def test_a_terraform_that_still_runs_is_followed_to_its_end(here: Here, monkeypatch: pytest.MonkeyPatch) -> None:
    with running(60) as process:
        record = Killed(here.repo).terraform("data", process)
        here.store.lock("data", lock_info())

        def at_work(seconds: float) -> None:
            """It makes something, ends, and releases its lock."""
            with record.stdout.open("a", encoding="utf-8") as file:
                file.write(json.dumps(made("aws_s3_bucket.data")) + "\n" + json.dumps({"type": "refresh_start"}) + "\n")
            here.store.held.clear()
            monkeypatch.setattr(identity, "life", lambda identity: "dead")

        monkeypatch.setattr(following, "_sleep", at_work)
        here.take_up()
    what = f"terraform apply of `data` (process {process.pid})"
    assert here.lines[:3] == [
        f"{what} of the earlier run is still running; waiting for its end (Ctrl-C does not stop it)",
        "  aws_s3_bucket.data: Creation complete",
        f"{what} has ended",
    ]


def test_with_stop_it_is_interrupted_once(here: Here) -> None:
    with running(60) as first, running(60) as second:
        run = Killed(here.repo)
        run.terraform("data", first)
        run.terraform("models", second)
        here.take_up(stop=True)
    assert here.lines[0] == (
        f"terraform apply of `data` (process {first.pid}) was interrupted; waiting until it has written its state"
    )
    assert run.result is not None


@pytest.mark.parametrize("already", ["by-the-run", "by-resume"])
def test_what_was_interrupted_is_not_interrupted_again(
    here: Here, monkeypatch: pytest.MonkeyPatch, already: str
) -> None:
    sent: list[Identity] = []
    monkeypatch.setattr(processes, "interrupt", sent.append)
    with running(60) as process:
        says = [{"type": "log", "@message": "\nInterrupt received.\nPlease wait for Terraform to exit"}]
        record = Killed(here.repo).terraform("data", process, says=says if already == "by-the-run" else [])
        following.interrupt(record)
        following.interrupt(record)
    assert sent == ([] if already == "by-the-run" else [process])


def test_interrupting_the_wait_does_not_stop_the_terraform(here: Here, monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupted(seconds: float) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(following, "_sleep", interrupted)
    with running(60) as process:
        run = Killed(here.repo)
        run.terraform("data", process)
        with pytest.raises(Interrupted, match=r"terraform apply of `data` .* continues") as caught:
            here.take_up()
        assert identity.life(process) == "alive"
    assert caught.value.hint == "run `orchestrator resume local` to wait again, with `--stop` to interrupt it"
    assert run.result is None, "it is unfinished as before"


@pytest.mark.parametrize("process", [DEAD, ELSEWHERE], ids=["its-terraform", "all"])
def test_runs_of_other_machines_are_skipped_or_refused(here: Here, process: Identity) -> None:
    run = Killed(here.repo, process=process)
    run.terraform("data", ELSEWHERE)
    here.take_up()
    assert run.result is None
    with pytest.raises(StateLocked, match="it ran on another machine") as caught:
        here.take_up(strict=True)
    assert "`orchestrator resume local --force`" in (caught.value.hint or "")


def test_force_closes_a_run_and_releases_its_locks(here: Here) -> None:
    run = Killed(here.repo, process=ELSEWHERE)
    run.terraform("data", ELSEWHERE)
    user = lock_info()["Who"].partition("@")[0]
    here.store.lock("data", lock_info(f"{user}@elsewhere"))
    here.store.lock("models", lock_info("alice@laptop"))
    here.take_up(force=True, strict=True)
    assert list(here.store.held) == ["models"]
    assert run.result is not None


def test_a_running_run_is_not_touched(here: Here) -> None:
    run = Killed(here.repo, "smoke", process=ALIVE)
    assert here.take_up().is_empty
    assert run.result is None


def test_completed_steps_count_for_a_day(here: Here) -> None:
    event = {"step": "data", "kind": "step", "status": "ok"}
    Killed(here.repo, hours_ago=25).told(event)
    assert takeover.look(here.repo, "local").done == frozenset()
    Killed(here.repo).told(event)
    assert takeover.look(here.repo, "local").done == {"data"}


def test_applies_to_an_earlier_local_aws_are_dropped(here: Here) -> None:
    Killed(here.repo).terraform("data")
    left = takeover.look(here.repo, "local")
    assert list(left.of_aws(now(-60)).applies) == ["data"]
    assert left.of_aws(now(60)).applies == {}
    assert left.of_aws(None).applies == {}
