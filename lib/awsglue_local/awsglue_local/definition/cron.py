"""Glue's cron expressions: six fields in UTC, at most every five minutes.

Source: https://docs.aws.amazon.com/glue/latest/dg/monitor-data-warehouse-schedule.html
"""

import re
from itertools import pairwise

from awsglue_local.errors import DefinitionError

SHORTEST_MINUTES = 5
_FIELD = re.compile(r"^[0-9A-Z*?,/#LW-]+$")


def check_schedule(where: str, schedule: str) -> None:
    """DefinitionError, naming `where`, for anything but a cron(...) that AWS Glue accepts."""
    found = re.fullmatch(r"cron\((.*)\)", schedule)
    fields = found[1].split() if found else []
    if len(fields) != 6 or not all(_FIELD.match(field) for field in fields):
        raise DefinitionError(
            f"{where} {schedule!r} is not cron(minutes hours day-of-month month day-of-week year); "
            "rate() is not supported"
        )
    if (fields[2] == "?") == (fields[4] == "?"):
        raise DefinitionError(
            f"{where} {schedule!r}: exactly one of day-of-month and day-of-week must be ?"
        )
    minutes = _values(where, schedule, fields[0], 60)
    hours = _values(where, schedule, fields[1], 24)
    gaps = [later - earlier for earlier, later in pairwise(minutes)]
    if len(hours) > 1:
        gaps.append(minutes[0] + 60 - minutes[-1])
    if gaps and min(gaps) < SHORTEST_MINUTES:
        raise DefinitionError(
            f"{where} {schedule!r} runs {min(gaps)} minute(s) apart; AWS Glue does not support "
            f"rates faster than {SHORTEST_MINUTES} minutes"
        )


def _values(where: str, schedule: str, field: str, size: int) -> list[int]:
    """The sorted values of a minutes or hours field: *, a, a-b, a/n, */n, a-b/n, or a list."""
    values: set[int] = set()
    for part in field.split(","):
        found = re.fullmatch(r"(\*|\d+)(?:-(\d+))?(?:/(\d+))?", part)
        if found is None:
            raise DefinitionError(f"{where} {schedule!r}: {part!r} is not a minute or hour")
        first = 0 if found[1] == "*" else int(found[1])
        open_ended = found[1] == "*" or (found[3] and not found[2])
        last = size - 1 if open_ended else int(found[2] or first)
        step = int(found[3] or 1)
        if not (first <= last < size and step > 0):
            raise DefinitionError(f"{where} {schedule!r}: {part!r} is outside 0 to {size - 1}")
        values.update(range(first, last + 1, step))
    return sorted(values)
