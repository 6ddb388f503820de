"""How a table is cut into partitions and halves."""

import pytest
from psycopg import sql

from totesys_etl.ingest.reading import KeyBounds, key_predicates
from totesys_etl.ingest.sweep import middle


@pytest.mark.parametrize(
    ("rows", "partitions"), [(0, 1), (199_999, 1), (200_000, 2), (650_000, 4), (3_000_000, 4)]
)
def test_partitions_grow_with_the_table(rows: int, partitions: int) -> None:
    assert KeyBounds(1, rows, rows).partitions == partitions


def test_predicates_are_open_at_both_ends_and_leave_no_gap() -> None:
    predicates = [p.as_string(None) for p in key_predicates("id", KeyBounds(1, 9, 9), 3)]
    assert predicates == ['"id" < 4', '"id" >= 4 AND "id" < 7', '"id" >= 7']


@pytest.mark.parametrize(
    ("low", "high", "expected"),
    [
        (None, None, None),
        (1, 65535, None),
        (1, 65536, 65536),
        (1, 3_000_000, 23 * 65536),
        (-1, 1, 0),
    ],
)
def test_the_middle_is_the_start_of_a_key_range(
    low: int | None, high: int | None, expected: int | None
) -> None:
    assert middle(KeyBounds(low, high, 2)) == expected


def test_a_key_with_a_quote_stays_an_identifier() -> None:
    (first, _) = key_predicates('i"d', KeyBounds(1, 2, 2), 2)
    assert first.as_string(None) == '"i""d" < 2'
    assert isinstance(first, sql.Composed)
