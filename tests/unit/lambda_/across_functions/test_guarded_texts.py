"""No caller text reaches a guarded model unchecked, through any API to any kind of target."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.unit.lambda_.support.router import Setup
from tests.unit.lambda_.support.router_requests import (
    EXAMPLES,
    FAMILIES,
    GUARDRAIL,
    OTHERS,
    RECORDS,
    Request,
    check_bounds,
    record,
    requests,
    send,
)


@pytest.mark.parametrize("api_name", ["native", *OTHERS])
def test_no_text_bypasses_the_guardrail_and_no_limit_is_exceeded(setup: Setup, api_name: str) -> None:
    seen: list[int] = []

    @settings(deadline=None, max_examples=EXAMPLES)
    @given(requested=requests(api_name), failing=st.booleans())
    def check(requested: tuple[str, Request], failing: bool) -> None:
        name, request = requested
        status, aws = send(setup, record(name, guardrail=GUARDRAIL), request, failing=failing)
        assert "mark" not in aws.returned, "a text of the caller's that the guardrail has not judged"
        assert not any("OPERATOR" in text for text in aws.checked), "the operator's prompt is not a caller's text"
        assert status < 500 or failing
        check_bounds(aws, name)
        seen.append(len(aws.calls))

    check()
    assert sum(map(bool, seen)) > 2, "hardly a request came to a model: nothing was tried"


ACCEPTED = [
    ("converse", {"system": "mark1", "stop_sequences": ["mark2"]}, ["OPERATOR\\nsafe1", "safe2"]),
    ("ep-text", {"system": "mark1", "stop": "mark2"}, ["OPERATOR\\nsafe1", "safe2"]),
    ("ep-messages", {"system": "mark1", "stop": ["mark2"]}, ["OPERATOR\\nsafe1", "safe2"]),
    ("ep-inputs", {"system": "mark1", "mode": "mark2"}, ["OPERATOR\\nsafe1", "safe2"]),
    ("ep-jsonlines", {"system": "mark1", "mode": "mark2"}, ["OPERATOR\\nsafe1", "safe2"]),
    *((name, {"system": "mark1"}, ["OPERATOR\\nsafe1"]) for name in FAMILIES),
    ("knowledge base", {"stop_sequences": ["mark2"]}, ["safe2"]),
]


@pytest.mark.parametrize(("name", "parameters", "reported"), ACCEPTED)
def test_accepted_texts_are_checked_and_follow_the_operator_s_prompt(
    setup: Setup, name: str, parameters: dict[str, Any], reported: list[str]
) -> None:
    request: Request = ("/realtime/{blueprint}", {"inputs": ["mark0"], "parameters": parameters}, {})
    one = {**record(name, guardrail=GUARDRAIL), "targets": [{"name": "p", **RECORDS[name]["targets"][0]}]}
    one.pop("shadow", None)
    status, aws = send(setup, one, request, failing=False)
    assert (status, len(aws.calls)) == (200, 1)
    assert "safe0" in aws.returned
    assert all(each in aws.returned for each in reported)
    assert not any("OPERATOR" in text for text in aws.checked)
