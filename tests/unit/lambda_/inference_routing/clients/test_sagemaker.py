"""Call SageMaker endpoints, with botocore's own response parsing (Stubber)."""

from __future__ import annotations

import json
import time
from typing import Any

import pytest

from inference_common import containers, errors
from inference_common.requests import InferenceRequest
from inference_routing import limits, routes
from inference_routing.clients import fanout, sagemaker
from inference_routing.deadline import Deadline
from tests.unit.lambda_.support.clients import body, stub


@pytest.fixture
def deadline() -> Any:
    return Deadline.after(20, time.monotonic)


def test_sagemaker_request_and_answer(deadline: Any) -> None:
    stubber = stub("sagemaker-runtime")
    answer = {"outputs": [{"label": "positive", "score": 0.9}], "model": {"seed": 42}}
    stubber.add_response(
        "invoke_endpoint",
        {"Body": body(answer), "ResponseMetadata": {"HTTPHeaders": {"x-emulator-fidelity": "executed"}}},
        {
            "EndpointName": "ep",
            "ContentType": "application/json",
            "Accept": "application/json",
            "Body": b'{"inputs": ["fine"], "parameters": {"a": 1}}',
        },
    )
    target = routes.Target("primary", "ep")
    reply = sagemaker.SageMakerBackend().invoke(target, InferenceRequest(("fine",), {"a": 1}), deadline, {})
    assert (reply.outputs, reply.model, reply.usage) == (answer["outputs"], {"seed": 42}, None)
    assert reply.fidelity == "executed"


@pytest.mark.parametrize(
    "answer",
    [
        b"{",
        b"[]",
        b'{"outputs": []}',
        b'{"outputs": [{}, {}], "model": {}}',
        b'{"outputs": [{}], "model": 1}',
        b'{"outputs": [1], "model": {}}',
    ],
)
def test_an_answer_that_violates_the_contract_is_malformed(answer: bytes) -> None:
    with pytest.raises(errors.MalformedAnswer) as raised:
        containers.of("inputs").decode(answer, 1)
    assert (raised.value.kind, raised.value.charged) == ("permanent", True)


@pytest.mark.usefixtures("one_call_at_a_time")
def test_answers_of_completed_calls_are_kept(deadline: Any) -> None:
    requested: list[int] = []

    def ask(position: int) -> str:
        requested.append(position)
        if position == 1 and requested.count(1) == 1:
            raise errors.Throttled("slow down")
        return f"answer {position}"

    kept: dict[int, Any] = {}
    with pytest.raises(errors.Throttled):
        fanout.fan_out(3, kept, deadline, ask)
    assert 0 in kept
    assert 1 not in kept
    assert fanout.fan_out(3, kept, deadline, ask) == ["answer 0", "answer 1", "answer 2"]
    assert (requested.count(0), requested.count(1), requested.count(2)) == (1, 2, 1)


@pytest.mark.parametrize(
    ("source", "serverless", "size", "limit"),
    [
        ("sagemaker", True, 4_500_000, 4 * 1024 * 1024),
        ("sagemaker", False, 6_500_000, 6 * 1024 * 1024),
        ("bedrock", False, 25_500_000, 25_000_000),
    ],
)
def test_a_payload_that_the_target_does_not_accept_is_refused(
    source: str, serverless: bool, size: int, limit: int
) -> None:
    target = routes.Target("p", "ep", source=source, serverless=serverless)
    with pytest.raises(errors.PayloadTooLarge, match=f"of {limit} that the target takes"):
        limits.check_payload(target, size)
    limits.check_payload(target, limit)


def test_an_oversized_payload_is_not_sent(deadline: Any) -> None:
    stub("sagemaker-runtime")  # a call would fail: nothing is stubbed
    target = routes.Target("p", "ep", serverless=True)
    request = InferenceRequest(("x" * 4_500_000,))
    with pytest.raises(errors.PayloadTooLarge):
        sagemaker.SageMakerBackend().invoke(target, request, deadline, {})


@pytest.mark.parametrize(
    ("named", "sent"),
    [
        ({"target_model": "general.tar.gz"}, {"TargetModel": "general.tar.gz"}),
        ({"target_container": "language"}, {"TargetContainerHostname": "language"}),
        ({}, {}),
    ],
)
def test_a_record_names_one_of_an_endpoints_models_or_containers(
    deadline: Any, named: dict[str, str], sent: dict[str, str]
) -> None:
    record = {"kind": "realtime", "source": "sagemaker", "targets": [{"name": "p", "endpoint_name": "ep", **named}]}
    [target] = routes.parse_route("many", json.dumps(record)).targets
    stubber = stub("sagemaker-runtime")
    requested = {"EndpointName": "ep", "ContentType": "application/json", "Accept": "application/json"}
    answer = {"outputs": [{"label": "positive"}], "model": {}}
    # The stub compares everything that is sent.
    payload = b'{"inputs": ["fine"], "parameters": {"a": 1}}'
    stubber.add_response("invoke_endpoint", {"Body": body(answer)}, {**requested, "Body": payload, **sent})
    backend = sagemaker.SageMakerBackend()
    reply = backend.invoke(target, InferenceRequest(("fine",), {"a": 1}), deadline, {})
    assert reply.outputs == answer["outputs"]
    assert target.key == ":".join(["sagemaker", "ep", *named.values()])
