"""Arguments of job rebuild_current."""

from __future__ import annotations

from dataclasses import dataclass

from totesys_etl.job import JobSettings


@dataclass(frozen=True)
class RebuildCurrentSettings(JobSettings):
    """Where raw changes and current rows are."""

    raw_bucket: str
    work_bucket: str
    raw_database: str
