"""The command line over fake tools, in a separate checkout."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest

from orchestrator.cli import main
from orchestrator.config import Environment
from orchestrator.core.state import State
from orchestrator.execution import wiring
from orchestrator.system import processes
from tests.fakes.tools import FakeTools

REPO = Path(__file__).resolve().parents[4]


@dataclass
class Answer:
    code: int
    out: str
    err: str


class Cli:
    """Calls the command line; the fakes of an environment stay the same from call to call."""

    def __init__(self, repo: Path, capsys: pytest.CaptureFixture[str]) -> None:
        self.repo = repo
        self._capsys = capsys
        self._tools: dict[str, FakeTools] = {}
        self.prepare: Callable[[FakeTools], object] = lambda tools: None

    def tools(self, repo: Path, environment: Environment, *, plain_provider: bool = False) -> FakeTools:
        if environment.name not in self._tools:
            self._tools[environment.name] = FakeTools(repo, environment)
            self.prepare(self._tools[environment.name])
        return self._tools[environment.name]

    def __call__(self, *arguments: str) -> Answer:
        code = main(["--repo", str(self.repo), *arguments])
        captured = self._capsys.readouterr()
        return Answer(code, captured.out, captured.err)


def leave(cli: Cli, name: str) -> None:
    """As if an earlier checkout had deployed one blueprint more."""
    tools = cli._tools["local"]
    address = "module.m.aws_sqs_queue.this"
    tools.store.states[name] = State(3, "lineage", {}, (address,))
    tools.terraform.holds(name, address)


@pytest.fixture
def cli(tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Cli:
    (tmp_path / "terraform").symlink_to(REPO / "terraform")
    sample = tmp_path / ".cache/datasets/reviews/source=amazon"
    sample.mkdir(parents=True)
    (sample / "reviews.txt").write_text("1\t2.0\tgood\n", encoding="utf-8")
    cli = Cli(tmp_path, capsys)
    monkeypatch.setattr(wiring, "RealTools", cli.tools)
    # A terraform process may work on a real local AWS with the same address and names.
    monkeypatch.setattr(processes, "running", lambda program: iter(()))
    monkeypatch.setattr(wiring, "local_emulator", lambda repo, name, port=None: cli._tools[name].emulator)
    monkeypatch.setenv("COLUMNS", "160")
    return cli
