"""Sets of primary keys as half-open intervals: what a sweep has narrowed a difference down to."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from itertools import groupby

from totesys_etl.fingerprints.canonical import RANGE_SIZE, SLICE_SIZE

INTERVALS_A_RANGE = 32
"""More separate intervals than this in one key range become one: every interval is an index look-up
of its own, and from some number on reading what lies between is cheaper."""


@dataclass(frozen=True, order=True)
class KeyInterval:
    """The keys `first` <= key < `end`."""

    first: int
    end: int

    @property
    def slices(self) -> range:
        """Numbers of the slices that the interval consists of."""
        return range(self.first // SLICE_SIZE, self.end // SLICE_SIZE)


def of_ranges(ranges: Iterable[int]) -> tuple[KeyInterval, ...]:
    """The intervals of key ranges (key / 65536, floored); neighbours become one."""
    return _joined(KeyInterval(n * RANGE_SIZE, (n + 1) * RANGE_SIZE) for n in ranges)


def of_slices(slices: Collection[int]) -> tuple[KeyInterval, ...]:
    """The intervals of slices (key / 256, floored); neighbours become one, and at most
    INTERVALS_A_RANGE are left in any key range."""
    return _joined(
        interval
        for _, numbers in groupby(sorted(slices), key=lambda n: n * SLICE_SIZE // RANGE_SIZE)
        for interval in _few(_joined(_slice(n) for n in numbers))
    )


def _slice(number: int) -> KeyInterval:
    return KeyInterval(number * SLICE_SIZE, (number + 1) * SLICE_SIZE)


def _few(intervals: tuple[KeyInterval, ...]) -> tuple[KeyInterval, ...]:
    if len(intervals) <= INTERVALS_A_RANGE:
        return intervals
    return (KeyInterval(intervals[0].first, intervals[-1].end),)


def _joined(intervals: Iterable[KeyInterval]) -> tuple[KeyInterval, ...]:
    joined: list[KeyInterval] = []
    for interval in sorted(intervals):
        if joined and joined[-1].end == interval.first:
            joined[-1] = KeyInterval(joined[-1].first, interval.end)
        else:
            joined.append(interval)
    return tuple(joined)
