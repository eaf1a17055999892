"""Calls that an SDK repeats because the response was lost: they get the response and are not carried out again.

SDKs name each call (`amz-sdk-invocation-id`) and keep the name when they repeat it. A client that repeats a call that
succeeded never saw the response, and would get an error as the resource that it just created exists. Calls that failed
are carried out again, since that is what the repetition is for, and so are those that run the user's code.
"""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Iterable
from dataclasses import dataclass, field

from emulator.moto.wire import Environ, StartResponse, Wsgi

HEADER = "x-emulator-repeated"
FAULT = "x-emulator-fault"
REMEMBERED = 2000
"""Calls to remember; SDKs give up long before that many."""
LARGEST = 1 << 16
"""Bytes of a response that is kept. Responses of calls that change something are smaller."""
WAIT_SECONDS = 900.0
READING = ("GET", "HEAD")

Key = tuple[str, str, str, str]


@dataclass
class _Call:
    """A call in progress, or its response; `answer` stays `None` if there is none to repeat."""

    ended: threading.Event = field(default_factory=threading.Event)
    answer: tuple[str, list[tuple[str, str]], bytes] | None = None


class OnceOnly:
    """WSGI middleware in front of the control plane."""

    def __init__(self, application: Wsgi) -> None:
        self._application = application
        self._lock = threading.Lock()
        self._calls: OrderedDict[Key, _Call] = OrderedDict()

    def __call__(self, environ: Environ, start_response: StartResponse) -> Iterable[bytes]:
        key = _key(environ)
        if key is None:
            return self._application(environ, start_response)
        while True:
            with self._lock:
                call = self._calls.get(key)
                if call is None:
                    call = self._calls[key] = _Call()
                    break
            # The first attempt may still be in progress: its client timed out, or lost the connection.
            call.ended.wait(WAIT_SECONDS)
            if call.answer is not None:
                status, headers, body = call.answer
                start_response(status, [*headers, (HEADER, "true")])
                return [body]
            self._forget(key, call)
        return self._carry_out(environ, start_response, key, call)

    def _carry_out(self, environ: Environ, start_response: StartResponse, key: Key, call: _Call) -> Iterable[bytes]:
        seen: list[tuple[str, list[tuple[str, str]]]] = []

        def start(status: str, headers: list[tuple[str, str]], *rest: object) -> object:
            seen[:] = [(status, headers)]
            return start_response(status, headers, *rest)

        try:
            chunks = self._application(environ, start)
            try:
                body = b"".join(chunks)
            finally:
                if hasattr(chunks, "close"):
                    chunks.close()
            if seen and _worth_keeping(*seen[0]) and len(body) <= LARGEST:
                call.answer = (*seen[0], body)
        finally:
            call.ended.set()
            if call.answer is None:
                self._forget(key, call)
            self._evict()
        return [body]

    def _forget(self, key: Key, call: _Call) -> None:
        with self._lock:
            if self._calls.get(key) is call:
                del self._calls[key]

    def _evict(self) -> None:
        with self._lock:
            while len(self._calls) > REMEMBERED:
                self._calls.popitem(last=False)


def _worth_keeping(status: str, headers: list[tuple[str, str]]) -> bool:
    """Return whether a response is a success that no fault has changed."""
    return status.startswith("2") and not any(name.lower() == FAULT for name, _ in headers)


def _key(environ: Environ) -> Key | None:
    """Return what identifies a call and its repetitions; `None` if it is always carried out."""
    name, method, path = environ.get("HTTP_AMZ_SDK_INVOCATION_ID"), environ["REQUEST_METHOD"], environ["PATH_INFO"]
    if not name or method in READING or _runs_code(path):
        return None
    return name, method, path, environ.get("QUERY_STRING", "")


def _runs_code(path: str) -> bool:
    """Return whether a path is that of a Lambda function, endpoint, model or deployed API."""
    return path.startswith(("/model/", "/restapis/")) or path.endswith(("/invocations", "/async-invocations"))
