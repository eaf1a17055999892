"""The probe of a key's limit."""

from __future__ import annotations

from typing import Any

import pytest

from orchestrator.core.types import Json
from orchestrator.smoke.model import ProbeResult
from tests.fakes.aws import FakeCloud
from tests.unit.orchestrator.smoke.conftest import SMOKE_KEY, THROTTLED, in_turn, only, web_answer


def listing(cloud: FakeCloud, *answers: tuple[int, dict[str, str], Json]) -> ProbeResult:
    """The probe of throttling, whose requests are answered so; then with 200."""
    models = in_turn(*answers, then=lambda **asked: (200, {}, {"object": "list", "data": []}))

    def answer(**asked: Any) -> Any:
        return models(**asked) if asked["url"].endswith("/v1/models") else web_answer(**asked)

    cloud.web = [answer]
    return only(cloud, "api-throttled")


def test_throttling_may_come_late_and_has_its_own_key(cloud: FakeCloud) -> None:
    result = listing(cloud, *[(200, {}, {"data": []})] * 5, THROTTLED)
    assert (result.status, result.detail) == ("ok", "429 at request 6")
    requests = [call for call in cloud.called("http") if call["url"].endswith("/v1/models")]
    assert len(requests) == 6
    assert {call["headers"]["x-api-key"] for call in requests} == {SMOKE_KEY}


def test_aws_s_own_throttling_does_not_count_as_the_key_s_limit(cloud: FakeCloud) -> None:
    result = listing(
        cloud, (429, {}, {"error": {"type": "ThrottlingException", "message": "Rate exceeded"}}), THROTTLED
    )
    assert (result.status, result.detail) == ("ok", "429 at request 2")


def test_a_limit_that_is_not_kept_is_red_after_a_bounded_number_of_requests(cloud: FakeCloud) -> None:
    result = listing(cloud)
    assert (result.status, result.detail) == (
        "failed",
        "20 requests with a key for one a second, and none was answered 429",
    )


@pytest.mark.parametrize(
    ("answer", "detail"),
    [
        ((429, {}, THROTTLED[2]), "a 429 must say when to retry (Retry-After)"),
        ((429, {"retry-after": "1"}, {"message": "Too Many Requests"}), "must name the `error.type` Throttled"),
        ((403, {}, {"message": "Forbidden"}), "the key smoke must be accepted or throttled, got 403"),
    ],
)
def test_throttling_must_have_a_message(
    cloud: FakeCloud, answer: tuple[int, dict[str, str], Json], detail: str
) -> None:
    result = listing(cloud, answer)
    assert result.status == "failed"
    assert detail in result.detail
