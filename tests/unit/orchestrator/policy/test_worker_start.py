"""A placeholder at the start of the policy gate's worker loads the real library on use."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from orchestrator.policy.worker_start import OnDemand


@pytest.fixture
def library(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> OnDemand:
    (tmp_path / "far_away").mkdir()
    (tmp_path / "far_away/__init__.py").write_text("class Session:\n    pass\n")
    (tmp_path / "far_away/errors.py").write_text("class Refused(Exception):\n    pass\n")
    monkeypatch.syspath_prepend(str(tmp_path))
    placeholder = OnDemand("far_away")
    monkeypatch.setitem(sys.modules, "far_away", placeholder)
    monkeypatch.delitem(sys.modules, "far_away.errors", raising=False)
    return placeholder


def test_a_library_is_imported_on_the_first_access(library: OnDemand) -> None:
    import far_away  # type: ignore[import-not-found]  # a library that only this test has

    assert far_away is library
    assert not hasattr(far_away, "__file__"), "searches through all modules read this attribute"
    assert sys.modules["far_away"] is library
    session = far_away.Session
    real = sys.modules["far_away"]
    assert real is not library
    assert session is real.Session


def test_a_part_of_a_library_is_imported_from_the_real_one(library: OnDemand) -> None:
    from far_away.errors import Refused  # type: ignore[import-not-found]

    assert Refused.__module__ == "far_away.errors"
    assert sys.modules["far_away"] is not library


def test_a_missing_attribute_is_reported_with_the_librarys_name(library: OnDemand) -> None:
    with pytest.raises(AttributeError, match=r"module 'far_away' has no attribute 'nothing'"):
        _ = library.nothing


def test_a_missing_library_fails_on_use() -> None:
    with pytest.raises(ModuleNotFoundError, match="no_such_library"):
        _ = OnDemand("no_such_library").anything
