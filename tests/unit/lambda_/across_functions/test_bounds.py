"""Whatever callers send: no text of theirs reaches a guarded model unjudged, no model is asked for more than allowed.

Requests of every face go through the router's own clients to every kind of target; AWS remembers what it was sent.
"""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from types import SimpleNamespace
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from inference_common import errors, token_limits
from inference_common.requests import InferenceRequest, parse_request
from inference_routing import callers, deadline, request_context, routes
from inference_routing.families import parameters as families_parameters
from inference_routing.families import sagemaker
from job_api import async_jobs, records
from tests.unit.lambda_.support.batch_submitter import FOLDER, Platform
from tests.unit.lambda_.support.job_api import BEDROCK, SAGEMAKER
from tests.unit.lambda_.support.recorded_aws import Aws, tokens_in
from tests.unit.lambda_.support.router import Backend, Setup

EXAMPLES = 60
GUARDRAIL = {"id": "g1", "version": "1"}
LIMITS = {"max_tokens": 50, "max_inputs": 6, "max_total_tokens": 200}
OWN = {"system": "OPERATOR", "max_tokens": 40}
FORMATS = ("platform", "text", "classify", "embed", "messages", "csv", "jsonlines")
OPEN = ("platform", "classify", "jsonlines")
OPENED = tuple(f"ep-{name}" for name in OPEN)
FAMILIES = ("anthropic.claude", "amazon.nova", "amazon.titan-text", "meta.llama", "mistral.mixtral")
WRITERS = ("ep-text", "ep-messages", "converse", "knowledge base", *FAMILIES)
"""Targets whose every answer has tokens."""


def endpoint(name: str) -> dict[str, Any]:
    own: dict[str, Any] = OWN if name in ("text", "messages", "platform", "jsonlines") else {}
    own = {**own, "mode": "fast", "max_new_tokens": 30, "num_return_sequences": 1} if name in OPEN else own
    return {"source": "sagemaker", "targets": [{"endpoint_name": f"ep-{name}", "format": name}], "parameters": own}


def model(name: str, **more: Any) -> dict[str, Any]:
    own: dict[str, Any] = {} if more.get("api") in ("agent", "knowledge_base") or "embed" in name else OWN
    return {"source": "bedrock", "targets": [{"model_id": name, **more}], "parameters": own}


RECORDS: dict[str, dict[str, Any]] = {
    **{f"ep-{name}": endpoint(name) for name in FORMATS},
    **{name: model(name, api="invoke") for name in FAMILIES},
    "converse": model("converse"),
    "knowledge base": model("base", api="knowledge_base", knowledge_base_id="K"),
    "agent": model("agent", api="agent", agent_id="A", agent_alias_id="L"),
    "titan-embed": model("amazon.titan-embed-text-v2:0"),
    "cohere-embed": model("cohere.embed-english-v3"),
}


def record(name: str, kind: str = "realtime", **more: Any) -> dict[str, Any]:
    """One target, with Converse behind it and before it as a shadow: whatever is asked, is asked there too."""
    found = RECORDS[name]
    own = {"name": "primary", **found["targets"][0]}
    spare = {"name": "spare", "source": "bedrock", "model_id": "spare", "weight": 0}
    shadow = {"share": 1, "target": {"name": "shadow", "source": "bedrock", "model_id": "shadow"}}
    targets = [own, spare] if found["parameters"].keys() <= OWN.keys() else [own]
    behind = {"shadow": shadow} if len(targets) > 1 else {}
    return {**found, "kind": kind, "targets": targets, "limits": LIMITS, **behind, **more}


TEXT = st.integers(0, 99).map(lambda number: f"mark{number}")
NUMBERS = st.sampled_from([1, 7, 60, 1_000_000])
JUNK = st.recursive(
    TEXT | NUMBERS | st.booleans() | st.none(),
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(TEXT | st.just("inputs"), inner, max_size=2),
    max_leaves=4,
)
TOKEN_NAMES = ("max_tokens", "max_completion_tokens", "max_new_tokens", "maxTokens", "maxTokenCount", "max_gen_len")
PLAUSIBLE: dict[str, st.SearchStrategy[Any]] = {
    **dict.fromkeys(TOKEN_NAMES, NUMBERS),
    **dict.fromkeys(("temperature", "top_p", "topP", "seed"), st.just(1)),
    **dict.fromkeys(("n", "best_of", "num_return_sequences"), st.sampled_from([1, 2, 9])),
    **dict.fromkeys(("system", "mode", "user", "input_type"), TEXT),
    **dict.fromkeys(("stop", "stop_sequences", "stopSequences"), TEXT | st.lists(TEXT, min_size=1, max_size=2)),
}
ODD = (
    "input",
    "inputs",
    "messages",
    "prompt",
    "inputText",
    "details",
    "tools",
    "grammar",
    "modelId",
    "inferenceConfig",
)
FEW_PLAUSIBLE = st.lists(st.sampled_from(sorted(PLAUSIBLE)), max_size=3, unique=True).flatmap(
    lambda names: st.fixed_dictionaries({name: PLAUSIBLE[name] for name in names})
)
ODD_ONES = st.dictionaries(st.sampled_from(ODD) | TEXT, JUNK, min_size=1, max_size=2)


def fitting(name: str) -> tuple[str, ...]:
    """Parameters that a target takes, texts first."""
    if name in OPENED:
        return ("mode", "max_tokens", *(("system", "stop") if name != "ep-classify" else ()))
    texts = {"knowledge base": ("stop",), "meta.llama": ("system",)}.get(name, ("system", "stop_sequences"))
    return (*texts, "max_tokens", "temperature") if name in WRITERS else ()


def parameters_for(name: str) -> st.SearchStrategy[dict[str, Any]]:
    """What the target takes, twice as often as what it may refuse."""
    taken = st.fixed_dictionaries({}, optional={each: PLAUSIBLE[each] for each in fitting(name)})
    odd = st.builds(lambda one, other: {**one, **other}, FEW_PLAUSIBLE, st.just({}) | ODD_ONES)
    return st.one_of(taken, taken, odd)


INPUTS = st.lists(TEXT, min_size=1, max_size=3) | st.lists(TEXT, min_size=1, max_size=8)
MESSAGE = st.fixed_dictionaries(
    {
        "role": st.sampled_from(["user", "assistant", "system", "developer", "user", "tool"]),
        "content": TEXT | st.lists(TEXT.map(lambda text: {"type": "text", "text": text}) | JUNK, max_size=2),
    },
    optional={"name": TEXT, "refusal": TEXT, "tool_call_id": TEXT, "function_call": JUNK},
)
CHAT_TAKEN = st.fixed_dictionaries(
    {},
    optional={
        **{name: PLAUSIBLE[name] for name in ("stop", "max_tokens", "max_completion_tokens", "temperature", "user")},
        "n": st.integers(1, 3),
        "stream": st.booleans(),
    },
)
CHAT_FIELDS = st.one_of(CHAT_TAKEN, CHAT_TAKEN, FEW_PLAUSIBLE | ODD_ONES)
LAST = st.builds(lambda text: {"role": "user", "content": text}, TEXT)
MESSAGES = st.builds(
    lambda some, last: [{"role": "user", "content": "mark0"}, *some, last], st.lists(MESSAGE, max_size=3), LAST
)

Request = tuple[str, Any, dict[str, str]]


def native(name: str) -> st.SearchStrategy[Request]:
    return st.builds(
        lambda inputs, given: ("/realtime/{blueprint}", {"inputs": inputs, "parameters": given}, {}),
        INPUTS,
        parameters_for(name),
    )


OTHERS: dict[str, st.SearchStrategy[Request]] = {
    "lines": st.builds(
        lambda inputs, extra: (
            "/realtime/{blueprint}",
            "\n".join(json.dumps({**extra, "text": text}) for text in inputs),
            {"content-type": "application/jsonlines"},
        ),
        INPUTS,
        st.dictionaries(TEXT, JUNK, max_size=2),
    ),
    "csv": st.builds(
        lambda inputs: (
            "/realtime/{blueprint}",
            "text,mark\n" + "\n".join(f"{i},mark" for i in inputs),
            {"content-type": "text/csv"},
        ),
        INPUTS,
    ),
    "chat": st.builds(
        lambda fields, messages: ("/v1/chat/completions", {**fields, "model": "asked", "messages": messages}, {}),
        CHAT_FIELDS,
        MESSAGES,
    ),
    "completions": st.builds(
        lambda fields, prompt: ("/v1/completions", {**fields, "model": "asked", "prompt": prompt}, {}),
        CHAT_FIELDS,
        INPUTS,
    ),
    "embeddings": st.builds(
        lambda fields, texts: ("/v1/embeddings", {**fields, "model": "asked", "input": texts}, {}),
        st.sampled_from([{}, {}, {"dimensions": 8}]) | ODD_ONES,
        INPUTS,
    ),
}


def requests(face: str) -> st.SearchStrategy[tuple[str, Request]]:
    """A target's name and a request to it."""
    names = [name for name in sorted(RECORDS) if face != "embeddings" or "embed" in name]
    return st.sampled_from(names).flatmap(
        lambda name: st.tuples(st.just(name), native(name) if face == "native" else OTHERS[face])
    )


@pytest.fixture
def setup(cold_start: Any) -> Setup:
    return Setup(cold_start("model_router", ROUTES_PREFIX="/r", SHADOW_WAIT_SECONDS="1"), Backend({}))


def use(modules: SimpleNamespace, setup: Setup, one: dict[str, Any], *, failing: bool) -> Aws:
    """A router whose only record is this one, and the AWS that it calls."""
    aws = Aws(failing)
    backends, judge = modules.ROUTER.backends, modules.ROUTER.judge
    setup.use({"asked": one}, {}, judge)
    modules.ROUTER.backends = backends
    aws.install()
    return aws


def send(setup: Setup, one: dict[str, Any], request: Request, *, failing: bool) -> tuple[int, Aws]:
    aws = use(setup.modules, setup, one, failing=failing)
    resource, body, headers = request
    with no_call_left():
        status, _, _ = setup.call(resource, body, headers=headers, pathParameters={"blueprint": "asked"})
    return status, aws


@contextmanager
def no_call_left() -> Iterator[None]:
    """Wait for shadows: one that is late would be counted among the next request's calls."""
    before = set(threading.enumerate())
    try:
        yield
    finally:
        ends = time.monotonic() + 20
        while set(threading.enumerate()) - before:
            assert time.monotonic() < ends, "a call that never ends"
            time.sleep(0.0005)


def check_bounds(aws: Aws, name: str, limits: dict[str, int] = LIMITS) -> None:
    for target in {each for each, _ in aws.calls}:
        asked = aws.asked_of(target)
        assert max(asked) <= limits["max_tokens"] * limits["max_inputs"]
        if not aws.failing:  # a call that failed gave no token; the next asks for the same ones
            assert sum(asked) <= limits["max_total_tokens"], "the budget of one request"
            assert len(asked) <= limits["max_inputs"]
        if target in WRITERS:
            assert all(asked), "an answer without a limit of its own"


@pytest.mark.parametrize("face", ["native", *OTHERS])
def test_no_text_passes_the_guardrail_by_and_no_limit_is_exceeded(setup: Setup, face: str) -> None:
    seen: list[int] = []

    @settings(deadline=None, max_examples=EXAMPLES)
    @given(asked=requests(face), failing=st.booleans())
    def check(asked: tuple[str, Request], failing: bool) -> None:
        name, request = asked
        status, aws = send(setup, record(name, guardrail=GUARDRAIL), request, failing=failing)
        assert "mark" not in aws.said, "a text of the caller's that the guardrail has not judged"
        assert not any("OPERATOR" in text for text in aws.judged), "the operator's own prompt is no caller's text"
        assert status < 500 or failing
        check_bounds(aws, name)
        seen.append(len(aws.calls))

    check()
    assert sum(map(bool, seen)) > 2, "hardly a request came to a model: nothing was tried"


ACCEPTED = [
    ("converse", {"system": "mark1", "stop_sequences": ["mark2"]}, ["OPERATOR\\nsafe1", "safe2"]),
    ("ep-text", {"system": "mark1", "stop": "mark2"}, ["OPERATOR\\nsafe1", "safe2"]),
    ("ep-messages", {"system": "mark1", "stop": ["mark2"]}, ["OPERATOR\\nsafe1", "safe2"]),
    ("ep-platform", {"system": "mark1", "mode": "mark2"}, ["OPERATOR\\nsafe1", "safe2"]),
    ("ep-jsonlines", {"system": "mark1", "mode": "mark2"}, ["OPERATOR\\nsafe1", "safe2"]),
    *((name, {"system": "mark1"}, ["OPERATOR\\nsafe1"]) for name in FAMILIES),
    ("knowledge base", {"stop_sequences": ["mark2"]}, ["safe2"]),
]


@pytest.mark.parametrize(("name", "parameters", "told"), ACCEPTED)
def test_what_is_accepted_is_judged_and_stays_behind_the_operator_s_own_prompt(
    setup: Setup, name: str, parameters: dict[str, Any], told: list[str]
) -> None:
    request = ("/realtime/{blueprint}", {"inputs": ["mark0"], "parameters": parameters}, {})
    one = {**record(name, guardrail=GUARDRAIL), "targets": [{"name": "p", **RECORDS[name]["targets"][0]}]}
    one.pop("shadow", None)
    status, aws = send(setup, one, request, failing=False)
    assert (status, len(aws.calls)) == (200, 1)
    assert "safe0" in aws.said
    assert all(each in aws.said for each in told)
    assert not any("OPERATOR" in text for text in aws.judged)


@pytest.mark.parametrize(
    ("name", "given", "refusal"),
    [
        ("ep-jsonlines", {"input": "mark"}, "unknown parameter 'input'; known are max_tokens, temperature"),
        ("ep-messages", {"messages": []}, "unknown parameter 'messages'; known are max_tokens"),
        ("ep-messages", {"n": 5}, "unknown parameter 'n'"),
        ("ep-text", {"grammar": {"value": "mark"}}, "unknown parameter 'grammar'"),
        ("ep-csv", {"max_tokens": 5}, "unknown parameter 'max_tokens'; this model takes none"),
        ("converse", {"inferenceConfig": {"maxTokens": 10**6}}, "unknown parameter 'inferenceConfig'"),
        ("converse", {"temperature": "mark"}, "'temperature' must be a number"),
        ("converse", {"max_tokens": True}, "'max_tokens' must be an integer from 1"),
        ("converse", {"max_tokens": 5, "maxTokens": 6}, "'maxTokens' is given twice, under different names"),
        ("converse", {"stop": [{"text": "mark"}]}, "'stop' must be a string or a list"),
        ("meta.llama", {"stop_sequences": ["x"]}, "unknown parameter 'stop_sequences'"),
        ("agent", {"max_tokens": 5}, "unknown parameter 'max_tokens'; this model takes none"),
    ],
)
def test_a_parameter_that_a_target_does_not_take_is_refused_by_its_name(
    setup: Setup, name: str, given: dict[str, Any], refusal: str
) -> None:
    one = {**RECORDS[name], "kind": "realtime", "guardrail": GUARDRAIL}
    one["targets"] = [{"name": "p", **one["targets"][0]}]
    aws = use(setup.modules, setup, one, failing=False)
    body = {"inputs": ["hi"], "parameters": given}
    status, _, answer = setup.call("/realtime/{blueprint}", body, pathParameters={"blueprint": "asked"})
    assert (status, answer["error"]["type"]) == (400, "BadRequest")
    assert refusal in answer["error"]["message"]
    assert aws.calls == []
    assert "hi" not in aws.judged or "twice" in refusal, "refused before anything is paid for"


PLACES = {"messages": "messages", "jsonlines": "input", "csv": None}
"""Fields of the texts, where it is not `inputs`."""


def test_an_encoder_never_lets_a_parameter_replace_the_texts() -> None:
    """Whoever calls it: the last line of defence, below the check of names."""
    given = dict.fromkeys(("input", "inputs", "messages", "details", "n"), "evil")
    for name in FORMATS:
        sent = sagemaker.of(name).encode(["hi"], InferenceRequest(("hi",), given))
        place = PLACES.get(name, "inputs")
        texts = json.dumps(json.loads(sent)[place]) if place else sent.decode()
        assert "hi" in texts
        assert "evil" not in texts


# ---- limits --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["converse", "ep-text", "ep-messages", "ep-platform", "ep-jsonlines", *FAMILIES])
def test_a_caller_gets_no_more_tokens_than_the_limit_under_any_name(setup: Setup, name: str) -> None:
    target = RECORDS[name]["targets"][0].get("endpoint_name") or RECORDS[name]["targets"][0]["model_id"]
    for spelling in TOKEN_NAMES:
        request = ("/realtime/{blueprint}", {"inputs": ["a", "b"], "parameters": {spelling: 1_000_000}}, {})
        status, aws = send(setup, record(name), request, failing=False)
        assert (status, sum(aws.asked_of(target))) == (200, 100), spelling


def test_inputs_times_tokens_are_refused_above_the_budget(setup: Setup) -> None:
    for inputs, tokens, refused in ((4, 50, ""), (5, 50, "5 answers of up to 50 tokens"), (7, 1, "7 answers, more")):
        request = ("/realtime/{blueprint}", {"inputs": ["a"] * inputs, "parameters": {"max_tokens": tokens}}, {})
        aws = use(setup.modules, setup, record("converse"), failing=False)
        status, _, body = setup.call(request[0], request[1], pathParameters={"blueprint": "asked"})
        assert status == (400 if refused else 200)
        assert refused in str(body)
        assert bool(aws.calls) is not bool(refused)


def test_choices_count_as_answers(setup: Setup) -> None:
    body = {"model": "asked", "messages": [{"role": "user", "content": "a"}], "n": 5, "max_tokens": 50}
    status, aws = send(setup, record("converse"), ("/v1/chat/completions", body, {}), failing=False)
    assert (status, aws.calls) == (400, [])
    given = {"max_new_tokens": 50, "num_return_sequences": 5}
    request = ("/realtime/{blueprint}", {"inputs": ["a"], "parameters": given}, {})
    assert send(setup, record("ep-platform"), request, failing=False)[0] == 400


def test_the_stricter_of_two_records_holds_for_a_stand_in(setup: Setup) -> None:
    small = {**record("converse"), "limits": {"max_tokens": 9}}
    small["targets"] = [{"name": "p", "model_id": "small"}]
    for theirs, own, expected in ((9, 50, 9), (9, 5, 5)):
        small["limits"] = {"max_tokens": theirs}
        target = {"name": "small", "blueprint": "small", "weight": 1}
        asked = {**record("converse"), "limits": {"max_tokens": own}}
        asked["targets"] = [{"name": "p", "model_id": "asked", "weight": 0}, target]
        asked.pop("shadow")
        aws = use(setup.modules, setup, asked, failing=False)
        setup.modules.ROUTER.table.store.records["small"] = small
        setup.native("asked", "hi")
        assert aws.asked_of("small") == [expected]


@pytest.mark.parametrize("kind", ["realtime", "serverless", "async"])
def test_an_old_record_without_limits_has_the_defaults(kind: str) -> None:
    """1 000 inputs of 1 000 000 tokens each were one request once."""
    limits = routes.parse_route("asked", json.dumps({**record("converse", kind), "limits": None})).limits
    assert limits == token_limits.Limits(4096, 1000 if kind == "async" else 100, 409_600)
    takes = families_parameters.Takes(("max_tokens",), 512)
    with pytest.raises(errors.BadRequest, match="1000 answers"):
        limits.bound(takes, {"max_tokens": 1_000_000}, 1000)
    assert limits.bound(takes, {"max_tokens": 1_000_000}, 1) == {"max_tokens": 4096}
    assert limits.bound(takes, {}, 1) == {"max_tokens": 512}


@pytest.mark.parametrize(
    "limits", [{"max_tokens": 0}, {"max_token": 5}, {"max_inputs": "5"}, {"max_tokens": True}, [5]]
)
def test_limits_that_are_none_are_a_broken_record(limits: Any) -> None:
    with pytest.raises(errors.InternalError, match="the route record of 'asked' is broken"):
        routes.parse_route("asked", json.dumps({**record("converse"), "limits": limits}))


# ---- those who do not wait -----------------------------------------------------------------------------------------


def worker_of(load: Callable[..., Any]) -> SimpleNamespace:
    names = ("QUEUE_URL", "SUCCESS_TOPIC_ARN", "ERROR_TOPIC_ARN", "DEAD_LETTER_ARN", "BUCKET")
    return load("async_worker", BLUEPRINT="asked", ROUTES_PREFIX="/r", **dict.fromkeys(names, "x"))  # type: ignore[no-any-return]


def test_a_queued_request_is_judged_and_bounded_like_any_other(cold_start: Callable[..., Any]) -> None:
    """From the job API's object, or an upload, to the worker's call of the model."""
    worker = worker_of(cold_start)
    setup = Setup(worker, Backend({}))
    worker.ROUTER = worker.WORKER.router
    one = {**BEDROCK, **record("converse", "async", guardrail=GUARDRAIL)}
    kept = records.parse("asked", json.dumps(one))
    seen: list[int] = []

    @settings(deadline=None, max_examples=EXAMPLES)
    @given(request=native("converse"), uploaded=st.booleans(), failing=st.booleans())
    def check(request: Request, uploaded: bool, failing: bool) -> None:
        aws = use(worker, setup, one, failing=failing)
        with no_call_left(), suppress(errors.BadRequest, errors.Throttled):
            text = json.dumps(request[1])
            if not uploaded:
                text = async_jobs.payload(kept, parse_request(text)).decode()
            worker.ROUTER.answer(
                parse_request(text, 1000),
                callers.Access(),
                ("async",),
                deadline.Deadline.after(30, lambda: 0.0),
                request_context.RequestContext("r", "asked"),
            )
        assert "mark" not in aws.said
        assert not any("OPERATOR" in text for text in aws.judged)
        check_bounds(aws, "converse")
        seen.append(len(aws.calls))

    check()
    assert sum(map(bool, seen)) > 2


def test_a_request_to_an_asynchronous_endpoint_is_bounded_when_it_is_taken() -> None:
    kept = records.parse("asked", json.dumps({**SAGEMAKER, "parameters": {**OWN, "mode": "fast"}, "limits": LIMITS}))

    @settings(deadline=None, max_examples=EXAMPLES)
    @given(request=native("ep-platform"))
    def check(request: Request) -> None:
        try:
            sent = json.loads(async_jobs.payload(kept, parse_request(json.dumps(request[1]))))
        except errors.BadRequest:
            return
        assert set(sent) == {"inputs", "parameters"}
        assert sent["inputs"] == request[1]["inputs"]
        assert len(sent["inputs"]) <= LIMITS["max_inputs"]
        assert sent["parameters"]["max_tokens"] <= LIMITS["max_tokens"]
        assert tokens_in(sent) <= LIMITS["max_total_tokens"]
        assert sent["parameters"]["system"].startswith("OPERATOR")

    check()


def test_a_guardrail_that_nothing_would_apply_is_a_broken_record(on_bedrock: Platform) -> None:
    with pytest.raises(errors.InternalError, match="a guardrail that nothing applies"):
        records.parse("asked", json.dumps({**SAGEMAKER, "guardrail": GUARDRAIL}))
    on_bedrock.record["guardrail"] = GUARDRAIL
    on_bedrock.bucket.put(f"{FOLDER}requests/in.jsonl", ["hi"] * 100)
    assert "a guardrail that nothing applies" in on_bedrock.submit()["error"]["message"]


@pytest.mark.parametrize("source", ["on_sagemaker", "on_bedrock"])
def test_records_of_a_batch_are_texts_and_nothing_else(source: str, request: pytest.FixtureRequest) -> None:
    platform: Platform = request.getfixturevalue(source)
    platform.record |= {"parameters": {"max_tokens": 80, "system": "OPERATOR", "input": "own"}, "limits": LIMITS}
    if source == "on_bedrock":
        platform.record["parameters"] = {"max_tokens": 80, "system": "OPERATOR"}
    platform.batch |= {"minimum_records": 1, "records_per_file": 2}
    lines = [{"text": "hi", "max_tokens": 10**6, "system": "mark1", "mark2": {"messages": "mark3"}, "n": 9}] * 4
    platform.bucket.put(f"{FOLDER}requests/in.jsonl", lines)
    platform.submit()
    parts = [key for key in platform.bucket.objects if "/_parts/" in key and key.endswith(".jsonl")]
    sent = [line for key in sorted(parts) for line in platform.bucket.lines(key)]
    assert len(sent) == 4
    assert "mark" not in json.dumps(sent)
    assert all("hi" in json.dumps(line) for line in sent)
    assert [tokens_in(line) for line in sent] == [50] * 4, "the limit, not the record's number nor the default above it"
    assert sum(map(tokens_in, sent)) <= LIMITS["max_total_tokens"]

    platform.bucket.put(f"{FOLDER}requests/more.jsonl", [*lines, *lines[:1]])
    error = platform.submit("night-2", f"{FOLDER}requests/more.jsonl")["error"]
    assert (error["code"], "5 answers of up to 50 tokens" in error["message"]) == ("BadRequest", True)
