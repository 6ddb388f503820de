"""Which crash points a test run covers: fixed ones, commits, and a sample by the seed."""

import random

import pytest

from fixtures.crashes.effects import Disturbance, Effect
from fixtures.crashes.points import SAMPLE, Point, all_points, boundaries, in_order, sample

COMMITS = [
    "PUT /totesys-raw/_commits/00000002.json",
    "PUT /totesys-processed/_loaded/00000002.json",
    "warehouse: COMMIT after INSERT INTO etl.load_ledger",
    "bookmark of ingest_totesys",
]
OTHERS = [
    "PUT /totesys-raw/staff/<uuid>.parquet",
    "warehouse: COMMIT after SELECT 1",
    "warehouse: SELECT pg_advisory_lock(7)",
    *(f"UpdateTable totesys_raw t{n}" for n in range(20)),
]


def points(*names: str) -> list[Point]:
    return all_points(Effect(name, 1) for name in names)


def test_what_is_committed_for_good_is_a_boundary_and_nothing_else() -> None:
    assert boundaries(points(*OTHERS, *COMMITS)) == points(*COMMITS)


def test_a_seed_samples_the_same_points_in_whatever_order_effects_were_met() -> None:
    existing = points(*OTHERS, *COMMITS)
    shuffled = random.Random(1).sample(existing, len(existing))

    assert set(sample(existing, 7)) == set(sample(shuffled, 7))
    assert len(set(sample(existing, 7))) == SAMPLE
    assert not set(sample(existing, 7)) & set(points(*COMMITS))


def test_many_seeds_sample_every_point() -> None:
    existing = points(*OTHERS)

    assert {point for seed in range(200) for point in sample(existing, seed)} == set(existing)


def test_a_fixed_point_is_covered_whatever_the_seed_samples() -> None:
    existing = points("a", "b", "c", "d")
    fixed = Point(Effect("c", 1), Disturbance.KILLED_AFTER)

    assert in_order(existing, [fixed], []) == [fixed]
    assert in_order(existing, [fixed], existing[1:2], [fixed]) == [existing[1], fixed]


def test_a_fixed_point_that_the_job_has_no_more_is_an_error() -> None:
    gone = Point(Effect("old name", 2), Disturbance.KILLED_BEFORE)

    with pytest.raises(ValueError, match=r"no such crash point.*'old name'"):
        in_order(points("a"), [gone])


def test_what_a_failure_prints_is_the_entry_to_fix() -> None:
    point = Point(Effect('warehouse: SELECT "x"', 2), Disturbance.KILLED_AFTER)

    names = {"Point": Point, "Effect": Effect, "Disturbance": Disturbance}
    assert eval(repr(point), names) == point
