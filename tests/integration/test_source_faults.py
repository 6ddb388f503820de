"""What goes wrong around a snapshot is noticed and said in one line."""

import time
from dataclasses import replace

import psycopg
import pytest
from pyspark.sql import SparkSession

from fixtures.source_invoice import (
    INVOICE,
    reader,
    run,
    snapshot,
    source,
)
from glue_fixtures.servers import Database
from totesys_etl.connection import Endpoint
from totesys_etl.contracts.model import SourceTable
from totesys_etl.errors import (
    SnapshotInvalidated,
    SnapshotTooOld,
    SourceLoginRefused,
    SourceRightMissing,
    SourceTableMissing,
    SourceUnreachable,
    TotesysError,
)
from totesys_etl.ingest.failures import explain
from totesys_etl.ingest.reading import KeyBounds
from totesys_etl.ingest.snapshot import Snapshot, open_snapshot

__all__ = ["reader", "snapshot", "source"]  # fixtures


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
    run(source, change)
    with pytest.raises(SnapshotInvalidated, match=r"replaced while it was read: invoice; .*run"):
        snapshot.verify_unrewritten([INVOICE])


def test_ordinary_work_behind_the_snapshot_is_no_rewrite(
    snapshot: Snapshot, source: Database
) -> None:
    snapshot.columns([INVOICE])
    run(source, "DELETE FROM invoice")
    run(source, "ALTER TABLE invoice ADD COLUMN added text DEFAULT 'x'")
    run(source, "VACUUM invoice")
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
    with pytest.raises(Exception) as caught:
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
    run(source, "REVOKE SELECT ON invoice FROM invoice_reader")
    explained = _explained(snapshot, reader)
    assert isinstance(explained, SourceRightMissing)
    assert "permission denied for table invoice" in str(explained)


def test_row_level_security_enabled_before_the_read_is_explained(
    snapshot: Snapshot, reader: Endpoint, source: Database
) -> None:
    run(source, "ALTER TABLE invoice ENABLE ROW LEVEL SECURITY")
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


def test_a_snapshot_is_not_held_for_ever(spark: SparkSession, reader: Endpoint) -> None:
    with open_snapshot(spark, reader, seconds=1) as snapshot:
        snapshot.check_age()
        assert snapshot.fingerprints(INVOICE)
        while snapshot.age <= 1:
            time.sleep(0.05)
        with pytest.raises(SnapshotTooOld, match=r"held for 1 s, .* larger --snapshot_minutes"):
            snapshot.check_age()


def test_a_dropped_table_is_explained(
    snapshot: Snapshot, reader: Endpoint, source: Database
) -> None:
    run(source, "DROP TABLE invoice")
    assert isinstance(_explained(snapshot, reader), SourceTableMissing)


def test_a_killed_exporter_is_explained(
    snapshot: Snapshot, source: Database, reader: Endpoint
) -> None:
    run(
        source,
        "SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity"
        " WHERE usename = 'invoice_reader'",
    )
    with pytest.raises(SourceUnreachable, match="terminating connection"):
        snapshot.key_bounds(INVOICE)
    assert isinstance(_explained(snapshot, reader), SnapshotInvalidated)
