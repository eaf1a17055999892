"""Which local AWS a command means."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from orchestrator.execution import wiring
from orchestrator.terraform.warm_provider import client
from tests.fakes.emulator import FakeEmulator
from tests.fakes.platforms import platform_file
from tests.unit.orchestrator.cli.conftest import Cli


class Beside:
    """Local AWSes by environment, and the folders whose providers were stopped."""

    def __init__(self, cli: Cli) -> None:
        self.cli = cli
        self.all: dict[str, FakeEmulator] = {}
        self.ports: dict[str, int | None] = {}
        self.earlier = FakeEmulator()
        self.ended: list[Path] = []

    def emulator(self, repo: Path, name: str, port: int | None = None) -> FakeEmulator:
        self.ports[name] = port
        return self.all.setdefault(name, FakeEmulator())

    def file(self, name: str, text: str = "", target: str = "local") -> None:
        file = self.cli.repo / "terraform/envs" / name / "platform.yaml"
        file.parent.mkdir(parents=True)
        file.write_text(platform_file(text, target)[1], encoding="utf-8")


@pytest.fixture
def beside(cli: Cli, monkeypatch: pytest.MonkeyPatch) -> Beside:
    (cli.repo / "terraform").unlink()
    made = Beside(cli)
    monkeypatch.setattr(wiring, "local_emulator", made.emulator)
    monkeypatch.setattr(wiring, "earlier_emulator", lambda repo: made.earlier)
    monkeypatch.setattr(client, "stop_below", lambda repo, folder: made.ended.append(folder.relative_to(repo)))
    return made


COMMANDS = ("up", "status", "env", "logs", "down")


def test_the_only_local_environment_need_not_be_named(beside: Beside) -> None:
    beside.file("sandbox", "local: {port: 4600}")
    beside.file("local", target="aws")
    assert json.loads(beside.cli("emulator", "up", "--json").out)["environment"] == "sandbox"
    assert beside.ports == {"sandbox": 4600}
    assert beside.all["sandbox"].running
    assert 'eval "$(orchestrator emulator env sandbox)"' in beside.cli("emulator", "status").out


@pytest.mark.parametrize("command", COMMANDS)
def test_of_several_one_has_to_be_named(beside: Beside, command: str) -> None:
    beside.file("one")
    beside.file("two")
    answer = beside.cli("emulator", command)
    assert (answer.code, answer.err.splitlines()[0]) == (
        3, "error: ENV is required if there are several local environments: one, two"
    )  # fmt: skip
    assert beside.all == {}
    assert beside.cli("emulator", "up", "two").code == 0
    assert beside.all["two"].running


@pytest.mark.parametrize("command", COMMANDS)
@pytest.mark.parametrize("name", ["cloud", "unknown", "../one"])
def test_what_has_no_local_aws_is_refused_with_those_that_have(beside: Beside, command: str, name: str) -> None:
    beside.file("one")
    beside.file("cloud", target="aws")
    answer = beside.cli("emulator", command, name)
    assert answer.code == 3
    assert (
        f"`{name}` is not an environment with a local AWS; environments with `target: local` in terraform/envs: one"
        in answer.err
    )
    assert beside.all == {}


def test_without_any_there_is_nothing_to_start(beside: Beside) -> None:
    beside.file("cloud", target="aws")
    answer = beside.cli("emulator", "up")
    assert (answer.code, "there is no environment with a local AWS" in answer.err) == (3, True)


def test_one_that_runs_can_be_stopped_though_its_file_is_gone_or_now_says_aws(beside: Beside) -> None:
    beside.file("moved", target="aws")
    for name in ("moved", "gone"):
        (beside.cli.repo / ".emulator" / name).mkdir(parents=True)
        (beside.cli.repo / ".emulator" / name / "emulator.json").write_text("{}")
        beside.all[name] = FakeEmulator(running=True)
        assert beside.cli("emulator", "down", name).out == "stopped\n"
    answer = beside.cli("emulator", "up", "moved")
    assert "error: `moved` has `target: aws` and no local AWS" in answer.err


def test_down_ends_the_providers_of_its_environment_alone(beside: Beside) -> None:
    beside.file("one")
    beside.file("two")
    for name in ("one", "two"):
        beside.cli("emulator", "up", name)
    assert beside.cli("emulator", "down", "one").out == "stopped\n"
    assert (beside.all["one"].running, beside.all["two"].running) == (False, True)
    assert beside.ended == [Path("build/one")]
    assert beside.cli("emulator", "down", "one").out == "the local AWS of `one` was not running\n"


def test_down_without_a_name_ends_the_one_of_an_earlier_version_first(beside: Beside) -> None:
    beside.file("one")
    beside.file("two")
    beside.earlier.running = True
    assert beside.cli("emulator", "down").out == "stopped the local AWS that an earlier version had started\n"
    assert beside.cli("emulator", "down").code == 3
