"""Requests to the inference API, as its probes put them."""

from __future__ import annotations

import json
import time
from typing import Any

from orchestrator import api_keys
from orchestrator.config.rules.api import DEFAULT
from orchestrator.smoke import base
from orchestrator.smoke.base import Observation, Target

REQUEST_SECONDS = 35.0
"""API Gateway itself gives up after 29 seconds."""
RETRY_BUDGET_SECONDS = 180.0
_DEFAULT_PAUSE = 2.0
_LONGEST_PAUSE = 30.0
_KEY_SPREADS_SECONDS = 60.0

Answer = tuple[int, dict[str, str], bytes]


class Gateway:
    """The API of one environment, asked for one blueprint."""

    def __init__(self, seen: Observation) -> None:
        target = seen.target
        base_url = target.cloud.api_url(
            target.output("inference", "api", "rest_api_id"), target.output("inference", "api", "stage_name")
        )
        self._seen = seen
        self._base_url = base_url
        self.url = f"{base_url}/{target.blueprint.kind}/{target.blueprint.name}"

    def post(self, document: Any, *, key: str | None) -> Answer:
        """One request to the blueprint's own path."""
        return self._ask("POST", self.url, json.dumps(document).encode(), key)

    def below(self, method: str, path: str, document: Any, *, key: str | None) -> Answer:
        """One request below the blueprint's own path, such as the status of what was asked for."""
        body = b"" if document is None else json.dumps(document).encode()
        return self._ask(method, f"{self.url}/{path}", body, key)

    def chat(self, document: Any, *, key: str) -> Answer:
        """One request in OpenAI's form; `model` is added."""
        body = {"model": self._seen.target.blueprint.name, **document}
        return self._ask("POST", f"{self._base_url}/v1/chat/completions", json.dumps(body).encode(), key)

    def models(self, *, key: str) -> Answer:
        """The list of models: the cheapest thing that the API can be asked."""
        return self._ask("GET", f"{self._base_url}/v1/models", b"", key)

    def _ask(self, method: str, url: str, body: bytes, key: str | None) -> Answer:
        """One request, repeated while the API says that it is not ready yet."""
        started = time.monotonic()
        headers = {"content-type": "application/json", "accept": "application/json"}
        if key is not None:
            headers["x-api-key"] = key
        while True:
            with self._seen.asking(f"call {url}"):
                status, got, content = self._seen.target.cloud.http(
                    method, url, headers=headers, body=body, timeout=REQUEST_SECONDS
                )
            pause = self._pause(status, got, key=key, spent=time.monotonic() - started)
            if pause is None:
                self._seen.saw(got)
                return status, got, content
            # A cold start is no slow answer: the time of the answer that counts starts anew.
            self._seen.latency_ms = 0.0
            base.sleep(pause)

    def _pause(self, status: int, headers: dict[str, str], *, key: str | None, spent: float) -> float | None:
        """Seconds to wait before asking again, or `None` to take this answer."""
        if status == 503 and "retry-after" in headers:
            asked = headers["retry-after"]
            pause = min(float(asked), _LONGEST_PAUSE) if asked.isdigit() else _DEFAULT_PAUSE
            return pause if spent + pause < RETRY_BUDGET_SECONDS else None
        # On AWS a new key takes some seconds to reach the edge.
        new_key = status == 403 and key is not None and self._seen.target.cloud.endpoint is None
        return _DEFAULT_PAUSE if new_key and spent < _KEY_SPREADS_SECONDS else None


def api_key(target: Target, seen: Observation, name: str = DEFAULT) -> str:
    """The value of an API key; it goes into a header and nowhere else."""
    with seen.asking(f"read the API key `{name}`"):
        return api_keys.value(target.cloud, target.outputs, name)
