"""Token buckets and quotas, with a fake clock."""

from __future__ import annotations

from datetime import UTC, datetime

from emulator.services.apigateway.throttling import Buckets, Quotas


def test_a_bucket_allows_its_burst_and_refills_at_its_rate() -> None:
    now = [0.0]
    buckets = Buckets(clock=lambda: now[0])
    assert [buckets.take("k", rate=2, burst=3) for _ in range(4)] == [True, True, True, False]
    now[0] = 0.5
    assert [buckets.take("k", rate=2, burst=3) for _ in range(2)] == [True, False]
    assert buckets.take("another", rate=2, burst=3), "every key has its own bucket"
    now[0] = 100.0
    assert [buckets.take("k", rate=2, burst=3) for _ in range(4)] == [True, True, True, False]


def test_a_quota_starts_again_with_its_period() -> None:
    today = [datetime(2026, 1, 31, tzinfo=UTC)]
    quotas = Quotas(today=lambda: today[0])
    assert [quotas.take("k", limit=2, period="DAY") for _ in range(3)] == [True, True, False]
    today[0] = datetime(2026, 2, 1, tzinfo=UTC)
    assert quotas.take("k", limit=2, period="DAY")
    assert quotas.take("m", limit=1, period="MONTH")
    today[0] = datetime(2026, 2, 27, tzinfo=UTC)
    assert not quotas.take("m", limit=1, period="MONTH")
