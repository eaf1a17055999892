"""Headers that the guard removes from requests."""

from __future__ import annotations

from typing import Any

import pytest

from emulator.services.iam.guard import OWN_HEADER, Guard


@pytest.mark.parametrize("path", ["/_emulator/health", "/restapis/a/v1/_user_request_/realtime/chat"])
def test_a_caller_without_a_key_cannot_claim_the_emulator_s_own_header(path: str) -> None:
    """Faults skip calls with that header."""
    seen: list[dict[str, Any]] = []

    def application(environ: dict[str, Any], start_response: Any) -> list[bytes]:
        seen.append(environ)
        return []

    registry: Any = None  # neither route uses it
    list(Guard(application, registry, "123456789012")({"PATH_INFO": path, OWN_HEADER: "true"}, lambda *_: None))
    assert [OWN_HEADER in environ for environ in seen] == [False]
