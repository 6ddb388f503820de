"""How far the warehouse is behind, by commits and certificates."""

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

import pytest

from totesys_etl.lake import certificates
from totesys_etl.lake.freshness import lag_seconds

NOW = datetime(2026, 11, 24, 10, 30)


@dataclass
class Batch:
    captured_at: datetime

    @property
    def as_of(self) -> datetime:
        return self.captured_at


@dataclass
class Log:
    """What lag_seconds asks of a commit log."""

    times: dict[int, datetime]
    bucket: str = "raw"

    def head_number(self) -> int:
        return max(self.times, default=0)

    def read(self, number: int) -> Batch:
        return Batch(self.times[number])


@dataclass
class Certificates:
    """Certificates by the minute of their snapshot; listed by day as in the bucket."""

    moments: list[datetime]
    read: list[str] = field(default_factory=list)

    def keys(self, s3: Any, bucket: str, day: str) -> list[str]:
        return [m.isoformat() for m in sorted(self.moments) if m.isoformat().startswith(day)]

    def get(self, s3: Any, bucket: str, name: str) -> Batch:
        return Batch(datetime.fromisoformat(name))


def at(hour: int, minute: int, day: int = 24) -> datetime:
    return datetime(2026, 11, day, hour, minute)


def lag(
    monkeypatch: pytest.MonkeyPatch,
    batches: dict[int, datetime],
    loaded_through: int,
    verified: list[datetime],
) -> timedelta:
    store = Certificates(verified)
    monkeypatch.setattr(certificates, "list_keys", store.keys)
    monkeypatch.setattr(certificates, "read", store.get)
    log: Any = Log(batches)
    return timedelta(seconds=lag_seconds(None, log, loaded_through, max(verified), NOW))  # type: ignore[arg-type]


def test_with_everything_loaded_it_is_the_age_of_the_newest_certificate(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    verified = [at(10, 0), at(10, 29)]
    assert lag(monkeypatch, {1: at(9, 0)}, 1, verified) == timedelta(minutes=1)


def test_a_batch_that_waits_makes_it_the_age_of_the_certificate_before_it(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    verified = [at(9, 0), at(10, 0), at(10, 15), at(10, 30)]
    found = lag(monkeypatch, {1: at(9, 0), 2: at(10, 15), 3: at(10, 30)}, 1, verified)
    assert found == timedelta(minutes=30)


def test_the_certificate_before_may_be_of_an_earlier_day(monkeypatch: pytest.MonkeyPatch) -> None:
    verified = [at(23, 50, day=22), at(0, 5)]
    found = lag(monkeypatch, {1: at(8, 0, day=20), 2: at(0, 5)}, 1, verified)
    assert found == NOW - at(23, 50, day=22)


def test_without_certificates_it_is_the_age_of_the_loaded_batch(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    found = lag(monkeypatch, {1: at(8, 0), 2: at(10, 30)}, 1, [at(10, 30)])
    assert found == timedelta(hours=2, minutes=30)


def test_before_the_first_load_it_is_the_age_of_the_first_batch(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    found = lag(monkeypatch, {1: at(10, 10), 2: at(10, 30)}, 0, [at(10, 10), at(10, 30)])
    assert found == timedelta(minutes=20)


def test_a_source_clock_that_is_ahead_gives_no_negative_lag(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    assert lag(monkeypatch, {1: at(10, 0)}, 1, [at(10, 31)]) == timedelta()
