"""Invariants of dispatching, checked for many generated sequences of target behaviour."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from inference_common import errors
from inference_common.requests import InferenceRequest
from inference_routing import circuit_breaker, dispatch, routes, selection
from inference_routing.deadline import Deadline
from inference_routing.retry import Retry

REQUEST = InferenceRequest(("a",))
PERMANENT = ("BadRequest", "PayloadTooLarge", "InternalError", "MalformedAnswer")
PASSING = ("Throttled", "Unavailable", "ModelFailed", "NotReady", "DeadlineExceeded", "AnswerCutOff")


@dataclass
class Harness:
    """A simulated clock, which advances with calls and pauses, and scripted targets."""

    script: list[tuple[str, float]]
    """How each call ends ("ok" or an error's name), and how long it takes."""
    now: float = 1000.0
    requested: list[tuple[str, str, float, float]] = field(default_factory=list)
    """Target, ending, start and end time of each call."""
    pauses: list[float] = field(default_factory=list)

    def clock(self) -> float:
        return self.now

    def pause(self, seconds: float) -> None:
        self.pauses.append(seconds)
        self.now += seconds

    def ask(self, target: Any, request: Any, deadline: Any, kept: Any) -> Any:
        """Call a target; like `timeouts.within`, end a call at its deadline."""
        began = self.now
        ending, seconds = self.script[len(self.requested) % len(self.script)]
        limit = deadline.call_timeout()
        self.now += min(seconds, limit)
        if seconds > limit:
            ending = "DeadlineExceeded"
        self.requested.append((target.name, ending, began, self.now))
        if ending != "ok":
            raise getattr(errors, ending)("scripted")
        return dispatch.Reply([{"text": target.name}], {})

    def breaker(self) -> Any:
        return circuit_breaker.CircuitBreaker(self.clock)


def route(weights: Sequence[float], **more: Any) -> Any:
    targets = tuple(routes.Target(f"t{n}", f"ep{n}", weight) for n, weight in enumerate(weights))
    return routes.Route("b", "realtime", "sagemaker", targets, **more)


def run(harness: Harness, route: Any, breaker: Any, seconds: float = 28.0, draw: float = 0.3) -> Any:
    """Return (reply or error, outcome) of one request."""
    unhealthy = {t.name for t in route.targets if not breaker.admits(t.key)}
    decision = selection.choose(route.targets, unhealthy, draw)
    outcome = dispatch.Outcome(decision.reason)
    deadline = Deadline.after(seconds, harness.clock)
    dispatcher = dispatch.Dispatcher(harness.ask, breaker, harness.pause, lambda: draw)
    try:
        return dispatcher.dispatch(route, decision, REQUEST, deadline, outcome), outcome
    except errors.ServiceError as error:
        return error, outcome


ENDINGS = st.tuples(st.sampled_from(("ok", *PERMANENT, *PASSING)), st.floats(0, 40))
SCRIPTS = st.lists(ENDINGS, min_size=1, max_size=12)
WEIGHTS = st.lists(st.integers(0, 4), min_size=1, max_size=4)


def test_no_attempt_outlives_the_deadline() -> None:
    @settings(deadline=None)
    @given(script=SCRIPTS, weights=WEIGHTS, seconds=st.floats(0, 28), draw=st.floats(0, 1, exclude_max=True))
    def check(script: Any, weights: Any, seconds: float, draw: float) -> None:
        harness = Harness(script)
        ends = harness.now + seconds
        returned, _ = run(harness, route(weights), harness.breaker(), seconds, draw)
        assert harness.now <= ends + 1e-6
        assert all(end <= ends + 1e-6 for *_, end in harness.requested)
        assert harness.requested or isinstance(returned, errors.DeadlineExceeded)

    check()


def test_every_request_ends_with_an_answer_or_a_known_error_after_few_calls() -> None:
    @settings(deadline=None)
    @given(script=SCRIPTS, weights=WEIGHTS, retries=st.integers(0, 4))
    def check(script: Any, weights: Any, retries: int) -> None:
        harness = Harness(script)
        made = route(weights, retry=Retry(retries=retries))
        returned, outcome = run(harness, made, harness.breaker())
        assert len(harness.requested) == len(outcome.attempts) <= len(weights) + retries
        assert (outcome.answered_by is None) == isinstance(returned, errors.ServiceError)
        if outcome.answered_by:
            assert harness.requested[-1][:2] == (outcome.answered_by.name, "ok")

    check()


def test_a_permanent_error_is_never_retried_and_opens_no_breaker() -> None:
    @settings(deadline=None)
    @given(endings=st.lists(st.sampled_from(PERMANENT), min_size=1, max_size=8), weights=WEIGHTS)
    def check(endings: list[str], weights: Any) -> None:
        harness = Harness([(name, 0.1) for name in endings])
        breaker, made = harness.breaker(), route(weights)
        for number, ending in enumerate(endings, start=1):
            returned, _ = run(harness, made, breaker)
            assert (returned.type, len(harness.requested)) == (ending, number), "one question, one answer"
        assert harness.pauses == []
        assert all(breaker.admits(t.key) for t in made.targets)

    check()


def test_a_refusal_is_final_only_if_no_other_target_may_accept_the_request() -> None:
    @settings(deadline=None)
    @given(script=SCRIPTS, weights=WEIGHTS)
    def check(script: Any, weights: Any) -> None:
        harness = Harness(script)
        made = route(weights)
        returned, _ = run(harness, made, harness.breaker())
        own = {t.name for t in made.targets if t.weight} or {t.name for t in made.targets}
        endings = [(name, ending) for name, ending, *_ in harness.requested]
        assert not {ending for _, ending in endings[:-1]} & {"ok", "MalformedAnswer"}
        failed = [ending for _, ending in endings if ending in PASSING]
        if endings and endings[-1][1] != "ok":
            assert returned.type == (failed or [ending for _, ending in endings])[0]
        refused = [place for place, (name, ending) in enumerate(endings) if name in own and ending in PERMANENT]
        if refused and not failed:
            assert refused[0] == len(endings) - 1, "its own target has refused it: no other is called after that"

    check()


OWN_AND_STAND_INS = [1, 0, 0]


@pytest.mark.parametrize("refusal", ["BadRequest", "PayloadTooLarge", "InternalError", "MalformedAnswer"])
@pytest.mark.parametrize("failure", ["NotReady", "Throttled", "Unavailable", "DeadlineExceeded"])
def test_a_stand_ins_refusal_does_not_hide_a_transient_failure_of_the_own_model(failure: str, refusal: str) -> None:
    harness = Harness([(failure, 0.1), (refusal, 0.1), (refusal, 0.1), (failure, 0.1)])
    made = route(OWN_AND_STAND_INS, retry=Retry(retries=0))
    returned, outcome = run(harness, made, harness.breaker())
    assert returned.type == failure
    assert outcome.route_decision.startswith(f"none; after=t0:{failure},t1:{refusal}")


def test_after_a_refusal_the_next_stand_in_is_tried_and_then_the_own_model_again() -> None:
    harness = Harness([("Throttled", 0.1), ("BadRequest", 0.1), ("InternalError", 0.1), ("ok", 0.1)])
    returned, _ = run(harness, route(OWN_AND_STAND_INS), harness.breaker())
    assert [name for name, *_ in harness.requested] == ["t0", "t1", "t2", "t0"]
    assert returned.outputs == [{"text": "t0"}]


def test_a_stand_ins_refusal_is_not_final_while_the_own_model_is_skipped() -> None:
    harness = Harness([("Unavailable", 0.1)])
    made = route([1, 0], retry=Retry(retries=0), cooldown=circuit_breaker.Cooldown(1, 30))
    breaker = harness.breaker()
    run(harness, made, breaker)
    harness.script, harness.requested = [("BadRequest", 0.1)], []
    breaker.succeeded(made.targets[1].key)
    returned, _ = run(harness, made, breaker)
    assert [name for name, *_ in harness.requested] == ["t1"]
    assert (returned.type, returned.retry_after_seconds) == ("NotReady", 30)


def test_no_other_target_is_tried_after_the_first_byte() -> None:
    """A charged call is the last one, unless its target continues it."""

    @settings(deadline=None)
    @given(script=SCRIPTS, weights=WEIGHTS)
    def check(script: Any, weights: Any) -> None:
        harness = Harness(script)
        run(harness, route(weights), harness.breaker())
        charged = [
            i
            for i, (_, ending, *_) in enumerate(harness.requested)
            if ending in ("ok", "MalformedAnswer", "AnswerCutOff")
        ]
        assert charged in ([], [len(harness.requested) - 1])

    check()


def test_a_partly_answered_request_stays_with_its_target() -> None:
    harness = Harness([("Throttled", 0.1), ("Throttled", 0.1), ("ok", 0.1)])

    def ask(target: Any, request: Any, deadline: Any, kept: Any) -> Any:
        kept[0] = "paid for"
        return Harness.ask(harness, target, request, deadline, kept)

    harness.ask = ask  # type: ignore[method-assign]
    returned, _ = run(harness, route([1, 1]), harness.breaker())
    assert [name for name, *_ in harness.requested] == ["t0", "t0", "t0"]
    assert returned.outputs == [{"text": "t0"}]


def test_weights_converge() -> None:
    @settings(deadline=None, max_examples=20)
    @given(weights=st.lists(st.integers(0, 5), min_size=2, max_size=4).filter(any), salt=st.integers(0, 10**6))
    def check(weights: list[int], salt: int) -> None:
        made = route(weights)
        draws = [selection.draw_for(f"{salt}-{n}") for n in range(3000)]
        counted = Counter(selection.choose(made.targets, (), draw).order[0].name for draw in draws)
        for number, weight in enumerate(weights):
            assert counted[f"t{number}"] / 3000 == pytest.approx(weight / sum(weights), abs=0.05)

    check()


def test_a_recovered_target_gets_traffic_again() -> None:
    @settings(deadline=None)
    @given(
        failures=st.integers(1, 5),
        cooldown=st.floats(1, 60),
        error=st.sampled_from(["Throttled", "Unavailable", "ModelFailed", "NotReady"]),
    )
    def check(failures: int, cooldown: float, error: str) -> None:
        harness = Harness([(error, 0.0)])
        made = route(
            [1],
            retry=Retry(retries=0),
            cooldown=circuit_breaker.Cooldown(failures, cooldown),
        )
        breaker, key = harness.breaker(), made.targets[0].key
        for _ in range(failures):
            assert breaker.admits(key)
            run(harness, made, breaker)
        assert not breaker.admits(key)
        harness.now += cooldown
        harness.script = [("ok", 0.0)]
        assert breaker.admits(key), "half-open"
        reply, _ = run(harness, made, breaker)
        assert reply.outputs == [{"text": "t0"}]
        harness.script = [(error, 0.0)]
        for _ in range(failures):
            assert breaker.admits(key), "closed, with a clean record"
            run(harness, made, breaker)

    check()


def test_a_failed_probe_reopens_the_breaker() -> None:
    harness = Harness([("Unavailable", 0.0)])
    made = route([1, 0], retry=Retry(retries=0), cooldown=circuit_breaker.Cooldown(2, 30))
    breaker = harness.breaker()
    for _ in range(2):
        breaker.failed(made.targets[0].key, made.cooldown)
    harness.now += 30
    run(harness, made, breaker)
    assert [name for name, *_ in harness.requested] == ["t0", "t1"]
    assert not breaker.admits(made.targets[0].key)
    assert breaker.seconds_until_probe(made.targets[0].key) == 30


def test_one_probe_at_a_time() -> None:
    harness = Harness([("ok", 0.0)])
    made = route([1, 0], cooldown=circuit_breaker.Cooldown(1, 30))
    breaker, key = harness.breaker(), made.targets[0].key
    breaker.failed(key, made.cooldown)
    harness.now += 30
    assert breaker.begin(key)
    assert not breaker.begin(key)
    assert not breaker.admits(key)
    reply, _ = run(harness, made, breaker)
    assert reply.outputs == [{"text": "t1"}], "requests meanwhile go elsewhere"
    breaker.succeeded(key)
    reply, _ = run(harness, made, breaker)
    assert reply.outputs == [{"text": "t0"}]


def test_losing_a_probe_to_another_request_is_not_a_failure() -> None:
    harness = Harness([("ok", 0.0)])
    made = route([1, 0], cooldown=circuit_breaker.Cooldown(1, 30))
    breaker, key = harness.breaker(), made.targets[0].key
    breaker.failed(key, made.cooldown)
    harness.now += 30
    decision = selection.choose(made.targets, (), 0.3)
    assert breaker.begin(key), "between the decision and the question"
    dispatcher = dispatch.Dispatcher(harness.ask, breaker, harness.pause, lambda: 0.0)
    deadline = Deadline.after(5, harness.clock)
    outcome = dispatch.Outcome()
    assert dispatcher.dispatch(made, decision, REQUEST, deadline, outcome).outputs == [{"text": "t1"}]
    assert outcome.route_decision == "t1"


def test_requests_get_retry_after_while_the_only_target_is_probed() -> None:
    harness = Harness([("ok", 0.0)])
    made = route([1], cooldown=circuit_breaker.Cooldown(1, 30))
    breaker, key = harness.breaker(), made.targets[0].key
    breaker.failed(key, made.cooldown)
    assert breaker.begin(key, forced=True)
    error, outcome = run(harness, made, breaker)
    assert (error.type, error.retry_after_seconds, outcome.attempts) == ("NotReady", 30, [])


def test_one_target_is_tried_even_if_none_is_healthy() -> None:
    harness = Harness([("Throttled", 0.0)])
    made = route([1, 1], cooldown=circuit_breaker.Cooldown(1, 30))
    breaker = harness.breaker()
    for target in made.targets:
        breaker.failed(target.key, made.cooldown)
    error, outcome = run(harness, made, breaker)
    assert (error.type, len(harness.requested), outcome.reason) == ("Throttled", 1, "nothing healthy")


def test_pauses_double_up_to_a_bound_and_are_jittered() -> None:
    retry = Retry(retries=5, base_seconds=0.1, max_seconds=0.5)
    assert [retry.pause(n, 1.0) for n in range(5)] == pytest.approx([0.1, 0.2, 0.4, 0.5, 0.5])
    assert retry.pause(3, 0.0) == 0.0
    harness = Harness([("Throttled", 0.0)])
    run(harness, route([1], retry=retry, cooldown=circuit_breaker.Cooldown(99, 1)), harness.breaker(), draw=0.5)
    assert harness.pauses == pytest.approx([0.05, 0.1, 0.2, 0.25, 0.25])


def test_failover_takes_no_pause_and_a_cold_target_is_not_retried() -> None:
    harness = Harness([("NotReady", 0.0), ("Throttled", 0.0), ("ok", 0.0)])
    reply, outcome = run(harness, route([1, 0]), harness.breaker(), draw=0.5)
    assert [name for name, *_ in harness.requested] == ["t0", "t1", "t1"]
    assert harness.pauses == [0.05]
    assert reply.outputs == [{"text": "t1"}]
    assert outcome.route_decision == "t1; after=t0:NotReady,t1:Throttled"


def test_a_target_with_its_own_limit_leaves_time_for_the_next() -> None:
    harness = Harness([("ok", 100.0), ("ok", 1.0)])
    slow = routes.Target("slow", "ep0", 1, timeout_seconds=10)
    made = routes.Route("b", "realtime", "sagemaker", (slow, routes.Target("spare", "ep1", 0)))
    reply, outcome = run(harness, made, harness.breaker())
    assert reply.outputs == [{"text": "spare"}]
    assert [round(attempt.seconds) for attempt in outcome.attempts] == [10, 1]


def test_a_serverless_endpoint_that_is_late_is_starting() -> None:
    harness = Harness([("ok", 100.0)])
    cold = routes.Target("cold", "ep0", serverless=True)
    made = routes.Route("b", "serverless", "sagemaker", (cold,))
    error, _ = run(harness, made, harness.breaker())
    assert (error.type, error.status, error.retry_after_seconds) == ("NotReady", 503, 10)
    assert harness.now == 1028.0


def test_an_unexpected_error_of_a_backend_releases_the_probe() -> None:
    harness = Harness([("ok", 0.0)])
    made = route([1], cooldown=circuit_breaker.Cooldown(1, 30))
    breaker, key = harness.breaker(), made.targets[0].key
    breaker.failed(key, made.cooldown)
    harness.now += 30

    def explode(*_: Any) -> Any:
        raise KeyError("defect")

    dispatcher = dispatch.Dispatcher(explode, breaker, harness.pause, lambda: 0.0)
    decision = selection.choose(made.targets, (), 0.3)
    deadline = Deadline.after(5, harness.clock)
    with pytest.raises(KeyError):
        dispatcher.dispatch(made, decision, REQUEST, deadline, dispatch.Outcome())
    assert breaker.admits(key)
