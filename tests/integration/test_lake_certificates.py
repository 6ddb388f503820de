"""Certificates: one object per run, found by time."""

from dataclasses import replace
from datetime import datetime

import boto3
import pytest

from totesys_etl.errors import BucketMissing, CertificateFailed, CommitMissing
from totesys_etl.lake import certificates
from totesys_etl.lake.certificates import Certificate, TableCertificate

IDLE = Certificate(
    run_id="jr_1",
    verified_at=datetime(2026, 11, 22, 10, 15, 0, 7000),
    batch=4,
    as_of=datetime(2026, 11, 22, 10, 14, 59, 1000),
    captured_at=datetime(2026, 11, 22, 10, 0),
    pg_snapshot="731:731:",
    idle=True,
    tables={
        "currency": TableCertificate(
            live=3,
            ranges=1,
            fingerprint="18446744073709551615",
            inserted=0,
            updated=0,
            deleted=0,
            candidates=0,
            beyond_bookmark=0,
            extra_columns=("legacy_code",),
        )
    },
)
NEXT_DAY = replace(IDLE, run_id="jr_0", verified_at=datetime(2026, 11, 23))
LATER = replace(NEXT_DAY, verified_at=datetime(2026, 11, 23, 0, 15))


def test_the_newest_is_found_by_time_not_by_run(bucket: str) -> None:
    s3 = boto3.client("s3")
    assert certificates.newest(s3, bucket) is None

    keys = [certificates.write(s3, bucket, one) for one in (NEXT_DAY, IDLE)]

    assert keys == [
        "_verified/2026-11-23T00-00-00.000Z-jr_0.json",
        "_verified/2026-11-22T10-15-00.007Z-jr_1.json",
    ]
    assert certificates.newest(s3, bucket) == NEXT_DAY
    assert certificates.list_keys(s3, bucket) == sorted(keys)
    assert certificates.list_keys(s3, bucket, "2026-11-22") == keys[1:]
    assert certificates.read(s3, bucket, keys[1]) == IDLE

    certificates.write(s3, bucket, LATER)
    assert certificates.newest(s3, bucket) == LATER


def test_a_certificate_is_written_once(bucket: str) -> None:
    s3 = boto3.client("s3")
    certificates.write(s3, bucket, IDLE)
    certificates.write(s3, bucket, IDLE)

    with pytest.raises(CertificateFailed, match=r"already says something else about run jr_1"):
        certificates.write(s3, bucket, replace(IDLE, batch=5))


def test_there_is_no_certificate_of_a_difference() -> None:
    with pytest.raises(CertificateFailed, match="jr_1"):
        replace(IDLE, equal=False)


def test_what_cannot_be_read_is_named(bucket: str) -> None:
    s3 = boto3.client("s3")

    with pytest.raises(CommitMissing, match=r"_verified/x.json cannot be used: it is not there"):
        certificates.read(s3, bucket, "_verified/x.json")
    with pytest.raises(BucketMissing):
        certificates.newest(s3, "no-such-bucket")
