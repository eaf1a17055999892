"""A record of a transform job that nests too deeply is bad data and does not crash the job."""

from __future__ import annotations

import pytest

from emulator.services.sagemaker import transform_records
from emulator.services.sagemaker.transform_records import BadData


@pytest.mark.parametrize("record", [b"[" * 100_000, b'{"a": ' * 100_000, b"{", b"\xff"])
def test_a_record_that_is_not_json_is_bad_data(record: bytes) -> None:
    with pytest.raises(BadData, match="not valid JSON"):
        transform_records._read(record, "application/json")
