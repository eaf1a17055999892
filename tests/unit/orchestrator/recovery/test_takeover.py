"""What unfinished runs have left is brought to an end before another one begins."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from orchestrator.errors import Interrupted, StateLocked
from orchestrator.recovery import following, takeover
from orchestrator.recovery.takeover import Left
from orchestrator.session.target import Target
from orchestrator.system.identity import Identity
from tests.fakes.aws import FakeCloud
from tests.fakes.killed import ALIVE, BUCKET, DEAD, ELSEWHERE, Killed, lock_info, made, now, running
from tests.fakes.state import FakeStateStore


class Here:
    """A checkout, and the AWS that its states lie in."""

    def __init__(self, repo: Path) -> None:
        self.repo = repo
        self.store = FakeStateStore(bucket=BUCKET)
        self.said: list[str] = []

    def take_up(self, **options: bool) -> Left:
        left = takeover.look(self.repo, "local")
        target = Target(FakeCloud(), "123456789012", "http://127.0.0.1:1", self.store, {})
        takeover.take_up(left, self.repo, "local", target, self.said.append, **options)
        return left


@pytest.fixture
def here(tmp_path: Path) -> Here:
    return Here(tmp_path)


def test_locks_of_the_dead_are_released_and_their_run_closed(here: Here) -> None:
    run = Killed(here.repo)
    run.terraform("data")
    here.store.lock("data", lock_info())
    here.store.lock("models", lock_info("alice@laptop"))
    here.take_up()
    assert list(here.store.held) == ["models"]
    assert run.result is not None
    assert here.said[0].startswith("lock of `data` freed: ")
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
            monkeypatch.setattr(following.identity, "life", lambda identity: "dead")

        monkeypatch.setattr(following, "_sleep", at_work)
        here.take_up()
    what = f"terraform apply of `data` (process {process.pid})"
    assert here.said[:3] == [
        f"{what} of the earlier run still works; waiting for its end (Ctrl-C leaves it at work)",
        "  aws_s3_bucket.data: Creation complete",
        f"{what} has ended",
    ]


def test_with_stop_it_is_interrupted_once(here: Here) -> None:
    with running(60) as first, running(60) as second:
        run = Killed(here.repo)
        run.terraform("data", first)
        run.terraform("models", second)
        here.take_up(stop=True)
    assert here.said[0] == (
        f"terraform apply of `data` (process {first.pid}) is asked to stop; waiting until it has written its state"
    )
    assert run.result is not None


@pytest.mark.parametrize("already", ["by-the-run", "by-resume"])
def test_what_was_interrupted_is_not_interrupted_again(
    here: Here, monkeypatch: pytest.MonkeyPatch, already: str
) -> None:
    sent: list[Identity] = []
    monkeypatch.setattr(following.processes, "interrupt", lambda process: sent.append(process) or True)
    with running(60) as process:
        says = [{"type": "log", "@message": "\nInterrupt received.\nPlease wait for Terraform to exit"}]
        record = Killed(here.repo).terraform("data", process, says=says if already == "by-the-run" else [])
        following.ask_to_stop(record)
        following.ask_to_stop(record)
    assert sent == ([] if already == "by-the-run" else [process])


def test_whoever_stops_waiting_leaves_it_at_work(here: Here, monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupted(seconds: float) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(following, "_sleep", interrupted)
    with running(60) as process:
        run = Killed(here.repo)
        run.terraform("data", process)
        with pytest.raises(Interrupted, match=r"terraform apply of `data` .* goes on by itself") as caught:
            here.take_up()
        assert following.identity.life(process) == "alive"
    assert caught.value.hint == "`orchestrator resume local` waits again, with `--stop` it interrupts it"
    assert run.result is None, "it is unfinished as before"


@pytest.mark.parametrize("process", [DEAD, ELSEWHERE], ids=["its-terraform", "all"])
def test_what_ran_on_another_machine_is_left_alone_or_refused(here: Here, process: Identity) -> None:
    run = Killed(here.repo, process=process)
    run.terraform("data", ELSEWHERE)
    here.take_up()
    assert run.result is None
    with pytest.raises(StateLocked, match="it ran on another machine") as caught:
        here.take_up(strict=True)
    assert "`orchestrator resume local --force`" in (caught.value.hint or "")


def test_by_force_it_is_dead_and_so_are_its_locks(here: Here) -> None:
    run = Killed(here.repo, process=ELSEWHERE)
    run.terraform("data", ELSEWHERE)
    user = lock_info()["Who"].partition("@")[0]
    here.store.lock("data", lock_info(f"{user}@elsewhere"))
    here.store.lock("models", lock_info("alice@laptop"))
    here.take_up(force=True, strict=True)
    assert list(here.store.held) == ["models"]
    assert run.result is not None


def test_a_run_that_works_is_left_alone(here: Here) -> None:
    run = Killed(here.repo, "smoke", process=ALIVE)
    assert here.take_up().is_empty
    assert run.result is None


def test_what_a_run_has_done_counts_for_a_day(here: Here) -> None:
    told = {"step": "data", "kind": "step", "status": "ok"}
    Killed(here.repo, hours_ago=25).told(told)
    assert takeover.look(here.repo, "local").done == frozenset()
    Killed(here.repo).told(told)
    assert takeover.look(here.repo, "local").done == {"data"}


def test_applies_to_an_earlier_local_aws_are_of_no_interest(here: Here) -> None:
    Killed(here.repo).terraform("data")
    left = takeover.look(here.repo, "local")
    assert list(left.of_aws(now(-60)).applies) == ["data"]
    assert left.of_aws(now(60)).applies == {}
    assert left.of_aws(None).applies == {}
