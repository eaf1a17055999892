"""Listing the versions of a bucket's objects neither reads nor copies their contents."""

from __future__ import annotations

import copy
import gc
from collections.abc import Iterator
from typing import Any

import pytest
from moto.s3 import models

from emulator.moto import patching
from emulator.services.storage import moto_s3


@pytest.fixture(autouse=True)
def applied() -> Iterator[None]:
    """Apply the patch until the test ends."""
    moto_s3._list_without_contents()
    patching.install()
    yield
    del models.FakeKey.__deepcopy__  # type: ignore[attr-defined]


def key(value: bytes) -> Any:
    return models.FakeKey(name="data/x", value=value, account_id="123456789012", region_name="us-east-1")


def test_a_listed_key_shows_the_object_without_contents() -> None:
    made = key(b"contents")
    (shown,) = copy.deepcopy([made])
    assert isinstance(shown, models.FakeKey)
    assert (shown.name, shown.size, shown.etag) == ("data/x", 8, '"98bf7d8c15784f0a3d63204441e1e2aa"')
    assert shown._value_buffer is made._value_buffer
    vars(shown)["is_latest"] = False
    assert not hasattr(made, "is_latest")


def test_the_object_outlives_its_listings() -> None:
    made = key(b"contents")
    copy.deepcopy([made])
    gc.collect()
    assert made.value == b"contents"


def test_a_listing_outlives_its_object() -> None:
    made = key(b"contents")
    (shown,) = copy.deepcopy([made])
    made.dispose()
    assert shown.etag == '"98bf7d8c15784f0a3d63204441e1e2aa"'
