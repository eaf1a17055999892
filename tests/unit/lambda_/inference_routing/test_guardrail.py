"""Guardrail and shadow traffic."""

from __future__ import annotations

import json
import threading
from dataclasses import dataclass, field
from typing import Any

import pytest

from inference_common import errors
from inference_routing import dispatch, routes
from inference_routing.shadow import agree, is_shadowed
from tests.unit.lambda_.support.router import CHAT, REVIEWS, Backend, Setup

GUARDED = {**CHAT, "guardrail": {"id": "g1", "version": "2"}}
PASSES: dict[str, Any] = {"action": "NONE", "outputs": [], "assessments": []}
BLOCKS: dict[str, Any] = {
    "action": "GUARDRAIL_INTERVENED",
    "outputs": [{"text": "We do not talk of that."}],
    "assessments": [{"topicPolicy": {"topics": [{"name": "t", "type": "DENY", "action": "BLOCKED"}]}}],
}


def masks(*texts: str) -> dict[str, Any]:
    entity = {"type": "NAME", "match": "x", "action": "ANONYMIZED"}
    return {
        "action": "GUARDRAIL_INTERVENED",
        "outputs": [{"text": text} for text in texts],
        "assessments": [{"sensitiveInformationPolicy": {"piiEntities": [entity], "regexes": []}}],
    }


@dataclass
class Judge:
    """Returns scripted verdicts for inputs and outputs."""

    says: dict[str, Any]
    requested: list[tuple[str, list[str]]] = field(default_factory=list)

    def assess(self, guardrail: Any, source: str, texts: Any) -> Any:
        assert (guardrail.id, guardrail.version) == ("g1", "2")
        self.requested.append((source, list(texts)))
        returned = self.says[source]
        returned = returned.pop(0) if isinstance(returned, list) else returned
        if isinstance(returned, Exception):
            raise returned
        return returned


@pytest.fixture
def setup(cold_start: Any) -> Setup:
    return Setup(cold_start("model_router", ROUTES_PREFIX="/mlops/test/routes"), Backend({}))


def test_passing_texts_are_unchanged_and_checked_on_both_sides(setup: Setup) -> None:
    judge = Judge({"INPUT": PASSES, "OUTPUT": PASSES})
    setup.use({"chat": GUARDED}, {"arn:chat": setup.text("hello")}, judge)
    status, headers, body = setup.native("chat", "hi")
    assert (status, body["outputs"]) == (200, [{"text": "hello"}])
    assert judge.requested == [("INPUT", ["hi"]), ("OUTPUT", ["hello"])]
    assert "x-guardrail" not in headers


def test_a_blocked_input_never_reaches_a_model(setup: Setup, logged: Any) -> None:
    setup.use({"chat": GUARDED}, {"arn:chat": setup.text("hello")}, Judge({"INPUT": BLOCKS}))
    status, headers, body = setup.native("chat", "hi")
    assert (status, body["error"]) == (422, {"type": "GuardrailBlocked", "message": "We do not talk of that."})
    assert (headers["x-guardrail"], headers["x-route-decision"]) == ("input-blocked", "none")
    assert setup.backend.requested == []
    assert [line["guardrail"] for line in logged() if "guardrail" in line] == ["input-blocked"]


@pytest.mark.parametrize("says", [{}, {"action": None}, {"action": "NEWER_WORD"}])
@pytest.mark.parametrize("stage", ["INPUT", "OUTPUT"])
def test_a_guardrail_without_a_verdict_fails_closed(setup: Setup, says: Any, stage: str) -> None:
    judge = Judge({"INPUT": PASSES, "OUTPUT": PASSES, stage: says})
    setup.use({"chat": GUARDED}, {"arn:chat": setup.text("secret")}, judge)
    status, headers, body = setup.native("chat", "hi")
    assert (status, body["error"]["type"], headers["retry-after"]) == (503, "Unavailable", "1")
    assert "outputs" not in body


def test_a_blocked_output_is_not_returned(setup: Setup) -> None:
    setup.use({"chat": GUARDED}, {"arn:chat": setup.text("secret")}, Judge({"INPUT": PASSES, "OUTPUT": BLOCKS}))
    status, headers, body = setup.native("chat", "hi")
    assert (status, body["error"]["type"], headers["x-guardrail"]) == (422, "GuardrailBlocked", "output-blocked")
    assert "secret" not in str(body)
    assert headers["x-route-decision"] == "primary", "the model did answer"


def test_masked_texts_replace_the_originals(setup: Setup) -> None:
    judge = Judge({"INPUT": masks("I am {NAME}"), "OUTPUT": masks("hello {NAME}")})
    setup.use({"chat": GUARDED}, {"arn:chat": setup.text("hello Ann")}, judge)
    status, headers, body = setup.native("chat", "I am Ann")
    assert (status, body["outputs"]) == (200, [{"text": "hello {NAME}"}])
    assert setup.backend.requested[0][1].inputs == ("I am {NAME}",)
    assert headers["x-guardrail"] == "input-masked,output-masked"


def test_everything_that_a_model_generates_is_checked(setup: Setup) -> None:
    """Custom containers may return other fields."""
    judge = Judge({"INPUT": PASSES, "OUTPUT": masks("about {NAME}", "hello {NAME}")})
    reply = dispatch.Reply(
        [
            {
                "label": "positive",
                "sources": ["s3://b/k"],
                "output": {"notes": ["about Ann"], "score": 1},
                "text": "hello Ann",
            }
        ],
        {},
    )
    setup.use({"chat": GUARDED}, {"arn:chat": reply}, judge)
    _, _, body = setup.native("chat", "hi")
    assert judge.requested[-1] == ("OUTPUT", ["about Ann", "hello Ann"])
    [output] = body["outputs"]
    assert output == {
        "label": "positive",
        "sources": ["s3://b/k"],
        "output": {"notes": ["about {NAME}"], "score": 1},
        "text": "hello {NAME}",
    }


def test_masks_that_match_no_text_block_the_request(setup: Setup) -> None:
    setup.use({"chat": GUARDED}, {"arn:chat": setup.text("hello")}, Judge({"INPUT": masks("a", "b")}))
    assert setup.native("chat", "hi")[0] == 422


def test_sagemaker_models_are_guarded_and_labels_are_not_checked(setup: Setup) -> None:
    judge = Judge({"INPUT": PASSES})
    guarded = {**REVIEWS, "guardrail": {"id": "g1", "version": "2"}}
    setup.use({"reviews": guarded}, {"ep-reviews": setup.label()}, judge)
    assert setup.native("reviews", "hi")[0] == 200
    assert judge.requested == [("INPUT", ["hi"])]


def test_an_unavailable_guardrail_fails_closed(setup: Setup) -> None:
    judge = Judge({"INPUT": errors.Throttled("slow down")})
    setup.use({"chat": GUARDED}, {"arn:chat": setup.text("hello")}, judge)
    status, _, body = setup.native("chat", "hi")
    assert (status, body["error"]["type"], len(judge.requested)) == (429, "Throttled", 3)
    assert setup.backend.requested == []


def test_checking_a_paid_answer_is_retried_after_a_transient_error(setup: Setup) -> None:
    judge = Judge({"INPUT": PASSES, "OUTPUT": [errors.Unavailable("x"), PASSES]})
    setup.use({"chat": GUARDED}, {"arn:chat": setup.text("hello")}, judge)
    assert setup.native("chat", "hi")[0] == 200
    assert len(setup.backend.requested) == 1


def test_many_texts_are_checked_in_groups(setup: Setup) -> None:
    judge = Judge({"INPUT": PASSES, "OUTPUT": PASSES})
    texts = [f"text {number}" for number in range(45)]
    setup.use({"chat": GUARDED}, {"arn:chat": setup.text(*texts)}, judge)
    assert setup.native("chat", *texts)[0] == 200
    assert [len(group) for _, group in judge.requested] == [20, 20, 5] * 2


def test_every_turn_and_the_system_prompt_are_checked(setup: Setup) -> None:
    judge = Judge({"INPUT": masks("I am {NAME}", "hello {NAME}", "who am I", "be kind to {NAME}"), "OUTPUT": PASSES})
    setup.use({"chat": GUARDED}, {"arn:chat": setup.text("{NAME}")}, judge)
    messages = [
        {"role": "user", "content": "I am Ann"},
        {"role": "assistant", "content": "hello Ann"},
        {"role": "user", "content": "who am I"},
        {"role": "system", "content": "be kind to Ann"},
    ]
    status, _, _ = setup.call("/v1/chat/completions", {"model": "chat", "messages": messages})
    assert (status, judge.requested[0][1]) == (200, ["I am Ann", "hello Ann", "who am I", "be kind to Ann"])
    requested = setup.backend.requested[0][1]
    assert requested.turns == (("user", "I am {NAME}"), ("assistant", "hello {NAME}"), ("user", "who am I"))
    assert requested.parameters["system"] == "be kind to {NAME}"


def test_openai_clients_get_a_block_in_their_format(setup: Setup) -> None:
    body = {"model": "chat", "messages": [{"role": "user", "content": "hi"}]}
    setup.use({"chat": GUARDED}, {"arn:chat": setup.text("secret")}, Judge({"INPUT": BLOCKS}))
    status, _, answer = setup.call("/v1/chat/completions", body)
    assert (status, answer["error"]["code"]) == (400, "content_filter")
    setup.use({"chat": GUARDED}, {"arn:chat": setup.text("secret")}, Judge({"INPUT": PASSES, "OUTPUT": BLOCKS}))
    status, _, answer = setup.call("/v1/chat/completions", body)
    choice = answer["choices"][0]
    assert (status, choice["finish_reason"]) == (200, "content_filter")
    assert choice["message"]["content"] == "We do not talk of that."


# ---- shadow --------------------------------------------------------------------------------------------------------


def shadowed(share: float) -> dict[str, Any]:
    return {**REVIEWS, "shadow": {"share": share, "target": {"name": "next", "endpoint_name": "ep-next"}}}


@pytest.mark.parametrize(
    ("returned", "verdict", "metrics"),
    [
        ("positive", "agrees", {"ShadowAgreement": 1, "ShadowFailures": 0, "ShadowUnfinished": 0}),
        ("negative", "differs", {"ShadowAgreement": 0, "ShadowFailures": 0, "ShadowUnfinished": 0}),
        (None, "failed", {"ShadowFailures": 1, "ShadowUnfinished": 0}),
    ],
)
def test_a_shadow_is_compared_and_changes_nothing(
    cold_start: Any, logged: Any, returned: str | None, verdict: str, metrics: dict[str, int]
) -> None:
    modules = cold_start("model_router", ROUTES_PREFIX="/mlops/test/routes", SHADOW_WAIT_SECONDS="1")
    setup = Setup(modules, Backend({}))
    shadow = errors.Unavailable("down") if returned is None else setup.label(returned, 0.5)
    setup.use({"reviews": shadowed(1)}, {"ep-reviews": setup.label(), "ep-next": shadow})
    status, headers, body = setup.native("reviews", "hi")
    assert (status, body["outputs"], headers["x-route-decision"]) == (
        200,
        [{"label": "positive", "score": 0.9}],
        "primary",
    )
    lines = logged()
    assert lines[-1]["shadow"] == verdict
    [line] = [line for line in lines if "ShadowFailures" in line]
    assert (line["target"], line["source"]) == ("next", "sagemaker")
    assert {name: line[name] for name in metrics} == metrics
    assert setup.modules.ROUTER.breaker.admits("sagemaker:ep-next")


def test_a_slow_shadow_delays_nothing(setup: Setup, logged: Any) -> None:
    released = threading.Event()

    def hang(request: Any) -> Any:
        released.wait(20)
        return setup.label()

    setup.use({"reviews": shadowed(1)}, {"ep-reviews": setup.label(), "ep-next": hang})
    status, _, _ = setup.native("reviews", "hi")
    released.set()
    lines = logged()
    assert (status, lines[-1]["shadow"]) == (200, "unfinished")
    assert lines[-1]["ms"] < 5000


def test_the_share_of_requests_is_shadowed() -> None:
    route = routes.parse_route("reviews", json.dumps(shadowed(0.25)))
    drawn = [is_shadowed(route, f"request-{number}") for number in range(4000)]
    assert 0.22 < sum(drawn) / 4000 < 0.28
    plain = routes.parse_route("reviews", json.dumps(REVIEWS))
    assert not is_shadowed(plain, "request-1")


def test_no_shadow_call_without_a_shadow(setup: Setup) -> None:
    setup.use({"reviews": shadowed(0)}, {"ep-reviews": setup.label()})
    setup.native("reviews", "hi")
    assert [address for address, _ in setup.backend.requested] == ["ep-reviews"]


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        ({"label": "a", "score": 0.9}, {"label": "a", "score": 0.1}, True),
        ({"label": "a"}, {"label": "b"}, False),
        ({"text": "Hello  World"}, {"text": "hello world\n"}, True),
        ({"text": "yes"}, {"text": "no"}, False),
        ({"embedding": [1.0]}, {"embedding": [1.0]}, True),
    ],
)
def test_what_counts_as_agreement(one: Any, other: Any, same: bool) -> None:
    reply = dispatch.Reply
    assert agree(reply([one], {}), reply([other], {})) is same
