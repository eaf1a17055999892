"""Check the prices of batch requests: all that an estimate needs, or none."""

from __future__ import annotations

from collections.abc import Iterator

from orchestrator.config.model.blueprint import Batch
from orchestrator.config.problems import Problem
from orchestrator.config.yaml_source import Document

NEEDED = {
    "sagemaker": ("instance_usd_per_hour",),
    "bedrock": ("usd_per_million_input_tokens", "usd_per_million_output_tokens"),
}


def check(document: Document, batch: Batch, source: str) -> Iterator[Problem]:
    prices = batch.prices.model_dump(exclude_none=True)
    for name, usd in prices.items():
        if name not in NEEDED[source]:
            rule = f"is not a price of models of {source}; available: {', '.join(NEEDED[source])}"
            yield document.problem(("batch", "prices", name), rule, usd)
    known = [name for name in NEEDED[source] if name in prices]
    missing = [name for name in NEEDED[source] if name not in prices]
    if known and missing:
        rule = f"requires `{missing[0]}`, which may be 0: an estimate needs all prices"
        yield document.problem(("batch", "prices", known[0]), rule, prices[known[0]])
