"""The creations in a dead terraform's output."""

from __future__ import annotations

import json
from pathlib import Path

from orchestrator.core.state import State
from orchestrator.recovery.creations import creations, uncertain, unrecorded
from orchestrator.terraform.record import Record


def _line(kind: str, address: str, action: str = "create", **more: str) -> str:
    return json.dumps({"type": kind, "hook": {"resource": {"addr": address}, "action": action, **more}})


def _created(address: str, value: str) -> str:
    return _line("apply_complete", address, id_key="id", id_value=value)


def _record(folder: Path, *lines: str) -> Record:
    (folder / "stdout").write_text("\n".join(lines), encoding="utf-8")
    return Record(folder)


def _state(*resources: str) -> State:
    return State(1, "lineage", {}, resources)


def test_creations_that_the_state_lacks_are_listed_with_their_ids(tmp_path: Path) -> None:
    record = _record(tmp_path, _created("aws_vpc.this", "vpc-1"), _created('aws_subnet.private["a"]', "subnet-1"))
    assert unrecorded(record, _state("aws_vpc.this")) == {'aws_subnet.private["a"]': "subnet-1"}
    assert unrecorded(record, None) == {"aws_vpc.this": "vpc-1", 'aws_subnet.private["a"]': "subnet-1"}


def test_truncated_lines_and_plain_text_are_ignored(tmp_path: Path) -> None:
    record = _record(
        tmp_path, "Interrupted.", "[]", _created("aws_vpc.this", "vpc-1"), _created("aws_eip.x", "e")[:-20]
    )
    assert unrecorded(record, None) == {"aws_vpc.this": "vpc-1"}


def test_a_later_deletion_cancels_a_creation(tmp_path: Path) -> None:
    gone = [_created("aws_eip.x", "e-1"), _line("apply_complete", "aws_eip.x", "delete")]
    assert unrecorded(_record(tmp_path, *gone), None) == {}
    assert unrecorded(_record(tmp_path, *gone, _created("aws_eip.x", "e-2")), None) == {"aws_eip.x": "e-2"}


def test_a_replacement_has_the_new_id(tmp_path: Path) -> None:
    lines = [_line("apply_complete", "aws_eip.x", "delete"), _created("aws_eip.x", "e-2")]
    assert unrecorded(_record(tmp_path, *lines), None) == {"aws_eip.x": "e-2"}


def test_a_name_is_not_used_as_an_id(tmp_path: Path) -> None:
    line = _line("apply_complete", "aws_x.y", id_key="name", id_value="n")
    assert unrecorded(_record(tmp_path, line), None) == {"aws_x.y": ""}


def test_a_creation_without_an_end_is_uncertain(tmp_path: Path) -> None:
    begun = [_line("apply_start", name) for name in ("aws_a.x", "aws_b.x", "aws_c.x", "aws_d.x")]
    ended = [_created("aws_a.x", "1"), _line("apply_errored", "aws_b.x")]
    record = _record(tmp_path, *begun, *ended)
    assert uncertain(record, _state("aws_d.x")) == ("aws_b.x", "aws_c.x")
    assert unrecorded(record, None) == {"aws_a.x": "1"}


def test_a_missing_output_has_no_creations(tmp_path: Path) -> None:
    read = creations(tmp_path / "stdout")
    assert (read.completed, read.begun) == ({}, ())
