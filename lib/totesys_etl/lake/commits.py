"""Commits: numbered JSON objects from 1, dense, append only. What they name is the lake.

`{bucket}/_commits/{number:08d}.json`. The raw log says what the source held, the star log what
was made of it. Facts in a commit are stored once; everything else is derived from it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING, Any

from totesys_etl.lake.commit_log import CommitLog

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

__all__ = [
    "CommitLog",
    "DataFile",
    "Fingerprint",
    "KeyRange",
    "RawCommit",
    "RawTable",
    "StarCommit",
    "StarPartition",
    "StarTableState",
    "raw_log",
    "star_log",
]


@dataclass(frozen=True)
class DataFile:
    """One immutable Parquet object: key in its bucket, rows, bytes, sha256 (hex) of the body."""

    key: str
    rows: int
    bytes: int
    sha256: str

    def to_json(self) -> dict[str, Any]:
        return asdict(self)


@dataclass(frozen=True)
class KeyRange:
    """Current rows of one slice of 65,536 keys.

    `rows` counts every key ever seen, `live` those not deleted; `fingerprint` is the sum of 44-bit
    md5 prefixes over the live rows (fits 63 bits).
    """

    files: tuple[DataFile, ...]
    rows: int
    live: int
    fingerprint: int


@dataclass(frozen=True)
class RawTable:
    """One source table as of a batch.

    `contract` is the contract's version and `columns` its evolution.shape, `columns_seen` the
    source's columns, `inserted`, `updated`, `deleted` the batch's changes, `versions` fact versions
    since batch 1, `live` rows now, `changes` the batch's files (none: unchanged), `current` all key
    ranges by name.
    """

    contract: str
    columns: tuple[str, ...]
    columns_seen: tuple[str, ...]
    inserted: int
    updated: int
    deleted: int
    versions: int
    live: int
    changes: tuple[DataFile, ...]
    current: Mapping[str, KeyRange]


CHANGES, CONTRACT, CURRENT = "changes", "contract", "current"
"""Kinds of a raw commit: what a run of the ingest found at the source; the current rows of tables
whose contract has changed, in their new shape; the current rows written again, nothing else."""


@dataclass(frozen=True)
class RawCommit:
    """Batch `batch`: every table of the contract, unchanged ones carried over.

    `kind` is CHANGES, CONTRACT or CURRENT. `captured_at` is the snapshot's moment (naive UTC, ms),
    `pg_snapshot` its pg_current_snapshot().
    """

    batch: int
    kind: str
    run_id: str
    captured_at: datetime
    ingest_date: str
    system_identifier: str
    database: str
    pg_snapshot: str
    tables: Mapping[str, RawTable]

    @property
    def number(self) -> int:
        return self.batch


@dataclass(frozen=True)
class StarPartition:
    """One partition's files, all in one folder, and their rows; no files: no rows any more."""

    files: tuple[DataFile, ...]
    rows: int


@dataclass(frozen=True)
class Fingerprint:
    """Rows, and the sum of their 44-bit md5 prefixes modulo 2^64."""

    rows: int
    fingerprint: int


@dataclass(frozen=True)
class StarTableState:
    """One lake table of the star. `partitions` by value of its partition key; `rewritten` those
    that this commit wrote; `added` rows new in it; `quarantined` versions kept out by it; `rows`
    in all. `written`: the rows of this commit's batches, as its files were read back, by key range;
    of dim_deletion all rows. Deletions and quarantine have '<partition>/' before the range.
    """

    partitions: Mapping[str, StarPartition]
    rewritten: tuple[str, ...]
    added: int
    quarantined: int
    rows: int
    written: Mapping[str, Fingerprint] = field(default_factory=dict)

    def brought(self, partition: str | None = None) -> dict[int, tuple[int, int]]:
        """Rows and fingerprint of `written` by number of the key range; of one `partition`."""
        prefix = "" if partition is None else f"{partition}/"
        return {
            int(name.removeprefix(prefix)): (part.rows, part.fingerprint)
            for name, part in self.written.items()
            if name.startswith(prefix)
        }


@dataclass(frozen=True)
class StarCommit:
    """Raw batches `raw_from`..`raw_through` transformed. `versions` per fact since batch 1,
    quarantined ones included: the next record id is one more. `contracts`: each table's contract
    version, its mapping included."""

    number: int
    run_id: str
    raw_from: int
    raw_through: int
    captured_at: datetime
    versions: Mapping[str, int]
    contracts: Mapping[str, str]
    tables: Mapping[str, StarTableState]


def raw_log(s3: S3Client, bucket: str) -> CommitLog[RawCommit]:
    """The log of the raw bucket."""
    return CommitLog(s3, bucket, RawCommit)


def star_log(s3: S3Client, bucket: str) -> CommitLog[StarCommit]:
    """The log of the processed bucket."""
    return CommitLog(s3, bucket, StarCommit)
