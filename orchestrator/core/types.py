"""Types that all rooms share: JSON objects, event sinks and how real a result is."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Literal

Json = dict[str, Any]
EventSink = Callable[[Json], None]
Fidelity = Literal["executed", "emulated", "stand-in", "recorded", "not-run"]
"""How real a result is, strongest first. On AWS everything that ran is `executed`."""

FIDELITY_ORDER: tuple[Fidelity, ...] = ("executed", "emulated", "stand-in", "recorded", "not-run")


def weakest(*values: Fidelity) -> Fidelity:
    """Return the least real of several fidelities: a chain is only as real as its weakest link."""
    return max(values, key=FIDELITY_ORDER.index)
