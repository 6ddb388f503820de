"""How far the warehouse is behind the source."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from totesys_etl.lake import certificates
from totesys_etl.lake.commits import CommitLog, RawCommit

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

DAYS = 7
"""How far back a certificate is looked for."""


def lag_seconds(
    s3: S3Client,
    raw: CommitLog[RawCommit],
    loaded_through: int,
    as_of: datetime,
    now: datetime,
) -> float:
    """Seconds since the moment as of which the warehouse is known to equal the source.

    `loaded_through` is the last raw batch in the warehouse, `as_of` the source's moment in the
    newest certificate. With every batch loaded that is the moment; else it is the one of the last
    certificate before the first batch that is not loaded.
    """
    if raw.head_number() <= loaded_through:
        return _between(as_of, now)
    waiting = raw.read(loaded_through + 1)
    if loaded_through == 0:
        return _between(waiting.captured_at, now)
    before = _certified_before(s3, raw.bucket, waiting.captured_at)
    return _between(before or raw.read(loaded_through).captured_at, now)


def _between(moment: datetime, now: datetime) -> float:
    return max(0.0, (now - moment).total_seconds())


def _certified_before(s3: S3Client, bucket: str, moment: datetime) -> datetime | None:
    """The source's moment in the newest certificate before `moment`, of the last DAYS days."""
    for days in range(DAYS):
        day = (moment - timedelta(days=days)).date().isoformat()
        for name in reversed(certificates.list_keys(s3, bucket, day)):
            certificate = certificates.read(s3, bucket, name)
            if certificate.captured_at < moment:
                return certificate.as_of
    return None
