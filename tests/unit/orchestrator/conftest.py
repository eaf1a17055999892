"""The repository's own phases and environments, and runs with fake tools."""

from __future__ import annotations

import shutil
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from orchestrator.blueprints import MATRIX
from orchestrator.config import Environment, load
from orchestrator.core.types import Json
from orchestrator.execution.executor import Executor
from orchestrator.planning import graph as graphs
from orchestrator.planning import phases, plans
from orchestrator.planning.graph import Graph
from orchestrator.planning.steps import Plan
from orchestrator.runs.journal import Journal
from orchestrator.runs.result import Result
from orchestrator.runs.run_folder import RunFolder
from orchestrator.session.session import Session
from tests.fakes.tools import OUTPUTS, FakeTools

REPO = Path(__file__).resolve().parents[3]
Deploy = Callable[..., Result]


@pytest.fixture
def repo() -> Path:
    return REPO


@pytest.fixture
def environment() -> Environment:
    return load(REPO, "local")


@pytest.fixture
def graph(environment: Environment) -> Graph:
    return graphs.build(phases.read(REPO), environment)


@pytest.fixture
def tools(tmp_path: Path, environment: Environment) -> FakeTools:
    sample = tmp_path / ".cache/datasets/reviews/source=amazon"
    sample.mkdir(parents=True)
    (sample / "reviews.txt").write_text("1\t2.0\tgood\n", encoding="utf-8")
    return FakeTools(tmp_path, environment)


class Runs:
    """Runs plans with fake tools and keeps the events."""

    def __init__(self, tools: FakeTools, graph: Graph) -> None:
        self.tools = tools
        self.graph = graph
        self.cancel = threading.Event()
        self.events: list[Json] = []
        self.last: Session | None = None

    def __call__(self, plan: Plan, prepare: Callable[[Session], None] | None = None, **context: Any) -> Result:
        """Run a plan; `context` are fields of its session."""
        self.events.clear()
        folder = RunFolder.create(self.tools.repo, plan.environment)
        journal = Journal(folder, (self.events.append,))
        self.last = Session(self.tools, self.graph, journal, self.cancel, examples=OUTPUTS, **context)
        if prepare:
            prepare(self.last)
        return Executor(self.last).run(plan)


@pytest.fixture
def run(tools: FakeTools, graph: Graph) -> Runs:
    return Runs(tools, graph)


@pytest.fixture
def deploy(run: Runs, tools: FakeTools, environment: Environment, graph: Graph) -> Deploy:
    """Deploy a copy of the real Terraform code with fake tools."""
    ignore = shutil.ignore_patterns(".terraform", "tests", "examples")
    copy = shutil.copyfile  # what is copied is hashed: its times do not matter
    shutil.copytree(REPO / "terraform", tools.repo / "terraform", ignore=ignore, copy_function=copy)
    for key, entry in MATRIX.items():
        if entry.module is not None:
            tools.modules[key] = tools.repo / "terraform/modules" / entry.module

    def deployed(env: Environment = environment, **options: Any) -> Result:
        tools.terraform.calls.clear()
        tools.environment = env
        return run(plans.deploy(env, graph, **options))

    return deployed
