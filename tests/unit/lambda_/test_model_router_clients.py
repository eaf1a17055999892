"""The router's clients against botocore's own response parsing (Stubber), and the table of failures."""

from __future__ import annotations

import io
import json
import socket
import threading
import time
from collections.abc import Iterator
from typing import Any

import boto3
import pytest
from botocore.exceptions import ClientError, ConnectTimeoutError, ParamValidationError, ReadTimeoutError
from botocore.response import StreamingBody
from botocore.stub import Stubber
from inference_common import errors
from inference_common.requests import InferenceRequest

KEYS = {"aws_access_key_id": "test", "aws_secret_access_key": "test", "region_name": "us-east-1"}


@pytest.fixture
def router(load_function: Any) -> Any:
    return load_function("model_router", ROUTES_PREFIX="/mlops/test/routes")


@pytest.fixture
def deadline(router: Any) -> Any:
    return router.deadline.Deadline.after(20, time.monotonic)


def stub(router: Any, module: Any, service: str) -> Stubber:
    """Puts a stubbed client where the module gets its clients from."""
    client = boto3.client(service, **KEYS)
    module.client = lambda name, timeout: client if name == service and timeout > 0 else None
    stubber = Stubber(client)
    stubber.activate()
    return stubber


def body(document: Any) -> StreamingBody:
    raw = json.dumps(document).encode()
    return StreamingBody(io.BytesIO(raw), len(raw))


def test_sagemaker_request_and_answer(router: Any, deadline: Any) -> None:
    stubber = stub(router, router.clients_sagemaker, "sagemaker-runtime")
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
    target = router.routes.Target("primary", "ep")
    reply = router.clients_sagemaker.SageMakerBackend().invoke(target, InferenceRequest(("fine",), {"a": 1}), deadline)
    assert (reply.outputs, reply.model, reply.usage) == (answer["outputs"], {"seed": 42}, None)
    assert reply.fidelity == "executed"


@pytest.mark.parametrize(
    "answer", [[], {"outputs": []}, {"outputs": [1, 2], "model": {}}, {"outputs": [1], "model": 1}]
)
def test_an_answer_beside_the_contract_is_the_model_s_fault(router: Any, answer: Any) -> None:
    with pytest.raises(errors.ModelFailed):
        router.clients_sagemaker.parse_reply(json.dumps(answer).encode(), 1, None)


def test_bedrock_asks_once_per_input_and_adds_up(router: Any, deadline: Any) -> None:
    stubber = stub(router, router.clients_bedrock, "bedrock-runtime")
    for text in ("one", "two"):
        stubber.add_response(
            "converse",
            {
                "output": {"message": {"role": "assistant", "content": [{"text": text.upper()}]}},
                "stopReason": "end_turn",
                "usage": {"inputTokens": 2, "outputTokens": 3, "totalTokens": 5},
                "metrics": {"latencyMs": 1},
            },
            {
                "modelId": "m",
                "messages": [{"role": "user", "content": [{"text": text}]}],
                "inferenceConfig": {"maxTokens": 5, "topP": 0.5},
                "system": [{"text": "be brief"}],
            },
        )
    parameters = {"max_tokens": 5, "top_p": 0.5, "system": "be brief"}
    router.clients_bedrock.PARALLEL_CALLS = 1  # the stub answers in one order only
    reply = router.clients_bedrock.BedrockBackend().invoke(
        router.routes.Target("primary", "m"), InferenceRequest(("one", "two"), parameters), deadline
    )
    assert reply.outputs == [{"text": "ONE"}, {"text": "TWO"}]
    assert reply.usage == {"inputTokens": 4, "outputTokens": 6, "totalTokens": 10}
    assert (reply.model, reply.fidelity) == ({"model_id": "m"}, None)


def test_bedrock_refuses_unknown_parameters(router: Any, deadline: Any) -> None:
    request = InferenceRequest(("a",), {"max_token": 5})
    with pytest.raises(errors.BadRequest, match="unknown parameter 'max_token'; known are max_tokens"):
        router.clients_bedrock.BedrockBackend().invoke(router.routes.Target("p", "m"), request, deadline)


def test_bedrock_parameters_of_a_wrong_type_are_the_caller_s_fault(router: Any, deadline: Any) -> None:
    # botocore refuses before it sends anything, so a client without a stub will do.
    router.clients_bedrock.client = lambda name, timeout: boto3.client(name, **KEYS)
    request = InferenceRequest(("a",), {"max_tokens": "many"})
    with pytest.raises(errors.BadRequest, match="a parameter has a wrong type"):
        router.clients_bedrock.BedrockBackend().invoke(router.routes.Target("p", "m"), request, deadline)


def test_route_records_come_from_the_parameter_store(router: Any) -> None:
    stubber = stub(router, router.clients_parameters, "ssm")
    stubber.add_response("get_parameter", {"Parameter": {"Value": "{}"}}, {"Name": "/mlops/test/routes/reviews"})
    stubber.add_client_error("get_parameter", "ParameterNotFound")
    stubber.add_client_error("get_parameter", "AccessDeniedException", "not authorised")
    store = router.clients_parameters.ParameterStore("/mlops/test/routes")
    assert store.read("reviews", 5) == "{}"
    assert store.read("reviews", 5) is None
    with pytest.raises(errors.InternalError, match="AccessDeniedException"):
        store.read("reviews", 5)


def client_error(code: str, message: str = "why") -> ClientError:
    return ClientError({"Error": {"Code": code, "Message": message}}, "Operation")


@pytest.mark.parametrize(
    ("error", "expected"),
    [
        (client_error("ThrottlingException"), errors.Throttled),
        (client_error("ModelNotReadyException"), errors.NotReady),
        (client_error("ServiceUnavailable"), errors.NotReady),
        (client_error("ModelError"), errors.ModelFailed),
        (client_error("ModelErrorException"), errors.ModelFailed),
        (client_error("ModelTimeoutException"), errors.DeadlineExceeded),
        (client_error("ValidationException"), errors.BadRequest),
        (client_error("ValidationError", "Endpoint ep of account 1 not found."), errors.NotReady),
        (client_error("AccessDeniedException"), errors.InternalError),
        (ReadTimeoutError(endpoint_url="u"), errors.DeadlineExceeded),
        (ConnectTimeoutError(endpoint_url="u"), errors.NotReady),
        (ParamValidationError(report="r"), errors.BadRequest),
    ],
)
def test_each_failure_has_its_meaning(router: Any, error: Any, expected: type[errors.ServiceError]) -> None:
    assert type(router.clients_failures.translate(error, "endpoint ep")) is expected


@pytest.fixture
def silent_server() -> Iterator[str]:
    """Accepts connections and never answers; counts them."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        accepted: list[socket.socket] = []

        def accept() -> None:
            while True:
                try:
                    accepted.append(server.accept()[0])
                except OSError:
                    return

        threading.Thread(target=accept, daemon=True).start()
        yield f"http://127.0.0.1:{server.getsockname()[1]}"
        assert len(accepted) == 1, "boto3 must not retry"
        for connection in accepted:
            connection.close()


def test_a_call_ends_with_the_deadline_and_is_not_repeated(
    router: Any, monkeypatch: pytest.MonkeyPatch, silent_server: str
) -> None:
    monkeypatch.setenv("AWS_ENDPOINT_URL", silent_server)
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "test")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "test")
    started = time.monotonic()
    soon = router.deadline.Deadline.after(1.2, time.monotonic)
    with pytest.raises(errors.DeadlineExceeded):
        router.clients_sagemaker.SageMakerBackend().invoke(
            router.routes.Target("p", "ep"), InferenceRequest(("a",)), soon
        )
    assert time.monotonic() - started < 3
