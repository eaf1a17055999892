"""Call SageMaker and SSM, with botocore's own response parsing (Stubber), and translate failures."""

from __future__ import annotations

import io
import json
import socket
import threading
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import pytest
from botocore.exceptions import (
    ClientError,
    ConnectionClosedError,
    ConnectTimeoutError,
    EndpointConnectionError,
    IncompleteReadError,
    NoCredentialsError,
    ParamValidationError,
    ReadTimeoutError,
    ResponseStreamingError,
)
from botocore.parsers import ResponseParserError

from inference_common import errors
from inference_common.requests import InferenceRequest
from inference_common.service_answers import IncompleteAnswer
from inference_routing import limits, routes
from inference_routing.clients import failures, fanout, parameters, sagemaker
from inference_routing.deadline import Deadline
from inference_routing.families import sagemaker as families_sagemaker
from tests.unit.lambda_.support.clients import body, stub


@pytest.fixture
def router(cold_start: Any) -> Any:
    return cold_start("model_router", ROUTES_PREFIX="/mlops/test/routes")


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
        families_sagemaker.of("platform").decode(answer, 1)
    assert (raised.value.kind, raised.value.charged) == ("permanent", True)


def test_route_records_come_from_the_parameter_store() -> None:
    stubber = stub("ssm")
    stubber.add_response("get_parameter", {"Parameter": {"Value": "{}"}}, {"Name": "/mlops/test/routes/reviews"})
    stubber.add_client_error("get_parameter", "ParameterNotFound")
    stubber.add_client_error("get_parameter", "AccessDeniedException", "not authorised")
    store = parameters.ParameterStore("/mlops/test/routes")
    assert store.read("reviews", 5) == "{}"
    assert store.read("reviews", 5) is None
    with pytest.raises(errors.InternalError, match="AccessDeniedException"):
        store.read("reviews", 5)


def client_error(code: str, message: str = "why", status: int = 400, **more: Any) -> ClientError:
    response = {"Error": {"Code": code, "Message": message}, "ResponseMetadata": {"HTTPStatusCode": status}, **more}
    return ClientError(response, "Operation")  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("error", "expected", "kind"),
    [
        (client_error("ThrottlingException"), errors.Throttled, "throttled"),
        (client_error("ServiceQuotaExceededException"), errors.Throttled, "throttled"),
        (client_error("SomethingNew", status=429), errors.Throttled, "throttled"),
        (client_error("ModelNotReadyException", status=429), errors.NotReady, "not-ready"),
        (client_error("ValidationError", "Endpoint ep of account 1 not found."), errors.NotReady, "not-ready"),
        (client_error("ServiceUnavailable"), errors.Unavailable, "transient"),
        (client_error("InternalDependencyException", status=530), errors.Unavailable, "transient"),
        (client_error("SomethingNew", status=502), errors.Unavailable, "transient"),
        (client_error("ModelError", OriginalStatusCode=500), errors.ModelFailed, "transient"),
        (client_error("ModelErrorException", originalStatusCode=503), errors.ModelFailed, "transient"),
        (client_error("ModelError"), errors.ModelFailed, "transient"),
        (client_error("ModelError", OriginalStatusCode=400), errors.BadRequest, "permanent"),
        (client_error("ModelError", OriginalStatusCode=413), errors.PayloadTooLarge, "permanent"),
        (client_error("ModelTimeoutException"), errors.DeadlineExceeded, "transient"),
        (client_error("ValidationException"), errors.BadRequest, "permanent"),
        (client_error("ValidationException", status=413), errors.PayloadTooLarge, "permanent"),
        (client_error("413", status=413), errors.PayloadTooLarge, "permanent"),
        (client_error("AccessDeniedException", status=403), errors.InternalError, "permanent"),
        (ReadTimeoutError(endpoint_url="u"), errors.DeadlineExceeded, "transient"),
        (ConnectTimeoutError(endpoint_url="u"), errors.Unavailable, "transient"),
        (ConnectionClosedError(endpoint_url="u"), errors.Unavailable, "transient"),
        (EndpointConnectionError(endpoint_url="u"), errors.Unavailable, "transient"),
        (ResponseStreamingError(error="reset"), errors.AnswerCutOff, "transient"),
        (ResponseParserError("no JSON"), errors.MalformedAnswer, "permanent"),
        (IncompleteAnswer(service="s", operation="O", member="M"), errors.Unavailable, "transient"),
        (ParamValidationError(report="r"), errors.BadRequest, "permanent"),
        (NoCredentialsError(), errors.InternalError, "permanent"),
    ],
)
def test_each_failure_is_translated(error: Any, expected: type[errors.ServiceError], kind: str) -> None:
    found = failures.translate(error, "endpoint ep")
    assert (type(found), found.kind) == (expected, kind)


class Broken(io.RawIOBase):
    """A body that breaks in the middle."""

    def __init__(self, error: Exception) -> None:
        self._error = error

    def read(self, size: int = -1) -> bytes:
        raise self._error


@pytest.mark.parametrize(
    ("error", "expected"),
    [
        (ResponseStreamingError(error="reset"), errors.AnswerCutOff),
        (IncompleteReadError(actual_bytes=1, expected_bytes=2), errors.AnswerCutOff),
        (ReadTimeoutError(endpoint_url="u"), errors.DeadlineExceeded),
    ],
)
def test_a_failure_after_the_first_byte_is_charged(
    deadline: Any, error: Exception, expected: type[errors.ServiceError]
) -> None:
    stubber = stub("sagemaker-runtime")
    stubber.add_response("invoke_endpoint", {"Body": Broken(error)})
    target = routes.Target("primary", "ep")
    with pytest.raises(expected) as raised:
        sagemaker.SageMakerBackend().invoke(target, InferenceRequest(("fine",)), deadline, {})
    assert raised.value.charged


@pytest.mark.usefixtures("one_call_at_a_time")
def test_answers_of_completed_calls_are_kept(deadline: Any) -> None:
    asked: list[int] = []

    def ask(position: int) -> str:
        asked.append(position)
        if position == 1 and asked.count(1) == 1:
            raise errors.Throttled("slow down")
        return f"answer {position}"

    kept: dict[int, Any] = {}
    with pytest.raises(errors.Throttled):
        fanout.fan_out(3, kept, deadline, ask)
    assert 0 in kept
    assert 1 not in kept
    assert fanout.fan_out(3, kept, deadline, ask) == ["answer 0", "answer 1", "answer 2"]
    assert (asked.count(0), asked.count(1), asked.count(2)) == (1, 2, 1)


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


@pytest.fixture
def silent_server() -> Iterator[str]:
    """A server that accepts connections, counts them and never responds."""
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
        deadline = time.monotonic() + 5
        while (
            not accepted and time.monotonic() < deadline
        ):  # the connection is pending; a busy machine may be slow to accept it
            time.sleep(0.01)
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
    soon = Deadline.after(0.7, time.monotonic)
    backend, target = sagemaker.SageMakerBackend(), routes.Target("p", "ep")
    router.ROUTER.backends = {"sagemaker": backend}
    with pytest.raises(errors.DeadlineExceeded):
        router.ROUTER._call_target(target, InferenceRequest(("a",)), soon, {})
    assert time.monotonic() - started < 30, "boto3 would wait for a minute"


def test_route_names_are_listed_page_by_page() -> None:
    stubber = stub("ssm")
    asked = {"Path": "/mlops/test/routes", "Recursive": False}
    changed = datetime(2026, 11, 1, tzinfo=UTC)
    for number, more in ((1, {"NextToken": "t"}), (2, {})):
        parameter = {"Name": f"/mlops/test/routes/b{number}", "Value": "{}", "LastModifiedDate": changed}
        stubber.add_response("get_parameters_by_path", {"Parameters": [parameter], **more}, asked)
        asked = {**asked, "NextToken": "t"}
    found = parameters.ParameterStore("/mlops/test/routes").list(5)
    assert [(record.name, record.changed) for record in found] == [("b1", 1793491200), ("b2", 1793491200)]


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
    asked = {"EndpointName": "ep", "ContentType": "application/json", "Accept": "application/json"}
    answer = {"outputs": [{"label": "positive"}], "model": {}}
    # The stub compares everything that is sent.
    payload = b'{"inputs": ["fine"], "parameters": {"a": 1}}'
    stubber.add_response("invoke_endpoint", {"Body": body(answer)}, {**asked, "Body": payload, **sent})
    backend = sagemaker.SageMakerBackend()
    reply = backend.invoke(target, InferenceRequest(("fine",), {"a": 1}), deadline, {})
    assert reply.outputs == answer["outputs"]
    assert target.key == ":".join(["sagemaker", "ep", *named.values()])
