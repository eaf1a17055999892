"""Route records of every kind of target, arbitrary requests to them, and a router whose AWS records its calls."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from types import SimpleNamespace
from typing import Any

from hypothesis import strategies as st

from tests.unit.lambda_.support.recorded_aws import Aws
from tests.unit.lambda_.support.router import Setup

EXAMPLES = 60
GUARDRAIL = {"id": "g1", "version": "1"}
LIMITS = {"max_tokens": 50, "max_inputs": 6, "max_total_tokens": 200}
OWN = {"system": "OPERATOR", "max_tokens": 40}
FORMATS = ("inputs", "text", "classify", "embed", "messages", "csv", "jsonlines")
OPEN = ("inputs", "classify", "jsonlines")
OPENED = tuple(f"ep-{name}" for name in OPEN)
FAMILIES = ("anthropic.claude", "amazon.nova", "amazon.titan-text", "meta.llama", "mistral.mixtral")
WRITERS = ("ep-text", "ep-messages", "converse", "knowledge base", *FAMILIES)
"""Targets whose answers always have tokens."""


def endpoint(name: str) -> dict[str, Any]:
    own: dict[str, Any] = OWN if name in ("text", "messages", "inputs", "jsonlines") else {}
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
    """Return a record of one target, with Converse as stand-in and as shadow, which get the same requests."""
    template = RECORDS[name]
    own = {"name": "primary", **template["targets"][0]}
    spare = {"name": "spare", "source": "bedrock", "model_id": "spare", "weight": 0}
    shadow = {"share": 1, "target": {"name": "shadow", "source": "bedrock", "model_id": "shadow"}}
    targets = [own, spare] if template["parameters"].keys() <= OWN.keys() else [own]
    behind = {"shadow": shadow} if len(targets) > 1 else {}
    return {**template, "kind": kind, "targets": targets, "limits": LIMITS, **behind, **more}


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
    """Return the parameters that a target accepts, texts first."""
    if name in OPENED:
        return ("mode", "max_tokens", *(("system", "stop") if name != "ep-classify" else ()))
    texts = {"knowledge base": ("stop",), "meta.llama": ("system",)}.get(name, ("system", "stop_sequences"))
    return (*texts, "max_tokens", "temperature") if name in WRITERS else ()


def parameters_for(name: str) -> st.SearchStrategy[dict[str, Any]]:
    """Generate accepted parameters twice as often as arbitrary ones."""
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


def requests(api_name: str) -> st.SearchStrategy[tuple[str, Request]]:
    """Generate a target's name and a request to it."""
    names = [name for name in sorted(RECORDS) if api_name != "embeddings" or "embed" in name]
    return st.sampled_from(names).flatmap(
        lambda name: st.tuples(st.just(name), native(name) if api_name == "native" else OTHERS[api_name])
    )


def use(modules: SimpleNamespace, setup: Setup, one: dict[str, Any], *, failing: bool) -> Aws:
    """Give the router this record only, and return the AWS that it calls."""
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
    """Wait for shadow calls, which would otherwise be counted with the next request."""
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
        requested = aws.asked_of(target)
        assert max(requested) <= limits["max_tokens"] * limits["max_inputs"]
        if not aws.failing:  # failed calls generated no tokens; the next one requests the same
            assert sum(requested) <= limits["max_total_tokens"], "the budget of one request"
            assert len(requested) <= limits["max_inputs"]
        if target in WRITERS:
            assert all(requested), "an answer without its own limit"
