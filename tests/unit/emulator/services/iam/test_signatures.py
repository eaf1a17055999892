"""Signatures of AWS's client library are accepted; any change of the signed parts is not."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import unquote, urlsplit

import pytest
from botocore.auth import S3SigV4Auth, S3SigV4QueryAuth, SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials

from emulator.services.iam.moto_requests import signature
from emulator.services.iam.signatures import BadSignature, verify

HOST, SECRET = "127.0.0.1:4566", "a secret of forty characters, or so"
KEY = Credentials("LOCALAAAAAAAAAAAAAAA", SECRET, "token")


def arrived(request: AWSRequest) -> dict[str, Any]:
    """A signed request as the server sees it."""
    assert request.url is not None
    parts = urlsplit(request.url)
    environ: dict[str, Any] = {
        "REQUEST_METHOD": request.method,
        "RAW_URI": parts.path + (f"?{parts.query}" if parts.query else ""),
        "PATH_INFO": unquote(parts.path, "latin-1"),
        "QUERY_STRING": parts.query,
        "HTTP_HOST": HOST,
        "wsgi.url_scheme": "http",
    }
    for name, value in request.headers.items():
        key = name.upper().replace("-", "_")
        environ[key if key == "CONTENT_TYPE" else f"HTTP_{key}"] = str(value)
    return environ


def by_header(
    service: str, path: str = "/", method: str = "POST", body: bytes = b"{}", **headers: str
) -> dict[str, Any]:
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    request = AWSRequest(method, f"http://{HOST}{path}", named, body)
    (S3SigV4Auth if service == "s3" else SigV4Auth)(KEY, service, "us-east-1").add_auth(request)
    return arrived(request)


def presigned(path: str = "/bucket/a%20key", method: str = "GET", seconds: int = 60) -> dict[str, Any]:
    request = AWSRequest(method, f"http://{HOST}{path}")
    S3SigV4QueryAuth(KEY, "s3", "us-east-1", expires=seconds).add_auth(request)
    return arrived(request)


def check(environ: dict[str, Any], secret: str = SECRET, body: bytes = b"{}", after: float = 0) -> None:
    signed = signature(environ)
    assert signed is not None
    verify(environ, signed, secret, body, datetime.now(UTC) + timedelta(seconds=after))


FUNCTION = "/2015-03-31/functions/arn%3Aaws%3Alambda%3Aus-east-1%3A1%3Afunction%3Af/invocations"
JSON: dict[str, Any] = {"content_type": "application/x-amz-json-1.1", "x_amz_target": "AWSGlue.CreateJob"}


@pytest.mark.parametrize(
    ("request_of", "headers"),
    [
        (("glue",), JSON),
        (("lambda", FUNCTION), {}),
        (("bedrock", "/model/amazon.nova-lite-v1%3A0/converse"), {}),
        (("apigateway", "/restapis//a/../b/"), {}),
        (("s3", "/bucket/a%20key//with/../dots?list-type=2&prefix=a%2Fb&delimiter=", "GET", b""), {}),
        (("s3", "/bucket/%C3%A4", "PUT", b"x"), {"x_amz_meta_a": "  many   blanks  "}),
    ],
    ids=["json", "encoded path", "model", "dots", "object", "metadata"],
)
def test_a_signature_of_aws_s_library_is_accepted(request_of: tuple[Any, ...], headers: dict[str, Any]) -> None:
    check(by_header(*request_of, **headers))


@pytest.mark.parametrize(
    "change",
    [
        {"REQUEST_METHOD": "DELETE"},
        {"RAW_URI": "/other"},
        {"RAW_URI": "/?Action=Other"},
        {"HTTP_X_AMZ_TARGET": "AWSGlue.DeleteJob"},
        {"HTTP_HOST": "evil.example"},
        {"CONTENT_TYPE": "text/plain"},
        {"HTTP_X_AMZ_SECURITY_TOKEN": "another"},
    ],
)
def test_what_was_signed_cannot_be_changed(change: dict[str, str]) -> None:
    environ = by_header("glue", **JSON)
    with pytest.raises(BadSignature, match="does not match") as refused:
        check(environ | change)
    assert refused.value.code == "SignatureDoesNotMatch"


def test_neither_the_body_nor_the_secret_can_be_another() -> None:
    environ = by_header("glue")
    with pytest.raises(BadSignature):
        check(environ, body=b'{"another": 1}')
    with pytest.raises(BadSignature):
        check(environ, secret="test")


@pytest.mark.parametrize("minutes", [-16, 16])
def test_a_signature_expires_after_a_quarter_of_an_hour(minutes: int) -> None:
    check(by_header("glue"), after=minutes * 60 * 0.9)
    with pytest.raises(BadSignature, match="expired"):
        check(by_header("glue"), after=minutes * 60)


def test_the_host_must_be_signed() -> None:
    environ = by_header("glue")
    environ["HTTP_AUTHORIZATION"] = environ["HTTP_AUTHORIZATION"].replace("SignedHeaders=host;", "SignedHeaders=")
    with pytest.raises(BadSignature, match="host"):
        check(environ)


@pytest.mark.parametrize("method", ["GET", "PUT"])
def test_a_presigned_url_of_an_object_is_valid_until_it_expires(method: str) -> None:
    check(presigned(method=method), after=59)
    with pytest.raises(BadSignature, match="Request has expired") as refused:
        check(presigned(method=method), after=61)
    assert refused.value.code == "AccessDenied"


@pytest.mark.parametrize(("old", "new"), [("X-Amz-Expires=60", "X-Amz-Expires=600"), ("/a%20key", "/another")])
def test_a_presigned_url_cannot_be_changed(old: str, new: str) -> None:
    environ = {name: value.replace(old, new) for name, value in presigned().items()}
    with pytest.raises(BadSignature, match="does not match"):
        check(environ)


@pytest.mark.parametrize("seconds", [0, 604801])
def test_no_url_is_signed_for_longer_than_a_week(seconds: int) -> None:
    with pytest.raises(BadSignature, match="604800"):
        check(presigned(seconds=seconds))


@pytest.mark.parametrize(
    "path",
    ["/", "/bucket", "/bucket/", "/2015-03-31", "/_emulator"],
)
def test_a_key_in_the_query_counts_for_objects_alone(path: str) -> None:
    assert signature(presigned(path)) is None


@pytest.mark.parametrize(
    "environ",
    [
        presigned() | {"QUERY_STRING": presigned()["QUERY_STRING"].replace("%2Fs3%2F", "%2Fglue%2F")},
        presigned() | {"QUERY_STRING": presigned()["QUERY_STRING"].replace("HMAC-SHA256", "ECDSA-P256-SHA256")},
        presigned() | {"QUERY_STRING": "X-Amz-Credential=test/20261201/us-east-1/s3/aws4_request"},
        presigned() | {"HTTP_AUTHORIZATION": by_header("s3")["HTTP_AUTHORIZATION"]},
    ],
    ids=["another service", "another algorithm", "no expiry", "two at once"],
)
def test_an_incomplete_query_is_not_a_signature(environ: dict[str, Any]) -> None:
    assert signature(environ) is None


WHOLE = "AWS4-HMAC-SHA256 Credential=a/20261201/us-east-1/glue/aws4_request, SignedHeaders=host, Signature=" + "0" * 64


def test_a_whole_header_is_a_signature() -> None:
    parsed = signature({"HTTP_AUTHORIZATION": WHOLE, "PATH_INFO": "/", "QUERY_STRING": ""})
    assert parsed is not None
    assert (parsed.access_key_id, parsed.service) == ("a", "glue")


@pytest.mark.parametrize(
    "header",
    [
        "",
        "Basic dGVzdDp0ZXN0",
        "AWS test:signature",
        "AWS4-HMAC-SHA256 Credential=test/20261201/us-east-1/s3/aws4_request",
        "x Credential=test/20261201/us-east-1/sts/aws4_request, SignedHeaders=host, Signature=" + "0" * 64,
        "AWS4-HMAC-SHA256 Credential=a/20261201/us-east-1/glue/aws4_request, "
        "Credential=a/20261201/us-east-1/sts/aws4_request, SignedHeaders=host, Signature=" + "0" * 64,
        "AWS4-HMAC-SHA256 Credential=a/20261201/us-east-1/STS/aws4_request, SignedHeaders=host, Signature=" + "0" * 64,
        f"Credential=a/20261201/us-east-1/sts/aws4_request, {WHOLE}",
        f"{WHOLE}, Credential=a/20261201/us-east-1/sts/aws4_request",
    ],
)
def test_an_ambiguous_header_is_not_a_signature(header: str) -> None:
    assert signature({"HTTP_AUTHORIZATION": header, "PATH_INFO": "/", "QUERY_STRING": ""}) is None
