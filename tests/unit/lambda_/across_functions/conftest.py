"""Fixtures of tests that concern several functions."""

from __future__ import annotations

from typing import Any

import pytest

from tests.unit.lambda_.support.router import Backend, Setup


@pytest.fixture
def setup(cold_start: Any) -> Setup:
    """A router that waits for its shadow."""
    return Setup(cold_start("model_router", ROUTES_PREFIX="/r", SHADOW_WAIT_SECONDS="1"), Backend({}))
