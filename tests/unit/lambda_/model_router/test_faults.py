"""Faults of dependencies lead to a correct answer or a clear error, in time."""

from __future__ import annotations

import json
import threading
import time
from typing import Any

import pytest

from inference_common import errors
from tests.unit.lambda_.support.router import BOTH, CHAT, REVIEWS, Backend, Setup


@pytest.fixture
def setup(cold_start: Any) -> Setup:
    return Setup(cold_start("model_router", ROUTES_PREFIX="/mlops/test/routes"), Backend({}))


def test_sustained_throttling_ends_with_429_and_few_calls(setup: Setup) -> None:
    setup.use({"chat": CHAT}, {"arn:chat": errors.Throttled("slow down")})
    counts = []
    for _ in range(4):
        before = len(setup.backend.requested)
        status, headers, body = setup.native("chat", "hi")
        assert (status, headers["retry-after"], body["error"]["type"]) == (429, "1", "Throttled")
        counts.append(len(setup.backend.requested) - before)
    assert counts == [3, 1, 1, 1], "three in a row open the breaker, then one question a request"


def test_one_target_down_is_answered_by_the_other_source(setup: Setup) -> None:
    setup.use({"chat": BOTH}, {"arn:chat": errors.Unavailable("down"), "ep-spare": setup.label()})
    decisions = []
    for _ in range(4):
        status, headers, body = setup.native("chat", "hi")
        assert (status, body["source"], body["outputs"][0]["label"]) == (200, "sagemaker", "positive")
        decisions.append((headers["x-route-decision"], headers["x-route-reason"]))
    after_failure = ("spare; after=primary:Unavailable", "weight")
    assert decisions == [after_failure] * 3 + [("spare", "fallback")], "and is skipped after three failures"


def test_a_slow_target_costs_no_more_than_its_own_limit(setup: Setup) -> None:
    released = threading.Event()

    def hang(request: Any) -> Any:
        released.wait(20)
        return setup.text("too late")

    setup.use({"chat": BOTH}, {"arn:chat": hang, "ep-spare": setup.label()})
    started = time.monotonic()
    status, headers, _ = setup.native("chat", "hi")
    released.set()
    assert (status, headers["x-route-decision"]) == (200, "spare; after=primary:DeadlineExceeded")
    assert time.monotonic() - started < 15


def test_a_slow_only_target_is_504_in_time(setup: Setup) -> None:
    released = threading.Event()
    setup.use({"reviews": REVIEWS}, {"ep-reviews": lambda request: released.wait(20)})
    started = time.monotonic()
    status, _, body = setup.native("reviews", "hi", left_ms=1600)
    released.set()
    assert (status, body["error"]["type"]) == (504, "DeadlineExceeded")
    assert time.monotonic() - started < 15


def test_a_cold_serverless_endpoint_is_503_with_retry_after(setup: Setup) -> None:
    released = threading.Event()
    setup.use({"reviews": {**REVIEWS, "kind": "serverless"}}, {"ep-reviews": lambda request: released.wait(20)})
    path = {"resource": "/serverless/{blueprint}", "left_ms": 1600}
    status, headers, body = setup.native("reviews", "hi", **path)
    released.set()
    assert (status, headers["retry-after"], body["error"]["type"]) == (503, "10", "NotReady")


def test_a_malformed_answer_is_an_error_and_is_not_paid_for_again(setup: Setup) -> None:
    setup.use({"chat": BOTH}, {"arn:chat": errors.MalformedAnswer("no message"), "ep-spare": setup.label()})
    status, headers, body = setup.native("chat", "hi")
    assert (status, body["error"]) == (424, {"type": "MalformedAnswer", "message": "no message"})
    assert headers["x-route-decision"] == "none; after=primary:MalformedAnswer"
    assert len(setup.backend.requested) == 1


def test_a_connection_dropped_before_the_answer_is_tried_again(setup: Setup) -> None:
    answers = iter([errors.Unavailable("closed"), setup.label()])
    setup.use({"reviews": REVIEWS}, {"ep-reviews": lambda request: next(answers)})
    status, headers, _ = setup.native("reviews", "hi")
    assert (status, headers["x-route-decision"]) == (200, "primary; after=primary:Unavailable")


def test_a_connection_dropped_in_the_answer_is_an_error(setup: Setup) -> None:
    setup.use({"chat": BOTH}, {"arn:chat": errors.AnswerCutOff("reset"), "ep-spare": setup.label()})
    status, _, body = setup.native("chat", "hi")
    assert (status, body["error"]["type"], len(setup.backend.requested)) == (502, "AnswerCutOff", 1)


def test_an_oversized_body_is_refused_before_it_is_read(setup: Setup) -> None:
    setup.use({"reviews": REVIEWS}, {})
    status, _, body = setup.native("reviews", "x" * 7_000_000)
    assert (status, body["error"]["type"]) == (413, "PayloadTooLarge")


def test_an_answer_that_lambda_would_drop_is_an_error(setup: Setup) -> None:
    setup.use({"chat": CHAT}, {"arn:chat": setup.text("x" * 7_000_000)})
    status, _, body = setup.native("chat", "hi")
    assert (status, body["error"]["type"]) == (413, "PayloadTooLarge")
    assert "of 6291456 that a response may have" in body["error"]["message"]


def test_a_stale_route_is_used_and_reported_while_the_store_is_unavailable(setup: Setup, logged: Any) -> None:
    setup.use({"reviews": REVIEWS}, {"ep-reviews": setup.label()})
    now = [0.0]
    table = setup.modules.ROUTER.table
    table.clock = lambda: now[0]
    _, headers, _ = setup.native("reviews", "hi")
    assert "x-route-record" not in headers

    def fail(*_: Any) -> None:
        raise errors.Throttled("rate exceeded")

    table.store.read = fail
    now[0] = 31
    status, headers, _ = setup.native("reviews", "hi")
    assert (status, headers["x-route-record"]) == (200, "stale")
    assert [line["StaleRoutes"] for line in logged() if "StaleRoutes" in line] == [0, 1]


def test_a_cold_start_has_used_some_of_the_gateway_s_time(setup: Setup) -> None:
    handler = setup.modules
    context = type("Context", (), {"get_remaining_time_in_millis": lambda self: 29_000})()
    for ago, left in ((0.0, 28.0), (10.0, 18.0), (-100.0, 28.0), (500.0, 28.0)):
        event = {"requestContext": {"requestTimeEpoch": (time.time() - ago) * 1000}}
        assert handler.deadline_of(event, context).remaining() == pytest.approx(left, abs=0.5)


# ---- metrics and logs ----------------------------------------------------------------------------------------------


def test_metrics_are_emitted_per_target_and_per_blueprint(setup: Setup, logged: Any) -> None:
    setup.use({"chat": BOTH}, {"arn:chat": errors.Throttled("slow"), "ep-spare": setup.label()})
    setup.native("chat", "hi")
    lines = [line for line in logged() if "_aws" in line]
    directives = [line["_aws"]["CloudWatchMetrics"][0] for line in lines]
    assert {directive["Namespace"] for directive in directives} == {"mlops-test/inference"}
    dimensions = ["blueprint", "target", "source"]
    assert [directive["Dimensions"] for directive in directives] == [[dimensions], [dimensions], [["blueprint"]]]
    reported = [(line.get("target"), line.get("source"), line.get("TargetThrottles"), line["error"]) for line in lines]
    assert reported == [
        ("primary", "bedrock", 1, "Throttled"),
        ("spare", "sagemaker", 0, None),
        (None, None, None, None),
    ]
    assert (lines[2]["Requests"], lines[2]["Errors"], lines[2]["request_id"]) == (1, 0, "r-1")
    for line, directive in zip(lines, directives, strict=True):
        assert all(isinstance(line[metric["Name"]], int | float) for metric in directive["Metrics"])


def test_an_unknown_blueprint_is_not_a_metric_dimension(setup: Setup, logged: Any) -> None:
    setup.use({}, {})
    assert setup.native("made-up", "hi")[0] == 404
    assert not [line for line in logged() if "_aws" in line]


@pytest.mark.parametrize(
    ("setting", "flag", "shown"),
    [("route", False, False), ("route", True, True), ("never", True, False), ("always", False, True)],
)
def test_payloads_are_logged_on_demand_only(
    cold_start: Any, logged: Any, setting: str, flag: bool, shown: bool
) -> None:
    setup = Setup(cold_start("model_router", ROUTES_PREFIX="/r/e/routes", LOG_PAYLOADS=setting), Backend({}))
    setup.use({"chat": {**CHAT, "log_payloads": flag}}, {"arn:chat": setup.text("my private answer")})
    setup.native("chat", "my private question")
    returned = json.dumps(logged())
    assert ("private question" in returned, "private answer" in returned) == (shown, shown)


def test_an_invalid_setting_fails_at_cold_start(cold_start: Any) -> None:
    with pytest.raises(Exception, match="LOG_PAYLOADS must be one of never, route, always, got 'yes'"):
        cold_start("model_router", ROUTES_PREFIX="/r/e/routes", LOG_PAYLOADS="yes")


# ---- access and paths ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("authorizer", "status"),
    [
        (None, 200),
        ({}, 200),
        ({"principalId": "another-authorizer"}, 200),
        ({"principal": "team", "blueprints": "*"}, 200),
        ({"principal": "team", "blueprints": "reviews, chat"}, 200),
        ({"principal": "team", "blueprints": "chat"}, 403),
        ({"principal": "team", "blueprints": ""}, 403),
        ({"principal": "team"}, 403),
    ],
)
def test_a_token_permits_its_blueprints_only(setup: Setup, authorizer: Any, status: int, logged: Any) -> None:
    setup.use({"reviews": REVIEWS}, {"ep-reviews": setup.label()})
    context = {"requestContext": {"requestId": "r-1", "authorizer": authorizer}}
    found, _, body = setup.native("reviews", "hi", **context)
    assert found == status
    if status == 403:
        assert body["error"] == {"type": "Forbidden", "message": "this token is not valid for the blueprint 'reviews'"}
        assert setup.backend.requested == []
        assert logged()[-1]["principal"] == "team"


@pytest.mark.parametrize(
    ("resource", "context", "principal"),
    [
        (
            "/iam/realtime/{blueprint}",
            {"identity": {"userArn": "arn:aws:sts::1:assumed-role/r/s"}},
            "arn:aws:sts::1:assumed-role/r/s",
        ),
        ("/cognito/realtime/{blueprint}", {"authorizer": {"claims": {"sub": "ann"}}}, "ann"),
        ("/realtime/{blueprint}", {"identity": {"apiKey": "k", "userArn": None}}, None),
    ],
)
def test_every_authentication_method_reaches_the_same_blueprint(
    setup: Setup, logged: Any, resource: str, context: Any, principal: str | None
) -> None:
    setup.use({"reviews": REVIEWS}, {"ep-reviews": setup.label()})
    event = {"resource": resource, "requestContext": {"requestId": "r-1", **context}}
    assert setup.native("reviews", "hi", **event)[0] == 200
    assert logged()[-1].get("principal") == principal
    other = resource.replace("realtime", "serverless")
    assert setup.native("reviews", "hi", **{**event, "resource": other})[0] == 404


def test_a_refusal_does_not_reveal_what_exists(setup: Setup) -> None:
    setup.use({}, {})
    context = {"requestContext": {"requestId": "r", "authorizer": {"principal": "team", "blueprints": "chat"}}}
    assert setup.native("made-up", "hi", **context)[0] == 403


def test_a_blueprint_is_under_the_path_of_its_kind(setup: Setup) -> None:
    setup.use({"reviews": REVIEWS}, {"ep-reviews": setup.label()})
    status, _, body = setup.native("reviews", "hi", resource="/serverless/{blueprint}")
    assert (status, body["error"]["type"]) == (404, "UnknownBlueprint")
    assert body["error"]["message"] == "the blueprint 'reviews' is of kind 'realtime', not serverless"


# ---- formats -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("content_type", "body"),
    [
        ("text/csv", "one\ntwo\n"),
        ("text/CSV; charset=utf-8", 'stars,text\n5,one\n4,"two"\n'),
        ("application/jsonlines", '"one"\n\n{"text": "two"}\n'),
        ("application/x-ndjson", '{"input": "one"}\n{"prompt": "two"}\n'),
        ("application/json", '{"inputs": ["one", "two"]}'),
        ("application/x-www-form-urlencoded", '{"inputs": ["one", "two"]}'),
    ],
)
def test_texts_come_in_many_formats(setup: Setup, content_type: str, body: str) -> None:
    setup.use({"chat": CHAT}, {"arn:chat": setup.text("1", "2")})
    headers = {"Content-Type": content_type}
    status, _, _ = setup.call("/realtime/{blueprint}", body, pathParameters={"blueprint": "chat"}, headers=headers)
    assert (status, setup.backend.requested[0][1].inputs) == (200, ("one", "two"))


@pytest.mark.parametrize(
    ("content_type", "body", "status", "message"),
    [
        ("application/xml", "<a/>", 415, "content type 'application/xml' is not one of"),
        ("text/csv", "a,b\nc,d\n", 400, "needs a heading"),
        ("text/csv", "stars,text\n5\n", 400, "line 2 has 1 cell, the first row 2"),
        ("text/csv", "", 400, "must be a list of 1 to 100"),
        ("text/csv", 'a\n"b', 400, "line 2: a quotation mark is opened and never closed"),
        ("application/jsonlines", "{", 400, "line 1 is not JSON"),
        (
            "application/jsonlines",
            '"a"\n{"other": 1}',
            400,
            "line 2 must be a string, a number or a list, or have one of",
        ),
    ],
)
def test_unreadable_input_is_named(setup: Setup, content_type: str, body: str, status: int, message: str) -> None:
    setup.use({"chat": CHAT}, {})
    event = {"pathParameters": {"blueprint": "chat"}, "headers": {"content-type": content_type}}
    found, _, answer = setup.call("/realtime/{blueprint}", body, **event)
    assert found == status
    assert message in answer["error"]["message"]


@pytest.mark.parametrize(
    ("accept", "content_type", "body"),
    [
        ("text/csv", "text/csv", "label,score\npositive,0.9\n"),
        ("application/jsonlines", "application/jsonlines", '{"label": "positive", "score": 0.9}\n'),
        ("text/html, text/csv;q=0.5", "text/csv", "label,score\npositive,0.9\n"),
    ],
)
def test_responses_have_the_accepted_format(setup: Setup, accept: str, content_type: str, body: str) -> None:
    setup.use({"reviews": REVIEWS}, {"ep-reviews": setup.label()})
    status, headers, content = setup.native("reviews", "hi", headers={"Accept": accept})
    assert (status, headers["content-type"], content) == (200, content_type, body)
    assert headers["x-route-decision"] == "primary"


@pytest.mark.parametrize("accept", ["*/*", "text/html", ""])
def test_json_is_the_default_format(setup: Setup, accept: str) -> None:
    setup.use({"reviews": REVIEWS}, {"ep-reviews": setup.label()})
    _, headers, body = setup.native("reviews", "hi", headers={"Accept": accept})
    assert (headers["content-type"], body["outputs"]) == ("application/json", [{"label": "positive", "score": 0.9}])
