"""Prepare requests for targets: task, inputs and parameters."""

from __future__ import annotations

from typing import Any

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


TITAN = routes.Target(
    "p", "arn", source="bedrock", family="amazon.titan-embed-text-v2:0", parameters={"dimensions": 256}
)
NOVA = routes.Target("p", "arn", source="bedrock", family="amazon.nova-lite-v1:0")


@pytest.mark.parametrize(
    ("target", "task"),
    [
        (TITAN, "embed"),
        (NOVA, "generate"),
        (routes.Target("p", "ep", format="embed"), "embed"),
        (routes.Target("p", "ep"), "generate"),
    ],
)
def test_without_a_task_the_model_decides(target: routes.Target, task: str) -> None:
    assert request_parameters.prepared(target, InferenceRequest(("a",))).task == task


def test_the_parameters_of_an_embedding_blueprint_are_its_defaults() -> None:
    assert request_parameters.prepared(TITAN, InferenceRequest(("a",))).parameters == {"dimensions": 256}
    given = InferenceRequest(("a",), {"dimensions": 512}, task="embed")
    assert request_parameters.prepared(TITAN, given).parameters == {"dimensions": 512}


@pytest.mark.parametrize(
    ("target", "task", "message"),
    [(TITAN, "generate", "makes embeddings"), (NOVA, "embed", "makes no embeddings")],
)
def test_a_model_is_not_used_for_another_task(target: routes.Target, task: Any, message: str) -> None:
    with pytest.raises(errors.BadRequest, match=message) as refused:
        request_parameters.prepared(target, InferenceRequest(("a",), task=task))
    assert refused.value.param == "model"


@pytest.mark.parametrize(
    ("target", "texts_only"),
    [
        (TITAN, True),
        (NOVA, True),
        (routes.Target("p", "ep", format="text"), True),
        (routes.Target("p", "ep", format="messages"), True),
        *(
            (routes.Target("p", "ep", format=name), False)
            for name in ("inputs", "jsonlines", "json", "classify", "csv")
        ),
    ],
)
def test_targets_of_texts_refuse_other_inputs_by_their_position(target: routes.Target, texts_only: bool) -> None:
    request = InferenceRequest(("a", [1]))
    if not texts_only:
        assert request_parameters.prepared(target, request).inputs == ("a", [1])
        return
    with pytest.raises(
        errors.BadRequest, match=r"'inputs\[1\]' must be a string .*: it is a list; the model"
    ) as refused:
        request_parameters.prepared(target, request)
    assert refused.value.param == "inputs[1]"
