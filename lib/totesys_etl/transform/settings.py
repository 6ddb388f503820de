"""Arguments of job transform_star."""

from __future__ import annotations

from dataclasses import dataclass

from totesys_etl.job import JobSettings, check_rebuild


@dataclass(frozen=True)
class TransformSettings(JobSettings):
    """`rebuild`: 'swap' makes the star tables of all batches again, in place of those in use."""

    raw_bucket: str
    work_bucket: str
    processed_bucket: str
    star_database: str
    rebuild: str = ""

    def __post_init__(self) -> None:
        check_rebuild(self.rebuild)
