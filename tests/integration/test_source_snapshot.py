"""One snapshot of a real PostgreSQL: what reads of it see while others commit."""

from datetime import UTC, datetime, timedelta

import psycopg
import pytest
from psycopg import sql
from pyspark.sql import SparkSession

from fixtures.source_invoice import (
    EXPECTED,
    INSERT,
    INVOICE,
    STAMP,
    assert_rows,
    reader,
    run,
    snapshot,
    source,
)
from glue_fixtures.servers import Database
from totesys_etl.connection import Endpoint
from totesys_etl.fingerprints.spark import spark_fingerprints
from totesys_etl.ingest.reading import KeyBounds
from totesys_etl.ingest.snapshot import Snapshot, open_snapshot
from totesys_etl.ingest.sweep import Fingerprint

__all__ = ["reader", "snapshot", "source"]  # fixtures


def test_a_snapshot_says_what_it_is_of(snapshot: Snapshot, source: Database) -> None:
    with psycopg.connect(source.conninfo) as owner:
        row = owner.execute("SELECT system_identifier::text FROM pg_control_system()").fetchone()
    assert row == (snapshot.identity.system_identifier,)
    assert snapshot.identity.database == source.name
    assert abs(datetime.now(UTC).replace(tzinfo=None) - snapshot.captured_at) < timedelta(minutes=1)
    assert snapshot.captured_at.microsecond % 1000 == 0
    assert snapshot.pg_snapshot.count(":") == 2
    assert (snapshot.role, snapshot.in_recovery) == ("invoice_reader", False)


@pytest.mark.parametrize("partitions", [1, 3, None])
def test_a_read_sees_exactly_the_snapshot_while_others_commit(
    spark: SparkSession, snapshot: Snapshot, source: Database, partitions: int | None
) -> None:
    run(source, "DELETE FROM invoice WHERE invoice_id = 1")
    run(source, "UPDATE invoice SET note = 'later', amount = 7 WHERE invoice_id = 70000")
    run(source, INSERT, 2, "new", "OPEN", False, "1", STAMP, STAMP)
    run(source, "ALTER TABLE invoice ADD COLUMN added text")

    read = snapshot.read(INVOICE, partitions)

    assert read.rdd.getNumPartitions() == (partitions or 1)
    assert_rows(spark, read, EXPECTED)


def test_a_condition_narrows_a_read(spark: SparkSession, snapshot: Snapshot) -> None:
    where = sql.SQL("{} > {}").format(sql.Identifier("invoice_id"), sql.Literal(1))
    assert_rows(spark, snapshot.read(INVOICE, 1, where=where), EXPECTED[2:])


@pytest.mark.parametrize("bounds", [KeyBounds(None, None, 0), KeyBounds(5, 6, 2)])
def test_wrong_bounds_lose_no_row(
    spark: SparkSession, snapshot: Snapshot, bounds: KeyBounds
) -> None:
    assert_rows(spark, snapshot.read(INVOICE, 4, bounds), EXPECTED)


def test_an_empty_table_is_read_as_no_rows(
    spark: SparkSession, source: Database, reader: Endpoint
) -> None:
    run(source, "DELETE FROM invoice")
    with open_snapshot(spark, reader) as snapshot:
        assert (snapshot.key_bounds(INVOICE).low, snapshot.key_bounds(INVOICE).high) == (None, None)
        assert snapshot.fingerprints(INVOICE) == {}
        assert_rows(spark, snapshot.read(INVOICE), [])


def test_values_that_are_not_finite_are_null_and_named(
    spark: SparkSession, source: Database, reader: Endpoint
) -> None:
    run(source, "DELETE FROM invoice")
    run(source, INSERT, 5, None, "PAID", True, "NaN", STAMP, STAMP)
    run(source, "UPDATE invoice SET last_updated = '-infinity'")
    with open_snapshot(spark, reader) as snapshot:
        assert_rows(
            spark,
            snapshot.read(INVOICE),
            [(5, None, "PAID", True, None, STAMP, None, "amount=NaN,last_updated=-infinity")],
        )


def test_postgres_and_spark_agree_on_fingerprints_of_the_snapshot(
    spark: SparkSession, snapshot: Snapshot, source: Database
) -> None:
    run(source, "UPDATE invoice SET note = 'later'")

    found = snapshot.fingerprints(INVOICE)

    ours = spark_fingerprints(snapshot.read(INVOICE), INVOICE).collect()
    assert found == {r["range"]: Fingerprint(r["rows"], r["fingerprint"]) for r in ours}
    assert {number: f.rows for number, f in found.items()} == {-1: 1, 0: 1, 1: 1}


def test_a_large_table_is_fingerprinted_over_two_connections_of_the_same_snapshot(
    monkeypatch: pytest.MonkeyPatch, snapshot: Snapshot, source: Database
) -> None:
    whole = snapshot.fingerprints(INVOICE)
    run(source, "UPDATE invoice SET note = 'later'")
    monkeypatch.setattr("totesys_etl.ingest.sweep.SPLIT_ROWS", 0)

    assert snapshot.fingerprints(INVOICE) == whole
