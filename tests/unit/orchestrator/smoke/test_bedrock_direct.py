"""The probe of a Bedrock model."""

from __future__ import annotations

from tests.fakes.aws import FakeCloud
from tests.unit.orchestrator.smoke.conftest import CHAT, converse_answer, probe, with_golden


def test_a_text_without_the_expected_words_is_red(cloud: FakeCloud) -> None:
    result = probe(cloud, with_golden(CHAT, {"input": "Hi", "contains": "goodbye"}))["chat", "bedrock-direct"]
    assert (result.status, result.detail) == ("failed", 'the text must contain `goodbye`, got `"Hello there."`')


def test_an_empty_expectation_takes_any_text_but_no_empty_one(cloud: FakeCloud) -> None:
    any_text = with_golden(CHAT, {"input": "Hi", "contains": ""})
    assert probe(cloud, any_text)["chat", "bedrock-direct"].status == "ok"
    cloud.services["bedrock-runtime"]["converse"] = converse_answer("  ")
    assert "non-empty" in probe(cloud, any_text)["chat", "bedrock-direct"].detail
