"""The deployed platform, for the tests that need a whole one."""

from __future__ import annotations

import pytest

from tests.support import shared_platform


@pytest.fixture(scope="session")
def deployed() -> shared_platform.Deployed:
    """The platform that the tests in `read_only/` inspect, and those in `mutating/` change afterwards."""
    return shared_platform.wait()
