"""Nothing is accepted that AWS's own models refuse: a sample of `python -m tests.fuzz.aws_models`."""

from __future__ import annotations

from tests import lazy

CASES = 100
"""Of 900 and more, which `make fuzz` tries."""
aws_models = lazy.Module("tests.fuzz.aws_models")


def test_a_sample_of_changed_files_is_refused_or_good() -> None:
    taken, faults = aws_models.campaign(CASES)
    assert not faults, "\n".join(faults)
    assert CASES / 10 < taken < CASES * 9 / 10, "what is always refused, or never, tries nothing"
