"""Audits: one object per run, the newest found by time, its moment without reading it."""

from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import boto3
import pytest

from totesys_etl.errors import AuditFailed, CommitMissing
from totesys_etl.lake import audits, certificates
from totesys_etl.lake.audits import Audit, TableAudit
from totesys_etl.lake.certificates import Certificate
from totesys_etl.pipeline.measures import minutes_since_audit

FIRST = Audit(
    run_id="jr_2",
    audited_at=datetime(2026, 11, 22, 3, 37, 0, 7000),
    commit=3,
    batch=4,
    captured_at=datetime(2026, 11, 22, 3, 30),
    tables={"dim_date": TableAudit(3, "18446744073709551615", 3, "0", 0, 0)},
)
SECOND = replace(FIRST, run_id="jr_1", audited_at=datetime(2026, 11, 23, 3, 37))


def test_the_newest_is_found_by_time(bucket: str) -> None:
    s3 = boto3.client("s3")
    assert audits.newest(s3, bucket) is None
    assert audits.audited_at(s3, bucket, SECOND.audited_at) is None
    keys = [audits.write(s3, bucket, one) for one in (SECOND, FIRST, FIRST)]
    assert keys[1] == keys[2] == "_audited/2026-11-22T03-37-00.007Z-jr_2.json"
    assert audits.newest(s3, bucket) == SECOND
    for days in (0, 2, 3, 4, 400):
        moment = SECOND.audited_at + timedelta(days=days, hours=1)
        assert audits.audited_at(s3, bucket, moment) == SECOND.audited_at, days


def test_an_audit_is_written_once_and_is_positive(bucket: str) -> None:
    s3 = boto3.client("s3")
    audits.write(s3, bucket, FIRST)
    with pytest.raises(AuditFailed, match="already says something else about run jr_2"):
        audits.write(s3, bucket, replace(FIRST, batch=5))
    with pytest.raises(AuditFailed, match="must not say"):
        replace(FIRST, equal=False)
    s3.put_object(Bucket=bucket, Key="_audited/2027-01-01T00-00-00.000Z-jr_9.json", Body=b"x")
    with pytest.raises(CommitMissing, match="jr_9"):
        audits.newest(s3, bucket)


class Log:
    """What minutes_since_audit asks of a commit log: one batch, captured at noon."""

    def head_number(self) -> int:
        return 1

    def read(self, number: int) -> Any:
        assert number == 1
        return FIRST


def test_before_the_first_audit_minutes_count_from_the_first_batch(bucket: str) -> None:
    s3, log = boto3.client("s3"), Log()
    moment = FIRST.captured_at + timedelta(minutes=5)
    assert minutes_since_audit(s3, bucket, log, moment) == 5.0  # type: ignore[arg-type]
    audits.write(s3, bucket, FIRST)
    late = FIRST.audited_at + timedelta(minutes=90)
    assert minutes_since_audit(s3, bucket, log, late) == 90.0  # type: ignore[arg-type]


def test_a_certificate_is_found_by_its_run(bucket: str) -> None:
    s3 = boto3.client("s3")
    at = datetime(2026, 11, 23, 23, 59)
    one = Certificate(
        run_id="jr_1",
        verified_at=at + timedelta(minutes=3),
        batch=1,
        captured_at=at,
        as_of=at,
        pg_snapshot="1:1:",
        idle=False,
        tables={},
    )
    for run in ("jr_0", "jr_1", "jr_11"):
        certificates.write(s3, bucket, replace(one, run_id=run))
    assert certificates.of_run(s3, bucket, "jr_1", at) == one
    assert certificates.of_run(s3, bucket, "jr_7", at) is None
