"""Access over HTTP: from browsers, without keys, and with keys of others."""

from __future__ import annotations

import http.client
import json
import stat
import urllib.error
import urllib.request
import uuid
from typing import Any

import pytest
from botocore.exceptions import ClientError

from tests.support import clients, keys
from tests.support.process import Emulator

pytestmark = pytest.mark.emulator

ROUTES = (
    "/_emulator/health",
    "/_emulator/evidence",
    "/moto-api/data.json",
    "/",
    "/bucket/key",
    "/restapis/a/v1/_user_request_/x",
    "/endpoints/e/invocations",
)


def ask(
    emulator: Emulator, method: str, path: str, headers: dict[str, str], body: bytes = b""
) -> tuple[int, dict[str, str], bytes]:
    """Send exactly these headers and the length of the body."""
    connection = http.client.HTTPConnection("127.0.0.1", emulator.port, timeout=30)
    connection.putrequest(method, path, skip_host=True, skip_accept_encoding=True)
    for name, value in {**headers, "Content-Length": str(len(body))}.items():
        connection.putheader(name, value)
    connection.endheaders(body)
    answer = connection.getresponse()
    return answer.status, dict(answer.getheaders()), answer.read()


@pytest.mark.parametrize(
    "headers",
    [{"Host": "evil.example"}, {"Origin": "https://evil.example"}, {"Sec-Fetch-Site": "cross-site"}],
    ids=["foreign host", "origin", "fetch metadata"],
)
@pytest.mark.parametrize("path", ROUTES)
def test_web_pages_get_no_access(emulator: Emulator, path: str, headers: dict[str, str]) -> None:
    for method in ("GET", "POST", "OPTIONS"):
        status, response_headers, _ = ask(emulator, method, path, {"Host": f"127.0.0.1:{emulator.port}", **headers})
        assert (method, status) == (method, 403)
        assert not [name for name in response_headers if name.lower().startswith("access-control-")]


@pytest.mark.parametrize("path", [path for path in ROUTES if path != "/_emulator/health"])
@pytest.mark.parametrize("query", ["", "?X-Amz-Credential=test/20261201/us-east-1/glue/aws4_request"])
def test_requests_without_a_key_get_no_answer(emulator: Emulator, path: str, query: str) -> None:
    """A form of an old browser, which sends no origin."""
    headers = {"Host": f"127.0.0.1:{emulator.port}", "Content-Type": "application/x-www-form-urlencoded"}
    for method in ("GET", "POST"):
        body = b"Action=CreateUser&UserName=u&Version=2010-05-08" if method == "POST" else b""
        status, response_headers, _ = ask(emulator, method, path + query, headers, body)
        assert (method, status) == (method, 403)
        assert not [name for name in response_headers if name.lower().startswith("access-control-")]


@pytest.mark.parametrize("path", ["/moto-api/reset", "/moto-api/data.json", "/moto-api/", "/latest/meta-data/"])
def test_moto_s_own_pages_are_closed_to_the_administrator_too(emulator: Emulator, aws: Any, path: str) -> None:
    bucket, _, key = path.strip("/").partition("/")
    with pytest.raises(ClientError, match="NoSuchBucket"):
        aws("s3").get_object(Bucket=bucket, Key=key or "x")


def test_the_key_is_new_and_its_file_is_private(emulator: Emulator) -> None:
    file = emulator.data_dir / "emulator.json"
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    key = keys.of(emulator.endpoint)
    assert key.access_key_id.startswith("LOCAL")
    assert len(key.access_key_id) == 20
    assert len(key.secret_access_key) == 40
    assert key.secret_access_key not in emulator.log.read_text()


@pytest.mark.parametrize(("named", "secret"), [("own", "test"), ("test", "test"), ("AKIAIOSFODNN7EXAMPLE", "x")])
def test_a_key_needs_its_secret(emulator: Emulator, named: str, secret: str) -> None:
    name = keys.of(emulator.endpoint).access_key_id if named == "own" else named
    stranger = clients.client("sts", emulator.endpoint, aws_access_key_id=name, aws_secret_access_key=secret)
    with pytest.raises(ClientError, match=r"SignatureDoesNotMatch|InvalidClientTokenId"):
        stranger.get_caller_identity()


def test_the_emulator_s_own_pages_require_the_administrator_s_key(emulator: Emulator) -> None:
    assert keys.page(emulator.endpoint, "faults")["kinds"]
    for authorization in ("", "Basic dGVzdDp0ZXN0", "Basic !", "Bearer test"):
        headers = {"Host": f"127.0.0.1:{emulator.port}", "Authorization": authorization}
        status, _, body = ask(emulator, "GET", "/_emulator/faults", headers)
        assert status == 403
        assert "orchestrator emulator env" in json.loads(body)["message"]


def test_presigned_urls_work_for_the_object_that_they_name(emulator: Emulator, aws: Any) -> None:
    s3, bucket = aws("s3", signature_version="s3v4"), f"presigned-{uuid.uuid4().hex[:8]}"
    s3.create_bucket(Bucket=bucket)
    put = s3.generate_presigned_url("put_object", Params={"Bucket": bucket, "Key": "a key/ä", "ContentType": "text/a"})
    request = urllib.request.Request(put, b"content", {"Content-Type": "text/a"}, method="PUT")
    with urllib.request.urlopen(request) as answer:
        assert answer.status == 200
    got = s3.generate_presigned_url("get_object", Params={"Bucket": bucket, "Key": "a key/ä"})
    with urllib.request.urlopen(got) as answer:
        assert answer.read() == b"content"
    for wrong in (got.replace("a%20key", "another"), got.replace("X-Amz-Expires=3600", "X-Amz-Expires=9999")):
        with pytest.raises(urllib.error.HTTPError, match="403"):
            urllib.request.urlopen(wrong)


def test_signature_version_2_is_refused_with_a_message(aws: Any) -> None:
    got = aws("s3", signature_version="s3").generate_presigned_url("get_object", Params={"Bucket": "b", "Key": "k"})
    with pytest.raises(urllib.error.HTTPError, match="403") as refused:
        urllib.request.urlopen(got)
    assert b"Please use AWS4-HMAC-SHA256" in refused.value.read()


def test_an_object_key_that_resembles_an_api_path_bypasses_no_permission(emulator: Emulator, aws: Any) -> None:
    trust = {"Effect": "Allow", "Action": "sts:AssumeRole", "Principal": {"AWS": "arn:aws:iam::123456789012:root"}}
    name = f"stranger-{uuid.uuid4().hex[:8]}"
    document = json.dumps({"Version": "2012-10-17", "Statement": [trust]})
    role = aws("iam").create_role(RoleName=name, AssumeRolePolicyDocument=document)["Role"]["Arn"]
    session = aws("sts").assume_role(RoleArn=role, RoleSessionName="tests")["Credentials"]
    stranger = clients.client(
        "s3",
        emulator.endpoint,
        aws_access_key_id=session["AccessKeyId"],
        aws_secret_access_key=session["SecretAccessKey"],
        aws_session_token=session["SessionToken"],
    )
    aws("s3").create_bucket(Bucket=name)
    for key in ("_user_request_/x", "restapis/a/v1/_user_request_/x", "_emulator/health"):
        aws("s3").put_object(Bucket=name, Key=key, Body=b"secret")
        with pytest.raises(ClientError, match="AccessDenied"):
            stranger.get_object(Bucket=name, Key=key)


def test_no_header_chooses_the_account(emulator: Emulator, aws: Any) -> None:
    sts = aws("sts")
    sts.meta.events.register(
        "before-sign", lambda request, **_: request.headers.add_header("x-moto-account-id", "1" * 12)
    )
    assert sts.get_caller_identity()["Account"] == emulator.account_id
