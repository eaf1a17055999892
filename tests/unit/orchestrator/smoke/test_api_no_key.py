"""The probe without a key."""

from __future__ import annotations

from tests.fakes.aws import FakeCloud
from tests.unit.orchestrator.smoke.conftest import KEY, only, web_answer


def test_an_api_without_a_lock_is_red(cloud: FakeCloud) -> None:
    cloud.web = [lambda **asked: web_answer(**{**asked, "headers": {"x-api-key": KEY}})]
    result = only(cloud, "api-no-key")
    assert result.status == "failed"
    assert result.detail.startswith("a request without a key must be answered 401, got 200")
