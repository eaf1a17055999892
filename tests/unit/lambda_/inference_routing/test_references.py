"""References to other blueprints are resolved one level deep, and missing ones are skipped."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

import pytest

from inference_common import errors
from inference_routing import route_table
from tests.unit.lambda_.support.router import CHAT, REVIEWS, Backend, Setup

OWN = REVIEWS["targets"]
SERVERLESS = {
    "kind": "serverless",
    "source": "sagemaker",
    "targets": [{"name": "primary", "endpoint_name": "ep-serverless"}],
}


def other(name: str, weight: float = 0) -> dict[str, Any]:
    return {"name": name, "blueprint": name, "weight": weight}


def reviews(*others: dict[str, Any], **more: Any) -> dict[str, Any]:
    return {**REVIEWS, "targets": [*OWN, *others], **more}


@pytest.fixture
def setup(cold_start: Any) -> Setup:
    return Setup(cold_start("model_router", ROUTES_PREFIX="/mlops/test/routes"), Backend({}))


def requested(setup: Setup) -> list[str]:
    return [address for address, _ in setup.backend.requested]


def test_the_other_blueprint_answers_when_the_own_target_fails(setup: Setup) -> None:
    records = {"reviews": reviews(other("reviews-serverless")), "reviews-serverless": SERVERLESS}
    setup.use(records, {"ep-reviews": errors.Unavailable("down"), "ep-serverless": setup.label()})
    status, headers, body = setup.native("reviews", "hi")
    assert (status, headers["x-route-decision"]) == (200, "reviews-serverless; after=primary:Unavailable")
    assert (body["blueprint"], body["source"], requested(setup)) == (
        "reviews",
        "sagemaker",
        ["ep-reviews", "ep-serverless"],
    )


def test_a_stand_in_is_not_called_while_the_own_target_answers(setup: Setup) -> None:
    records = {"reviews": reviews(other("reviews-serverless")), "reviews-serverless": SERVERLESS}
    setup.use(records, {"ep-reviews": setup.label(), "ep-serverless": AssertionError("not its turn")})
    for _ in range(20):
        status, headers, _ = setup.native("reviews", "hi")
        assert (status, headers["x-route-decision"], headers["x-route-reason"]) == (200, "primary", "weight")


def test_stand_ins_are_tried_in_record_order_across_sources(setup: Setup) -> None:
    records = {"reviews": reviews(other("reviews-serverless"), other("chat"))}
    records |= {"reviews-serverless": SERVERLESS, "chat": CHAT}
    down = errors.Unavailable("down")
    setup.use(records, {"ep-reviews": down, "ep-serverless": down, "arn:chat": setup.text("fine")})
    status, headers, body = setup.native("reviews", "hi")
    decision = "chat; after=primary:Unavailable,reviews-serverless:Unavailable"
    assert (status, headers["x-route-decision"]) == (200, decision)
    assert (body["source"], body["outputs"]) == ("bedrock", [{"text": "fine"}])


def test_a_share_of_the_requests_goes_to_the_referenced_blueprint_first(setup: Setup) -> None:
    record = {**REVIEWS, "targets": [{**OWN[0], "weight": 75}, other("reviews-serverless", 25)]}
    setup.use(
        {"reviews": record, "reviews-serverless": SERVERLESS},
        {"ep-reviews": setup.label(), "ep-serverless": setup.label()},
    )
    for n in range(400):
        assert setup.native("reviews", "hi", requestContext={"requestId": f"r-{n}"})[0] == 200
    assert 0.18 < requested(setup).count("ep-serverless") / 400 < 0.32


def test_each_target_gets_the_parameters_in_its_record(setup: Setup) -> None:
    spare = {**CHAT, "parameters": {"max_tokens": 7, "top_p": 0.5}}
    spare["targets"] = [{"name": "primary", "model_id": "arn:spare"}]
    records = {"chat": {**CHAT, "targets": [*CHAT["targets"], other("spare")]}, "spare": spare}
    setup.use(records, {"arn:chat": errors.Unavailable("down"), "arn:spare": setup.text("fine")})
    assert setup.native("chat", "hi")[0] == 200
    assert [(address, request.parameters) for address, request in setup.backend.requested] == [
        ("arn:chat", {"max_tokens": 100}),
        ("arn:spare", {"max_tokens": 7, "top_p": 0.5}),
    ]


@pytest.mark.parametrize(
    ("records", "why"),
    [
        ({}, "UnknownBlueprint"),
        ({"spare": {"kind": "realtime"}}, "InternalError"),
        ({"spare": {**CHAT, "guardrail": {"id": "g1", "version": "2"}}}, "Guarded"),
        ({"spare": {**SERVERLESS, "kind": "async"}}, "NotSynchronous"),
    ],
    ids=["absent", "broken", "guarded", "asynchronous"],
)
def test_blueprints_that_cannot_stand_in_are_skipped_with_a_reason(
    setup: Setup, records: dict[str, Any], why: str
) -> None:
    setup.use({"reviews": reviews(other("spare")), **records}, {"ep-reviews": setup.label()})
    status, headers, _ = setup.native("reviews", "hi")
    assert (status, headers["x-route-decision"]) == (200, f"primary; skipped=spare:{why}")
    setup.use({"reviews": reviews(other("spare")), **records}, {"ep-reviews": errors.ModelFailed("boom")})
    status, headers, _ = setup.native("reviews", "hi")
    assert status != 200
    assert headers["x-route-decision"].endswith(f"; skipped=spare:{why}")
    assert set(requested(setup)) == {"ep-reviews"}


def test_blueprints_may_refer_to_each_other(setup: Setup) -> None:
    records = {
        "reviews": reviews(other("reviews-serverless")),
        "reviews-serverless": {**SERVERLESS, "targets": [other("reviews"), other("chat"), *SERVERLESS["targets"]]},
        "chat": CHAT,
    }
    down = errors.ModelFailed("boom")
    setup.use(records, {"ep-reviews": down, "ep-serverless": down, "arn:chat": setup.text("two steps away")})
    status, _, _ = setup.native("reviews", "hi")
    assert status != 200
    assert set(requested(setup)) == {"ep-reviews", "ep-serverless"}


@pytest.mark.parametrize(
    "record",
    [
        reviews(other("reviews")),
        reviews(shadow={"share": 1, "target": other("reviews")}),
        {**REVIEWS, "targets": [other("chat")]},
    ],
    ids=["itself", "itself as shadow", "no target"],
)
def test_an_invalid_record_is_an_internal_error(setup: Setup, record: dict[str, Any]) -> None:
    setup.use({"reviews": record, "chat": CHAT}, {})
    assert setup.native("reviews", "hi")[0] == 500


def test_a_shadow_may_be_another_blueprint(setup: Setup, logged: Any) -> None:
    record = reviews(shadow={"share": 1, "target": other("reviews-serverless")})
    setup.use(
        {"reviews": record, "reviews-serverless": SERVERLESS},
        {"ep-reviews": setup.label(), "ep-serverless": setup.label("negative")},
    )
    setup.modules.ROUTER.shadow_wait_seconds = 5
    assert setup.native("reviews", "hi")[0] == 200
    assert logged()[-1]["shadow"] == "differs"


def test_a_missing_shadow_is_skipped(setup: Setup) -> None:
    record = reviews(shadow={"share": 1, "target": other("next")})
    setup.use({"reviews": record}, {"ep-reviews": setup.label()})
    status, headers, _ = setup.native("reviews", "hi")
    assert (status, headers["x-route-decision"]) == (200, "primary; skipped=next:UnknownBlueprint")


def test_a_stand_in_answers_callers_without_access_to_it(setup: Setup) -> None:
    records = {"reviews": reviews(other("reviews-serverless")), "reviews-serverless": SERVERLESS}
    setup.use(records, {"ep-reviews": errors.Unavailable("down"), "ep-serverless": setup.label()})
    limited = {"requestId": "r-1", "authorizer": {"principal": "team", "blueprints": "reviews"}}
    assert setup.native("reviews", "hi", requestContext=limited)[0] == 200
    path = {"resource": "/serverless/{blueprint}", "requestContext": limited}
    assert setup.native("reviews-serverless", "hi", **path)[0] == 403


def test_a_missing_reference_is_looked_up_only_now_and_then() -> None:
    table = route_table
    now, reads = [0.0], [0]
    records: dict[str, str] = {}

    class Store:
        def read(self, name: str, timeout_seconds: float) -> str | None:
            reads[0] += 1
            return records.get(name)

        def list(self, timeout_seconds: float) -> Sequence[route_table.Record]:
            raise AssertionError("a reference is one record")

    routes = table.RouteTable(Store(), 30, lambda: now[0])
    for moment, expected in ((0, 1), (4.9, 1), (5.1, 2)):
        now[0] = moment
        with pytest.raises(errors.UnknownBlueprint):
            routes.referred("chat", 1)
        assert reads[0] == expected
    records["chat"] = json.dumps(CHAT)
    now[0] = 11.0
    assert routes.referred("chat", 1).route.source == "bedrock"
