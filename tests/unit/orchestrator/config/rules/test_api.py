"""Keys and authentication methods of the inference API in environment files."""

from __future__ import annotations

from typing import Any

import pytest
import yaml

from orchestrator.config.loader import build
from orchestrator.config.model.platform import Platform
from orchestrator.errors import ConfigError
from tests.fakes.platforms import platform, platform_file

CHAT = """
name: chat
kind: realtime
model: {source: bedrock, model_id: amazon.nova-lite-v1:0}
smoke: {golden: [{input: hello, contains: hello}]}
"""
POOL = "arn:aws:cognito-idp:us-east-1:123456789012:userpool/us-east-1_abcdefghi"


def load(inference: dict[str, Any], target: str = "aws") -> Platform:
    text = yaml.safe_dump({"inference": inference})
    return build("here", platform_file(text, target), {"chat": ("chat.yaml", CHAT)}).platform


def problem(inference: dict[str, Any], target: str = "aws") -> str:
    with pytest.raises(ConfigError) as error:
        load(inference, target)
    return error.value.message


def test_by_default_there_is_only_the_default_key() -> None:
    inference = platform().inference
    assert (inference.api_keys, inference.auth.iam, inference.auth.cognito) == ({}, False, None)


def test_a_key_is_valid_for_blueprints_of_the_environment_within_its_own_limits() -> None:
    keys = {"team-a": {"blueprints": ["chat"], "throttle": {"rate_per_second": 2, "burst": 4}, "quota_per_day": 9}}
    key = load({"api_keys": keys}).inference.api_keys["team-a"]
    assert key.model_dump() == keys["team-a"]
    assert load({"api_keys": {"ops": {"blueprints": ["*"]}}}).inference.api_keys["ops"].throttle is None


@pytest.mark.parametrize(
    ("keys", "rule"),
    [
        (
            {"default": {"blueprints": ["chat"]}},
            "inference.api_keys.default: is reserved for the key that is valid for all blueprints",
        ),
        (
            {"smoke": {"blueprints": ["chat"]}},
            "inference.api_keys.smoke: is reserved for the smoke tests",
        ),
        (
            {"team-a": {"blueprints": ["chta"]}},
            "blueprints[0]: is not a blueprint of this environment; available: chat",
        ),
        ({"team-a": {"blueprints": ["chat", "chat"]}}, "blueprints[1]: is a duplicate"),
        ({"team-a": {"blueprints": ["*", "chat"]}}, "blueprints[0]: means every blueprint, and must be the only entry"),
        ({"team-a": {"blueprints": []}}, "inference.api_keys.team-a.blueprints: list should have at least 1 item"),
        ({"team-a": {"blueprints": ["chat,reviews"]}}, "must match"),
        ({"Team A": {"blueprints": ["chat"]}}, "must match"),
        ({"team-a": {"blueprints": ["chat"], "value": "abc"}}, "is not a key of this section"),
        ({"team-a": {"blueprints": ["chat"], "quota_per_day": 0}}, "greater than or equal to 1"),
    ],
)
def test_a_key_that_makes_no_sense_is_refused(keys: dict[str, Any], rule: str) -> None:
    assert rule in problem({"api_keys": keys})


def test_authentication_methods_are_enabled_by_flag() -> None:
    auth = load(
        {"auth": {"iam": True, "cognito": {"user_pool_arns": [POOL], "scopes": ["inference/ask"]}}}
    ).inference.auth
    assert auth.iam
    assert auth.cognito is not None
    assert auth.cognito.user_pool_arns == [POOL]


def test_the_local_aws_has_no_user_pools_and_says_so() -> None:
    inference = {"auth": {"cognito": {"user_pool_arns": [POOL]}}}
    assert "the local AWS does not emulate user pools and their tokens" in problem(inference, "local")


@pytest.mark.parametrize(
    ("pools", "rule"),
    [
        ([POOL.replace("us-east-1:", "eu-west-1:")], "must be a user pool of us-east-1"),
        (["us-east-1_abcdefghi"], "must match"),
        ([], "list should have at least 1 item"),
    ],
)
def test_user_pools_are_of_this_region_and_there_is_one(pools: list[str], rule: str) -> None:
    assert rule in problem({"auth": {"cognito": {"user_pool_arns": pools}}})
