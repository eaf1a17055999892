"""A cloud whose services are scripted."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from types import SimpleNamespace
from typing import Any

Answer = Callable[..., Any] | Any
"""A value, a function of the call's arguments, or an exception to raise."""


class FakeClient:
    """A boto3 client that answers from a table and keeps its calls; a call not in the table is an error."""

    def __init__(self, service: str, answers: Mapping[str, Answer], calls: list[tuple[str, dict[str, Any]]]) -> None:
        self._service = service
        self._answers = answers
        self._calls = calls

    def can_paginate(self, operation: str) -> bool:
        """Only what the table answers by a paginator is paged."""
        return operation not in self._answers and "get_paginator" in self._answers

    def __getattr__(self, operation: str) -> Callable[..., Any]:
        if operation.startswith("_") or operation not in self._answers:
            raise AttributeError(f"the fake {self._service} has no answer for {operation}")

        def call(**arguments: Any) -> Any:
            self._calls.append((f"{self._service}.{operation}", arguments))
            answer = self._answers[operation]
            if isinstance(answer, BaseException):
                raise answer
            return answer(**arguments) if callable(answer) else answer

        return call


def paged(**answers: Answer) -> Callable[[str], Any]:
    """An answer to `get_paginator`: by operation its one page, or a function of the call's arguments."""

    def paginator(operation_name: str) -> Any:
        answer = answers[operation_name]
        return SimpleNamespace(paginate=lambda **given: [answer(**given) if callable(answer) else answer])

    return paginator


@dataclass
class FakeCloud:
    """Satisfies `Cloud`.

    Attributes:
        endpoint: as of an emulator; `None` plays AWS.
        services: service to operation to answer.
        web: answers of `http`, taken in turn; the last one stays.
        calls: every call, as `("sts.get_caller_identity", {…})` or `("http", {…})`.
    """

    endpoint: str | None = "http://127.0.0.1:4566"
    account: str | Exception = "123456789012"
    services: dict[str, dict[str, Answer]] = field(default_factory=dict)
    web: list[tuple[int, dict[str, str], Any] | Exception | Callable[..., Any]] = field(default_factory=list)
    calls: list[tuple[str, dict[str, Any]]] = field(default_factory=list)

    def account_id(self) -> str:
        if isinstance(self.account, Exception):
            raise self.account
        return self.account

    def client(self, service: str) -> Any:
        return FakeClient(service, self.services.get(service, {}), self.calls)

    def api_url(self, rest_api_id: str, stage: str) -> str:
        return f"{self.endpoint or 'https://api.example'}/restapis/{rest_api_id}/{stage}/_user_request_"

    def http(
        self, method: str, url: str, *, headers: Mapping[str, str], body: bytes, timeout: float
    ) -> tuple[int, dict[str, str], bytes]:
        self.calls.append(("http", {"method": method, "url": url, "headers": dict(headers), "body": body}))
        answer = self.web.pop(0) if len(self.web) > 1 else self.web[0]
        if callable(answer):
            answer = answer(method=method, url=url, headers=dict(headers), body=body)
        if isinstance(answer, Exception):
            raise answer
        status, given, content = answer
        return status, given, content if isinstance(content, bytes) else json.dumps(content).encode()

    def called(self, name: str) -> list[dict[str, Any]]:
        return [arguments for called, arguments in self.calls if called == name]
