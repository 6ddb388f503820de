"""Record ids: versions before + rank by (batch, business key), however many tasks there are."""

import pytest

from fixtures.star_rows import change, changes_frame
from totesys_etl.contracts import STAR_TABLES
from totesys_etl.errors import ContractInvalid
from totesys_etl.transform.facts import fact_versions
from totesys_etl.transform.record_ids import Group, Offset, offsets

SALES = STAR_TABLES["fact_sales_order"]


def test_every_group_begins_where_the_one_before_ends():
    ordered = [Group(1, -1, rows=2), Group(1, 0, rows=5, flagged=1), Group(2, -1, rows=1)]
    assert offsets(ordered, before=10) == (Offset(1, -1, 10), Offset(1, 0, 12), Offset(2, -1, 17))
    assert offsets([], before=10) == ()


def test_groups_are_ordered_by_batch_then_range():
    groups = [Group(10, 0, 1), Group(9, 3, 1), Group(9, -1, 1)]
    assert sorted(groups) == [Group(9, -1, 1), Group(9, 3, 1), Group(10, 0, 1)]


def test_a_record_id_beyond_32_bits_is_refused():
    offsets([Group(1, 0, rows=1)], before=2**31 - 2)
    with pytest.raises(ContractInvalid, match="2147483648 does not fit"):
        offsets([Group(1, 0, rows=2)], before=2**31 - 2)


@pytest.mark.parametrize("partitions", [1, 5])
def test_record_ids_rank_by_batch_then_key_over_all_key_ranges(usual_spark, partitions):
    keys = [(1, 65_536), (1, -1), (1, 3), (1, 70_000), (1, 65_535), (2, 2), (2, -70_000)]
    given = changes_frame(
        usual_spark, "sales_order", *(change("sales_order", "insert", key, b) for b, key in keys)
    )
    versions = fact_versions(SALES, given.repartition(partitions), before=100).versions
    found = versions.select("sales_record_id", "batch", "sales_order_id").collect()
    assert sorted(map(tuple, found)) == [
        (101, 1, -1),
        (102, 1, 3),
        (103, 1, 65_535),
        (104, 1, 65_536),
        (105, 1, 70_000),
        (106, 2, -70_000),
        (107, 2, 2),
    ]


def test_record_ids_never_wrap_around(spark):
    given = changes_frame(spark, "sales_order", change("sales_order", "insert", 1))
    fact_versions(SALES, given, before=2**31 - 2)
    with pytest.raises(ContractInvalid, match="2147483648 does not fit"):
        fact_versions(SALES, given, before=2**31 - 1)
