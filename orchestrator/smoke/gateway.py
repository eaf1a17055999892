"""Send requests to the inference API."""

from __future__ import annotations

import json
import time
from typing import Any

from orchestrator import api_keys
from orchestrator.config.rules.api import DEFAULT
from orchestrator.smoke import base
from orchestrator.smoke.base import Observation, Target

REQUEST_SECONDS = 35.0
"""API Gateway's own timeout is 29 seconds."""
RETRY_BUDGET_SECONDS = 180.0
_DEFAULT_PAUSE = 2.0
_LONGEST_PAUSE = 30.0
_KEY_SPREADS_SECONDS = 60.0

Answer = tuple[int, dict[str, str], bytes]


class Gateway:
    """Call the API of an environment for one blueprint."""

    def __init__(self, seen: Observation) -> None:
        target = seen.target
        base_url = target.cloud.api_url(
            target.output("inference", "api", "rest_api_id"), target.output("inference", "api", "stage_name")
        )
        self._seen = seen
        self._base_url = base_url
        self.url = f"{base_url}/{target.blueprint.kind}/{target.blueprint.name}"

    def post(self, document: Any, *, key: str | None) -> Answer:
        """Send a request to the blueprint's path."""
        return self._send("POST", self.url, json.dumps(document).encode(), key)

    def below(self, method: str, path: str, document: Any, *, key: str | None) -> Answer:
        """Send a request below the blueprint's path, such as for the status of an earlier one."""
        body = b"" if document is None else json.dumps(document).encode()
        return self._send(method, f"{self.url}/{path}", body, key)

    def chat(self, document: Any, *, key: str) -> Answer:
        """Send a request in OpenAI's format; `model` is added."""
        body = {"model": self._seen.target.blueprint.name, **document}
        return self._send("POST", f"{self._base_url}/v1/chat/completions", json.dumps(body).encode(), key)

    def models(self, *, key: str) -> Answer:
        """List the models, which is the cheapest request to the API."""
        return self._send("GET", f"{self._base_url}/v1/models", b"", key)

    def _send(self, method: str, url: str, body: bytes, key: str | None) -> Answer:
        """Send a request, and repeat it while the API is not ready yet."""
        started = time.monotonic()
        headers = {"content-type": "application/json", "accept": "application/json"}
        if key is not None:
            headers["x-api-key"] = key
        while True:
            with self._seen.timed(f"call {url}"):
                status, got, content = self._seen.target.cloud.http(
                    method, url, headers=headers, body=body, timeout=REQUEST_SECONDS
                )
            pause = self._pause(status, got, key=key, spent=time.monotonic() - started)
            if pause is None:
                self._seen.saw(got)
                return status, got, content
            # A cold start does not count as a slow answer: the time starts again with the next request.
            self._seen.latency_ms = 0.0
            base.sleep(pause)

    def _pause(self, status: int, headers: dict[str, str], *, key: str | None, spent: float) -> float | None:
        """Return the seconds to wait before a retry, or `None` to accept this answer."""
        if status == 503 and "retry-after" in headers:
            requested = headers["retry-after"]
            pause = min(float(requested), _LONGEST_PAUSE) if requested.isdigit() else _DEFAULT_PAUSE
            return pause if spent + pause < RETRY_BUDGET_SECONDS else None
        # On AWS a new key takes some seconds to reach the edge.
        new_key = status == 403 and key is not None and self._seen.target.cloud.endpoint is None
        return _DEFAULT_PAUSE if new_key and spent < _KEY_SPREADS_SECONDS else None


def api_key(target: Target, seen: Observation, name: str = DEFAULT) -> str:
    """Read the value of an API key, to be used in a header only."""
    with seen.timed(f"read the API key `{name}`"):
        return api_keys.value(target.cloud, target.outputs, name)
