"""Audits: the proof, one per day, that star tables and warehouse are the fold of all changes.

`{processed bucket}/_audited/2026-11-22T03-37-00.000Z-<run id>.json`: keys sort by time.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from totesys_etl.errors import AuditFailed, CommitMissing
from totesys_etl.lake import documents, objects

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

FOLDER = "_audited/"
_MOMENT = "%Y-%m-%dT%H-%M-%S.%fZ"
RECENT = timedelta(days=3)


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

    `audited_at` is the clock of the run (naive UTC, ms). There is none that says `equal` false.
    """

    run_id: str
    audited_at: datetime
    commit: int
    batch: int
    captured_at: datetime
    tables: Mapping[str, TableAudit]
    equal: bool = True

    def __post_init__(self) -> None:
        if not self.equal:
            raise AuditFailed(f"run {self.run_id}: an audit must not say 'not equal'")


def write(s3: S3Client, bucket: str, audit: Audit) -> str:
    """Stores `audit` and returns its key. Raises BucketMissing, AuditFailed."""
    moment = audit.audited_at.isoformat(timespec="milliseconds").replace(":", "-")
    name = f"{FOLDER}{moment}Z-{audit.run_id}.json"
    try:
        objects.put_new(s3, bucket, name, documents.to_bytes(audit), "application/json")
    except objects.KeyTaken as error:
        raise AuditFailed(
            f"s3://{bucket}/{name} already says something else about run {audit.run_id}"
        ) from error
    return name


def newest(s3: S3Client, bucket: str) -> Audit | None:
    """The newest audit, None if there is none. Raises BucketMissing, CommitMissing."""
    days = objects.folders(s3, bucket, FOLDER, delimiter="T")
    if not days:
        return None
    name = max(objects.keys(s3, bucket, max(days)))
    body = objects.get(s3, bucket, name)
    try:
        if body is None:
            raise documents.DocumentUnreadable("it is not there")
        return documents.from_bytes(Audit, body)
    except documents.DocumentUnreadable as error:
        raise CommitMissing(f"audit s3://{bucket}/{name} cannot be used: {error}") from error


def audited_at(s3: S3Client, bucket: str, now: datetime) -> datetime | None:
    """When the newest audit was made, from its key: one listing, two if the last days have none."""
    after = f"{FOLDER}{(now - RECENT).date().isoformat()}"
    names = list(objects.keys(s3, bucket, FOLDER, after=after))
    if not names:
        days = objects.folders(s3, bucket, FOLDER, delimiter="T")
        names = list(objects.keys(s3, bucket, max(days))) if days else []
    if not names:
        return None
    stamp = max(names).removeprefix(FOLDER).partition("Z-")[0]
    return datetime.strptime(stamp + "Z", _MOMENT)
