"""Connections stay open and in sync, and responses are sent in one piece."""

from __future__ import annotations

import http.client
import socket
import threading
from collections.abc import Callable, Iterable, Iterator
from typing import Any

import pytest
from werkzeug.serving import WSGIRequestHandler, make_server

from emulator.http.connections import WHOLE_BYTES, keeping

Serve = Callable[[Any], tuple[int, list[bytes]]]


@pytest.fixture
def serve() -> Iterator[Serve]:
    """Start a server of a WSGI application; returns its port and everything that it writes, write by write."""
    running = []

    def start(application: Any) -> tuple[int, list[bytes]]:
        written: list[bytes] = []

        class Recording(keeping(WSGIRequestHandler)):  # type: ignore[misc]
            def setup(self) -> None:
                super().setup()
                write = self.wfile.write

                def record(data: Any) -> Any:
                    written.append(bytes(data))
                    return write(data)

                self.wfile.write = record

        server = make_server("127.0.0.1", 0, application, threaded=True, request_handler=Recording)
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)
        thread.start()
        running.append((server, thread))
        return server.port, written

    yield start
    for server, thread in running:
        server.shutdown()
        thread.join()
        server.server_close()


def echo(environ: dict[str, Any], start_response: Any) -> list[bytes]:
    body = environ["wsgi.input"].read(int(environ.get("CONTENT_LENGTH") or 0))
    start_response("200 OK", [("Content-Type", "text/plain")])
    return [environ["REQUEST_METHOD"].encode(), b" ", body]


def ask(port: int, request: bytes) -> bytes:
    """Send a request; return everything that the server sends until it closes the connection."""
    with socket.create_connection(("127.0.0.1", port), timeout=5) as connection:
        connection.sendall(request)
        connection.shutdown(socket.SHUT_WR)
        response = b""
        while piece := connection.recv(65536):
            response += piece
        return response


def test_one_connection_serves_many_requests(serve: Serve) -> None:
    port, _ = serve(echo)
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=5)
    connection.request("POST", "/", b"one")
    first = connection.getresponse()
    assert first.read() == b"POST one"
    opened = connection.sock
    connection.request("POST", "/", b"two")
    assert connection.getresponse().read() == b"POST two"
    assert connection.sock is opened is not None
    assert first.headers["Connection"] is None
    connection.close()


def test_headers_and_body_leave_in_one_piece(serve: Serve) -> None:
    """If sent apart, AWS's SDK for Go loses the body on a busy machine and repeats an executed call."""

    def application(environ: dict[str, Any], start_response: Any) -> list[bytes]:
        start_response("200 OK", [("Content-Length", "5")])
        return [b"hel", b"lo"]

    port, written = serve(application)
    ask(port, b"GET / HTTP/1.1\r\nHost: x\r\n\r\n")
    assert len(written) == 1
    assert written[0].startswith(b"HTTP/1.1 200 OK\r\n")
    assert written[0].endswith(b"\r\n\r\nhello")


def test_an_unread_body_is_not_taken_for_the_next_request(serve: Serve) -> None:
    def application(environ: dict[str, Any], start_response: Any) -> list[bytes]:
        start_response("403 FORBIDDEN", [("Content-Length", "2")])
        return [b"no"]

    port, _ = serve(application)
    one = b"PUT / HTTP/1.1\r\nHost: x\r\nContent-Length: 26\r\n\r\nGET /hidden HTTP/1.1\r\nA: b\r\n"[:-2]
    assert ask(port, one + one).count(b"HTTP/1.1 403 FORBIDDEN") == 2


def test_expect_continue_is_answered_once_and_before_the_body(serve: Serve) -> None:
    port, _ = serve(echo)
    with socket.create_connection(("127.0.0.1", port), timeout=5) as connection:
        connection.sendall(b"PUT / HTTP/1.1\r\nHost: x\r\nExpect: 100-continue\r\nContent-Length: 4\r\n\r\n")
        assert connection.recv(65536) == b"HTTP/1.1 100 Continue\r\n\r\n"
        connection.sendall(b"data")
        response = connection.recv(65536)
    assert response.startswith(b"HTTP/1.1 200 OK")
    assert response.endswith(b"PUT data")


def test_a_chunked_body_arrives_whole(serve: Serve) -> None:
    port, _ = serve(echo)
    request = b"PUT / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nab\r\n3\r\ncde\r\n0\r\n\r\n"
    response = ask(port, request + request)
    assert response.count(b"PUT abcde") == 2


def test_the_answer_to_head_has_a_length_and_no_body(serve: Serve) -> None:
    def application(environ: dict[str, Any], start_response: Any) -> list[bytes]:
        start_response("200 OK", [("Content-Length", "1234")])
        return [b"x" * 1234]

    port, _ = serve(application)
    response = ask(port, b"HEAD / HTTP/1.1\r\nHost: x\r\n\r\n")
    assert b"Content-Length: 1234\r\n" in response
    assert response.endswith(b"\r\n\r\n")


def test_a_wrong_length_is_corrected(serve: Serve) -> None:
    def application(environ: dict[str, Any], start_response: Any) -> list[bytes]:
        start_response("200 OK", [("Content-Length", "3")])
        return [b"longer"]

    port, _ = serve(application)
    response = ask(port, b"GET / HTTP/1.1\r\nHost: x\r\n\r\n")
    assert b"Content-Length: 6\r\n" in response
    assert response.endswith(b"longer")


def test_a_stream_leaves_piece_by_piece(serve: Serve) -> None:
    go_on = threading.Event()

    def application(environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
        start_response("200 OK", [])
        yield b"first"
        assert go_on.wait(5)
        yield b"second"

    port, _ = serve(application)
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=5)
    connection.request("GET", "/")
    answer = connection.getresponse()
    assert answer.read(5) == b"first"
    go_on.set()
    assert answer.read() == b"second"
    connection.close()


def test_a_long_answer_arrives_whole(serve: Serve) -> None:
    body = bytes(range(256)) * (WHOLE_BYTES // 128)

    def application(environ: dict[str, Any], start_response: Any) -> list[bytes]:
        start_response("200 OK", [("Content-Length", str(len(body)))])
        return [body[:100], body[100:-100], body[-100:]]

    port, _ = serve(application)
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=5)
    for _ in range(2):
        connection.request("GET", "/")
        assert connection.getresponse().read() == body
    connection.close()


def test_a_broken_connection_of_the_application_is_its_failure(serve: Serve, capfd: pytest.CaptureFixture[str]) -> None:
    """It must not be taken for the client's, which would get no response."""

    def application(environ: dict[str, Any], start_response: Any) -> list[bytes]:
        raise ConnectionResetError("a database went away")

    port, _ = serve(application)
    assert ask(port, b"GET / HTTP/1.1\r\nHost: x\r\n\r\n").startswith(b"HTTP/1.1 500 ")
    assert "a database went away" in capfd.readouterr().err


def test_a_length_that_is_not_a_number_is_rejected(serve: Serve) -> None:
    port, _ = serve(echo)
    response = ask(port, b"PUT / HTTP/1.1\r\nHost: x\r\nContent-Length: many\r\n\r\n")
    assert response.startswith(b"HTTP/1.1 400 ")
    assert b"Connection: close" in response
