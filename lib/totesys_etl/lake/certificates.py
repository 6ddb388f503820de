"""Certificates: the proof, one per run, that the lake equals the source at a snapshot."""

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
    `verified_at` is the clock of the run (naive UTC, ms).
    """

    run_id: str
    verified_at: datetime
    batch: int
    captured_at: datetime
    as_of: datetime
    pg_snapshot: str
    idle: bool
    tables: Mapping[str, TableCertificate]


def certificates(s3: S3Client, raw_bucket: str) -> Proofs[Certificate]:
    """Return the certificates in the raw bucket."""
    return Proofs(s3, raw_bucket, layout.CERTIFICATES, Certificate)


def write(s3: S3Client, bucket: str, certificate: Certificate) -> str:
    """Store `certificate` and return its key. Raises BucketMissing, CertificateFailed."""
    moment, run_id = certificate.verified_at, certificate.run_id
    return certificates(s3, bucket).write(moment, run_id, certificate)


def read(s3: S3Client, bucket: str, key: str) -> Certificate:
    """Return the certificate under `key`. Raises BucketMissing, CommitMissing."""
    return certificates(s3, bucket).read(key)


def list_keys(s3: S3Client, bucket: str, day: str = "") -> list[str]:
    """Return the keys of all certificates, oldest first; `day` (yyyy-mm-dd) limits."""
    return certificates(s3, bucket).keys(day)


def of_run(s3: S3Client, bucket: str, run_id: str, since: datetime) -> Certificate | None:
    """Return the certificate of run `run_id`, which began after `since`; None without one."""
    for key in certificates(s3, bucket).keys_since(since):
        if key.endswith(f"-{run_id}.json"):
            return read(s3, bucket, key)
    return None


def newest(s3: S3Client, bucket: str) -> Certificate | None:
    """Return the newest certificate, None if there is none. Raises CommitMissing."""
    return certificates(s3, bucket).newest()
