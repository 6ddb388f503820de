"""How often things happen in totesys, and at which instants: measured on extracts of 2022 to 2025.

All times are naive UTC with millisecond precision. A workday is Monday to Friday, bank holidays
included; its 660 minutes run from 08:00 to 18:59.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from functools import cache
from random import Random

FOUNDED = date(2022, 11, 3)
OPENING = time(8)
SETTLEMENT = time(7, 55)
MINUTES_A_DAY = 660

SALE, PURCHASE, DESIGN = 0.0343, 0.0138, 0.00133  # chance per working minute
SILENT_EDITS_A_DAY = {"sales_order": 0.4, "purchase_order": 0.33, "design": 0.36}

# Share of the steady rate reached in the first months: (sales, purchases).
RAMP_UP = {(2022, 11): (0.09, 0.34), (2022, 12): (0.35, 0.73), (2023, 1): (0.81, 0.95)}

# When a sale and a purchase fall into one minute their clients race for the payment sequence.
SWAPPED_PAYMENT_IDS = 0.11


@dataclass(frozen=True)
class Rates:
    """Chance per working minute of a sale and of a purchase on one day."""

    sale: float
    purchase: float


@cache
def rates(day: date) -> Rates:
    """The chances of `day`: lower while the business was ramping up, steady since February 2023."""
    sales, purchases = RAMP_UP.get((day.year, day.month), (1.0, 1.0))
    return Rates(SALE * sales, PURCHASE * purchases)


def is_workday(day: date) -> bool:
    """Monday to Friday; totesys knows no holidays."""
    return day.isoweekday() <= 5


def workdays(first: date, until: date) -> Iterator[date]:
    """Every workday from `first` to before `until`."""
    for offset in range((until - first).days):
        day = first + timedelta(days=offset)
        if is_workday(day):
            yield day


def working_minutes(day: date) -> Iterator[datetime]:
    """The 660 minutes of a workday, 08:00 to 18:59."""
    opening = datetime.combine(day, OPENING)
    return (opening + timedelta(minutes=minute) for minute in range(MINUTES_A_DAY))


def _seconds(rng: Random, low: float, high: float, mode: float) -> timedelta:
    return timedelta(milliseconds=int(rng.triangular(low, high, mode) * 1000))


def arrival(rng: Random, minute: datetime) -> datetime:
    """When the scheduler's coin toss of `minute` lands: second 9 to 10, 12 to 13 at opening."""
    if minute.time() == OPENING:
        return minute + _seconds(rng, 12.5, 13.4, 13.0)
    return minute + _seconds(rng, 9.55, 10.95, 9.85)


def settlement(rng: Random, day: date) -> datetime:
    """When the morning's settlement runs: 07:55:11, give or take a second."""
    return datetime.combine(day, SETTLEMENT) + _seconds(rng, 11.2, 12.3, 11.8)
