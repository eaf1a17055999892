"""The administrator's key of each local AWS that tests talk to, found by its address."""

from __future__ import annotations

import base64
import json
import urllib.parse
import urllib.request
from pathlib import Path
from typing import Any, NamedTuple

_FILES: dict[str, Path] = {}
"""Of `emulator.json`, by endpoint: it is read at each use, since a local AWS that starts again has another key."""


class Key(NamedTuple):
    access_key_id: str
    secret_access_key: str

    @property
    def variables(self) -> dict[str, str]:
        """As `orchestrator emulator env` exports it."""
        return {"AWS_ACCESS_KEY_ID": self.access_key_id, "AWS_SECRET_ACCESS_KEY": self.secret_access_key}

    @property
    def basic(self) -> str:
        """The header that the emulator's own pages want."""
        return "Basic " + base64.b64encode(":".join(self).encode()).decode()


def learn(endpoint: str, data_dir: Path) -> None:
    """Remember where the local AWS behind an endpoint keeps its key."""
    _FILES[endpoint] = data_dir / "emulator.json"


def of(endpoint: str) -> Key:
    document = json.loads(_FILES[endpoint].read_text())
    return Key(document["access_key_id"], document["secret_access_key"])


def page(endpoint: str, path: str, *, method: str = "GET", document: Any = None, **query: str) -> Any:
    """Get the JSON of one of the emulator's own pages, without a proxy. Raises `HTTPError`."""
    url = f"{endpoint}/_emulator/{path}" + (f"?{urllib.parse.urlencode(query)}" if query else "")
    body = None if document is None else json.dumps(document).encode()
    headers = {"Authorization": of(endpoint).basic, "Content-Type": "application/json"}
    request = urllib.request.Request(url, body, headers, method=method)
    with urllib.request.build_opener(urllib.request.ProxyHandler({})).open(request, timeout=30) as answer:
        return json.load(answer)
