"""What a run of the ingest certifies."""

from __future__ import annotations

from collections.abc import Mapping

import boto3
from pyspark.sql import DataFrame

from totesys_etl.ingest.batch import Batch
from totesys_etl.ingest.bookmark import BookmarkKeys
from totesys_etl.ingest.change_detection import TableChanges
from totesys_etl.job import now
from totesys_etl.lake import certificates
from totesys_etl.lake.certificates import Certificate, TableCertificate
from totesys_etl.lake.commits import RawCommit, RawTable


def table_certificate(
    spooled: TableChanges, state: RawTable, candidates: BookmarkKeys, first: bool
) -> TableCertificate:
    """What the certificate says of one table, incl. how many changes the bookmark missed.

    `first`: there was no batch before.
    """
    named, beyond = 0, 0
    if spooled.changes is not None and spooled.summary.changed and not first:
        named, beyond = _compare_with_bookmark(spooled, spooled.changes, candidates)
    return TableCertificate(
        live=state.live,
        ranges=len(state.current),
        fingerprint=str(sum(r.fingerprint for r in state.current.values()) % 2**64),
        inserted=state.inserted,
        updated=state.updated,
        deleted=state.deleted,
        candidates=named,
        beyond_bookmark=beyond,
        extra_columns=spooled.extra_columns,
    )


def _compare_with_bookmark(
    spooled: TableChanges, changes: DataFrame, candidates: BookmarkKeys
) -> tuple[int, int]:
    """How many changes the bookmark named, and how many it knew nothing of."""
    named = spooled.summary.named
    if candidates.few is None:
        named = candidates.count_among(changes, spooled.table.primary_key)
    return named, spooled.summary.changed - named


def certify(
    bucket: str,
    run_id: str,
    batch: Batch,
    commit: RawCommit | None,
    tables: Mapping[str, TableCertificate],
) -> None:
    """Stores the certificate of the run `run_id`; `commit` is None when nothing had changed."""
    head = commit or batch.head
    certificates.write(
        boto3.client("s3"),
        bucket,
        Certificate(
            run_id=run_id,
            verified_at=now(),
            batch=head.batch if head else 0,
            captured_at=batch.captured_at,
            as_of=batch.as_of,
            pg_snapshot=batch.pg_snapshot,
            idle=commit is None,
            tables=dict(tables),
        ),
    )
