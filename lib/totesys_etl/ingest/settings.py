"""Arguments of job ingest_totesys."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

from totesys_etl.errors import SettingInvalid
from totesys_etl.job import JobSettings

RANGES, WHOLE, SCRUB = "ranges", "whole", "scrub"
"""Ways to compare: the rows where fingerprints differ; every row; every row, after every file of
current rows was read again and compared with what its commit says of it."""

SNAPSHOT_MINUTES = 15
"""How long a run may hold its snapshot: vacuum cannot remove what it might still see."""


@dataclass(frozen=True)
class IngestSettings(JobSettings):
    """`allow_mass_delete`: tables that may lose their rows in this run."""

    source_connection: str
    raw_bucket: str
    work_bucket: str
    processed_bucket: str
    raw_database: str
    allow_mass_delete: frozenset[str] = frozenset()
    compare: str = RANGES
    snapshot_minutes: int = SNAPSHOT_MINUTES

    def __post_init__(self) -> None:
        if self.compare not in (RANGES, WHOLE, SCRUB):
            raise SettingInvalid(f"--compare {self.compare!r}: use {RANGES}, {WHOLE} or {SCRUB}")

    def check_tables(self, tables: Collection[str]) -> None:
        """Raise SettingInvalid when `allow_mass_delete` names what is none of `tables`."""
        unknown = sorted(self.allow_mass_delete - set(tables))
        if unknown:
            raise SettingInvalid(
                f"--allow_mass_delete names {', '.join(unknown)}, which are no source tables: "
                f"use names of {', '.join(tables)}, separated by commas"
            )
