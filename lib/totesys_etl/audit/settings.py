"""Arguments of job audit_warehouse."""

from __future__ import annotations

from dataclasses import dataclass

from totesys_etl.job import JobSettings


@dataclass(frozen=True)
class AuditSettings(JobSettings):
    """Where raw changes, star tables and warehouse are."""

    raw_bucket: str
    processed_bucket: str
    raw_database: str
    star_database: str
    warehouse_connection: str
