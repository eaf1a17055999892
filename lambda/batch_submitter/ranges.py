"""Represent sets of record numbers as sorted [first, last + 1) pairs. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

Ranges = list[list[int]]


def add(ranges: Ranges, number: int) -> None:
    """Append a number that is larger than all before."""
    if ranges and ranges[-1][1] == number:
        ranges[-1][1] = number + 1
    else:
        ranges.append([number, number + 1])


def numbers(ranges: Iterable[Sequence[int]]) -> Iterator[int]:
    for first, end in ranges:
        yield from range(first, end)


def count(ranges: Iterable[Sequence[int]]) -> int:
    return sum(end - first for first, end in ranges)


def describe(ranges: Sequence[Sequence[int]], most: int = 5) -> str:
    """`0-49999, 70000 and 3 more`"""
    words = [str(first) if end == first + 1 else f"{first}-{end - 1}" for first, end in ranges[:most]]
    more = len(ranges) - most
    return ", ".join(words) + (f" and {more} more" if more > 0 else "")
