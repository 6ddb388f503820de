"""Which years the calendar needs, however the batches were grouped."""

from datetime import datetime

from hypothesis import given
from hypothesis import strategies as st

from totesys_etl.transform.calendar import Stamp, merged, years_needed


def stamp(batch):
    return Stamp(batch, datetime(2024, 1, batch))


def test_from_2022_to_the_year_after_the_latest_reference_without_a_gap():
    referenced = {2023: stamp(1), 2025: stamp(2)}
    assert years_needed((), referenced) == {
        2022: stamp(1),
        2023: stamp(1),
        2024: stamp(1),
        2025: stamp(2),
        2026: stamp(2),
    }


def test_earlier_than_2022_only_when_referred_to():
    assert sorted(years_needed((2022, 2023), {2020: stamp(3), 2022: stamp(3)})) == [2020, 2021]


def test_known_years_are_not_needed_again():
    assert years_needed(range(2022, 2027), {2025: stamp(9)}) == {}
    assert years_needed(range(2022, 2027), {2026: stamp(9)}) == {2027: stamp(9)}


def test_nothing_referenced_needs_no_calendar():
    assert years_needed((), {}) == {}


def test_several_facts_are_merged_to_the_earliest_stamp():
    sales, payments = {2023: stamp(2), 2024: stamp(3)}, {2023: stamp(1)}
    assert merged([sales, payments]) == {2023: stamp(1), 2024: stamp(3)}
    assert merged([]) == {}


@given(st.lists(st.sets(st.integers(1990, 2100), max_size=3), max_size=6), st.data())
def test_batches_compose(batches, data):
    references = [
        {year: stamp(number) for year in years} for number, years in enumerate(batches, start=1)
    ]
    at_once = years_needed((), merged(references))
    cut = data.draw(st.integers(0, len(references)))
    first = years_needed((), merged(references[:cut]))
    assert first | years_needed(first, merged(references[cut:])) == at_once
