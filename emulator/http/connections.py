"""HTTP/1.1 connections as the AWS SDKs use them: kept open, bodies read to the end, answers in one piece.

Werkzeug's development server closes each connection, and sends the headers of an answer before its body. On a
busy machine AWS's SDK for Go (Terraform's provider) then loses answers: when the headers arrive before it has
noticed that its own request is written, it drops the connection, with the body still to come, and repeats a
call that was carried out. Headers and body of a small answer therefore leave in one segment.
"""

from __future__ import annotations

import io
import sys
import traceback
from collections.abc import Iterable, Iterator
from itertools import chain
from typing import Any

from werkzeug.serving import WSGIRequestHandler

from emulator.http.routes import PROXIED

IDLE_SECONDS = 600.0
"""How long a connection may be idle. Clients close theirs sooner, and so never write into a closed one."""

WHOLE_BYTES = 1 << 20
"""Answers up to this size are sent in one piece."""

BODILESS = (204, 304)

Headers = list[tuple[str, str]]


class NoAnswer(Exception):
    """Close the connection without a response, as networks and failing machines do."""


class _Answer:
    """Response of the application. It can be replaced until the first byte is sent."""

    def __init__(self) -> None:
        self.status = ""
        self.headers: Headers = []
        self.written: list[bytes] = []

    def start(self, status: str, headers: Headers, exc_info: Any = None) -> Any:
        if self.status and exc_info is None:
            raise AssertionError("the application started its answer twice")
        self.status, self.headers = status, list(headers)
        return self.written.append

    @property
    def code(self) -> int:
        return int(self.status.split(None, 1)[0])

    def declared_length(self) -> int | None:
        length = next((value for name, value in self.headers if name.lower() == "content-length"), None)
        return int(length) if length is not None else None

    def set_length(self, length: int | None) -> None:
        self.headers = [(name, value) for name, value in self.headers if name.lower() != "content-length"]
        if length is not None:
            self.headers.append(("Content-Length", str(length)))


class _Connection(WSGIRequestHandler):
    """Mixin before a class that parses requests."""

    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True  # otherwise an answer waits for the acknowledgement of the one before
    timeout = IDLE_SECONDS

    def run_wsgi(self) -> None:
        """Handle a request. `Expect: 100-continue` was answered when its headers were parsed."""
        environ = self.make_environ()
        # A client that takes this server for its proxy names the whole address; werkzeug then puts its host in place
        # of the header.
        environ[PROXIED] = "://" in self.path.partition("?")[0][:8]
        if not _read_body(environ):
            self.close_connection = True
            self.send_error(400, "Content-Length is not a number")
            return
        answer = _Answer()
        chunks: Iterable[bytes] = ()
        try:
            try:
                chunks = self.server.app(environ, answer.start)
                rest = iter(chunks)
                start, ended = _gather(answer, rest, isinstance(chunks, (list, tuple)))
            except NoAnswer:
                self.close_connection = True
                return
            except Exception:
                # The last boundary: what escapes the application is logged in full, and never taken for
                # a client that went away.
                _say_error(traceback.format_exc())
                answer, start, ended, rest = _internal_error(), b"the emulator failed; see its log\n", True, iter(())
            self._send(answer, start, ended, rest)
        finally:
            if hasattr(chunks, "close"):
                chunks.close()

    def _send(self, answer: _Answer, start: bytes, ended: bool, rest: Iterable[bytes]) -> None:
        if self.command == "HEAD" or answer.code in BODILESS:
            if answer.code in BODILESS:
                answer.set_length(None)
            self.wfile.write(self._head(answer))
        elif ended:
            # What moto declares is not always what it sends; a kept connection would be out of step.
            answer.set_length(len(start))
            self.wfile.write(self._head(answer) + start)
        elif answer.declared_length() is not None:
            self._send_long(answer, start, rest)
        else:
            self._send_stream(answer, start, rest)

    def _send_long(self, answer: _Answer, start: bytes, rest: Iterable[bytes]) -> None:
        """Send a response too long to be held, of the length that it declares."""
        left = answer.declared_length() or 0
        self.wfile.write(self._head(answer))
        for chunk in chain((start,), rest):
            self.wfile.write(chunk[:left])
            left -= len(chunk[:left])
        self.close_connection = self.close_connection or left > 0

    def _send_stream(self, answer: _Answer, start: bytes, rest: Iterable[bytes]) -> None:
        """Send a response of unknown length; each piece leaves as it comes."""
        chunked = self.request_version >= "HTTP/1.1"
        self.close_connection = self.close_connection or not chunked
        if chunked:
            answer.headers.append(("Transfer-Encoding", "chunked"))
        self.wfile.write(self._head(answer) + _piece(start, chunked))
        for chunk in rest:
            self.wfile.write(_piece(chunk, chunked))
        if chunked:
            self.wfile.write(b"0\r\n\r\n")

    def _head(self, answer: _Answer) -> bytes:
        names = {name.lower() for name, _ in answer.headers}
        lines = [f"HTTP/1.1 {answer.status}", *(f"{name}: {value}" for name, value in answer.headers)]
        if "date" not in names:
            lines.append(f"Date: {self.date_time_string()}")
        if self.close_connection:
            lines.append("Connection: close")
        return "\r\n".join([*lines, "", ""]).encode("latin-1", "replace")

    def log_error(self, format: str, *args: Any) -> None:
        """Log rejected requests; an idle connection that times out is not an error."""
        if not any(isinstance(argument, TimeoutError) for argument in args):
            _say_error(f"{format % args}\n")

    def log_request(self, code: int | str = "-", size: int | str = "-") -> None:
        """Do nothing: `app` logs a line with the operation's name."""

    def connection_dropped(self, error: BaseException, environ: Any = None) -> None:
        """Log a client that disconnects before its response: it may retry."""
        if getattr(self, "raw_requestline", b""):
            _say_error(f"connection lost during {getattr(self, 'requestline', '?')}: {error!r}\n")


def keeping(base: type[WSGIRequestHandler]) -> type[WSGIRequestHandler]:
    """Add persistent connections to `base`, which parses requests."""
    return type("Handler", (_Connection, base), {})


def _read_body(environ: dict[str, Any]) -> bool:
    """Read the whole body, so that nothing of it is left in the connection; False if its length is invalid.

    Moto also holds every body in memory.
    """
    if environ.pop("wsgi.input_terminated", False):
        body = environ["wsgi.input"].read()  # chunked, with the marks of the chunks removed
        del environ["HTTP_TRANSFER_ENCODING"]
        environ["CONTENT_LENGTH"] = str(len(body))
    else:
        length = environ.get("CONTENT_LENGTH") or "0"
        if not length.isdigit():
            return False
        body = environ["wsgi.input"].read(int(length))
        if len(body) < int(length):
            raise ConnectionResetError("the request's body ended early")
    environ["wsgi.input"] = io.BytesIO(body)
    return True


def _gather(answer: _Answer, chunks: Iterator[bytes], whole: bool) -> tuple[bytes, bool]:
    """Return the body, or the start of one that is long or streamed, and whether it is complete.

    `whole`: all chunks exist already.
    """
    parts: list[bytes] = []
    size = 0
    for chunk in chunks:
        parts += [*answer.written, chunk]
        answer.written.clear()
        size += len(chunk)
        if not whole and (size > WHOLE_BYTES or (size and answer.declared_length() is None)):
            return b"".join(parts), False
    return b"".join([*parts, *answer.written]), True


def _piece(data: bytes, chunked: bool) -> bytes:
    if not data or not chunked:
        return data  # an empty chunk would be the end
    return b"%x\r\n%b\r\n" % (len(data), data)


def _internal_error() -> _Answer:
    answer = _Answer()
    answer.start("500 INTERNAL SERVER ERROR", [("Content-Type", "text/plain")])
    return answer


def _say_error(text: str) -> None:
    sys.stderr.write(text)
    sys.stderr.flush()
