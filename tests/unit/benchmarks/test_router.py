"""The benchmark of the router: what it runs works, and what is missing is reported."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from benchmarks import router


@pytest.mark.parametrize("api", ["native", "openai"])
def test_our_side_answers_through_either_api(tmp_path: Path, api: str) -> None:
    package = router.packaged(tmp_path)
    assert not list(package.rglob("*.pyc"))
    times = router.run_json(router.PYTHON, router.OURS, router.our_environment(package), "3", api)
    assert 0 < times["p50"] <= times["p99"]
    assert not list(package.rglob("*.pyc")), "a cold start must find nothing that is compiled"


@pytest.mark.full
def test_a_cold_start_is_timed(tmp_path: Path) -> None:
    series = router.cold_series(router.packaged(tmp_path), None, 1)
    assert set(series) == {"bare boto3", "ours", "ours, ready for bedrock", "ours, ready for sagemaker"}
    assert all(each.median > 0 for each in series.values())


def test_without_litellm_the_rest_goes_on(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(sys, "executable", "/bin/false")
    assert router.install(tmp_path / "none") is None
    assert "LiteLLM is left out" in capsys.readouterr().err
    rows = router.request_rows(router.packaged(tmp_path), None, 3, 1)
    assert [name for name, *_ in rows] == ["ours, native API", "ours, OpenAI API"]


def test_a_virtual_environment_that_is_there_is_used(tmp_path: Path) -> None:
    python = tmp_path / "bin" / "python"
    python.parent.mkdir()
    python.touch()
    assert router.install(tmp_path) == python
