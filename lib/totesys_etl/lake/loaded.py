"""Which processed commits are in the warehouse: `{processed bucket}/_loaded/{number:08d}.json`.

Written by the load after each transaction, read by the ingest, which knows no warehouse but must
say how far behind it is. The warehouse's own ledger stays the authority for the load.
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING

from totesys_etl.errors import CommitTaken
from totesys_etl.lake import layout
from totesys_etl.lake.commit_log import CommitLog

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client


@dataclass(frozen=True)
class Loaded:
    """Processed commit `number`, and so raw batch `raw_through`, is in the warehouse."""

    number: int
    run_id: str
    raw_through: int


def loaded_log(s3: S3Client, bucket: str) -> CommitLog[Loaded]:
    """The marks in the processed bucket."""
    return CommitLog(s3, bucket, Loaded, layout.LOADED)


def mark(
    marks: CommitLog[Loaded], through: int, run_id: str, raw_through: Callable[[int], int]
) -> None:
    """Marks every commit up to `through` that has no mark, also of runs that ended before theirs.

    `raw_through` gives a processed commit's last raw batch. A mark that another load has set
    meanwhile says the same and stays.
    """
    for number in range(marks.head_number() + 1, through + 1):
        with suppress(CommitTaken):
            marks.append(number, Loaded(number, run_id, raw_through(number)))
