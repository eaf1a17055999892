"""Write the files of all stacks and return the commands that run terraform by hand."""

from __future__ import annotations

import tempfile
import threading
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from orchestrator.core.types import Json
from orchestrator.execution.deployed import load_outputs
from orchestrator.planning.graph import Graph, Stack
from orchestrator.runs.journal import Journal
from orchestrator.runs.run_folder import RunFolder, now
from orchestrator.session.ports import Tools
from orchestrator.session.results import Results
from orchestrator.session.session import Session
from orchestrator.session.target import Target
from orchestrator.stacks import lifecycle, secrets
from orchestrator.stacks.workspace import manual_lines


@dataclass(frozen=True)
class Rendered:
    stack: str
    preview: bool
    lines: tuple[str, ...]


def render_all(
    tools: Tools, graph: Graph, chosen: Sequence[Stack], target: Target, examples: Mapping[str, Json]
) -> list[Rendered]:
    """Write the files of the chosen stacks, with example values where a dependency does not exist."""
    rendered = []
    with tempfile.TemporaryDirectory() as scratch:
        # Rendering leaves no run folder: it is not a run.
        (Path(scratch) / "logs").mkdir()
        journal = Journal(RunFolder(Path(scratch), now()))
        session = Session(tools, graph, journal, threading.Event(), examples=examples, results=Results(target=target))
        packages = tools.repo / "build" / "packages"
        packages.mkdir(parents=True, exist_ok=True)
        session.results.packages = tools.packager.build(packages)
        if not target.throwaway:
            load_outputs(session)
        for stack in chosen:
            real = lifecycle.is_real(session, stack)
            ws = lifecycle.workspace(session, stack, real=real)
            lines = (
                *manual_lines(tools.repo, tools.environment.name, ws),
                *(secrets.manual_lines(session, stack) if real else ()),
            )
            rendered.append(Rendered(stack.name, not real, tuple(lines)))
    return rendered
