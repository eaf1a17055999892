from __future__ import annotations

from typing import Any

from benchmarks.loop import StackTime, _filled, with_upstream


def test_outputs_of_this_deployment_replace_those_of_the_other_one() -> None:
    states: dict[str, dict[str, Any]] = {
        "foundation": {"outputs": {"foundation": {"value": {"vpc_id": "mine"}}}},
        "data": {"outputs": {"data": {"value": {"athena": {}}}}},
    }
    values: dict[str, dict[str, Any]] = {
        "context": {"region": "x"},
        "foundation": {"vpc_id": "other"},
        "data": {"sample": True},
    }
    assert with_upstream(values, ["foundation"], states) == {
        "context": {"region": "x"},
        "foundation": {"vpc_id": "mine"},
        "data": {"sample": True},
    }


def test_a_command_line_is_filled_in() -> None:
    words = {"terraform": "/bin/tf", "$ROOT": "/root folder", "$BUILD": "/build"}
    assert _filled("terraform -chdir=$ROOT apply -var-file=$BUILD/values.json", words) == [
        "/bin/tf",
        "-chdir=/root folder",
        "apply",
        "-var-file=/build/values.json",
    ]


def test_a_stack_takes_its_init_and_its_apply() -> None:
    assert StackTime(1.5, 10.0, "").total == 11.5
