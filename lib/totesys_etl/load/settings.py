"""Arguments of job load_warehouse."""

from __future__ import annotations

from dataclasses import dataclass

from totesys_etl.job import JobSettings, check_rebuild


@dataclass(frozen=True)
class LoadSettings(JobSettings):
    """`rebuild`: 'swap' loads the warehouse again from the newest commit, in one transaction."""

    processed_bucket: str
    warehouse_connection: str
    rebuild: str = ""

    def __post_init__(self) -> None:
        check_rebuild(self.rebuild)
