"""Errors as botocore reads them, in every protocol, and in the envelopes that the stricter SDK for Go requires."""

from __future__ import annotations

from typing import Any
from xml.etree import ElementTree

import pytest
from botocore.parsers import create_parser

from emulator.http.envelopes import FORM, Failure, answer, protocol

TARGET = {"HTTP_X_AMZ_TARGET": "AmazonSSM.GetParameter"}
POST = {"CONTENT_TYPE": f"{FORM}; charset=utf-8"}
CBOR = {"HTTP_SMITHY_PROTOCOL": "rpc-v2-cbor"}
CONTROL = {"HTTP_X_AMZ_ACCOUNT_ID": "123456789012"}
MESSAGE = 'a <b> & "c"'

CASES = [
    pytest.param(TARGET, "ssm", "json", "json", "application/x-amz-json-1.1", None, id="json"),
    pytest.param({}, "lambda", "rest-json", "rest-json", "application/json", None, id="rest-json"),
    pytest.param({}, "bedrock", "rest-json", "rest-json", "application/json", None, id="rest-json-of-two-models"),
    pytest.param(POST, "iam", "query", "query", "text/xml", "ErrorResponse", id="query"),
    pytest.param(POST, "monitoring", "query", "query", "text/xml", "ErrorResponse", id="query-of-old"),
    pytest.param(POST, "ec2", "ec2", "ec2", "text/xml", "Response", id="ec2"),
    pytest.param({}, "route53", "rest-xml", "rest-xml", "text/xml", "ErrorResponse", id="rest-xml"),
    pytest.param({}, "s3", "s3", "rest-xml", "application/xml", "Error", id="s3"),
    pytest.param(CONTROL, "s3", "rest-xml", "rest-xml", "text/xml", "ErrorResponse", id="s3control"),
    pytest.param(CBOR, "monitoring", "smithy-rpc-v2-cbor", "smithy-rpc-v2-cbor", "application/cbor", None, id="cbor"),
    pytest.param({}, "no-such-service", "rest-json", "rest-json", "application/json", None, id="unknown"),
]


@pytest.mark.parametrize(("environ", "service", "expected_protocol", "parser", "content_type", "root"), CASES)
def test_an_error_is_read_in_every_protocol(
    environ: dict[str, Any], service: str, expected_protocol: str, parser: str, content_type: str, root: str | None
) -> None:
    assert protocol(environ, service) == expected_protocol
    response = answer(environ, service, Failure(503, "SlowDown", MESSAGE), {"x-emulator-fidelity": "not-run"})
    headers = {name.lower(): value for name, value in response.headers.items()}
    received = {"status_code": response.status_code, "headers": headers, "body": response.get_data(), "context": {}}
    read = create_parser(parser).parse(received, None)  # type: ignore[arg-type]  # there is no shape of an answer
    assert (read["Error"]["Code"], read["Error"]["Message"]) == ("SlowDown", MESSAGE)
    assert read["ResponseMetadata"]["HTTPStatusCode"] == 503
    assert (headers["content-type"], headers["x-emulator-fidelity"]) == (content_type, "not-run")
    if root:
        assert ElementTree.fromstring(response.get_data()).tag.rpartition("}")[2] == root


def test_a_service_with_the_query_compatible_trait_sends_its_error_code_twice() -> None:
    environ = {"HTTP_X_AMZ_TARGET": "AmazonSQS.SendMessage", "HTTP_X_AMZN_QUERY_MODE": "true"}
    headers = answer(environ, "sqs", Failure(400, "RequestThrottled", "x"), {}).headers
    assert headers["x-amzn-query-error"] == "RequestThrottled;Sender"
    assert headers["x-amzn-ErrorType"] == "RequestThrottled"


@pytest.mark.parametrize(("status", "fault"), [(400, "Sender"), (500, "Receiver")])
def test_the_query_protocol_names_the_side_at_fault(status: int, fault: str) -> None:
    body = answer(POST, "iam", Failure(status, "X", "x"), {}).get_data(as_text=True)
    assert f"<Type>{fault}</Type>" in body
