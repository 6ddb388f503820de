"""Audits: the proof, one per day, that star tables and warehouse are the replay of all changes.

`{processed bucket}/_audited/2026-11-22T03-37-00.000Z-<run id>.json`: keys sort by time.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

from totesys_etl.lake import layout
from totesys_etl.lake.proofs import Proofs

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client


@dataclass(frozen=True)
class TableAudit:
    """One star table: all `rows` (versions of a fact with their history), `current` ones (newest
    version of what is not deleted; all of a dimension), each with its fingerprint (modulo 2^64, as
    text), equal in changes, Parquet files and warehouse; `deleted` deletions, `quarantined`
    versions."""

    rows: int
    fingerprint: str
    current: int
    current_fingerprint: str
    deleted: int
    quarantined: int


@dataclass(frozen=True)
class Audit:
    """Warehouse = star tables of `commit` = changes up to `batch`, captured at `captured_at`.

    `audited_at` is the clock of the run (naive UTC, ms).
    """

    run_id: str
    audited_at: datetime
    commit: int
    batch: int
    captured_at: datetime
    tables: Mapping[str, TableAudit]


def audits(s3: S3Client, processed_bucket: str) -> Proofs[Audit]:
    """Return the audits in the processed bucket."""
    return Proofs(s3, processed_bucket, layout.AUDITS, Audit)


def write(s3: S3Client, bucket: str, audit: Audit) -> str:
    """Store `audit` and return its key. Raises BucketMissing, CertificateFailed."""
    return audits(s3, bucket).write(audit.audited_at, audit.run_id, audit)


def newest(s3: S3Client, bucket: str) -> Audit | None:
    """Return the newest audit, None if there is none. Raises BucketMissing, CommitMissing."""
    return audits(s3, bucket).newest()


def audited_at(s3: S3Client, bucket: str, now: datetime) -> datetime | None:
    """Return when the newest audit was made, from its key; None if there is none."""
    return audits(s3, bucket).newest_moment(now)
