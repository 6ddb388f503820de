"""How a task cuts its sorted batches into files."""

from dataclasses import replace
from datetime import datetime
from decimal import Decimal
from io import BytesIO

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from totesys_etl.lake.sink import Target, _files, to_parquet

MONTHS = Target("bucket", "fact", "month", row_limit=100, bytes_limit=10**9, region=None)


def _batch(*rows: tuple[str | None, int | None]) -> pa.RecordBatch:
    return pa.RecordBatch.from_pylist(
        [{"id": number, "month": month} for month, number in rows],
        schema=pa.schema([("id", pa.int32()), ("month", pa.string())]),
    )


def _cut(target: Target, *batches: pa.RecordBatch) -> list[tuple[str, str, list[int | None]]]:
    return [
        (part, key.rpartition("/")[2], table.column("id").to_pylist())
        for part, key, table in _files(target, batches)
    ]


def test_a_new_file_begins_where_the_value_changes() -> None:
    assert _cut(
        MONTHS,
        _batch(("2024-01", 1), ("2024-01", None), ("2024-02", 3)),
        _batch(("2024-02", 4)),
        _batch(),
        _batch(("2024-03", 5)),
    ) == [
        ("2024-01", "00000.parquet", [1, None]),
        ("2024-02", "00000.parquet", [3, 4]),
        ("2024-03", "00000.parquet", [5]),
    ]


def test_a_full_file_is_followed_by_another_in_the_same_folder() -> None:
    batch = _batch(*(("2024-01", number) for number in range(5)), ("2024-02", 9))
    keys = [key for _, key, _ in _files(replace(MONTHS, row_limit=2), [batch])]

    assert _cut(replace(MONTHS, row_limit=2), batch) == [
        ("2024-01", "00000.parquet", [0, 1]),
        ("2024-01", "00001.parquet", [2, 3]),
        ("2024-01", "00002.parquet", [4]),
        ("2024-02", "00000.parquet", [9]),
    ]
    assert len({key.rpartition("/")[0] for key in keys}) == 2


def test_a_file_is_full_at_its_bytes_too() -> None:
    batches = [_batch(("2024-01", number)) for number in range(3)]

    assert [len(ids) for _, _, ids in _cut(replace(MONTHS, bytes_limit=1), *batches)] == [1, 1, 1]


def test_every_attempt_has_folders_of_its_own() -> None:
    batch = _batch(("2024-01", 1))
    first, second = (next(_files(MONTHS, [batch]))[1] for _ in range(2))

    assert first.startswith("fact/month=2024-01/")
    assert first != second


def test_the_partition_column_is_not_in_the_file() -> None:
    ((_, _, table),) = _files(MONTHS, [_batch(("2024-01", 1))])

    assert table.column_names == ["id"]


def test_without_a_partition_column_all_rows_share_a_folder() -> None:
    whole = replace(MONTHS, partition=None, row_limit=2)
    keys = [key for _, key, _ in _files(whole, [_batch(("x", 1), ("y", 2)), _batch(("z", 3))])]

    assert [key.rpartition("/")[2] for key in keys] == ["00000.parquet", "00001.parquet"]
    assert len({key.rpartition("/")[0] for key in keys}) == 1


@pytest.mark.parametrize("value", [None, "a/b", "", "..  "])
def test_a_value_that_cannot_be_a_folder_is_refused(value: str | None) -> None:
    with pytest.raises(ValueError, match="cannot be a folder's name"):
        _cut(MONTHS, _batch((value, 1)))


def test_parquet_types_are_those_that_spark_and_athena_share() -> None:
    table = pa.table(
        {
            "id": pa.array([1, None], pa.int32()),
            "price": pa.array([Decimal("1.20"), None], pa.decimal128(10, 2)),
            "at": pa.array(
                [datetime(1969, 12, 31, 23, 59, 59, 1000), None], pa.timestamp("us", "UTC")
            ),
            "changed": pa.array([["a", "b"], []], pa.list_(pa.string())),
        }
    )

    file = pq.ParquetFile(BytesIO(to_parquet(table)))

    assert [file.schema.column(at).physical_type for at in range(4)] == [
        "INT32",
        "INT64",
        "INT64",
        "BYTE_ARRAY",
    ]
    assert file.read().to_pylist() == table.to_pylist()
    column = file.metadata.row_group(0).column(0)
    assert (column.compression, column.statistics.null_count) == ("ZSTD", 1)
