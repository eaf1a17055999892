"""No request to a model exceeds the token limits of its blueprint."""

from __future__ import annotations

import json
from typing import Any

import pytest

from inference_common import errors, token_limits
from inference_common.parameters import Takes
from inference_routing import routes
from tests.unit.lambda_.support.router import Setup
from tests.unit.lambda_.support.router_requests import FAMILIES, RECORDS, TOKEN_NAMES, Request, record, send, use


@pytest.mark.parametrize("name", ["converse", "ep-text", "ep-messages", "ep-inputs", "ep-jsonlines", *FAMILIES])
def test_a_caller_gets_no_more_tokens_than_the_limit_under_any_name(setup: Setup, name: str) -> None:
    target = RECORDS[name]["targets"][0].get("endpoint_name") or RECORDS[name]["targets"][0]["model_id"]
    for spelling in TOKEN_NAMES:
        request: Request = ("/realtime/{blueprint}", {"inputs": ["a", "b"], "parameters": {spelling: 1_000_000}}, {})
        status, aws = send(setup, record(name), request, failing=False)
        assert (status, sum(aws.asked_of(target))) == (200, 100), spelling


def test_inputs_times_tokens_are_refused_above_the_budget(setup: Setup) -> None:
    for inputs, tokens, refused in ((4, 50, ""), (5, 50, "5 answers of up to 50 tokens"), (7, 1, "7 answers, more")):
        sent = {"inputs": ["a"] * inputs, "parameters": {"max_tokens": tokens}}
        aws = use(setup.modules, setup, record("converse"), failing=False)
        status, _, body = setup.call("/realtime/{blueprint}", sent, pathParameters={"blueprint": "asked"})
        assert status == (400 if refused else 200)
        assert refused in str(body)
        assert bool(aws.calls) is not bool(refused)


def test_choices_count_as_answers(setup: Setup) -> None:
    body = {"model": "asked", "messages": [{"role": "user", "content": "a"}], "n": 5, "max_tokens": 50}
    status, aws = send(setup, record("converse"), ("/v1/chat/completions", body, {}), failing=False)
    assert (status, aws.calls) == (400, [])
    given = {"max_new_tokens": 50, "num_return_sequences": 5}
    request: Request = ("/realtime/{blueprint}", {"inputs": ["a"], "parameters": given}, {})
    assert send(setup, record("ep-inputs"), request, failing=False)[0] == 400


def test_the_stricter_of_two_records_holds_for_a_stand_in(setup: Setup) -> None:
    small = {**record("converse"), "limits": {"max_tokens": 9}}
    small["targets"] = [{"name": "p", "model_id": "small"}]
    for theirs, own, expected in ((9, 50, 9), (9, 5, 5)):
        small["limits"] = {"max_tokens": theirs}
        target = {"name": "small", "blueprint": "small", "weight": 1}
        requested = {**record("converse"), "limits": {"max_tokens": own}}
        requested["targets"] = [{"name": "p", "model_id": "asked", "weight": 0}, target]
        requested.pop("shadow")
        aws = use(setup.modules, setup, requested, failing=False)
        setup.modules.ROUTER.table.store.records["small"] = small
        setup.native("asked", "hi")
        assert aws.asked_of("small") == [expected]


@pytest.mark.parametrize("kind", ["realtime", "serverless", "async"])
def test_an_old_record_without_limits_has_the_defaults(kind: str) -> None:
    """Once a request could have 1,000 inputs of 1,000,000 tokens each."""
    limits = routes.parse_route("asked", json.dumps({**record("converse", kind), "limits": None})).limits
    assert limits == token_limits.Limits(4096, 1000 if kind == "async" else 100, 409_600)
    takes = Takes(("max_tokens",), 512)
    with pytest.raises(errors.BadRequest, match="1000 answers"):
        limits.bound(takes, {"max_tokens": 1_000_000}, 1000)
    assert limits.bound(takes, {"max_tokens": 1_000_000}, 1) == {"max_tokens": 4096}
    assert limits.bound(takes, {}, 1) == {"max_tokens": 512}


@pytest.mark.parametrize(
    "limits", [{"max_tokens": 0}, {"max_token": 5}, {"max_inputs": "5"}, {"max_tokens": True}, [5]]
)
def test_invalid_limits_are_a_malformed_record(limits: Any) -> None:
    with pytest.raises(errors.InternalError, match="the route record of 'asked' is broken"):
        routes.parse_route("asked", json.dumps({**record("converse"), "limits": limits}))
