"""Everything in the warehouse makes way, inside the transaction that loads it again.

DELETE, not TRUNCATE: a reader in the middle of a query keeps the rows its snapshot saw.
"""

from __future__ import annotations

from collections.abc import Mapping

from psycopg import Cursor, sql
from psycopg.rows import TupleRow

from totesys_etl.contracts import STAR_TABLES
from totesys_etl.contracts.model import Kind
from totesys_etl.warehouse.copy import Batches, copy_batches
from totesys_etl.warehouse.etl_schema import DIM_DELETION, LEDGER, event_table
from totesys_etl.warehouse.staging import analyze, stage

_DELETE = sql.SQL("DELETE FROM {}")
_FORGET = sql.SQL(
    "DELETE FROM {target} AS t WHERE NOT EXISTS (SELECT FROM {kept} AS k WHERE k.{key} = t.{key})"
)


def replace_all(cur: Cursor[TupleRow], schema: str, dimensions: Mapping[str, Batches]) -> None:
    """Empties the facts and schema etl, and takes dimension rows away that `dimensions` lack.

    The other dimension rows stay, to be made equal by the load: deleting each would look for facts
    that refer to it.
    """
    facts = [table for table in STAR_TABLES.values() if table.kind is Kind.FACT]
    for fact in facts:
        cur.execute(_DELETE.format(event_table(fact)))
        cur.execute(_DELETE.format(sql.Identifier(schema, fact.name)))
    cur.execute(_DELETE.format(DIM_DELETION))
    forget_ledger(cur)
    for name, rows in dimensions.items():
        target, key = sql.Identifier(schema, name), STAR_TABLES[name].primary_key
        kept = stage(cur, f"{name}_kept", target, [key])
        copy_batches(cur, kept, [key], rows())
        analyze(cur, kept)
        cur.execute(_FORGET.format(target=target, kept=kept, key=sql.Identifier(key)))


def forget_ledger(cur: Cursor[TupleRow]) -> None:
    """Empties etl.load_ledger."""
    cur.execute(_DELETE.format(LEDGER))
