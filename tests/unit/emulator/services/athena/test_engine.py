"""The engine ends every query, whatever happens to it."""

from __future__ import annotations

import threading
from pathlib import Path

import pytest

from emulator.core.administrator import ADMIN
from emulator.core.aws import Aws
from emulator.core.evidence import STORE
from emulator.core.jobs import Exit
from emulator.core.settings import Settings
from emulator.core.workers import Workers
from emulator.services.athena.contract import Outcome, Request
from emulator.services.athena.engine import Engine

REQUEST = Request("q1", "SELECT 1", "default", [], "s3://results/", enforced=False, limit_bytes=None, encryption={})
KILLED = -9


def outcome(data_dir: Path) -> Outcome:
    """Run a query and return the single outcome that is reported."""
    outcomes: list[Outcome] = []
    done = threading.Event()

    def report(reported: Outcome, folder: Path) -> None:
        outcomes.append(reported)
        done.set()

    aws = Aws(Settings(host="127.0.0.1", port=1, endpoint="http://127.0.0.1:1", data_dir=data_dir))
    Engine(aws).start(REQUEST, ADMIN, "us-east-1", None, report)
    assert done.wait(30), "the query never ended"
    [reported] = outcomes
    return reported


def test_a_query_whose_thread_breaks_fails_and_says_why(tmp_path: Path) -> None:
    (tmp_path / "athena").write_text("a file where a folder should be")
    result = outcome(tmp_path)
    assert result.state == "FAILED"
    assert str(result.reason).startswith("GENERIC_INTERNAL_ERROR: internal failure: ")
    assert result.output == "s3://results/q1.csv"
    record = STORE.query(kind="athena-query", resource="q1")[-1]
    assert (record["status"], record["fidelity"]) == ("failed", "not-run")


def test_an_outcome_that_cannot_be_read_fails_the_query(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def half_written(self: Workers, work_id: str, evidence_id: str, folder: Path, *rest: object) -> Exit:
        (folder / "outcome.json").write_text('{"state": ')
        return Exit(0, timed_out=False, stopped=False, tail=())

    monkeypatch.setattr(Workers, "run", half_written)
    assert outcome(tmp_path).state == "FAILED"


@pytest.mark.parametrize(
    ("ended", "state", "reason"),
    [
        (Exit(KILLED, timed_out=False, stopped=True, tail=()), "CANCELLED", "Query cancelled by user"),
        (Exit(KILLED, timed_out=True, stopped=False, tail=()), "FAILED", "Query timeout"),
        (
            Exit(KILLED, timed_out=False, stopped=False, tail=()),
            "FAILED",
            "GENERIC_INTERNAL_ERROR: killed by signal 9: no output",
        ),
        (
            Exit(1, timed_out=False, stopped=False, tail=("Traceback", "KeyError: 'x'")),
            "FAILED",
            "GENERIC_INTERNAL_ERROR: exit code 1: KeyError: 'x'",
        ),
    ],
)
def test_a_process_without_an_outcome(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, ended: Exit, state: str, reason: str
) -> None:
    monkeypatch.setattr(Workers, "run", lambda *_: ended)
    result = outcome(tmp_path)
    assert (result.state, result.reason) == (state, reason)
