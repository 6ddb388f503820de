"""When a schedule fires next."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from awsglue_local.definition.cron import next_fire, parse


def at(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


@pytest.mark.parametrize(
    ("schedule", "after", "expected"),
    [
        ("0/15 * * * ? *", "2026-11-24 12:00", "2026-11-24 12:15"),
        ("0/15 * * * ? *", "2026-11-24 12:14:59", "2026-11-24 12:15"),
        ("0/15 * * * ? *", "2026-12-31 23:45", "2027-01-01 00:00"),
        ("15 12 * * ? *", "2026-11-24 12:15", "2026-11-25 12:15"),
        ("0 18 ? * MON-FRI *", "2026-11-20 18:00", "2026-11-23 18:00"),
        ("0 8 1 * ? *", "2026-11-24 00:00", "2026-12-01 08:00"),
        ("0 8 L * ? *", "2026-02-01 00:00", "2026-02-28 08:00"),
        ("0 8 L FEB ? *", "2026-03-01 00:00", "2027-02-28 08:00"),
        ("0 8 29 2 ? *", "2026-03-01 00:00", "2028-02-29 08:00"),
        # Saturday 15 August 2026: Friday; Sunday 15 November 2026: Monday.
        ("0 8 15W * ? *", "2026-08-01 00:00", "2026-08-14 08:00"),
        ("0 8 15W * ? *", "2026-11-01 00:00", "2026-11-16 08:00"),
        # Saturday 1 August 2026 has no Friday in its month.
        ("0 8 1W * ? *", "2026-07-31 12:00", "2026-08-03 08:00"),
        ("0 8 ? * 6L *", "2026-11-01 00:00", "2026-11-27 08:00"),
        ("0 8 ? * L *", "2026-11-22 00:00", "2026-11-28 08:00"),
        ("0,30 8-9 ? 1/6 SUN 2027-2028", "2026-11-24 00:00", "2027-01-03 08:00"),
        ("0 8 ? * 1 *", "2026-11-24 00:00", "2026-11-29 08:00"),
        ("0 8 1 1 ? 2020", "2026-11-24 00:00", None),
    ],
)
def test_the_next_time(schedule: str, after: str, expected: str | None) -> None:
    found = next_fire(f"cron({schedule})", at(after))
    assert found == (at(expected) if expected else None)


SCHEDULES = ["0/5 * * * ? *", "7,37 3-5 * * ? *", "10 0 ? * MON,WED *", "0 */6 L * ? *"]


@given(
    st.sampled_from(SCHEDULES),
    st.datetimes(datetime(2025, 1, 1), datetime(2028, 1, 1), timezones=st.just(UTC)),
)
def test_nothing_that_matches_lies_before_it(schedule: str, after: datetime) -> None:
    found = next_fire(f"cron({schedule})", after)
    assert found is not None
    assert found > after
    cron = parse("Schedule", f"cron({schedule})")
    moment = after.replace(second=0, microsecond=0) + timedelta(minutes=1)
    horizon = min(found, after + timedelta(days=2))
    while moment < horizon:
        matches = (
            moment.minute in cron.minutes and moment.hour in cron.hours and cron.on(moment.date())
        )
        assert not matches, moment
        moment += timedelta(minutes=1)
    assert found.minute in cron.minutes
    assert cron.on(found.date())
