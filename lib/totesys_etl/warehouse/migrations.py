"""Numbered migrations: everything the warehouse needs, made once and recorded.

What is printed from the contracts (star tables, views) may be printed again when a contract has
changed: such a migration is repeatable. Any other never changes once a warehouse has it; what is
needed later gets the next number.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass

from psycopg import Cursor, sql
from psycopg.rows import TupleRow

from totesys_etl.contracts import STAR_TABLES
from totesys_etl.contracts.model import StarTable
from totesys_etl.errors import WarehouseContradictsContract
from totesys_etl.render.postgres import star_ddl
from totesys_etl.warehouse.etl_schema import ETL, SCHEMA_MIGRATION, event_ddl, fixed_ddl
from totesys_etl.warehouse.rights import check_rights
from totesys_etl.warehouse.schema_check import check_prepared, existing
from totesys_etl.warehouse.views import view_ddl

STAR = 1


@dataclass(frozen=True)
class Migration:
    """`statements` in order; a repeatable one runs again whenever they have changed."""

    number: int
    name: str
    statements: tuple[sql.Composed, ...]
    repeatable: bool = False

    @property
    def checksum(self) -> str:
        """sha256 over the statements' text."""
        text = ";\n".join(statement.as_string(None) for statement in self.statements)
        return hashlib.sha256(text.encode()).hexdigest()


def migrations(schema: str = "public") -> tuple[Migration, ...]:
    """All migrations in order, for star tables in `schema`."""
    tables = STAR_TABLES.values()
    facts = ("fact_sales_order", "fact_purchase_orders", "fact_payment")
    return (
        Migration(STAR, "star_tables", tuple(star_ddl(tables, schema)), repeatable=True),
        Migration(2, "etl_tables", tuple(fixed_ddl())),
        Migration(3, "event_tables", tuple(s for fact in facts for s in event_ddl(fact))),
        Migration(4, "views", tuple(view_ddl(tables, schema)), repeatable=True),
    )


def prepare(cur: Cursor[TupleRow], schema: str = "public") -> tuple[str, ...]:
    """Bring the warehouse to the newest migration, inside the caller's transaction.

    Returns the names of what was applied. Raises WarehouseRightMissing,
    WarehouseContradictsContract. The caller holds the warehouse's advisory lock.
    """
    tables = tuple(STAR_TABLES.values())
    found = existing(cur, tables, schema)
    missing = [table for table in tables if table.name not in found]
    _refuse_lost_facts(cur, missing, schema)
    check_prepared(tables, found, schema)
    pending = _pending(cur, migrations(schema), missing)
    check_rights(cur, [t for t in tables if t.name in found], schema, pending=bool(pending))
    if pending:
        _create_bookkeeping(cur, schema)
    for migration in pending:
        run = star_ddl(missing, schema) if migration.number == STAR else migration.statements
        for statement in run:
            cur.execute(statement)
        _record(cur, migration)
    return tuple(migration.name for migration in pending)


def _pending(
    cur: Cursor[TupleRow], known: Iterable[Migration], missing: list[StarTable]
) -> list[Migration]:
    applied = _applied(cur)
    if applied is None:
        return []
    pending = []
    for migration in known:
        checksum = applied.get(migration.number)
        if checksum == migration.checksum and not (migration.number == STAR and missing):
            continue
        if checksum is not None and not migration.repeatable:
            raise WarehouseContradictsContract(
                f"migration {migration.number} {migration.name} was applied with checksum"
                f" {checksum[:12]}, this version has {migration.checksum[:12]}: an applied"
                " migration never changes; restore it and give the change the next number"
            )
        pending.append(migration)
    return pending


def _applied(cur: Cursor[TupleRow]) -> dict[int, str] | None:
    """Number -> checksum; None where the role may not even look, which check_rights reports."""
    cur.execute(
        """SELECT has_schema_privilege(relnamespace, 'USAGE') AND has_table_privilege(oid, 'SELECT')
  FROM pg_class
 WHERE relnamespace = to_regnamespace(%s)::oid AND relname = 'schema_migration'""",
        [ETL],
    )
    readable = cur.fetchone()
    if readable is None:
        return {}
    if not readable[0]:
        return None
    cur.execute(sql.SQL("SELECT number, checksum FROM {}").format(SCHEMA_MIGRATION))
    return dict(cur.fetchall())


def _create_bookkeeping(cur: Cursor[TupleRow], schema: str) -> None:
    for name in (schema, ETL):
        # CREATE SCHEMA IF NOT EXISTS wants the right to create even when there is nothing to do.
        cur.execute("SELECT to_regnamespace(quote_ident(%s)) IS NULL", [name])
        if cur.fetchall()[0][0]:
            cur.execute(sql.SQL("CREATE SCHEMA {}").format(sql.Identifier(name)))
    cur.execute("SELECT to_regclass(%s) IS NULL", [SCHEMA_MIGRATION.as_string(cur)])
    if cur.fetchall()[0][0]:
        cur.execute(
            sql.SQL(
                """CREATE TABLE {} (
    number integer PRIMARY KEY,
    name text NOT NULL,
    applied_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    checksum text NOT NULL
)"""
            ).format(SCHEMA_MIGRATION)
        )


def _record(cur: Cursor[TupleRow], migration: Migration) -> None:
    cur.execute(
        sql.SQL(
            "INSERT INTO {} (number, name, checksum) VALUES (%s, %s, %s) ON CONFLICT (number)"
            " DO UPDATE SET (applied_at, checksum) = (clock_timestamp(), excluded.checksum)"
        ).format(SCHEMA_MIGRATION),
        [migration.number, migration.name, migration.checksum],
    )


def _refuse_lost_facts(cur: Cursor[TupleRow], missing: list[StarTable], schema: str) -> None:
    """A fact that was loaded and is gone must not come back empty."""
    cur.execute(
        "SELECT relname FROM pg_class WHERE relnamespace = to_regnamespace(%s)::oid"
        " AND relname = ANY (%s) ORDER BY relname",
        [ETL, [f"{table.name}_event" for table in missing]],
    )
    lost = [name.removesuffix("_event") for (name,) in cur.fetchall()]
    if lost:
        raise WarehouseContradictsContract(
            f"schema {schema} lacks {', '.join(lost)}, though schema {ETL} has their history: name"
            f" the schema of the star tables, restore them, or DROP SCHEMA {ETL} CASCADE to load"
            " again"
        )
