"""One REPEATABLE READ view of the source that every read of a run shares."""

from __future__ import annotations

import time
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import datetime
from types import TracebackType
from typing import Self

from psycopg import sql
from pyspark.sql import DataFrame, SparkSession

from totesys_etl.connection import Endpoint, connect
from totesys_etl.contracts.model import SourceTable
from totesys_etl.errors import SnapshotInvalidated, SnapshotTooOld
from totesys_etl.fingerprints.intervals import KeyInterval
from totesys_etl.ingest.failures import explain, explaining
from totesys_etl.ingest.reading import KeyBounds, among, bounds_of, key_bounds, read_table
from totesys_etl.ingest.relations import Relation, check_relations, read_relations
from totesys_etl.ingest.session import APPLICATION_NAME, Session, begin
from totesys_etl.ingest.sweep import Fingerprint, fingerprints, slice_fingerprints

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
    row in it was committed later. `replayed_at` is, on a standby, when the newest transaction in it
    was committed on the primary. `pg_snapshot` is xmin:xmax:xip_list. Every method raises
    SourceUnreachable when the server goes away.
    """

    def __init__(
        self, spark: SparkSession, endpoint: Endpoint, schema: str, lock_timeout: str, seconds: int
    ) -> None:
        self._spark = spark
        self._endpoint = endpoint
        self._seconds = seconds
        self._connection = connect(endpoint, APPLICATION_NAME, autocommit=True)
        self._opened = time.monotonic()
        try:
            self._connection.execute(begin(schema, lock_timeout, seconds))
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
        self.replayed_at: datetime | None = row[9]
        self._session = Session(endpoint, schema, lock_timeout, self.exported_id, seconds)
        self._relations: dict[str, Relation] = {}
        self._bounds: dict[str, KeyBounds] = {}

    @property
    def age(self) -> float:
        """Seconds for which the source has held the snapshot, and dead rows because of it."""
        return time.monotonic() - self._opened

    def check_age(self) -> None:
        """Raises SnapshotTooOld once the snapshot has been held for longer than it may be."""
        if self.age > self._seconds:
            raise SnapshotTooOld(
                f"source {self._endpoint.redacted}: the snapshot is {self.age:.0f} s old and may be"
                f" held for {self._seconds} s, because the source cannot vacuum meanwhile: nothing"
                " was committed. Run when the source is less busy, or with a larger "
                "--snapshot_minutes"
            )

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

    def read_keys(self, table: SourceTable, intervals: Collection[KeyInterval]) -> DataFrame:
        """The rows whose keys lie in `intervals`, as `read` gives them."""
        where = among(table.primary_key, intervals)
        bounds = bounds_of(intervals)
        return read_table(self._spark, self._session, table, bounds, bounds.partitions, where)

    def fingerprints(self, table: SourceTable) -> dict[int, Fingerprint]:
        """Key range (floor(key / 65536)) -> rows and fingerprint; empty ranges are absent."""
        bounds = self.key_bounds(table)
        with explaining(self._endpoint):
            return fingerprints(self._connection, self._session, table, bounds)

    def slice_fingerprints(
        self, table: SourceTable, ranges: Collection[int]
    ) -> dict[int, Fingerprint]:
        """Slice (floor(key / 256)) of the key ranges `ranges` -> rows and fingerprint."""
        with explaining(self._endpoint):
            return slice_fingerprints(self._connection, self._session, table, ranges)

    def verify_unrewritten(self, tables: Iterable[SourceTable]) -> None:
        """Raises SnapshotInvalidated if a table was truncated, rewritten or made again meanwhile.

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
       coalesce(has_schema_privilege(to_regnamespace(quote_ident(%s)), 'USAGE'), true),
       (pg_last_xact_replay_timestamp() AT TIME ZONE 'UTC')::timestamp(3) without time zone
"""

MAX_SECONDS = 15 * 60
"""How long a run may hold a snapshot unless it is told otherwise."""


def open_snapshot(
    spark: SparkSession,
    endpoint: Endpoint,
    *,
    schema: str = "public",
    lock_timeout: str = "5s",
    seconds: int = MAX_SECONDS,
) -> Snapshot:
    """A snapshot of the database as of now; use it as a context manager.

    `seconds` bounds every statement at it, and what `check_age` allows. Raises SourceUnreachable or
    SourceLoginRefused, naming host, database and user.
    """
    with explaining(endpoint):
        return Snapshot(spark, endpoint, schema, lock_timeout, seconds)


def _storage(relations: dict[str, Relation], name: str) -> tuple[int, int] | None:
    relation = relations.get(name)
    return relation.storage if relation else None
