"""Filter policies on attributes and bodies, and addresses of this machine."""

from __future__ import annotations

import json
from typing import Any

import pytest

from emulator.services.events.notification import Message, http_delay, stays_here, wants

ATTRIBUTES: dict[str, dict[str, Any]] = {
    "team": {"Type": "String", "Value": "ml"},
    "severity": {"Type": "Number", "Value": "3"},
    "tags": {"Type": "String.Array", "Value": '["a", "b"]'},
    "blob": {"Type": "Binary", "Value": b"x"},
}


@pytest.mark.parametrize(
    ("policy", "expected"),
    [
        ({"team": ["ml"]}, True),
        ({"team": ["ops"]}, False),
        ({"severity": [3]}, True),
        ({"severity": ["3"]}, False),
        ({"severity": [{"numeric": [">", 3]}]}, False),
        ({"tags": ["b"]}, True),
        ({"blob": ["x"]}, False),
        ({"gone": [{"exists": False}]}, True),
        ({"team": ["ml"], "severity": [9]}, False),
        ({"$or": [{"team": ["x"]}, {"severity": [3]}]}, True),
    ],
)
def test_attributes(policy: dict[str, Any], expected: bool) -> None:
    assert wants(policy, None, Message("1", "text", None, ATTRIBUTES)) is expected


@pytest.mark.parametrize(("text", "expected"), [('{"a": {"b": 1}}', True), ('{"a": 1}', False), ("no json", False)])
def test_body(text: str, expected: bool) -> None:
    assert wants({"a": {"b": [1]}}, "MessageBody", Message("1", text, None, {})) is expected


def test_without_a_policy_everything_passes() -> None:
    assert wants(None, None, Message("1", json.dumps({}), None, {}))


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        ("http://127.0.0.1:80/x", True),
        ("http://localhost/x", True),
        ("http://[::1]:8080/", True),
        ("https://example.com/x", False),
        ("http://10.0.0.1/", False),
        ("http://localhost.example.com/", False),
    ],
)
def test_addresses(url: str, expected: bool) -> None:
    assert stays_here(url) is expected


def test_http_backs_off() -> None:
    delays = [http_delay(attempt) for attempt in range(30)]
    assert delays[:5] == [0, 0, 0, 1, 1]
    assert delays == sorted(delays)
    assert delays[-1] == 20
