"""Match SageMaker endpoints with their scaling and configuration (shared code, no rule)."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from rulekit import PlatformRule, address, bare, same, values

Block = dict[str, Any]


def is_called(block: Block, name: Any) -> bool:
    """Tell whether an expression names a resource, by reference or by its plain name."""
    return any(same(name, each) for each in (f"{address(block)}.name", *values(block, "name")))


def configurations(rule: PlatformRule, endpoint: Block) -> Iterator[Block]:
    """Return the configurations with which an endpoint starts."""
    names = values(endpoint, "endpoint_config_name")
    for each in rule.others("aws_sagemaker_endpoint_configuration"):
        if any(is_called(each, name) for name in names):
            yield each


def scaled(rule: PlatformRule, scaling: Block) -> Iterator[Block]:
    """Return the endpoints that a scaling policy or target applies to."""
    resource_ids = [bare(each) for each in _resource_ids(rule, scaling)]
    for endpoint in rule.others("aws_sagemaker_endpoint"):
        names = (f"{address(endpoint)}.name", *values(endpoint, "name"))
        if any(each.startswith(bare(f"endpoint/{name}/")) for each in resource_ids for name in names):
            yield endpoint


def _resource_ids(rule: PlatformRule, scaling: Block) -> Iterator[Any]:
    for given in values(scaling, "resource_id"):
        yield given
        for target in rule.others("aws_appautoscaling_target"):
            if same(given, f"{address(target)}.resource_id"):
                yield from values(target, "resource_id")
