"""Writing what was spooled: the guard before, the files, and the proof after."""

from __future__ import annotations

from totesys_etl.contracts.evolution import shape
from totesys_etl.contracts.version import contract_version
from totesys_etl.errors import CertificateFailed, MassDelete
from totesys_etl.fingerprints.canonical import range_name
from totesys_etl.ingest import diff
from totesys_etl.ingest.batch import Batch
from totesys_etl.ingest.change_detection import TableChanges
from totesys_etl.lake.changes import write_changes
from totesys_etl.lake.commits import DataFile, KeyRange, RawTable
from totesys_etl.lake.current import write_current

MASS_DELETE_ROWS = 100
"""A table may lose this many rows, or half of its rows, without being asked about."""


def guard(batch: Batch, spooled: TableChanges, allowed: frozenset[str]) -> None:
    """Refuses the loss of all, or of more than half and more than 100, of a table's rows."""
    previous = batch.previous(spooled.table)
    if previous is None or spooled.table.name in allowed:
        return
    lost = spooled.summary.deleted
    left = previous.live - lost + spooled.summary.inserted
    emptied = previous.live > 0 and left == 0
    if emptied or (lost > MASS_DELETE_ROWS and 2 * lost > previous.live):
        raise MassDelete(
            f"{spooled.table.name} lost {lost} of {previous.live} rows since batch "
            f"{batch.number - 1}: nothing was committed. If the source is right, run the job once "
            f"with --allow_mass_delete={spooled.table.name}; if not, mend the source and run again"
        )


def write(batch: Batch, spooled: TableChanges, raw_bucket: str, work_bucket: str) -> RawTable:
    """Writes changes and the current ranges they touch; returns the table's part of the commit."""
    table, summary = spooled.table, spooled.summary
    previous = batch.previous(table)
    ranges: dict[str, KeyRange] = dict(previous.current) if previous else {}
    changes: tuple[DataFile, ...] = ()
    if spooled.changes is not None and summary.changed:
        changes = write_changes(
            spooled.changes,
            bucket=raw_bucket,
            table=table,
            ingest_date=batch.ingest_date,
            batch=batch.number,
        )
        touched = {range_name(n) for n in summary.ranges}
        kept = {name: part for name, part in ranges.items() if name in touched}
        rows = diff.apply(None, spooled.changes, table, batch.number)
        ranges |= write_current(rows, bucket=work_bucket, table=table, onto=kept)
    return RawTable(
        contract=contract_version(table),
        columns=shape(table),
        columns_seen=(*table.column_names, *spooled.extra_columns),
        inserted=summary.inserted,
        updated=summary.updated,
        deleted=summary.deleted,
        versions=(previous.versions if previous else 0) + summary.versions,
        live=(previous.live if previous else 0) + summary.inserted - summary.deleted,
        changes=changes,
        current=ranges,
    )


def verify(batch: Batch, spooled: TableChanges, state: RawTable) -> None:
    """Source and lake agree in every key range, or CertificateFailed.

    The source's fingerprints were computed by PostgreSQL at the snapshot, the lake's from the
    files as they were read back.
    """
    source = {range_name(n): (f.rows, f.total) for n, f in spooled.fingerprints.items()}
    lake = {name: (r.live, r.fingerprint) for name, r in state.current.items() if r.live}
    differing = sorted(n for n in source.keys() | lake.keys() if source.get(n) != lake.get(n))
    if differing:
        shown = "; ".join(
            f"range {n}: source {source.get(n, (0, 0))[0]} rows, lake {lake.get(n, (0, 0))[0]} rows"
            for n in differing[:3]
        )
        raise CertificateFailed(
            f"{spooled.table.name}: {len(differing)} key range(s) differ from the source after "
            f"batch {batch.number} was written ({shown}): nothing was committed, run the job again;"
            " if it happens twice, the current rows in the work bucket are damaged"
        )
