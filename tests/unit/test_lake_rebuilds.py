"""A rebuild's report: a difference is an error unless the rebuilt is in service."""

from dataclasses import replace

import pytest

from totesys_etl.errors import RebuildDiffers, SettingInvalid
from totesys_etl.lake import documents
from totesys_etl.lake.rebuilds import Rebuilt, RebuiltTable, mode

SAME = RebuiltTable(3, "00000000000000ff", "")
OTHER = RebuiltTable(3, "00000000000000ff", "range 00000: staff_id 1")
REPORT = Rebuilt("jr_1", "current", 7, False, {"staff": OTHER, "design": SAME})


def test_a_difference_names_table_and_key_and_what_to_run() -> None:
    with pytest.raises(RebuildDiffers) as told:
        REPORT.prove()
    assert str(told.value) == (
        "current in service is not what raw batches 1 to 7 come to: staff: range 00000: staff_id 1."
        " To put the rebuilt in service: totesys rebuild --current --swap"
    )


def test_what_is_the_same_or_swapped_is_proven() -> None:
    replace(REPORT, tables={"design": SAME}).prove()
    replace(REPORT, swapped=True).prove()


def test_a_report_comes_back_as_it_was_written() -> None:
    assert documents.from_bytes(Rebuilt, documents.to_bytes(REPORT)) == REPORT


def test_only_two_ways_to_rebuild() -> None:
    assert [mode("compare"), mode("swap")] == ["compare", "swap"]
    with pytest.raises(SettingInvalid, match="use compare or swap"):
        mode("true")
