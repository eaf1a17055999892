"""`routing` of a blueprint file: which other blueprints it may name, and with which figures."""

from __future__ import annotations

from typing import Any

import pytest
import yaml

from orchestrator.config.loader import build
from orchestrator.config.model.platform import Blueprint
from orchestrator.errors import ConfigError
from tests.fakes.platforms import platform_file

GUARDED: dict[str, Any] = {"guardrail": {"filters": {"HATE": "HIGH"}}}


def blueprint(name: str, kind: str = "realtime", **more: Any) -> str:
    model = {"source": "bedrock", "model_id": "amazon.nova-lite-v1:0"}
    smoke = {"golden": [{"input": "hello", "contains": "hello"}]}
    return yaml.safe_dump({"name": name, "kind": kind, "model": model, "smoke": smoke, **more})


def load(routing: dict[str, Any], **others: str) -> Blueprint:
    """The blueprint `chat` with this routing, in an environment that has these others too."""
    files = {"chat": blueprint("chat", routing=routing), "chat-b": blueprint("chat-b", "serverless"), **others}
    environment = build("dev", platform_file(), {name: (f"{name}.yaml", text) for name, text in files.items()})
    return next(each for each in environment.blueprints if each.name == "chat")


def test_by_default_there_is_no_fallback() -> None:
    routing = load({}).routing
    assert (routing.fallback, routing.share_percent, routing.shadow, routing.retries) == ([], {}, None, None)


def test_others_of_the_environment_are_named() -> None:
    options = {"fallback": ["chat-b"], "share_percent": {"chat-b": 10}, "shadow": {"blueprint": "chat-b"}}
    routing = load({**options, "retries": 0, "cooldown_seconds": 5, "timeout_seconds": 9}).routing
    assert (routing.fallback, routing.share_percent) == (["chat-b"], {"chat-b": 10})
    assert routing.shadow is not None
    assert (routing.shadow.blueprint, routing.shadow.percent) == ("chat-b", 10)
    assert (routing.retries, routing.cooldown_seconds, routing.timeout_seconds) == (0, 5, 9)


@pytest.mark.parametrize(
    ("routing", "problem"),
    [
        ({"fallback": ["chat"]}, "routing.fallback[0]: must be another blueprint"),
        (
            {"fallback": ["chat-b", "caht-b"]},
            "routing.fallback[1]: is not another blueprint of this environment; available: chat-b, guarded, later, "
            "primary (received 'caht-b'); did you mean `chat-b`?",
        ),
        ({"fallback": ["chat-b", "chat-b"]}, "routing.fallback[1]: is a duplicate"),
        ({"fallback": ["guarded"]}, "routing.fallback[0]: has a guardrail, which would not apply"),
        ({"fallback": ["later"]}, "routing.fallback[0]: is of kind `async`: only kinds realtime and serverless"),
        ({"fallback": ["primary"]}, "routing.fallback[0]: is reserved for this blueprint's own model"),
        ({"share_percent": {"chatb": 10}}, "routing.share_percent.chatb: is not another blueprint"),
        ({"share_percent": {"chat-b": 60, "guarded": 1, "primary": 50}}, "must not exceed 100 in total"),
        ({"share_percent": {"chat-b": 0}}, "routing.share_percent.chat-b: input should be greater than or equal to 1"),
        ({"shadow": {"blueprint": "chat-c"}}, "routing.shadow.blueprint: is not another blueprint"),
        ({"shadow": {"blueprint": "chat-b", "percent": 101}}, "routing.shadow.percent: input should be less than"),
        ({"retries": 11}, "routing.retries: input should be less than or equal to 10"),
        ({"cooldown_seconds": 3601}, "routing.cooldown_seconds: input should be less than or equal to 3600"),
        ({"timeout_seconds": 0}, "routing.timeout_seconds: input should be greater than or equal to 1"),
        ({"fallbacks": []}, "routing.fallbacks: is not a key of this section (received []); did you mean `fallback`?"),
    ],
)
def test_what_makes_no_sense_is_refused(routing: dict[str, Any], problem: str) -> None:
    others = {
        "guarded": blueprint("guarded", **GUARDED),
        "later": blueprint("later", "async"),
        "primary": blueprint("primary"),
    }
    with pytest.raises(ConfigError) as error:
        load(routing, **others)
    assert problem in error.value.message


def test_a_broken_file_of_another_blueprint_is_not_also_a_missing_one() -> None:
    with pytest.raises(ConfigError) as error:
        load({"fallback": ["chat-c"]}, **{"chat-c": "name: chat-c\n"})
    assert "routing" not in error.value.message


def test_routing_is_for_those_who_wait() -> None:
    with pytest.raises(ConfigError) as error:
        load({}, later=blueprint("later", "batch", routing={"fallback": ["chat-b"]}))
    assert "routing: cannot be combined with kind `batch`: batch jobs do not use the router" in error.value.message
