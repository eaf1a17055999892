"""What section `async` of a blueprint file may say."""

from __future__ import annotations

from typing import Any

import pytest
import yaml

from orchestrator.config import loader
from orchestrator.config.model.async_inference import webhook_refusal
from orchestrator.errors import ConfigError
from tests.fakes.platforms import platform_file

CHAT: dict[str, Any] = {
    "name": "chat-async",
    "kind": "async",
    "model": {"source": "bedrock", "model_id": "amazon.nova-lite-v1:0"},
    "smoke": {"golden": [{"input": "Hello", "contains": ""}]},
}
REVIEWS: dict[str, Any] = {
    "name": "reviews-async",
    "kind": "async",
    "model": {"source": "sagemaker", "group": "reviews"},
    "smoke": {"golden": [{"input": "Great", "label": "positive"}]},
}


def problems(blueprint: dict[str, Any], target: str = "aws", **more: Any) -> str:
    """What a file with these keys is refused for; nothing if it is taken."""
    document = {**blueprint, **more}
    name = document["name"]
    try:
        loader.build("here", platform_file("owner: me\n", target), {name: (f"{name}.yaml", yaml.safe_dump(document))})
    except ConfigError as error:
        return str(error)
    return ""


@pytest.mark.parametrize("blueprint", [CHAT, REVIEWS], ids=["bedrock", "sagemaker"])
def test_the_defaults_are_enough(blueprint: dict[str, Any]) -> None:
    assert problems(blueprint) == ""
    assert problems(blueprint, "aws", **{"async": {"max_concurrency": 1000, "callback": {"table": True}}}) == ""


@pytest.mark.parametrize(
    ("blueprint", "asked", "words"),
    [
        (CHAT, {"max_concurrency": 1}, "max_concurrency: must be at least 2"),
        (CHAT, {"max_concurrency": 1001}, "max_concurrency"),
        (REVIEWS, {"max_concurrency": 0}, "max_concurrency"),
        (CHAT, {"max_instances": 2}, "max_instances: is only available for models of sagemaker"),
        (CHAT, {"timeout_seconds": 881}, "timeout_seconds: must not exceed 880"),
        (CHAT, {"max_input_mb": 21}, "max_input_mb: must not exceed 20"),
        (REVIEWS, {"max_input_mb": 1025}, "max_input_mb"),
        (REVIEWS, {"max_attempts": 3}, "max_attempts: is only available for models of bedrock"),
        (REVIEWS, {"min_instances": 3}, "min_instances: must not exceed `max_instances` (2)"),
        (REVIEWS, {"ttl_seconds": 59}, "ttl_seconds"),
        (REVIEWS, {"ttl_seconds": 21_601}, "ttl_seconds"),
        (CHAT, {"callback": {"emails": ["unknown"]}}, "emails"),
        (CHAT, {"callback": {"webhook": "http://example.com/"}}, "webhook: must begin with https://"),
        (CHAT, {"queue": 1}, "queue"),
    ],
)
def test_what_aws_or_the_platform_does_not_take_is_refused_with_the_reason(
    blueprint: dict[str, Any], asked: dict[str, Any], words: str
) -> None:
    assert words in problems(blueprint, "aws", **{"async": asked})


@pytest.mark.parametrize(
    ("more", "words"),
    [
        ({"instance_count": 2}, "instance_count: cannot be combined with kind `async`"),
        ({"autoscaling": {"max": 3}}, "autoscaling: cannot be combined with kind `async`"),
        ({"serverless": {}}, "serverless: cannot be combined with kind `async`"),
        ({"shadow": {}}, "shadow: cannot be combined with kind `async`"),
        ({"routing": {"fallback": ["chat"]}}, "routing: cannot be combined with kind `async`"),
        ({"name": "a-name-of-twenty-four-ch"}, "must have at most 23 characters"),
    ],
)
def test_options_of_other_kinds_are_refused(more: dict[str, Any], words: str) -> None:
    assert words in problems(REVIEWS, **more)


def test_other_kinds_have_no_queue() -> None:
    assert "async: cannot be combined with kind `realtime`" in problems(
        CHAT, "aws", name="chat", kind="realtime", **{"async": {"max_concurrency": 2}}
    )


def test_a_password_in_an_address_is_not_told() -> None:
    message = problems(CHAT, "aws", **{"async": {"callback": {"webhook": "https://user:pa@ss@example.com/hook"}}})
    assert "must have no user, password or fragment" in message
    assert "https://…@example.com/hook" in message
    assert "pa@ss" not in message


@pytest.mark.parametrize(
    "url",
    [
        "https://10.0.0.1/hook",
        "https://127.0.0.1/hook",
        "https://169.254.169.254/latest/meta-data",
        "https://[::1]/hook",
        "https://[fd00::1]/hook",
        "https://localhost/hook",
        "https://hook.internal/",
        "https://intranet/",
        "https://user:word@example.com/",
        "https://example.com/#part",
        "ftp://example.com/",
        "http://127.0.0.1:8000/",
        "https://",
        "https://example.com:port/",
    ],
)
def test_a_webhook_leads_into_the_internet(url: str) -> None:
    assert webhook_refusal(url, local=False)


def test_local_takes_a_webhook_of_this_machine() -> None:
    assert webhook_refusal("http://127.0.0.1:8000/hook", local=True) is None
    assert webhook_refusal("http://10.0.0.1/hook", local=True)
    assert webhook_refusal("https://example.com/hook", local=False) is None
