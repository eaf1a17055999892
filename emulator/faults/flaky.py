"""Which calls a `flaky` fault hits, and how: drawn from a seed, so that a run can be repeated.

The draw depends on the call and on how often it was made before, and not on its place among all calls: those come in
another order each time, because terraform makes many at once. The repetition of a failed call is drawn separately.
"""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Iterable, Sequence

ERRORS = ("throttle", "server-error")
"""Kinds of errors that a flaky service returns."""


class Draw:
    """Draws errors for calls. Not thread-safe: its owner locks.

    Args:
        rate: the share of all calls that fail, above 0 and at most 1.
        errors: kinds to choose from, each as likely as the next.
    """

    def __init__(self, rate: float, seed: int, errors: Sequence[str] = ERRORS) -> None:
        self._rate, self._seed, self._errors = rate, seed, tuple(errors)
        self._made: Counter[bytes] = Counter()

    def next(self, service: str, action: str, names: Iterable[str]) -> str | None:
        """Return the kind of error for this call; `None` if it succeeds."""
        call = hashlib.sha256("\n".join([service, action, *sorted(names)]).encode()).digest()
        self._made[call] += 1
        drawn = hashlib.sha256(b"%d %d " % (self._seed, self._made[call]) + call).digest()
        if int.from_bytes(drawn[:8], "big") / 2**64 >= self._rate:
            return None
        return self._errors[drawn[8] % len(self._errors)]
