"""Certificates: the proof, one per run, that the lake equals the source at a snapshot."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from totesys_etl.errors import CertificateFailed, CommitMissing
from totesys_etl.lake import documents, objects

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

FOLDER = "_verified/"


@dataclass(frozen=True)
class TableCertificate:
    """One source table in one run.

    `live` rows and `fingerprint` (sum over `ranges` key ranges modulo 2^64, as text) are equal in
    source and lake. `inserted`, `updated`, `deleted` in this run; `candidates` keys the job
    bookmark named; `beyond_bookmark` changes it did not name; `extra_columns` not in the contract.
    """

    live: int
    ranges: int
    fingerprint: str
    inserted: int
    updated: int
    deleted: int
    candidates: int
    beyond_bookmark: int
    extra_columns: tuple[str, ...]


@dataclass(frozen=True)
class Certificate:
    """Source at (`captured_at`, `pg_snapshot`) = lake at `batch`. `idle`: the run changed nothing.

    `as_of` is `captured_at`, or where the source is a standby the moment it had replayed up to.
    `verified_at` is the clock of the run (naive UTC, ms). There is none that says `equal` false.
    """

    run_id: str
    verified_at: datetime
    batch: int
    captured_at: datetime
    as_of: datetime
    pg_snapshot: str
    idle: bool
    tables: Mapping[str, TableCertificate]
    equal: bool = True

    def __post_init__(self) -> None:
        if not self.equal:
            raise CertificateFailed(f"run {self.run_id}: a certificate must not say 'not equal'")


def key(certificate: Certificate) -> str:
    """`_verified/2026-11-22T10-15-00.000Z-<run id>.json`: keys sort by time."""
    moment = certificate.verified_at.isoformat(timespec="milliseconds").replace(":", "-")
    return f"{FOLDER}{moment}Z-{certificate.run_id}.json"


def write(s3: S3Client, bucket: str, certificate: Certificate) -> str:
    """Stores `certificate` and returns its key. Raises BucketMissing, CertificateFailed."""
    name = key(certificate)
    try:
        objects.put_new(s3, bucket, name, documents.to_bytes(certificate), "application/json")
    except objects.KeyTaken as error:
        raise CertificateFailed(
            f"s3://{bucket}/{name} already says something else about run {certificate.run_id}"
        ) from error
    return name


def read(s3: S3Client, bucket: str, name: str) -> Certificate:
    """The certificate under key `name`. Raises BucketMissing, CommitMissing."""
    body = objects.get(s3, bucket, name)
    try:
        if body is None:
            raise documents.DocumentUnreadable("it is not there")
        return documents.from_bytes(Certificate, body)
    except documents.DocumentUnreadable as error:
        raise CommitMissing(f"certificate s3://{bucket}/{name} cannot be used: {error}") from error


def list_keys(s3: S3Client, bucket: str, day: str = "") -> list[str]:
    """Keys of all certificates, oldest first; `day` (yyyy-mm-dd or a beginning of it) limits."""
    return list(objects.keys(s3, bucket, FOLDER + day))


def of_run(s3: S3Client, bucket: str, run_id: str, since: datetime) -> Certificate | None:
    """The certificate of run `run_id`, which began after `since`; None if it ended without one."""
    day = FOLDER + (since - timedelta(days=1)).date().isoformat()
    for name in objects.keys(s3, bucket, FOLDER, after=day):
        if name.endswith(f"-{run_id}.json"):
            return read(s3, bucket, name)
    return None


def newest(s3: S3Client, bucket: str) -> Certificate | None:
    """The newest certificate, None if there is none. Raises BucketMissing, CommitMissing."""
    days = objects.folders(s3, bucket, FOLDER, delimiter="T")
    return read(s3, bucket, max(objects.keys(s3, bucket, max(days)))) if days else None
