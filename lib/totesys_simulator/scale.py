"""A totesys of any size, generated inside the server: for measuring, not for realism of arrival."""

from datetime import date, timedelta
from random import Random

import psycopg

from . import values
from .change import TABLES, Row
from .constraints import without_constraints
from .errors import OutOfTime
from .history import SEED
from .load import align_sequences, copy_tables, refuse_unless_empty
from .rates import DESIGN, FOUNDED, MINUTES_A_DAY, arrival, workdays, working_minutes
from .scale_sql import DRAW, PAYMENTS, PURCHASES, SALES, SALES_IN_1000, TRANSACTIONS
from .seed import founding_rows
from .session import transaction

LOADED = ("sales_order", "purchase_order", "transaction", "payment")
UNTIL = date(2024, 11, 15)


def scale(
    conn: psycopg.Connection, orders: int, seed: int = SEED, until: date = UNTIL
) -> dict[str, int]:
    """Fill an empty totesys with `orders` orders and what belongs to them; returns rows per table.

    70.8 % are sales, the others purchases; each has one transaction and one payment. They are
    spread over the working minutes from 2022-11-04 to before `until`, settled as they would have
    been; there are no silent edits. Raises NotEmpty, and OutOfTime when no workday lies before
    `until`. Measured: 3,000,000 orders in 40 s (PostgreSQL 18 without fsync, two idle cores).
    """
    days = list(workdays(FOUNDED + timedelta(days=1), until))
    if not days:
        raise OutOfTime(f"no workday lies between {FOUNDED} and {until}: choose a later end")
    rows = founding_rows()
    existing = _add_designs(rows["design"], days, Random(seed))
    rows |= {table: [] for table in LOADED}
    sales = orders * SALES_IN_1000 // 1000
    purchases = orders - sales
    parameters = {
        "seed": seed * 100,  # leaves each value of a seed a stream of hashes of its own
        "orders": orders,
        "days": days,
        "designs": existing,
        "slots": len(days) * MINUTES_A_DAY,
        "until": until,
    }
    with transaction(conn):
        refuse_unless_empty(conn)
        counts = copy_tables(conn, rows)
        conn.execute("SET LOCAL datestyle = 'ISO'")
        conn.execute("SET LOCAL work_mem = '256MB'")
        conn.execute("SET LOCAL maintenance_work_mem = '512MB'")
        conn.execute(DRAW)
        with without_constraints(conn, LOADED):
            conn.execute(SALES, parameters | {"rows": sales})
            conn.execute(PURCHASES, parameters | {"rows": purchases})
            conn.execute(TRANSACTIONS)
            conn.execute(PAYMENTS, parameters)
        align_sequences(conn)
        conn.execute("DROP FUNCTION pg_temp.draw")
    counts |= dict(zip(LOADED, (sales, purchases, orders, orders), strict=True))
    return {table: counts[table] for table in TABLES}


def _add_designs(designs: list[Row], days: list[date], rng: Random) -> list[int]:
    """Append designs at the usual rate; returns how many exist on the morning of each day."""
    existing = []
    for day in days:
        existing.append(len(designs))
        for minute in working_minutes(day):
            if rng.random() < DESIGN:
                designs.append(values.design(rng, arrival(rng, minute), len(designs) + 1))
    return existing
