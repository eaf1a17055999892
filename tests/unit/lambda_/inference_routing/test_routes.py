"""Parse route records."""

from __future__ import annotations

import json
from typing import Any

import pytest

from inference_common import errors
from inference_routing import routes

FULL: dict[str, Any] = {
    "kind": "serverless",
    "source": "sagemaker",
    "targets": [
        {"name": "primary", "endpoint_name": "ep", "timeout_seconds": 5, "format": "text"},
        {
            "name": "spare",
            "source": "bedrock",
            "model_id": "arn",
            "base_model_id": "amazon.nova-lite-v1:0",
            "weight": 0,
        },
    ],
    "guardrail": {"id": "g", "version": 1},
    "shadow": {"share": 0.5, "target": {"name": "next", "endpoint_name": "ep2"}},
    "retry": {"retries": 1, "base_seconds": 0, "max_seconds": 1},
    "cooldown": {"failures": 2, "seconds": 5},
    "log_payloads": True,
}


def test_one_route_may_lead_to_both_sources() -> None:
    route = routes.parse_route("chat", json.dumps(FULL))
    primary, spare = route.targets
    assert (primary.source, primary.address, primary.serverless, primary.format) == ("sagemaker", "ep", True, "text")
    assert (spare.source, spare.address, spare.serverless, spare.family) == (
        "bedrock",
        "arn",
        False,
        "amazon.nova-lite-v1:0",
    )
    assert route.guardrail is not None
    assert (route.guardrail.id, route.guardrail.version) == ("g", "1")
    assert route.shadow is not None
    assert (route.shadow.share, route.shadow.target.address) == (0.5, "ep2")
    assert (route.retry.retries, route.cooldown.failures, route.log_payloads) == (1, 2, True)


@pytest.mark.parametrize(
    "broken",
    [
        {"targets": []},
        {"source": "azure"},
        {"targets": [{"name": "p", "source": "bedrock", "endpoint_name": "ep"}]},
        {"targets": [FULL["targets"][0], FULL["targets"][0]]},
        {"targets": [{"name": "p", "endpoint_name": "ep", "weight": -1}]},
        {"targets": [{"name": "p", "endpoint_name": "ep", "timeout_seconds": 0.1}]},
        {"shadow": {"share": 2, "target": {"name": "n", "endpoint_name": "e"}}},
        {"guardrail": {"id": "g"}},
        {"retry": {"retries": 99}},
        {"retry": {"unknown": 1}},
        {"cooldown": {"failures": 0}},
    ],
)
def test_a_malformed_record_is_an_internal_error(broken: dict[str, Any]) -> None:
    with pytest.raises(errors.InternalError, match="the route record of 'chat'"):
        routes.parse_route("chat", json.dumps({**FULL, **broken}))
