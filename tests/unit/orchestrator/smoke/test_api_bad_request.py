"""The probe of wrong requests."""

from __future__ import annotations

from typing import Any

import pytest

from orchestrator.core.types import Json
from tests.fakes.aws import FakeCloud
from tests.unit.orchestrator.smoke.conftest import only, web_answer


def test_a_bad_request_must_be_refused_with_a_message(cloud: FakeCloud) -> None:
    cloud.web = [(200, {}, {"outputs": []})]
    assert "must be answered 400, got 200" in only(cloud, "api-bad-request").detail
    cloud.web = [(400, {}, {"message": "Invalid request body"})]
    assert "must name `error.type` and `error.message`" in only(cloud, "api-bad-request").detail


@pytest.mark.parametrize(
    ("error", "detail"),
    [
        ({"message": "Invalid request body", "type": "BadRequest"}, "a temperature of 9 must name it"),
        ({"message": "temperature", "type": "t", "param": "top_p"}, "a temperature of 9 must name it"),
        ({"message": "no", "type": "t", "param": "temperature"}, "a temperature of 9 must name it"),
    ],
)
def test_a_refusal_must_name_what_is_wrong(cloud: FakeCloud, error: Json, detail: str) -> None:
    def vague(**asked: Any) -> Any:
        return (400, {}, {"error": error}) if asked["url"].endswith("completions") else web_answer(**asked)

    cloud.web = [vague]
    result = only(cloud, "api-bad-request")
    assert result.status == "failed"
    assert detail in result.detail
