"""Call models that take one input per call: several calls at a time, none of them repeated."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from inference_routing.deadline import Deadline
from inference_routing.dispatch import PartialResponses

PARALLEL_CALLS = 8


def fan_out(count: int, kept: PartialResponses, deadline: Deadline, call: Callable[[int], Any]) -> list[Any]:
    """Return the result of `call` for each position. The first failure ends it; earlier results stay in `kept`."""

    def one(position: int) -> None:
        deadline.call_timeout()  # later calls have less time left, or none
        kept[position] = call(position)

    missing = [position for position in range(count) if position not in kept]
    if len(missing) == 1:
        one(missing[0])
    elif missing:
        _together(missing, one)
    return [kept[position] for position in range(count)]


def _together(positions: list[int], one: Callable[[int], None]) -> None:
    from concurrent.futures import FIRST_EXCEPTION, ThreadPoolExecutor, wait

    with ThreadPoolExecutor(min(PARALLEL_CALLS, len(positions))) as pool:
        futures = [pool.submit(one, position) for position in positions]
        _, waiting = wait(futures, return_when=FIRST_EXCEPTION)
        for future in waiting:
            future.cancel()
    for future in futures:
        if not future.cancelled():
            future.result()
