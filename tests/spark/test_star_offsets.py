"""Where the numbering of every group of versions begins."""

import pytest

from totesys_etl.errors import ContractInvalid
from totesys_etl.star.versions import Group, Offset, offsets


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
