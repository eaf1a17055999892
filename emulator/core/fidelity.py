"""How real a result is, strongest first."""

from __future__ import annotations

from typing import Literal, get_args

Fidelity = Literal["executed", "emulated", "stand-in", "recorded", "not-run"]
ORDER: tuple[Fidelity, ...] = get_args(Fidelity)
HEADER = "x-emulator-fidelity"
EVIDENCE_HEADER = "x-emulator-evidence"


def weakest(*values: Fidelity) -> Fidelity:
    """Return the weakest value: a chain is as real as its weakest link."""
    return max(values, key=ORDER.index)


def parse(value: str | None) -> Fidelity | None:
    """Parse a header's value; `None` if it is missing or unknown."""
    return value if value in ORDER else None
