"""The callback delivers signed notifications to webhook and table, and never to a private network."""

from __future__ import annotations

import hashlib
import hmac
import json
import socket
import threading
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from types import SimpleNamespace
from typing import Any

import pytest

from async_callback import notifications, settings, webhook

COMPLETED = {
    "invocationStatus": "Completed",
    "inferenceId": "r1",
    "eventTime": "2026-01-01T12:00:00.000Z",
    "responseParameters": {"contentType": "application/json", "outputLocation": "s3://data/out"},
}
FAILED = {
    "invocationStatus": "Failed",
    "inferenceId": "r2",
    "eventTime": "2026-01-01T12:00:00.000Z",
    "failureReason": "ClientError: no",
    "responseParameters": {"failureLocation": "s3://data/failed"},
}
ENVIRON = {"BLUEPRINT": "chat-async", "PROJECT": "mlops", "ENVIRONMENT": "dev"}
WEBHOOK = {"WEBHOOK_URL": "https://example.com/hook", "SECRET_PARAMETER": "/mlops/dev/callbacks/chat-async"}
SECRET = b"of the two of us"


@pytest.fixture
def code(cold_start: Callable[..., Any]) -> Any:
    return cold_start("async_callback", **ENVIRON, **WEBHOOK, TABLE_NAME="results", KEEP_DAYS="7")


@pytest.fixture
def receiver() -> Iterator[SimpleNamespace]:
    """A webhook on this machine; `statuses` are its responses, `got` its requests."""
    known = SimpleNamespace(statuses=[], got=[], headers={})

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["content-length"]))
            known.got.append((self.path, dict(self.headers), body))
            self.send_response(known.statuses.pop(0) if known.statuses else 204)
            for name, value in known.headers.items():
                self.send_header(name, value)
            self.end_headers()

        def log_message(self, *_: Any) -> None:
            pass

    server = HTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, args=(0.01,))
    thread.start()
    known.url = f"http://127.0.0.1:{server.server_port}/hook?of=me"
    yield known
    server.shutdown()
    thread.join()
    server.server_close()


def test_both_sources_give_the_same_document() -> None:
    read = notifications.read
    assert read(json.dumps(COMPLETED), "chat-async") == {
        "request_id": "r1",
        "blueprint": "chat-async",
        "status": "completed",
        "event_time": "2026-01-01T12:00:00.000Z",
        "output": "s3://data/out",
    }
    reported = read(json.dumps(FAILED), "chat-async")
    assert (reported["status"], reported["reason"], reported["failure"]) == (
        "failed",
        "ClientError: no",
        "s3://data/failed",
    )
    ours = {**FAILED, "failureLocation": "s3://data/ours", "responseParameters": {}}
    assert read(json.dumps(ours), "chat-async")["failure"] == "s3://data/ours"


@pytest.mark.parametrize("message", ["no json", "[]", "{}", json.dumps({**COMPLETED, "responseParameters": {}})])
def test_another_message_is_an_error_and_ends_in_the_dead_letters(message: str) -> None:
    with pytest.raises(notifications.MalformedNotification):
        notifications.read(message, "chat-async")


def test_a_message_is_signed_over_its_time_and_its_body(receiver: SimpleNamespace) -> None:
    document = {"request_id": "r1", "status": "completed"}
    body = json.dumps(document).encode()
    reported = webhook.headers(SECRET, 1767225600, body, "r1")
    webhook.post(receiver.url, body, reported, loopback=True)
    ((path, headers, got),) = receiver.got
    assert (path, got) == ("/hook?of=me", body)
    expected = hmac.new(SECRET, b"1767225600." + got, hashlib.sha256).hexdigest()
    assert headers["x-webhook-signature"] == f"v1={expected}"
    assert headers["x-webhook-timestamp"] == "1767225600"
    assert headers["x-request-id"] == "r1"


def deliver(receiver: SimpleNamespace, attempts: int = 3) -> tuple[int, list[float]]:
    pauses: list[float] = []
    tries = webhook.deliver(
        {"request_id": "r1"},
        lambda body, reported: webhook.post(receiver.url, body, reported, loopback=True),
        SECRET,
        attempts,
        0.5,
        lambda: 1767225600.0,
        pauses.append,
    )
    return tries, pauses


def test_a_failing_webhook_is_retried_with_doubling_pauses(receiver: SimpleNamespace) -> None:
    receiver.statuses = [503, 429, 200]
    assert deliver(receiver) == (3, [0.5, 1.0])


@pytest.mark.parametrize("status", [400, 401, 404, 410])
def test_a_refusing_webhook_is_not_retried(receiver: SimpleNamespace, status: int) -> None:
    receiver.statuses = [status, 200]
    with pytest.raises(webhook.Undelivered, match=str(status)):
        deliver(receiver)
    assert len(receiver.got) == 1


def test_a_notification_is_undelivered_after_all_attempts(receiver: SimpleNamespace) -> None:
    receiver.statuses = [500, 500, 500, 500]
    with pytest.raises(webhook.Undelivered):
        deliver(receiver)
    assert len(receiver.got) == 3


def test_redirects_are_not_followed(receiver: SimpleNamespace) -> None:
    receiver.statuses, receiver.headers = [302], {"location": receiver.url}
    with pytest.raises(webhook.Undelivered, match="302"):
        deliver(receiver)
    assert len(receiver.got) == 1


@pytest.mark.parametrize(
    "address",
    ["127.0.0.1", "10.0.0.7", "192.168.1.1", "169.254.169.254", "100.64.0.1", "::1", "fd00::1", "0.0.0.0", "224.0.0.1"],
)
def test_a_host_with_a_private_address_is_not_called(monkeypatch: pytest.MonkeyPatch, address: str) -> None:
    addresses = [(0, 0, 0, "", ("93.184.215.14", 443)), (0, 0, 0, "", (address, 443))]
    monkeypatch.setattr(socket, "getaddrinfo", lambda *_, **__: addresses)
    with pytest.raises(webhook.Undelivered, match="not in the internet") as raised:
        webhook.post("https://hook.example.com/", b"{}", {}, loopback=False)
    assert not raised.value.transient


def test_the_checked_address_is_the_one_called(monkeypatch: pytest.MonkeyPatch) -> None:
    """A name may resolve differently a moment later, so it is resolved once."""
    answers = iter([[(0, 0, 0, "", ("93.184.215.14", 443))], [(0, 0, 0, "", ("169.254.169.254", 443))]])
    called: list[Any] = []

    def connect(address: Any, *_: Any, **__: Any) -> Any:
        called.append(address)
        raise ConnectionRefusedError

    monkeypatch.setattr(socket, "getaddrinfo", lambda *_, **__: next(answers))
    monkeypatch.setattr(socket, "create_connection", connect)
    with pytest.raises(webhook.Undelivered, match="cannot be reached"):
        webhook.post("https://hook.example.com/", b"{}", {}, loopback=False)
    assert called == [("93.184.215.14", 443)]


def test_a_webhook_without_tls_is_not_called_outside_local(receiver: SimpleNamespace) -> None:
    with pytest.raises(webhook.Undelivered, match="https"):
        webhook.post(receiver.url, b"{}", {}, loopback=False)
    assert receiver.got == []
    assert not settings.Settings.read({**ENVIRON, **WEBHOOK}).loopback
    assert settings.Settings.read({**ENVIRON, "AWS_ENDPOINT_URL": "http://127.0.0.1:4566"}).loopback


def event(*messages: dict[str, Any]) -> dict[str, Any]:
    return {"Records": [{"Sns": {"Message": json.dumps(message)}} for message in messages]}


def test_the_table_is_written_first_and_items_expire(
    code: SimpleNamespace, monkeypatch: pytest.MonkeyPatch, context: SimpleNamespace
) -> None:
    put: list[tuple[Any, int]] = []
    sent: list[Any] = []

    def deliver(document: Any, *_: Any) -> int:
        assert put, "the table has the state when the webhook is down"
        sent.append(document)
        return 1

    monkeypatch.setattr(code, "TABLE", SimpleNamespace(put=lambda *reported: put.append(reported)))
    monkeypatch.setattr(code, "SECRETS", SimpleNamespace(value=SECRET))
    monkeypatch.setattr(webhook, "deliver", deliver)
    monkeypatch.setattr(code.time, "time", lambda: 1000.0)
    assert code.handler(event(COMPLETED), context) == {"delivered": 1}
    ((document, expires),) = put
    assert expires == 1000 + 7 * 86_400
    assert sent == [document]


def test_an_undelivered_notification_fails_the_function(
    code: SimpleNamespace, monkeypatch: pytest.MonkeyPatch, context: SimpleNamespace
) -> None:
    def refuse(*_: Any) -> int:
        raise webhook.Undelivered("the webhook answered 500", transient=True)

    monkeypatch.setattr(code, "TABLE", SimpleNamespace(put=lambda *_: None))
    monkeypatch.setattr(code, "SECRETS", SimpleNamespace(value=SECRET))
    monkeypatch.setattr(webhook, "deliver", refuse)
    with pytest.raises(Exception, match=r"raised at async_callback/test_handler\.py") as failed:
        code.handler(event(FAILED), context)
    assert type(failed.value).__name__ == "Undelivered"


def test_without_a_webhook_no_secret_is_read(
    cold_start: Callable[..., Any], monkeypatch: pytest.MonkeyPatch, context: SimpleNamespace
) -> None:
    code = cold_start("async_callback", **ENVIRON, TABLE_NAME="results", WEBHOOK_URL="")
    put: list[Any] = []
    monkeypatch.setattr(code, "TABLE", SimpleNamespace(put=lambda *reported: put.append(reported)))
    assert code.handler(event(COMPLETED, FAILED), context) == {"delivered": 2}
    assert len(put) == 2
