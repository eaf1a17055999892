"""Limits that AWS's models leave out: each has its page, and what is quoted or assumed is so."""

from __future__ import annotations

import pytest

from orchestrator.config.rules import aws_facts
from tooling.aws import limits, rules


def test_every_fact_beside_the_models_has_a_page_and_botocore_says_what_is_quoted() -> None:
    assert rules.unsaid() == []
    pages = ("https://docs.aws.amazon.com/", "https://aws.github.io/")
    assert all(str(fact["source"]).startswith(pages) for fact in aws_facts.FACTS.values())
    quoted = [name for name, fact in aws_facts.FACTS.items() if "says" in fact]
    assert len(quoted) > 10, "the facts have lost their quotations"


def test_a_quotation_that_botocore_does_not_have_is_reported(monkeypatch: pytest.MonkeyPatch) -> None:
    invented = {"source": "https://docs.aws.amazon.com/x", "says": ("sqs:CreateQueue.QueueName", "up to 81 characters")}
    monkeypatch.setattr(rules, "FACTS", {"sqs:queue.QueueName": invented})
    assert rules.unsaid() == [
        "sqs:queue.QueueName: sqs:CreateQueue.QueueName does not say `up to 81 characters` any more: "
        "see https://docs.aws.amazon.com/x"
    ]


def test_the_page_of_limits_says_what_is_assumed() -> None:
    page = limits.page("")
    for name, fact in aws_facts.FACTS.items():
        where = [line for line in page.splitlines() if line.startswith("| ") and f"`{name}`" in line]
        assert where, f"{name} is not on the page"
        assert all(("*assumed*" in line) == ("assumed" in fact) for line in where), name
        assert "assumed" not in fact or f"- `{name}`: {fact['assumed']}" in page
