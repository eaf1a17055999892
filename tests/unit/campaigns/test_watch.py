from __future__ import annotations

import re
from pathlib import Path

import pytest

from tests.campaigns.rows import PHASES, Row
from tests.campaigns.watch import Tail, signals

JOURNAL = {
    "plan": "foundation stage  plan",
    "apply": "foundation progress  module.vpc.aws_vpc.this[0]: Creating...",
    "pipeline": "pipeline progress  TrainModel",
    "release": "release reviews progress  Compare",
    "smoke": "smoke reviews step started ",
    "models": "model versions step started ",
}
BUCKET = "mlops-local-tfstate-123456789012-us-east-1"
LOG = {
    (
        "upload",
        False,
    ): f"08:00:00 200 s3 PUT /{BUCKET}/foundation.tfstate 5ms emulated",
    ("upload", True): "08:00:00 fault fault-1a2b3c4d slow hit s3:PutObject foundation.tfstate",
    (
        "unlock",
        False,
    ): f"08:00:00 204 s3 DELETE /{BUCKET}/foundation.tfstate.tflock 5ms -",
    ("unlock", True): "08:00:00 fault fault-1a2b3c4d slow hit s3:DeleteObject foundation.tfstate.tflock",
}
OTHERS = (
    f"08:00:00 200 s3 PUT /{BUCKET}/foundation.tfstate.tflock 5ms emulated",
    f"08:00:00 200 s3 PUT /{BUCKET}/data.tfstate 5ms emulated",
    f"08:00:00 200 s3 GET /{BUCKET}/foundation.tfstate 5ms emulated",
    "data stage  plan",
    "data progress  aws_glue_job.this: Creating...",
)


def row(phase: str, held: bool = False) -> Row:
    stack = {"release": "reviews", "smoke": "reviews"}.get(phase, "foundation")
    return Row(0, "orchestrator", "create", phase, stack, held, 1, 0)  # type: ignore[arg-type]


@pytest.mark.parametrize("phase", PHASES)
@pytest.mark.parametrize("held", [False, True])
def test_each_phase_is_known_by_its_own_line_and_by_no_other(phase: str, held: bool) -> None:
    line = LOG.get((phase, held)) or JOURNAL[phase]
    waited = signals(row(phase, held))
    assert any(re.search(signal.pattern, line) for signal in waited)
    strangers = {*OTHERS, *JOURNAL.values()} - {line}
    assert [each for each in strangers if any(re.search(signal.pattern, each) for signal in waited)] == []


def test_an_apply_with_few_events_is_killed_at_its_upload() -> None:
    for held in (False, True):
        assert any(re.search(signal.pattern, LOG["upload", held]) for signal in signals(row("apply", held)))


def test_a_file_is_read_in_whole_lines_and_from_its_start_when_it_is_another_one(tmp_path: Path) -> None:
    file = tmp_path / "log"
    file.write_text("old\n")
    tail = Tail(file, from_now=True)
    assert tail.lines() == []
    with file.open("a") as log:
        log.write("one\ntw")
    assert tail.lines() == ["one"]
    with file.open("a") as log:
        log.write("o\n")
    assert tail.lines() == ["two"]
    file.write_text("new\n")
    assert tail.lines() == ["new"]
    assert Tail(tmp_path / "missing", from_now=True).lines() == []
