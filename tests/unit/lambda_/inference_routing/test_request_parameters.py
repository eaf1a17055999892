"""Prepare requests for targets: task, inputs and parameters."""

from __future__ import annotations

import pytest

from inference_common import errors
from inference_common.requests import InferenceRequest
from inference_routing import request_parameters, routes


def test_a_parameter_that_the_embedder_does_not_accept_is_named() -> None:
    request = InferenceRequest(("a",), {"dimensions": 256}, task="embed")
    first, second = (
        routes.Target("p", "arn", source="bedrock", family=f"amazon.titan-embed-text-{version}")
        for version in ("v1", "v2:0")
    )
    assert request_parameters.prepared(second, request).parameters == {"dimensions": 256}
    with pytest.raises(errors.BadRequest, match="unknown parameter 'dimensions'; this model takes none"):
        request_parameters.prepared(first, request)
