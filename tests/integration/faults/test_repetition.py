"""Calls that an SDK repeats because the response was lost."""

from __future__ import annotations

import threading
import uuid
from collections.abc import Iterable
from typing import Any

import pytest
from botocore.exceptions import ClientError

from emulator.http.idempotency import HEADER, REMEMBERED, OnceOnly


def named(client: Any, name: str) -> Any:
    """Return a client whose calls have the id that an SDK gives to one call and its repetitions."""

    def name_call(request: Any, **_: Any) -> None:
        request.headers["amz-sdk-invocation-id"] = name

    client.meta.events.register("before-send", name_call)
    return client


@pytest.mark.emulator
def test_a_repeated_creation_runs_once(aws: Any) -> None:
    vpc = aws("ec2").create_vpc(CidrBlock="10.9.0.0/16")["Vpc"]["VpcId"]
    group = {"GroupName": "once", "Description": "x", "VpcId": vpc}
    client = named(aws("ec2"), str(uuid.uuid4()))
    first, second = client.create_security_group(**group), client.create_security_group(**group)
    assert second["GroupId"] == first["GroupId"]
    assert HEADER not in first["ResponseMetadata"]["HTTPHeaders"]
    assert second["ResponseMetadata"]["HTTPHeaders"][HEADER] == "true"
    with pytest.raises(ClientError, match=r"InvalidGroup\.Duplicate"):
        named(aws("ec2"), str(uuid.uuid4())).create_security_group(**group)


@pytest.mark.emulator
def test_a_failed_call_runs_again(aws: Any) -> None:
    client = named(aws("ssm"), str(uuid.uuid4()))
    with pytest.raises(client.exceptions.ParameterNotFound):
        client.get_parameter(Name="/once/later")
    aws("ssm").put_parameter(Name="/once/later", Value="here", Type="String")
    assert client.get_parameter(Name="/once/later")["Parameter"]["Value"] == "here"


class Application:
    """Counts its calls; `gate` blocks it."""

    def __init__(self, status: str = "200 OK") -> None:
        self.calls = 0
        self.status = status
        self.started, self.gate = threading.Event(), threading.Event()
        self.gate.set()

    def __call__(self, environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
        self.calls += 1
        number = self.calls
        self.started.set()
        assert self.gate.wait(5)
        start_response(self.status, [])
        return [b"%d" % number]


def call(application: Any, name: str | None, *, method: str = "POST", path: str = "/") -> bytes:
    environ = {"REQUEST_METHOD": method, "PATH_INFO": path}
    if name:
        environ["HTTP_AMZ_SDK_INVOCATION_ID"] = name
    return b"".join(application(environ, lambda *_: None))


def test_a_repetition_waits_for_the_call_in_progress() -> None:
    application = Application()
    application.gate.clear()
    once, responses = OnceOnly(application), []
    threads = [threading.Thread(target=lambda: responses.append(call(once, "a"))) for _ in range(3)]
    threads[0].start()
    assert application.started.wait(5)
    for thread in threads[1:]:
        thread.start()
    application.gate.set()
    for thread in threads:
        thread.join(5)
    assert responses == [b"1"] * 3
    assert application.calls == 1


def test_waiting_repetitions_of_a_failure_run_one_by_one() -> None:
    application = Application("500 INTERNAL SERVER ERROR")
    once = OnceOnly(application)
    assert [call(once, "a"), call(once, "a")] == [b"1", b"2"]


@pytest.mark.parametrize(
    ("name", "method", "path"),
    [
        (None, "POST", "/"),
        ("a", "GET", "/bucket/key"),
        ("a", "HEAD", "/bucket/key"),
        ("a", "POST", "/2015-03-31/functions/f/invocations"),
        ("a", "POST", "/endpoints/e/invocations"),
        ("a", "POST", "/endpoints/e/async-invocations"),
        ("a", "POST", "/model/m/converse"),
    ],
)
def test_reads_and_invocations_are_never_deduplicated(name: str | None, method: str, path: str) -> None:
    once = OnceOnly(Application())
    assert [call(once, name, method=method, path=path) for _ in range(2)] == [b"1", b"2"]


def test_the_same_name_on_another_path_is_another_call() -> None:
    """As when S3 redirects a client."""
    once = OnceOnly(Application())
    assert [call(once, "a", path="/one"), call(once, "a", path="/two")] == [b"1", b"2"]


def test_only_the_latest_calls_are_remembered() -> None:
    once = OnceOnly(Application())
    first = call(once, "first")
    for number in range(REMEMBERED):
        call(once, str(number))
    assert call(once, "first") != first


def test_a_crash_leaves_nothing_behind() -> None:
    application = Application()

    def crash(environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
        if not application.calls:
            application.calls = 1
            raise RuntimeError("once")
        return application(environ, start_response)

    once = OnceOnly(crash)
    with pytest.raises(RuntimeError, match="once"):
        call(once, "a")
    assert call(once, "a") == b"2"
