"""totesys as it would stand after running from its founding day to a given date."""

from datetime import date, timedelta
from random import Random

import psycopg

from .change import Row
from .errors import OutOfTime
from .load import copy_tables, refuse_unless_empty
from .memory import MemoryStore
from .rates import FOUNDED, workdays, working_minutes
from .seed import founding_rows
from .session import transaction
from .system import RunningSystem

SEED = 7


def play(until: date, seed: int = SEED) -> dict[str, list[Row]]:
    """All rows by table, keys ascending, after every workday from 2022-11-04 to before `until`.

    Settlements and silent edits are in the rows already. Raises OutOfTime when `until` is not
    after the founding day.
    """
    if until <= FOUNDED:
        raise OutOfTime(f"totesys was founded on {FOUNDED}: history must end after it, not {until}")
    store = MemoryStore(founding_rows())
    system = RunningSystem(store, Random(seed))
    for day in workdays(FOUNDED + timedelta(days=1), until):
        system.settle(day)
        for minute in working_minutes(day):
            system.minute(minute)
    return {table: [rows[key] for key in sorted(rows)] for table, rows in store.tables.items()}


def history(conn: psycopg.Connection, until: date, seed: int = SEED) -> dict[str, int]:
    """Load the history up to `until` (excluded) into an empty totesys; returns rows per table.

    About 48,000 rows by 2024-11-15. The same seed gives identical rows. Raises NotEmpty.
    """
    with transaction(conn):
        refuse_unless_empty(conn)
        return copy_tables(conn, play(until, seed))
