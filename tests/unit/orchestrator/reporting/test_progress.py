from __future__ import annotations

import io
import re
import threading
import time

import pytest
from rich.console import Console as Rich

from orchestrator.core.types import Json
from orchestrator.reporting.console import Console
from orchestrator.reporting.progress import LiveProgress, PlainProgress, Progress

EVENTS: list[Json] = [
    {"step": "data", "kind": "step", "status": "started", "message": ""},
    {"step": "data", "kind": "stage", "message": "plan"},
    {"step": "data", "kind": "progress", "type": "apply_start", "message": "aws_s3_bucket.x: Creating..."},
    {"step": "data", "kind": "progress", "type": "change_summary", "message": "Plan: 1 to add"},
    {"step": "data", "kind": "step", "status": "failed", "message": "no [bold]", "seconds": 2.0},
    {"step": "blueprint-reviews-serverless", "kind": "stage", "message": "plan"},
]


def test_plain_lines_tell_stages_and_ends_but_not_every_resource() -> None:
    stream = io.StringIO()
    err = Rich(file=stream, markup=False, highlight=False, width=200)
    with PlainProgress(err, threading.Lock()) as progress:
        for event in EVENTS:
            progress(event)
    lines = [re.sub(r"^\[ *[\d.]+s\] ", "", line) for line in stream.getvalue().splitlines()]
    assert lines == [
        "data                         plan",
        "data                         Plan: 1 to add",
        "data                         failed (2.0 s): no [bold]",
        "blueprint-reviews-serverless plan",
    ]


@pytest.mark.parametrize("kind", [LiveProgress, PlainProgress])
def test_an_end_leaves_a_line_that_needs_no_colour(kind: type[Progress]) -> None:
    stream = io.StringIO()
    err = Rich(file=stream, markup=False, highlight=False, width=200, force_terminal=kind is LiveProgress)
    with kind(err, threading.Lock()) as progress:  # type: ignore[call-arg]
        for event in EVENTS:
            progress(event)
    assert "failed" in stream.getvalue()


def test_words_go_to_stderr_and_data_to_stdout() -> None:
    out, err = io.StringIO(), io.StringIO()
    console = Console(stdout=out, stderr=err)
    console.say("hello [1]")
    console.error("broken", "repair it")
    console.json({"a": [1]})
    assert err.getvalue() == "hello [1]\nerror: broken\nhint: repair it\n"
    assert out.getvalue() == '{\n  "a": [\n    1\n  ]\n}\n'
    assert not console.live


def test_live_lines_pause_during_a_prompt() -> None:
    stream = io.StringIO()
    err = Rich(file=stream, force_terminal=True, markup=False, highlight=False, width=120)
    with LiveProgress(err, threading.Lock()) as progress:
        for event in EVENTS[:2]:
            progress(event)
        with progress.paused():
            stream.truncate(0)
            time.sleep(0.3)
            assert stream.getvalue() == ""
        time.sleep(0.3)
        assert "plan" in stream.getvalue()
