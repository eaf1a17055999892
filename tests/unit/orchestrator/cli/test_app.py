"""What signals mean to a run, and what it writes down of its command line."""

from __future__ import annotations

import io
import json
import os
import signal
from pathlib import Path

import pytest

from orchestrator.cli.app import interruptible
from orchestrator.reporting.console import Console
from tests.unit.orchestrator.cli.conftest import Cli


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_the_second_signal_ends_the_waiting_and_the_third_everything(number: int) -> None:
    stderr = io.StringIO()
    before = signal.getsignal(number)
    with interruptible(Console(stderr=stderr), "dev") as cancel:
        os.kill(os.getpid(), number)
        assert (cancel.is_set(), cancel.insisted) == (True, False)
        os.kill(os.getpid(), number)
        assert cancel.insisted
        assert "`orchestrator resume dev`" in stderr.getvalue()
        with pytest.raises(KeyboardInterrupt):
            os.kill(os.getpid(), number)
    assert signal.getsignal(number) == before


def test_a_run_writes_down_what_was_typed(cli: Cli) -> None:
    cli("plan", "local", "--json")
    (run,) = cli.repo.glob(".runs/local/2*/run.json")
    document = json.loads(run.read_text())
    assert document["command"] == "plan"
    assert document["arguments"][-3:] == ["plan", "local", "--json"]
    assert Path(document["arguments"][1]) == cli.repo
