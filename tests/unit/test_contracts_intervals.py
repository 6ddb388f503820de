"""Sets of keys as intervals: nothing is lost, and there are never many."""

from hypothesis import given
from hypothesis import strategies as st

from totesys_etl.fingerprints.canonical import RANGE_SIZE, SLICE_SIZE
from totesys_etl.fingerprints.intervals import (
    INTERVALS_A_RANGE,
    KeyInterval,
    of_ranges,
    of_slices,
)


def test_neighbouring_ranges_are_one_interval() -> None:
    assert of_ranges([3, -1, 0, 4]) == (
        KeyInterval(-RANGE_SIZE, RANGE_SIZE),
        KeyInterval(3 * RANGE_SIZE, 5 * RANGE_SIZE),
    )


def test_neighbouring_slices_are_one_interval() -> None:
    assert of_slices([5, 2, 1]) == (KeyInterval(256, 768), KeyInterval(1280, 1536))


def test_too_many_slices_of_one_range_become_one_interval() -> None:
    every_other = list(range(0, 2 * (INTERVALS_A_RANGE + 1), 2))

    assert of_slices([*every_other, 1000]) == (
        KeyInterval(0, (every_other[-1] + 1) * SLICE_SIZE),
        KeyInterval(256_000, 256_256),
    )


@given(st.sets(st.integers(-2000, 2000), min_size=1))
def test_every_slice_lies_in_one_interval(slices: set[int]) -> None:
    intervals = of_slices(slices)

    covered = [number for interval in intervals for number in interval.slices]
    assert len(covered) == len(set(covered))
    assert slices <= set(covered)
    ranges = {n * SLICE_SIZE // RANGE_SIZE for n in slices}
    assert len(intervals) <= INTERVALS_A_RANGE * len(ranges)
