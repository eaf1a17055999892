"""An unknown cost is omitted with a reason; missing values do not count as 0."""

from __future__ import annotations

from typing import Any

import pytest

from batch_submitter import prices
from tests.unit.lambda_.support.batch_submitter import FOLDER, Platform

READ, WRITTEN, HOUR = "usd_per_million_input_tokens", "usd_per_million_output_tokens", "instance_usd_per_hour"
MILLION = [1_000_000, 1_000_000]


@pytest.mark.parametrize(
    ("batch", "usd", "why"),
    [
        ({}, None, None),
        ({"prices": {}}, None, None),
        ({"prices": {READ: None}}, None, None),
        ({"model_id": "m", "prices": {READ: 0.06, WRITTEN: 0.24}}, 0.3, None),
        ({"model_id": "m", "prices": {READ: 0.06, WRITTEN: 0}}, 0.06, None),
        ({"prices": {READ: 0.06}}, None, f"the blueprint gives no price {WRITTEN}"),
        ({"model_id": "m", "prices": {WRITTEN: 0.06}}, None, f"the blueprint gives no price {READ}"),
        ({"model_id": "m", "prices": {HOUR: 1}}, None, f"the blueprint gives no price {READ} and no price {WRITTEN}"),
        ({"instance_count": 2, "prices": {HOUR: 1.5}}, 3.0, None),
        ({"instance_count": 2, "prices": {READ: 1.5}}, None, f"the blueprint gives no price {HOUR}"),
    ],
)
def test_an_estimate_needs_all_of_its_prices(batch: Any, usd: float | None, why: str | None) -> None:
    assert prices.cost_of(batch, 3600, MILLION) == usd
    assert prices.unknown_cost(batch) == why


def test_unreported_tokens_have_an_unknown_cost() -> None:
    batch = {"model_id": "m", "prices": {READ: 0.06, WRITTEN: 0.24}}
    assert prices.cost_of(batch, 0, MILLION, uncounted=1) is None
    assert prices.unknown_cost(batch, 1) == "the model did not report the tokens of 1 answers"
    assert prices.unknown_cost({"instance_count": 1, "prices": {HOUR: 1}}, 1) is None, "tokens do not count there"


def run(platform: Platform) -> Any:
    platform.bucket.put(f"{FOLDER}requests/in.jsonl", [f"text {n}" for n in range(100)])
    platform.submit()
    platform.bedrock_ended(platform.bedrock.run(0))
    return platform.status()


def test_the_status_says_why_there_is_no_cost(on_bedrock: Platform) -> None:
    on_bedrock.batch["prices"] = {READ: 0.06}
    reported = run(on_bedrock)
    assert "cost_usd" not in reported
    assert reported["cost_unknown"] == f"the blueprint gives no price {WRITTEN}"
    ((_, published),) = on_bedrock.reported
    assert published["cost_unknown"] == reported["cost_unknown"]


def test_answers_without_tokens_have_no_cost(on_bedrock: Platform) -> None:
    model = on_bedrock.bedrock.model

    def silent(record: str, line: Any) -> Any:
        answer = model(record, line)
        if record.endswith("07"):
            del answer["modelOutput"]["usage"]
        return answer

    on_bedrock.bedrock.model = silent
    reported = run(on_bedrock)
    assert (reported["status"], reported.get("cost_usd")) == ("completed", None)
    assert reported["cost_unknown"] == "the model did not report the tokens of 1 answers"
