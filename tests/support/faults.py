"""Arming faults of the local AWS for the length of a test, for calls of this test alone."""

from __future__ import annotations

import json
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from tests.support import keys


def ask(endpoint: str, method: str, path: str = "", document: Any = None, **headers: str) -> tuple[int, dict[str, Any]]:
    """Status and document of a request to the page of faults."""
    body = None if document is None else json.dumps(document).encode()
    extra = {name.replace("_", "-"): value for name, value in headers.items()}
    headers = {"Content-Type": "application/json", "Authorization": keys.of(endpoint).basic} | extra
    request = urllib.request.Request(f"{endpoint}/_emulator/faults{path}", body, headers, method=method)
    try:
        with urllib.request.urlopen(request, timeout=10) as answer:
            return answer.status, json.load(answer)
    except urllib.error.HTTPError as error:
        return error.code, json.load(error)


class Armed:
    """One armed fault; the emulator reports what it has done so far."""

    def __init__(self, endpoint: str, fault_id: str) -> None:
        self._endpoint = endpoint
        self.id = fault_id

    @property
    def now(self) -> dict[str, Any]:
        return next(f for f in ask(self._endpoint, "GET")[1]["faults"] if f["id"] == self.id)

    @property
    def fired(self) -> int:
        return int(self.now["fired"])


@contextmanager
def fault(endpoint: str, kind: str, service: str, **options: Any) -> Iterator[Armed]:
    """Armed inside; it would end by itself, too."""
    document = {"kind": kind, "service": service, "seconds": 120, **options}
    status, answer = ask(endpoint, "POST", document=document)
    assert status == 201, answer
    armed = Armed(endpoint, answer["fault"]["id"])
    try:
        yield armed
    finally:
        ask(endpoint, "DELETE", f"/{armed.id}")
