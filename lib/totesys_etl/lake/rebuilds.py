"""What a rebuild found: one report per run under `_rebuilt/`, for whoever asked for it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from totesys_etl.errors import CommitMissing, RebuildDiffers, SettingInvalid
from totesys_etl.lake import documents, objects

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

FOLDER = "_rebuilt/"
COMPARE, SWAP = "compare", "swap"
"""Ways to rebuild: prove that what is in service is the same, or put the rebuilt in service."""


@dataclass(frozen=True)
class RebuiltTable:
    """One table made anew: its `rows`, a `fingerprint` over them, and how what was in service
    differs; '' when it is the same."""

    rows: int
    fingerprint: str
    difference: str


@dataclass(frozen=True)
class Rebuilt:
    """`part` (current, star, warehouse) made anew from raw batches 1 to `through`.

    `swapped`: the rebuilt is in service now.
    """

    run_id: str
    part: str
    through: int
    swapped: bool
    tables: Mapping[str, RebuiltTable]

    @property
    def differences(self) -> dict[str, str]:
        """By table; empty when everything in service is as rebuilt."""
        return {name: t.difference for name, t in self.tables.items() if t.difference}

    def prove(self) -> None:
        """Raises RebuildDiffers when what stays in service is not what was rebuilt."""
        if self.differences and not self.swapped:
            told = "; ".join(f"{name}: {what}" for name, what in self.differences.items())
            raise RebuildDiffers(
                f"{self.part} in service is not what raw batches 1 to {self.through} come to: "
                f"{told}. To put the rebuilt in service: totesys rebuild --{self.part} --swap"
            )


def mode(value: str) -> str:
    """`value` if it is a way to rebuild; raises SettingInvalid."""
    if value not in (COMPARE, SWAP):
        raise SettingInvalid(f"--rebuild {value!r}: use {COMPARE} or {SWAP}")
    return value


def key(run_id: str) -> str:
    """Where the report of job run `run_id` lies."""
    return f"{FOLDER}{run_id}.json"


def write(s3: S3Client, bucket: str, report: Rebuilt) -> None:
    """Stores `report`. Raises BucketMissing."""
    body = documents.to_bytes(report)
    objects.put_new(s3, bucket, key(report.run_id), body, "application/json")


def read(s3: S3Client, bucket: str, run_id: str) -> Rebuilt | None:
    """The report of job run `run_id`, None when it wrote none. Raises CommitMissing."""
    body = objects.get(s3, bucket, key(run_id))
    try:
        return None if body is None else documents.from_bytes(Rebuilt, body)
    except documents.DocumentUnreadable as error:
        raise CommitMissing(f"s3://{bucket}/{key(run_id)} cannot be used: {error}") from error
