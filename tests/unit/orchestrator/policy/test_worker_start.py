"""What stands in for a library at the start of the policy gate's worker is that library once it is used."""

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
    stand_in = OnDemand("far_away")
    monkeypatch.setitem(sys.modules, "far_away", stand_in)
    monkeypatch.delitem(sys.modules, "far_away.errors", raising=False)
    return stand_in


def test_a_library_is_imported_when_something_is_asked_of_it(library: OnDemand) -> None:
    import far_away

    assert far_away is library
    assert not hasattr(far_away, "__file__"), "whoever looks through all modules asks for this"
    assert sys.modules["far_away"] is library
    asked = far_away.Session
    real = sys.modules["far_away"]
    assert real is not library
    assert asked is real.Session


def test_a_part_of_a_library_is_imported_from_the_real_one(library: OnDemand) -> None:
    from far_away.errors import Refused

    assert Refused.__module__ == "far_away.errors"
    assert sys.modules["far_away"] is not library


def test_what_a_library_does_not_have_is_refused_in_its_name(library: OnDemand) -> None:
    with pytest.raises(AttributeError, match=r"module 'far_away' has no attribute 'nothing'"):
        _ = library.nothing


def test_a_library_that_is_not_there_fails_where_it_is_used() -> None:
    with pytest.raises(ModuleNotFoundError, match="no_such_library"):
        _ = OnDemand("no_such_library").anything
