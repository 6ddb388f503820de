"""The executors' side of current rows: files of key ranges merged, read back, measured.

Spark has only the rows that change; the others of a range go from file to file in Arrow.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby
from operator import itemgetter
from typing import TYPE_CHECKING

import pyarrow as pa
import pyarrow.compute as pc

from totesys_etl.contracts import lake_tables
from totesys_etl.contracts.model import SourceTable
from totesys_etl.errors import CertificateFailed
from totesys_etl.fingerprints.arrow import arrow_fingerprints, in_slices
from totesys_etl.fingerprints.canonical import SLICE_SIZE, range_name
from totesys_etl.lake.commits import DataFile
from totesys_etl.lake.sink import RECEIPT, Target, batches_of, client, pieces_of, store
from totesys_etl.lake.stored import read_arrow
from totesys_etl.lake.tasks import Task, task
from totesys_etl.render.arrow import arrow_schema

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

STORED = f"{RECEIPT}, live bigint, fingerprint bigint"
"""Spark schema of what `merger` hands back: one row per range, incl. what is stored now."""
SLICES = "slice bigint, rows bigint, total bigint"
"""Spark schema of what `slicer` hands back: one row per slice that holds live rows."""
_STORED_ARROW = pa.schema(
    [
        *((name, pa.string()) for name in ("part", "key")),
        *((name, pa.int64()) for name in ("rows", "bytes")),
        ("sha256", pa.string()),
        *((name, pa.int64()) for name in ("live", "fingerprint")),
    ]
)
_SLICES_ARROW = pa.schema([(name, pa.int64()) for name in ("slice", "rows", "total")])


@dataclass(frozen=True)
class Place:
    """Where the current rows of `table` are read from."""

    bucket: str
    region: str | None
    table: SourceTable

    def rows(self, s3: S3Client, file: DataFile) -> pa.Table:
        """The rows of one file, columns of lake_tables.current. Raises as `read_arrow` does."""
        schema = arrow_schema(lake_tables.current(self.table).columns)
        batches = [b.cast(schema) for b in read_arrow(s3, self.bucket, file, schema.names)]
        return pa.Table.from_batches(batches, schema)


def merger(target: Target, place: Place, onto: Mapping[str, Collection[DataFile]]) -> Task:
    """Stores rows sorted by range, onto those that the files of their ranges hold already.

    A row replaces the one with its key. One new file per range, which is read back: what is handed
    back of it is what is stored. Raises CertificateFailed when that is not what was written.
    """
    key = place.table.primary_key

    @task
    def merge(batches: Iterable[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
        s3 = client(target.region)
        schema = arrow_schema(lake_tables.current(place.table).columns)
        stored = []
        for part, pieces in groupby(pieces_of(target, batches), key=itemgetter(0)):
            new = pa.Table.from_batches([piece.cast(schema) for _, piece in pieces])
            replaced = new.column(key).combine_chunks()
            kept = [
                old.filter(pc.invert(pc.is_in(old.column(key), value_set=replaced)))
                for old in (place.rows(s3, file) for file in onto.get(part, ()))
            ]
            merged = pa.concat_tables([*kept, new]).sort_by(key)
            name = f"{target.prefix(part)}/00000.parquet"
            file = DataFile(name, *store(s3, target.bucket, name, merged))
            stored.append({"part": part, **file.to_json(), **_measured(s3, place, part, file)})
        yield from batches_of(stored, _STORED_ARROW)

    return merge


def reader(place: Place, files: Sequence[DataFile], slices: Collection[int]) -> Task:
    """The rows of `files` whose keys lie in these slices, for tasks given indexes (column id)."""

    @task
    def read(batches: Iterable[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
        for rows in _read(place, files, batches):
            yield from in_slices(rows, place.table.primary_key, slices, SLICE_SIZE).to_batches()

    return read


def slicer(place: Place, files: Sequence[DataFile]) -> Task:
    """Rows and fingerprints of the live rows of `files`, per slice, as `reader` is given them."""

    @task
    def measure(batches: Iterable[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
        for rows in _read(place, files, batches):
            found = arrow_fingerprints(_live(rows), place.table, SLICE_SIZE)
            slices = [{"slice": n, "rows": c, "total": t} for n, (c, t) in found.items()]
            yield from batches_of(slices, _SLICES_ARROW)

    return measure


def _read(
    place: Place, files: Sequence[DataFile], batches: Iterable[pa.RecordBatch]
) -> Iterator[pa.Table]:
    s3 = client(place.region)
    for batch in batches:
        for index in batch.column("id").to_pylist():
            yield place.rows(s3, files[index])


def _measured(s3: S3Client, place: Place, part: str, file: DataFile) -> dict[str, int]:
    """What is stored in the file, which was written for range `part`."""
    rows = place.rows(s3, file)
    found = arrow_fingerprints(_live(rows), place.table)
    others = [range_name(number) for number in found if range_name(number) != part]
    if rows.num_rows != file.rows or others:
        raise CertificateFailed(
            f"{place.table.name} range {part} in bucket {place.bucket}: {file.rows} rows were "
            f"written, {rows.num_rows} are stored{', of other ranges too' if others else ''}; "
            "nothing was committed, run again"
        )
    live, fingerprint = next(iter(found.values()), (0, 0))
    return {"live": live, "fingerprint": fingerprint}


def _live(rows: pa.Table) -> pa.Table:
    return rows.filter(pc.is_null(rows.column("deleted_in_batch")))
