"""One snapshot of a real PostgreSQL: what it sees, what it refuses, what it notices."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import psycopg
import pytest
from chispa import assert_df_equality
from fixtures.servers import Database
from psycopg import sql
from pyspark.sql import DataFrame, SparkSession

from totesys_etl.connection import Endpoint
from totesys_etl.contracts.canonical import spark_fingerprints
from totesys_etl.contracts.model import SourceColumn, SourceTable
from totesys_etl.contracts.postgres import source_ddl
from totesys_etl.contracts.types import Boolean, Enumeration, Integer, Numeric, Text, Timestamp
from totesys_etl.errors import (
    SnapshotInvalidated,
    SourceColumnMissing,
    SourceColumnRetyped,
    SourceLoginRefused,
    SourceRightMissing,
    SourceTableMissing,
    SourceUnreachable,
    TotesysError,
)
from totesys_etl.source import Fingerprint, Snapshot, explain, open_snapshot
from totesys_etl.source.reading import KeyBounds, snapshot_struct

INVOICE = SourceTable(
    name="invoice",
    grain="one invoice",
    columns=(
        SourceColumn("invoice_id", Integer()),
        SourceColumn("note", Text(), nullable=True),
        SourceColumn("state", Enumeration("InvoiceState", ("OPEN", "PAID"))),
        SourceColumn("paid", Boolean()),
        SourceColumn("amount", Numeric(10, 2)),
        SourceColumn("created_at", Timestamp(), default="CURRENT_TIMESTAMP"),
        SourceColumn("last_updated", Timestamp()),
    ),
    primary_key="invoice_id",
)
STAMP = datetime(2024, 2, 29, 8, 30, 0, 125000)
ROWS = [
    (-1, None, "OPEN", False, "0.50", STAMP, STAMP),
    (1, "O'Hara, 50 % ~|: \N{OWL}", "PAID", True, "-1.00", STAMP, STAMP + timedelta(days=1)),
    (70000, "", "OPEN", False, "99999999.99", STAMP, STAMP),
]
INSERT = (
    'INSERT INTO invoice VALUES (%s, %s, %s::text::"InvoiceState", %s, %s::text::numeric, %s, %s)'
)


def _run(database: Database, statement: str | sql.Composable, *params: object) -> None:
    with psycopg.connect(database.conninfo, autocommit=True) as connection:
        connection.execute(statement, params or None)


@pytest.fixture
def source(database: Database) -> Iterator[Database]:
    """Table invoice with three rows, and the role `reader` with nothing but SELECT on it."""
    with psycopg.connect(database.conninfo, autocommit=True) as owner:
        for statement in source_ddl([INVOICE]):
            owner.execute(statement)
        owner.cursor().executemany(INSERT, ROWS)
        owner.execute("DROP ROLE IF EXISTS reader")
        owner.execute("CREATE ROLE reader LOGIN PASSWORD 'let me in'")
        owner.execute("GRANT SELECT ON invoice TO reader")
    yield database
    _run(database, "DROP OWNED BY reader")
    _run(database, "DROP ROLE reader")


@pytest.fixture
def reader(source: Database) -> Endpoint:
    return Endpoint(source.jdbc_url, "reader", "let me in", "totesys")


@pytest.fixture
def snapshot(spark: SparkSession, reader: Endpoint) -> Iterator[Snapshot]:
    with open_snapshot(spark, reader) as opened:
        yield opened


def test_a_snapshot_says_what_it_is_of(snapshot: Snapshot, source: Database) -> None:
    with psycopg.connect(source.conninfo) as owner:
        row = owner.execute("SELECT system_identifier::text FROM pg_control_system()").fetchone()
    assert row == (snapshot.identity.system_identifier,)
    assert snapshot.identity.database == source.name
    assert abs(datetime.now(UTC).replace(tzinfo=None) - snapshot.captured_at) < timedelta(minutes=1)
    assert snapshot.captured_at.microsecond % 1000 == 0
    assert snapshot.pg_snapshot.count(":") == 2
    assert (snapshot.role, snapshot.in_recovery) == ("reader", False)


def _row(key: int, note: str | None, state: str, paid: bool, amount: str, *stamps: datetime) -> Any:
    return (key, note, state, paid, Decimal(amount), *stamps, None)


EXPECTED = [_row(*row) for row in ROWS]


def _assert_rows(spark: SparkSession, read: DataFrame, expected: list[Any]) -> None:
    frame = spark.createDataFrame(expected, snapshot_struct(INVOICE))
    assert_df_equality(read, frame, ignore_row_order=True, ignore_metadata=True)


@pytest.mark.parametrize("partitions", [1, 3, None])
def test_a_read_sees_exactly_the_snapshot_while_others_commit(
    spark: SparkSession, snapshot: Snapshot, source: Database, partitions: int | None
) -> None:
    _run(source, "DELETE FROM invoice WHERE invoice_id = 1")
    _run(source, "UPDATE invoice SET note = 'later', amount = 7 WHERE invoice_id = 70000")
    _run(source, INSERT, 2, "new", "OPEN", False, "1", STAMP, STAMP)
    _run(source, "ALTER TABLE invoice ADD COLUMN added text")

    read = snapshot.read(INVOICE, partitions)

    assert read.rdd.getNumPartitions() == (partitions or 1)
    _assert_rows(spark, read, EXPECTED)


def test_a_condition_narrows_a_read(spark: SparkSession, snapshot: Snapshot) -> None:
    where = sql.SQL("{} > {}").format(sql.Identifier("invoice_id"), sql.Literal(1))
    _assert_rows(spark, snapshot.read(INVOICE, 1, where=where), EXPECTED[2:])


@pytest.mark.parametrize("bounds", [KeyBounds(None, None, 0), KeyBounds(5, 6, 2)])
def test_wrong_bounds_lose_no_row(
    spark: SparkSession, snapshot: Snapshot, bounds: KeyBounds
) -> None:
    _assert_rows(spark, snapshot.read(INVOICE, 4, bounds), EXPECTED)


def test_an_empty_table_is_read_as_no_rows(
    spark: SparkSession, source: Database, reader: Endpoint
) -> None:
    _run(source, "DELETE FROM invoice")
    with open_snapshot(spark, reader) as snapshot:
        assert (snapshot.key_bounds(INVOICE).low, snapshot.key_bounds(INVOICE).high) == (None, None)
        assert snapshot.fingerprints(INVOICE) == {}
        _assert_rows(spark, snapshot.read(INVOICE), [])


def test_values_that_are_not_finite_are_null_and_named(
    spark: SparkSession, source: Database, reader: Endpoint
) -> None:
    _run(source, "DELETE FROM invoice")
    _run(source, INSERT, 5, None, "PAID", True, "NaN", STAMP, STAMP)
    _run(source, "UPDATE invoice SET last_updated = '-infinity'")
    with open_snapshot(spark, reader) as snapshot:
        _assert_rows(
            spark,
            snapshot.read(INVOICE),
            [(5, None, "PAID", True, None, STAMP, None, "amount=NaN,last_updated=-infinity")],
        )


def test_postgres_and_spark_agree_on_fingerprints_of_the_snapshot(
    spark: SparkSession, snapshot: Snapshot, source: Database
) -> None:
    _run(source, "UPDATE invoice SET note = 'later'")

    found = snapshot.fingerprints(INVOICE)

    ours = spark_fingerprints(snapshot.read(INVOICE), INVOICE).collect()
    assert found == {r["range"]: Fingerprint(r["rows"], r["fingerprint"]) for r in ours}
    assert {number: f.rows for number, f in found.items()} == {-1: 1, 0: 1, 1: 1}


def test_a_large_table_is_fingerprinted_over_two_connections_of_the_same_snapshot(
    monkeypatch: pytest.MonkeyPatch, snapshot: Snapshot, source: Database
) -> None:
    whole = snapshot.fingerprints(INVOICE)
    _run(source, "UPDATE invoice SET note = 'later'")
    monkeypatch.setattr("totesys_etl.source.fingerprints.SPLIT_ROWS", 0)

    assert snapshot.fingerprints(INVOICE) == whole


def test_extra_columns_are_reported_and_ignored(
    spark: SparkSession, source: Database, reader: Endpoint
) -> None:
    _run(source, "ALTER TABLE invoice ADD COLUMN discount numeric(4,1)")
    with open_snapshot(spark, reader) as snapshot:
        assert snapshot.check([INVOICE]) == {"invoice": ("discount",)}
        assert snapshot.columns([INVOICE])["invoice"]["discount"] == "numeric(4,1)"
        _assert_rows(spark, snapshot.read(INVOICE), EXPECTED)


CONTRADICTIONS: list[tuple[str, type[TotesysError], str]] = [
    (
        "ALTER TABLE invoice RENAME TO bill",
        SourceTableMissing,
        "table public.invoice does not exist",
    ),
    (
        "ALTER TABLE invoice RENAME TO bill; CREATE VIEW invoice AS SELECT * FROM bill",
        SourceTableMissing,
        "public.invoice is not an ordinary table",
    ),
    (
        "ALTER TABLE invoice DROP COLUMN note",
        SourceColumnMissing,
        "column public.invoice.note (text) does not exist",
    ),
    (
        "ALTER TABLE invoice ALTER amount TYPE numeric(12,3)",
        SourceColumnRetyped,
        "column public.invoice.amount is numeric(12,3), the contract has numeric(10,2)",
    ),
    (
        "ALTER TABLE invoice ALTER paid DROP NOT NULL",
        SourceColumnRetyped,
        "column public.invoice.paid allows NULL, the contract does not",
    ),
    (
        "ALTER TABLE invoice DROP CONSTRAINT invoice_pkey",
        SourceColumnRetyped,
        "column public.invoice.invoice_id is not unique, the contract's key is",
    ),
    (
        "REVOKE SELECT ON invoice FROM reader",
        SourceRightMissing,
        'run as owner: GRANT SELECT ON "public"."invoice" TO "reader";',
    ),
    (
        "REVOKE USAGE ON SCHEMA public FROM PUBLIC",
        SourceRightMissing,
        'run as owner: GRANT USAGE ON SCHEMA "public" TO "reader";',
    ),
    (
        "ALTER TABLE invoice ENABLE ROW LEVEL SECURITY",
        SourceRightMissing,
        "row-level security of public.invoice hides rows; run as superuser:"
        ' ALTER ROLE "reader" BYPASSRLS;',
    ),
]


@pytest.mark.parametrize(("change", "kind", "message"), CONTRADICTIONS)
def test_a_source_that_contradicts_the_contract_is_refused(
    spark: SparkSession,
    source: Database,
    reader: Endpoint,
    change: str,
    kind: type[TotesysError],
    message: str,
) -> None:
    _run(source, change)
    with open_snapshot(spark, reader) as snapshot, pytest.raises(kind) as caught:
        snapshot.check([INVOICE])
    assert str(caught.value) == message


def test_all_violations_are_in_one_message(
    spark: SparkSession, source: Database, reader: Endpoint
) -> None:
    _run(source, "ALTER TABLE invoice DROP COLUMN note")
    _run(source, "ALTER TABLE invoice ALTER paid TYPE text")
    _run(source, "REVOKE SELECT ON invoice FROM reader")
    missing = replace(INVOICE, name="bill")
    with open_snapshot(spark, reader) as snapshot, pytest.raises(SourceTableMissing) as caught:
        snapshot.check([INVOICE, missing])
    assert str(caught.value) == (
        'run as owner: GRANT SELECT ON "public"."invoice" TO "reader";'
        "; column public.invoice.note (text) does not exist"
        "; column public.invoice.paid is text, the contract has boolean"
        "; table public.bill does not exist"
    )


def test_a_role_with_the_columns_of_the_contract_only_may_read(
    spark: SparkSession, source: Database, reader: Endpoint
) -> None:
    _run(source, "ALTER TABLE invoice ADD COLUMN secret text")
    _run(source, "REVOKE SELECT ON invoice FROM reader")
    columns = sql.SQL(", ").join(map(sql.Identifier, INVOICE.column_names))
    _run(source, sql.SQL("GRANT SELECT ({}) ON invoice TO reader").format(columns))
    with open_snapshot(spark, reader) as snapshot:
        assert snapshot.check([INVOICE]) == {"invoice": ("secret",)}
        _assert_rows(spark, snapshot.read(INVOICE), EXPECTED)


@pytest.mark.parametrize(
    "change",
    [
        "TRUNCATE invoice",
        "ALTER TABLE invoice ALTER note TYPE varchar(100) USING left(note, 100)",
        "DROP TABLE invoice",
    ],
)
def test_a_rewrite_behind_the_snapshot_is_noticed(
    snapshot: Snapshot, source: Database, change: str
) -> None:
    _run(source, change)
    with pytest.raises(SnapshotInvalidated, match=r"replaced while it was read: invoice; .*run"):
        snapshot.verify_unrewritten([INVOICE])


def test_ordinary_work_behind_the_snapshot_is_no_rewrite(
    snapshot: Snapshot, source: Database
) -> None:
    snapshot.columns([INVOICE])
    _run(source, "DELETE FROM invoice")
    _run(source, "ALTER TABLE invoice ADD COLUMN added text DEFAULT 'x'")
    _run(source, "VACUUM invoice")
    snapshot.verify_unrewritten([INVOICE])


OPENING: list[tuple[dict[str, str], type[TotesysError], str]] = [
    ({"password": "wrong"}, SourceLoginRefused, "the secret of Glue connection totesys"),
    ({"user": "nobody"}, SourceLoginRefused, "as nobody: login refused"),
    ({"url": "jdbc:postgresql://127.0.0.1:{port}/nowhere"}, SourceUnreachable, "/nowhere as"),
    ({"url": "jdbc:postgresql://127.0.0.1:1/totesys"}, SourceUnreachable, "127.0.0.1:1/totesys"),
]


@pytest.mark.parametrize(("change", "kind", "message"), OPENING)
def test_a_source_that_cannot_be_opened_says_why(
    spark: SparkSession,
    source: Database,
    reader: Endpoint,
    change: dict[str, str],
    kind: type[TotesysError],
    message: str,
) -> None:
    wrong = replace(reader, **{k: v.format(port=source.port) for k, v in change.items()})
    with pytest.raises(kind, match=message) as caught:
        open_snapshot(spark, wrong)
    assert wrong.password not in str(caught.value)
    assert "\n" not in str(caught.value)


def _explained(snapshot: Snapshot, reader: Endpoint, table: SourceTable = INVOICE) -> TotesysError:
    with pytest.raises(Exception) as caught:  # noqa: B017, PT011 - Py4J's own class
        snapshot.read(table, 1, KeyBounds(1, 1, 1)).collect()
    explained = explain(caught.value, reader)
    assert explained is not None
    assert "\n" not in str(explained)
    assert reader.password not in str(explained)
    return explained


def test_a_read_after_the_snapshot_has_ended_is_explained(
    spark: SparkSession, reader: Endpoint
) -> None:
    snapshot = open_snapshot(spark, reader)
    snapshot.close()
    explained = _explained(snapshot, reader)
    assert isinstance(explained, SnapshotInvalidated)
    assert "the session that holds the snapshot has ended; run again" in str(explained)


def test_a_right_revoked_before_the_read_is_explained(
    snapshot: Snapshot, reader: Endpoint, source: Database
) -> None:
    _run(source, "REVOKE SELECT ON invoice FROM reader")
    explained = _explained(snapshot, reader)
    assert isinstance(explained, SourceRightMissing)
    assert "permission denied for table invoice" in str(explained)


def test_row_level_security_enabled_before_the_read_is_explained(
    snapshot: Snapshot, reader: Endpoint, source: Database
) -> None:
    _run(source, "ALTER TABLE invoice ENABLE ROW LEVEL SECURITY")
    assert isinstance(_explained(snapshot, reader), SourceRightMissing)


def test_a_locked_table_is_explained(
    spark: SparkSession, reader: Endpoint, source: Database
) -> None:
    with (
        open_snapshot(spark, reader, lock_timeout="50ms") as snapshot,
        psycopg.connect(source.conninfo) as other,
    ):
        other.execute("LOCK TABLE invoice")
        explained = _explained(snapshot, reader)
        with pytest.raises(SourceUnreachable, match="another session holds a lock"):
            snapshot.key_bounds(INVOICE)
    assert isinstance(explained, SourceUnreachable)
    assert "another session holds a lock" in str(explained)


def test_a_dropped_table_is_explained(
    snapshot: Snapshot, reader: Endpoint, source: Database
) -> None:
    _run(source, "DROP TABLE invoice")
    assert isinstance(_explained(snapshot, reader), SourceTableMissing)


def test_a_killed_exporter_is_explained(
    snapshot: Snapshot, source: Database, reader: Endpoint
) -> None:
    _run(
        source,
        "SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity WHERE usename = 'reader'",
    )
    with pytest.raises(SourceUnreachable, match="terminating connection"):
        snapshot.key_bounds(INVOICE)
    assert isinstance(_explained(snapshot, reader), SnapshotInvalidated)
