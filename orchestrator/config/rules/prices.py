"""Prices of batch requests: all that an estimate needs, or none. Half of them would count the rest as free."""

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
    given = batch.prices.model_dump(exclude_none=True)
    for name, usd in given.items():
        if name not in NEEDED[source]:
            rule = f"is no price of models of {source}; theirs: {', '.join(NEEDED[source])}"
            yield document.problem(("batch", "prices", name), rule, usd)
    known = [name for name in NEEDED[source] if name in given]
    missing = [name for name in NEEDED[source] if name not in given]
    if known and missing:
        rule = f"needs `{missing[0]}` beside it: a price that is not given is not 0 (which can be given)"
        yield document.problem(("batch", "prices", known[0]), rule, given[known[0]])
