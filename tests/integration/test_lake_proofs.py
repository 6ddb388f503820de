"""Certificates and audits: one object per run, found by time."""

from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any, NamedTuple

import boto3
import pytest

from totesys_etl.errors import BucketMissing, CertificateFailed, CommitMissing
from totesys_etl.ingest.metrics import minutes_since_audit
from totesys_etl.lake import audits, certificates
from totesys_etl.lake.audits import Audit, TableAudit
from totesys_etl.lake.certificates import Certificate, TableCertificate

NOON = datetime(2026, 11, 22, 12, 0, 0, 7000)
"""When the first of them was written."""

CERTIFICATE = Certificate(
    run_id="jr_2",
    verified_at=NOON,
    batch=4,
    as_of=datetime(2026, 11, 22, 11, 59, 59, 1000),
    captured_at=datetime(2026, 11, 22, 11, 45),
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
AUDIT = Audit(
    run_id="jr_2",
    audited_at=NOON,
    commit=3,
    batch=4,
    captured_at=datetime(2026, 11, 22, 11, 45),
    tables={"dim_date": TableAudit(3, "18446744073709551615", 3, "0", 0, 0)},
)


class Kind(NamedTuple):
    """One kind of proof: its module, an example, the field of its moment, and its folder."""

    module: Any
    example: Any
    moment: str
    folder: str


KINDS = {
    "certificate": Kind(certificates, CERTIFICATE, "verified_at", "_verified"),
    "audit": Kind(audits, AUDIT, "audited_at", "_audited"),
}


@pytest.fixture(params=KINDS.values(), ids=KINDS)
def kind(request: pytest.FixtureRequest) -> Kind:
    return request.param  # type: ignore[no-any-return]


def at(kind: Kind, moment: datetime, run_id: str) -> Any:
    """The kind's example, of another moment and run."""
    return replace(kind.example, **{kind.moment: moment, "run_id": run_id})


def test_the_newest_is_found_by_time_not_by_run(kind: Kind, bucket: str) -> None:
    s3 = boto3.client("s3")
    assert kind.module.newest(s3, bucket) is None
    midnight = at(kind, datetime(2026, 11, 23), "jr_0")

    keys = [kind.module.write(s3, bucket, proof) for proof in (midnight, kind.example)]

    assert keys == [
        f"{kind.folder}/2026-11-23T00-00-00.000Z-jr_0.json",
        f"{kind.folder}/2026-11-22T12-00-00.007Z-jr_2.json",
    ]
    assert kind.module.newest(s3, bucket) == midnight
    later = at(kind, datetime(2026, 11, 23, 0, 15), "jr_0")
    kind.module.write(s3, bucket, later)
    assert kind.module.newest(s3, bucket) == later


def test_one_run_says_one_thing(kind: Kind, bucket: str) -> None:
    s3 = boto3.client("s3")
    first, again = (kind.module.write(s3, bucket, kind.example) for _ in range(2))
    assert first == again
    with pytest.raises(CertificateFailed, match=r"already says something else about run jr_2"):
        kind.module.write(s3, bucket, replace(kind.example, batch=5))
    assert kind.module.newest(s3, bucket) == kind.example


def test_what_cannot_be_read_is_named(kind: Kind, bucket: str) -> None:
    s3 = boto3.client("s3")
    with pytest.raises(BucketMissing):
        kind.module.newest(s3, "no-such-bucket")
    broken = f"{kind.folder}/2027-01-01T00-00-00.000Z-jr_9.json"
    s3.put_object(Bucket=bucket, Key=broken, Body=b"x")
    with pytest.raises(CommitMissing, match=rf"{broken} cannot be used: "):
        kind.module.newest(s3, bucket)


def test_certificates_are_listed_by_day_and_read_by_key(bucket: str) -> None:
    s3, certificate = boto3.client("s3"), KINDS["certificate"]
    next_day = at(certificate, NOON + timedelta(days=1), "jr_0")
    keys = [certificates.write(s3, bucket, one) for one in (CERTIFICATE, next_day)]
    assert certificates.list_keys(s3, bucket) == keys
    assert certificates.list_keys(s3, bucket, "2026-11-22") == keys[:1]
    assert certificates.read(s3, bucket, keys[1]) == next_day
    with pytest.raises(CommitMissing, match=r"_verified/x.json cannot be used: it is not there"):
        certificates.read(s3, bucket, "_verified/x.json")


def test_a_certificate_is_found_by_its_run(bucket: str) -> None:
    """Also when it was written after midnight of the day on which the run began."""
    s3, began = boto3.client("s3"), datetime(2026, 11, 23, 23, 59)
    certificate = replace(CERTIFICATE, verified_at=began + timedelta(minutes=3))
    for run in ("jr_0", "jr_1", "jr_11"):
        certificates.write(s3, bucket, replace(certificate, run_id=run))
    expected = replace(certificate, run_id="jr_1")
    assert certificates.of_run(s3, bucket, "jr_1", began) == expected
    assert certificates.of_run(s3, bucket, "jr_7", began) is None


def test_the_moment_of_the_newest_audit_is_known_without_reading_it(bucket: str) -> None:
    """Whether it was made in the last days, which one listing shows, or long ago."""
    s3 = boto3.client("s3")
    assert audits.audited_at(s3, bucket, NOON) is None
    newest = NOON + timedelta(days=1)
    for moment in (newest, NOON):
        audits.write(s3, bucket, at(KINDS["audit"], moment, "jr_1"))
    for days in (0, 2, 3, 4, 400):
        now = newest + timedelta(days=days, hours=1)
        assert audits.audited_at(s3, bucket, now) == newest, days


class Log:
    """What minutes_since_audit asks of a commit log: one batch, captured before noon."""

    def head_number(self) -> int:
        return 1

    def read(self, number: int) -> Any:
        assert number == 1
        return AUDIT


def test_before_the_first_audit_minutes_count_from_the_first_batch(bucket: str) -> None:
    s3, log = boto3.client("s3"), Log()
    moment = AUDIT.captured_at + timedelta(minutes=5)
    assert minutes_since_audit(s3, bucket, log, moment) == 5.0  # type: ignore[arg-type]
    audits.write(s3, bucket, AUDIT)
    late = AUDIT.audited_at + timedelta(minutes=90)
    assert minutes_since_audit(s3, bucket, log, late) == 90.0  # type: ignore[arg-type]
