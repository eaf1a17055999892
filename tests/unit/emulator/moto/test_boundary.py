"""Unhandled errors are returned in the caller's protocol, with a status that SDKs do not retry in vain."""

from __future__ import annotations

import json
from typing import Any

import pytest
from werkzeug.test import run_wsgi_app

from emulator.http.connections import NoAnswer
from emulator.moto import wire

AUTHORIZATION = "AWS4-HMAC-SHA256 Credential=AKIA/20261201/us-east-1/ssm/aws4_request, SignedHeaders=host, Signature=0"
REQUEST = {"REQUEST_METHOD": "POST", "PATH_INFO": "/", "HTTP_AUTHORIZATION": AUTHORIZATION, "HTTP_X_AMZ_TARGET": "X.Y"}


def answered(error: Exception, **environ: str) -> tuple[str, dict[str, Any]]:
    def application(environ: Any, start_response: Any) -> Any:
        raise error

    chunks, status, _ = run_wsgi_app(wire.bounded(application), REQUEST | environ)
    return status[:3], json.loads(b"".join(chunks))


@pytest.mark.parametrize(
    ("error", "status", "code"),
    [
        (NotImplementedError("Y"), "400", "NotImplemented"),
        (KeyError("x"), "400", "EmulatorFailure"),
        (RuntimeError("dictionary changed size during iteration"), "500", "InternalFailure"),
        (RuntimeError("anything else"), "400", "EmulatorFailure"),
    ],
)
def test_an_error_gets_a_status_that_sdks_retry_only_if_a_retry_may_help(
    error: Exception, status: str, code: str
) -> None:
    actual, document = answered(error)
    assert (actual, document["__type"]) == (status, code)
    assert str(error) in document["message"]


@pytest.mark.parametrize(
    ("operation", "error", "expected"),
    [
        ("DeleteParameter", KeyError("x"), ("400", "ParameterNotFound")),
        (
            "DeleteParameter",
            AttributeError("'NoneType' object has no attribute 'to_json'"),
            ("400", "ParameterNotFound"),
        ),
        ("DeleteParameter", AttributeError("'Parameter' object has no attribute 'x'"), ("400", "EmulatorFailure")),
        ("GetParameter", KeyError("x"), ("400", "EmulatorFailure")),
        ("DeleteParameters", KeyError("x"), ("400", "EmulatorFailure")),
    ],
)
def test_a_deletion_that_fails_on_a_missing_object_returns_not_found(
    operation: str, error: Exception, expected: tuple[str, str]
) -> None:
    status, document = answered(error, HTTP_X_AMZ_TARGET=f"AmazonSSM.{operation}")
    assert (status, document["__type"]) == expected


def test_a_connection_to_be_dropped_is_dropped() -> None:
    with pytest.raises(NoAnswer):
        answered(NoAnswer())


def test_errors_outside_aws_calls_are_left_to_the_server() -> None:
    with pytest.raises(KeyError):
        answered(KeyError("x"), PATH_INFO="/_emulator/evidence")
