"""Glue's cron expressions: six fields in UTC, at most every five minutes.

Source: https://docs.aws.amazon.com/glue/latest/dg/monitor-data-warehouse-schedule.html
"""

import calendar
import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from itertools import pairwise

from awsglue_local.errors import DefinitionError

SHORTEST_MINUTES = 5
_MONTHS = ("JAN", "FEB", "MAR", "APR", "MAY", "JUN", "JUL", "AUG", "SEP", "OCT", "NOV", "DEC")
_DAYS = ("SUN", "MON", "TUE", "WED", "THU", "FRI", "SAT")
_RANGES = {
    "minutes": (0, 59), "hours": (0, 23), "day-of-month": (1, 31), "month": (1, 12),
    "day-of-week": (1, 7), "year": (1970, 2199),
}  # fmt: skip
_NAMES = {"month": _MONTHS, "day-of-week": _DAYS}
_LAST = 0
"""In the place of a day of the month: its last day."""


@dataclass(frozen=True)
class Cron:
    """A schedule's values. `weekdays` are (1 Sunday to 7 Saturday, last of the month only); one of
    `days` and `weekdays` is None, for "?". `near` are days whose nearest weekday is meant (W).
    """

    minutes: tuple[int, ...]
    hours: tuple[int, ...]
    months: frozenset[int]
    years: tuple[int, ...]
    days: frozenset[int] | None
    near: frozenset[int]
    weekdays: frozenset[tuple[int, bool]] | None

    def on(self, day: date) -> bool:
        """Whether it fires on that day."""
        if day.year not in self.years or day.month not in self.months:
            return False
        last = calendar.monthrange(day.year, day.month)[1]
        if self.weekdays is not None:
            weekday = day.isoweekday() % 7 + 1
            return (weekday, False) in self.weekdays or (
                (weekday, True) in self.weekdays and day.day + 7 > last
            )
        near = {_nearest_weekday(day.year, day.month, wanted) for wanted in self.near}
        days = self.days or frozenset()
        return day.day in days or (_LAST in days and day.day == last) or day in near


def check_schedule(where: str, schedule: str) -> None:
    """DefinitionError, naming `where`, for anything but a cron(...) that AWS Glue accepts."""
    cron = parse(where, schedule)
    gaps = [later - earlier for earlier, later in pairwise(cron.minutes)]
    if len(cron.hours) > 1:
        gaps.append(cron.minutes[0] + 60 - cron.minutes[-1])
    if gaps and min(gaps) < SHORTEST_MINUTES:
        raise DefinitionError(
            f"{where} {schedule!r} runs {min(gaps)} minute(s) apart; AWS Glue does not support "
            f"rates faster than {SHORTEST_MINUTES} minutes"
        )


def next_fire(schedule: str, after: datetime) -> datetime | None:
    """The first time after `after` (aware) at which the schedule fires, UTC; None if it never does.

    DefinitionError for a schedule that check_schedule refuses.
    """
    cron = parse("Schedule", schedule)
    first = after.astimezone(UTC).replace(second=0, microsecond=0) + timedelta(minutes=1)
    for day in _days(cron, first.date()):
        for hour in cron.hours:
            for minute in cron.minutes:
                moment = datetime.combine(day, time(hour, minute), UTC)
                if moment >= first:
                    return moment
    return None


def parse(where: str, schedule: str) -> Cron:
    """The values of cron(minutes hours day-of-month month day-of-week year)."""
    found = re.fullmatch(r"cron\((.*)\)", schedule)
    fields = found[1].upper().split() if found else []
    if len(fields) != len(_RANGES):
        raise DefinitionError(
            f"{where} {schedule!r} is not cron(minutes hours day-of-month month day-of-week year); "
            "rate() is not supported"
        )
    text = dict(zip(_RANGES, fields, strict=True))
    if (text["day-of-month"] == "?") == (text["day-of-week"] == "?"):
        raise DefinitionError(
            f"{where} {schedule!r}: exactly one of day-of-month and day-of-week must be ?"
        )
    reader = _Reader(f"{where} {schedule!r}")
    plain = {
        name: reader.values(name, text[name]) for name in ("minutes", "hours", "month", "year")
    }
    days, near = reader.days(text["day-of-month"])
    return Cron(
        tuple(sorted(plain["minutes"])),
        tuple(sorted(plain["hours"])),
        frozenset(plain["month"]),
        tuple(sorted(plain["year"])),
        days,
        near,
        reader.weekdays(text["day-of-week"]),
    )


@dataclass(frozen=True)
class _Reader:
    where: str

    def values(self, name: str, field: str) -> set[int]:
        """*, a, a-b, a/n, */n, a-b/n, or a list of these."""
        return {value for part in field.split(",") for value in self._part(name, part)}

    def days(self, field: str) -> tuple[frozenset[int] | None, frozenset[int]]:
        if field == "?":
            return None, frozenset()
        days: set[int] = set()
        near: set[int] = set()
        for part in field.split(","):
            weekday = re.fullmatch(r"(\d+)W", part)
            if part == "L":
                days.add(_LAST)
            elif weekday:
                near |= self._part("day-of-month", weekday[1])
            else:
                days |= self._part("day-of-month", part)
        return frozenset(days), frozenset(near)

    def weekdays(self, field: str) -> frozenset[tuple[int, bool]] | None:
        if field == "?":
            return None
        chosen: set[tuple[int, bool]] = set()
        for part in field.split(","):
            last = re.fullmatch(r"(\d|[A-Z]{3})L", part)
            if part == "L":
                chosen.add((7, False))
            elif last:
                chosen |= {(day, True) for day in self._part("day-of-week", last[1])}
            else:
                chosen |= {(day, False) for day in self._part("day-of-week", part)}
        return frozenset(chosen)

    def _part(self, name: str, part: str) -> set[int]:
        lowest, highest = _RANGES[name]
        found = re.fullmatch(r"(\*|\w+)(?:-(\w+))?(?:/(\d+))?", part)
        if found is None or (found[1] == "*" and found[2]):
            raise DefinitionError(f"{self.where}: {part!r} is not a value of {name}")
        first = lowest if found[1] == "*" else self._number(name, found[1])
        open_ended = found[1] == "*" or (found[3] and not found[2])
        last = highest if open_ended else self._number(name, found[2] or found[1])
        step = int(found[3] or 1)
        if not (lowest <= first <= last <= highest and step > 0):
            raise DefinitionError(
                f"{self.where}: {part!r} of {name} is outside {lowest} to {highest}"
            )
        return set(range(first, last + 1, step))

    def _number(self, name: str, text: str) -> int:
        names = _NAMES.get(name, ())
        if text in names:
            return names.index(text) + 1
        if not text.isdecimal():
            raise DefinitionError(f"{self.where}: {text!r} is not a value of {name}")
        return int(text)


def _days(cron: Cron, first: date) -> Iterator[date]:
    for year in cron.years:
        for month in sorted(cron.months):
            last = calendar.monthrange(year, month)[1]
            if date(year, month, last) < first:
                continue
            for number in range(1, last + 1):
                day = date(year, month, number)
                if day >= first and cron.on(day):
                    yield day


def _nearest_weekday(year: int, month: int, day: int) -> date | None:
    """The weekday (Monday to Friday) nearest to a day, inside its month; None where it has no such
    day.
    """
    last = calendar.monthrange(year, month)[1]
    if day > last:
        return None
    wanted = date(year, month, day)
    shift = {6: -1, 7: 1}.get(wanted.isoweekday(), 0)
    if not 1 <= day + shift <= last:
        shift = -2 * shift
    return wanted + timedelta(days=shift)
