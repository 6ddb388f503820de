"""The warehouse as one consistent, read-only view, for whoever wants to compare it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager

import psycopg
from psycopg import Cursor, sql
from psycopg.rows import TupleRow

from totesys_etl.connection import Connection, Endpoint, connect
from totesys_etl.contracts import STAR_TABLES
from totesys_etl.contracts.model import Column, Kind, StarTable
from totesys_etl.fingerprints.canonical import RANGE_SIZE
from totesys_etl.fingerprints.star import (
    Fingerprints,
    fingerprints,
    in_ranges,
    postgres_star_fingerprints,
)
from totesys_etl.warehouse import history, ledger
from totesys_etl.warehouse.etl_schema import ETL, LEDGER, entity, event_table
from totesys_etl.warehouse.failures import refused, translated
from totesys_etl.warehouse.ledger import LedgerEntry
from totesys_etl.warehouse.schema_check import existing, key_differences

EXAMPLES = 3


class WarehouseReader:
    """One REPEATABLE READ READ ONLY transaction: loads may go on, it sees none of them."""

    def __init__(self, cur: Cursor[TupleRow], schema: str) -> None:
        self._cur = cur
        self._schema = schema

    def newest(self) -> LedgerEntry | None:
        """The newest commit in the warehouse; None also where there is no ledger yet."""
        self._cur.execute("SELECT to_regclass(%s) IS NULL", [LEDGER.as_string(self._cur)])
        return None if self._cur.fetchall()[0][0] else ledger.newest(self._cur)

    def ledger(self) -> list[LedgerEntry]:
        """Return every commit that the warehouse has loaded, in order."""
        return ledger.entries(self._cur)

    def star(self, table: StarTable) -> sql.Composable:
        """The table itself: columns of the ERD."""
        return sql.Identifier(self._schema, table.name)

    def versions(self, fact: StarTable) -> sql.Composable:
        """All versions with their history."""
        return history.all_versions(fact, self._schema)

    def current(self, fact: StarTable) -> sql.Composable:
        """The view of the current rows."""
        return sql.Identifier(ETL, f"current_{entity(fact)}")

    def fact_deletions(self, fact: StarTable) -> sql.Composable:
        """Deletions of a fact as etl.fact_deletion has them."""
        return history.fact_deletions(fact)

    def dim_deletions(self, dimension: StarTable) -> sql.Composable:
        """Keys of a dimension that are deleted."""
        return history.dim_deletions(dimension)

    def fingerprints(
        self, columns: Sequence[Column], rows: sql.Composable, number: int | None = None
    ) -> Fingerprints:
        """Of `rows` by key range; with `number` by key, of that range only."""
        where = None if number is None else in_ranges(columns[0], [number])
        size = RANGE_SIZE if number is None else 1
        self._cur.execute(postgres_star_fingerprints(columns, rows, where, size))
        return fingerprints(self._cur.fetchall())

    def doubled(self, fact: StarTable) -> list[int]:
        """Record ids that are there more than once, a few of them."""
        self._cur.execute(
            sql.SQL(
                "SELECT {key} FROM {fact} GROUP BY {key} HAVING count(*) > 1"
                " ORDER BY {key} LIMIT %s"
            ).format(key=sql.Identifier(fact.primary_key), fact=self.star(fact)),
            [EXAMPLES],
        )
        return [row[0] for row in self._cur.fetchall()]

    def holes(self, fact: StarTable, through: int, limit: int) -> list[int]:
        """Record ids from 1 to `through` that are not there, at most `limit` of them."""
        self._cur.execute(
            sql.SQL(
                "SELECT n FROM generate_series(1, %s) AS n"
                " WHERE NOT EXISTS (SELECT FROM {fact} AS f WHERE f.{key} = n) ORDER BY n LIMIT %s"
            ).format(key=sql.Identifier(fact.primary_key), fact=self.star(fact)),
            [through, limit],
        )
        return [row[0] for row in self._cur.fetchall()]

    def wrongly_superseded(self, fact: StarTable) -> list[int]:
        """Return a few business ids with an event that names another version than it ended."""
        self._cur.execute(
            sql.SQL(
                "SELECT business_id FROM (SELECT business_id, supersedes, lag(record_id) OVER"
                " (PARTITION BY business_id ORDER BY batch) AS ended FROM {event}) AS e"
                " WHERE supersedes IS DISTINCT FROM ended ORDER BY business_id LIMIT %s"
            ).format(event=event_table(fact)),
            [EXAMPLES],
        )
        return [row[0] for row in self._cur.fetchall()]

    def key_differences(self) -> list[str]:
        """What is not the contract's about primary and foreign keys: missing, not validated."""
        found = existing(self._cur, STAR_TABLES.values(), self._schema)
        return [
            f"{self._schema}.{table.name}{difference}: ALTER the table accordingly"
            for table in STAR_TABLES.values()
            if table.name in found
            for difference in key_differences(table, found[table.name])
        ]

    def orphans(self) -> Iterator[tuple[StarTable, str, list[int]]]:
        """Fact, what its foreign key says, and a few record ids that refer to nothing."""
        for fact in STAR_TABLES.values():
            for key in fact.foreign_keys if fact.kind is Kind.FACT else ():
                self._cur.execute(
                    sql.SQL(
                        "SELECT f.{id} FROM {fact} AS f WHERE NOT EXISTS"
                        " (SELECT FROM {other} AS d WHERE d.{references} = f.{column})"
                        " ORDER BY f.{id} LIMIT %s"
                    ).format(
                        id=sql.Identifier(fact.primary_key),
                        fact=self.star(fact),
                        other=sql.Identifier(self._schema, key.table),
                        references=sql.Identifier(key.references),
                        column=sql.Identifier(key.column),
                    ),
                    [EXAMPLES],
                )
                ids = [row[0] for row in self._cur.fetchall()]
                if ids:
                    yield fact, f"({key.column}) REFERENCES {key.table} ({key.references})", ids


@contextmanager
def open_reader(endpoint: Endpoint, schema: str = "public") -> Iterator[WarehouseReader]:
    """The warehouse at `endpoint` at one moment; closed afterwards.

    Raises WarehouseUnreachable, WarehouseLoginRefused, WarehouseRightMissing.
    """
    try:
        conn: Connection = connect(endpoint, "audit_warehouse", autocommit=True)
    except psycopg.OperationalError as error:
        raise refused(error, endpoint.redacted, endpoint.credentials) from error
    with closing(conn), translated(conn, "the audit"), conn.cursor() as cur:
        cur.execute("BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY")
        for setting, value in (
            ("statement_timeout", "0"),
            ("idle_in_transaction_session_timeout", "0"),
            ("search_path", ""),
        ):
            cur.execute("SELECT set_config(%s, %s, true)", [setting, value])
        yield WarehouseReader(cur, schema)
