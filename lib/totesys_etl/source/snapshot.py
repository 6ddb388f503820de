"""One REPEATABLE READ view of the source that every read of a run shares."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import datetime
from types import TracebackType
from typing import Self

from psycopg import sql
from pyspark.sql import DataFrame, SparkSession

from totesys_etl.connection import Endpoint, connect
from totesys_etl.contracts.model import SourceTable
from totesys_etl.errors import SnapshotInvalidated
from totesys_etl.source.failures import explain, explaining
from totesys_etl.source.fingerprints import Fingerprint, fingerprints
from totesys_etl.source.reading import (
    KeyBounds,
    bounds_of,
    in_ranges,
    key_bounds,
    read_table,
)
from totesys_etl.source.relations import Relation, check_relations, read_relations
from totesys_etl.source.session import APPLICATION_NAME, Session, begin

__all__ = [
    "Fingerprint",
    "KeyBounds",
    "Snapshot",
    "SourceIdentity",
    "explain",
    "open_snapshot",
]


@dataclass(frozen=True)
class SourceIdentity:
    """Which database this is: initdb's number of the cluster, and the database's name."""

    system_identifier: str
    database: str


class Snapshot:
    """An exported snapshot and the connection that keeps it alive; made by `open_snapshot`.

    `captured_at` is the source's clock when the snapshot was taken (naive UTC, milliseconds): no
    row in it was committed later. `pg_snapshot` is xmin:xmax:xip_list. Every method raises
    SourceUnreachable when the server goes away.
    """

    def __init__(
        self, spark: SparkSession, endpoint: Endpoint, schema: str, lock_timeout: str
    ) -> None:
        self._spark = spark
        self._endpoint = endpoint
        self._connection = connect(endpoint, APPLICATION_NAME, autocommit=True)
        try:
            self._connection.execute(begin(schema, lock_timeout))
            row = self._connection.execute(_IDENTIFY, (schema,)).fetchone()
        except BaseException:
            self._connection.close()
            raise
        assert row is not None  # noqa: S101  # nosec B101
        self.exported_id: str = row[0]
        self.pg_snapshot: str = row[1]
        self.captured_at: datetime = row[2]
        self.identity = SourceIdentity(system_identifier=row[3], database=row[4])
        self.server_version: str = row[5]
        self.in_recovery: bool = row[6]
        self.role: str = row[7]
        self._schema_usable = bool(row[8])
        self._session = Session(endpoint, schema, lock_timeout, self.exported_id)
        self._relations: dict[str, Relation] = {}
        self._bounds: dict[str, KeyBounds] = {}

    def columns(self, tables: Iterable[SourceTable]) -> dict[str, dict[str, str]]:
        """Table -> {column: type as format_type prints it}, physical order; absent if missing."""
        names = [t.name for t in tables]
        relations = self._read_relations(names)
        return {n: dict(relations[n].columns) for n in names if n in relations}

    def check(self, tables: Iterable[SourceTable]) -> dict[str, tuple[str, ...]]:
        """Table -> columns that the contract does not know (they are ignored).

        Raises SourceTableMissing, SourceRightMissing, SourceColumnMissing or SourceColumnRetyped;
        the one message lists all violations of all tables, with the exact GRANT for rights.
        """
        tables = list(tables)
        relations = self._read_relations([t.name for t in tables])
        return check_relations(
            relations, tables, self._session.schema, self.role, self._schema_usable
        )

    def key_bounds(self, table: SourceTable) -> KeyBounds:
        """Smallest and largest key, and about how many rows; cheap."""
        if table.name not in self._bounds:
            with explaining(self._endpoint):
                self._bounds[table.name] = key_bounds(self._connection, table, self._session.schema)
        return self._bounds[table.name]

    def read(
        self,
        table: SourceTable,
        partitions: int | None = None,
        bounds: KeyBounds | None = None,
        where: sql.Composable | None = None,
    ) -> DataFrame:
        """The rows of `table`: contract columns, then non_finite; key: the primary key.

        `partitions` connections read it (None: by its size), cut at even distances between
        `bounds`; `where` is a condition on the table's columns. Lazy: valid until `close`; pass an
        error of the action that reads it to `explain`.
        """
        bounds = bounds or self.key_bounds(table)
        wanted = bounds.partitions if partitions is None else partitions
        return read_table(self._spark, self._session, table, bounds, wanted, where)

    def read_ranges(self, table: SourceTable, ranges: Collection[int]) -> DataFrame:
        """The rows of some key ranges (floor(key / 65536)), as `read` gives them."""
        where = in_ranges(table.primary_key, ranges)
        bounds = bounds_of(ranges)
        return read_table(self._spark, self._session, table, bounds, bounds.partitions, where)

    def fingerprints(self, table: SourceTable) -> dict[int, Fingerprint]:
        """Key range (floor(key / 65536)) -> rows and fingerprint; empty ranges are absent."""
        bounds = self.key_bounds(table)
        with explaining(self._endpoint):
            return fingerprints(self._connection, self._session, table, bounds)

    def verify_unrewritten(self, tables: Iterable[SourceTable]) -> None:
        """Raises SnapshotInvalidated if a table was truncated, rewritten or made anew meanwhile.

        Such a table looks empty to an older snapshot, without an error (PostgreSQL manual, MVCC
        caveats). Call it after the last read. VACUUM FULL and CLUSTER are harmless false alarms.
        """
        names = [t.name for t in tables]
        seen = self._read_relations(names)
        with (
            explaining(self._endpoint),
            connect(self._endpoint, APPLICATION_NAME, autocommit=True) as fresh,
        ):
            now = read_relations(fresh, self._session.schema, names)
        moved = [n for n in names if _storage(seen, n) != _storage(now, n)]
        if moved:
            raise SnapshotInvalidated(
                f"source {self._endpoint.redacted}: truncated, rewritten or replaced while it was"
                f" read: {', '.join(moved)}; nothing was committed, run again"
            )

    def close(self) -> None:
        """Ends the transaction; reads that have not begun fail from now on."""
        self._connection.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def _read_relations(self, names: list[str]) -> dict[str, Relation]:
        missing = [n for n in names if n not in self._relations]
        if missing:
            with explaining(self._endpoint):
                self._relations |= read_relations(self._connection, self._session.schema, missing)
        return self._relations


# One statement: the snapshot is taken before it runs, so the clock it reads is never behind. The
# cast rounds as the source's timestamp(3) columns do. PostgreSQL 13 has all of it.
_IDENTIFY = """
SELECT pg_export_snapshot(), pg_current_snapshot()::text,
       (clock_timestamp() AT TIME ZONE 'UTC')::timestamp(3) without time zone,
       (SELECT system_identifier::text FROM pg_control_system()), current_database()::text,
       current_setting('server_version'), pg_is_in_recovery(), current_user::text,
       coalesce(has_schema_privilege(to_regnamespace(quote_ident(%s)), 'USAGE'), true)
"""


def open_snapshot(
    spark: SparkSession, endpoint: Endpoint, *, schema: str = "public", lock_timeout: str = "5s"
) -> Snapshot:
    """A snapshot of the database as of now; use it as a context manager.

    Raises SourceUnreachable or SourceLoginRefused, naming host, database and user.
    """
    with explaining(endpoint):
        return Snapshot(spark, endpoint, schema, lock_timeout)


def _storage(relations: dict[str, Relation], name: str) -> tuple[int, int] | None:
    relation = relations.get(name)
    return relation.storage if relation else None
