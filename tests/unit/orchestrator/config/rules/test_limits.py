"""`limits` of a blueprint file: what goes with which kind, and that files and functions know the same defaults."""

from __future__ import annotations

from typing import Any

import pytest
import yaml

from inference_common import parameters, token_limits
from orchestrator.config import loader
from orchestrator.config.model.blueprint import Limits
from orchestrator.config.rules.options import TAKEN_BY_BEDROCK
from orchestrator.errors import ConfigError
from tests.fakes.platforms import platform_file


def load(limits: dict[str, Any], kind: str = "realtime", **more: Any) -> Limits:
    model = {"source": "bedrock", "model_id": "amazon.nova-lite-v1:0"}
    smoke = {"golden": [{"input": "hello", "contains": ""}]}
    text = yaml.safe_dump({"name": "chat", "kind": kind, "model": model, "smoke": smoke, "limits": limits, **more})
    return loader.build("dev", platform_file(), {"chat": ("chat.yaml", text)}).blueprints[0].limits


@pytest.mark.parametrize("kind", ["realtime", "serverless", "async", "batch"])
def test_the_functions_have_the_defaults_that_the_file_shows(kind: str) -> None:
    shown, held = Limits(), token_limits.read({}, kind)
    assert shown.max_tokens == held.max_tokens
    assert (shown.max_inputs, shown.max_total_tokens) == (None, None), "they differ by kind"
    assert set(token_limits.NAMES) == set(Limits.model_fields)
    description = str(Limits.model_fields["max_inputs"].description)
    assert held.max_inputs is None or f"{held.max_inputs}" in description
    budget = str(Limits.model_fields["max_total_tokens"].description)
    assert f"{token_limits.FULL_ANSWERS} times max_tokens, kind batch: unlimited" in budget
    assert held.max_total_tokens == (None if kind == "batch" else token_limits.FULL_ANSWERS * held.max_tokens)


def test_limits_are_taken() -> None:
    assert load({"max_tokens": 50, "max_inputs": 5, "max_total_tokens": 200}).max_total_tokens == 200
    assert load({"max_inputs": 1000}, "async").max_inputs == 1000
    assert load({"max_total_tokens": 10**9}, "batch").max_total_tokens == 10**9


@pytest.mark.parametrize(
    ("limits", "more", "problem"),
    [
        ({"max_tokens": 0}, {}, "limits.max_tokens: input should be greater than or equal to 1"),
        ({"max_token": 5}, {}, "limits.max_token: is not a key of this section"),
        ({"max_inputs": 101}, {}, "limits.max_inputs: must not exceed 100, the limit of synchronous requests"),
        ({"max_inputs": 5}, {"kind": "batch"}, "limits.max_inputs: cannot be combined with kind `batch`"),
        (
            {"max_tokens": 50},
            {"parameters": {"max_tokens": 51}},
            "parameters.max_tokens: must not exceed `limits.max_tokens` (50)",
        ),
    ],
)
def test_limits_that_cannot_hold_are_refused(limits: dict[str, Any], more: dict[str, Any], problem: str) -> None:
    with pytest.raises(ConfigError) as refused:
        load(limits, **more)
    assert problem in str(refused.value)


def test_parameters_that_bedrock_s_models_do_not_take_are_refused() -> None:
    assert TAKEN_BY_BEDROCK == parameters.GENERATION
    taken = {**dict.fromkeys(TAKEN_BY_BEDROCK, 1), "stop_sequences": "END"}
    assert load({}, parameters=taken).max_tokens == 4096
    with pytest.raises(
        ConfigError, match=r"parameters\.style: is not a parameter of Bedrock's models; available: max_tokens"
    ):
        load({}, parameters={"style": "brief"})


def test_an_own_default_above_the_default_ceiling_stands() -> None:
    """Deployments that are older than `limits` keep what their operators have written."""
    assert load({}, parameters={"max_tokens": 9000}).max_tokens == 4096
    assert token_limits.read({"parameters": {"max_tokens": 9000}}, "realtime").max_tokens == 9000
