"""The number of stacks in parallel."""

from __future__ import annotations

import os

import pytest

from orchestrator.system import machine


@pytest.mark.parametrize(
    ("requested", "cores", "megabytes", "expected"),
    [
        (4, 8, 64_000, 4),
        (16, 2, 64_000, 6),
        (16, 8, 2_000, 3),
        (16, 8, None, 16),
        (4, 8, 100, 1),
        (1, 1, 64_000, 1),
    ],
)
def test_the_smallest_bound_counts(
    monkeypatch: pytest.MonkeyPatch, requested: int, cores: int, megabytes: int | None, expected: int
) -> None:
    monkeypatch.setattr(os, "sched_getaffinity", lambda pid: set(range(cores)), raising=False)
    monkeypatch.setattr(machine, "_free_megabytes", lambda: megabytes)
    assert machine.parallelism(requested) == expected


def test_memory_is_read_if_the_system_reports_it(tmp_path_factory: pytest.TempPathFactory) -> None:
    folder = tmp_path_factory.mktemp("proc")
    (folder / "meminfo").write_text("MemTotal: 9 kB\nMemAvailable:    2048000 kB\n")
    (folder / "other").write_text("MemAvailable: much\n")
    assert machine._free_megabytes(folder / "meminfo") == 2000
    assert machine._free_megabytes(folder / "other") is None
    assert machine._free_megabytes(folder / "missing") is None
