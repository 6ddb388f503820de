"""The same on the older of the two PostgreSQL versions at hand (production has 13)."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from pyspark.sql import SparkSession

from awsglue_local.databases.postgres import PostgresServer
from fixtures.source_invoice import EXPECTED, INVOICE, assert_rows, reader, run, source
from glue_fixtures.servers import Database
from totesys_etl.connection import Endpoint
from totesys_etl.errors import SnapshotInvalidated
from totesys_etl.fingerprints.spark import spark_fingerprints
from totesys_etl.ingest.failures import explain
from totesys_etl.ingest.reading import KeyBounds
from totesys_etl.ingest.snapshot import open_snapshot
from totesys_etl.ingest.sweep import Fingerprint

__all__ = ["reader", "source"]  # fixtures


@pytest.fixture(scope="module")
def postgres(tmp_path_factory: pytest.TempPathFactory) -> Iterator[PostgresServer]:
    """In place of the session's PostgreSQL 18."""
    data = Path(tmp_path_factory.mktemp("postgres16")) / "data"
    with PostgresServer(data, version=16, fsync=False) as server:
        yield server


def test_a_snapshot_of_postgresql_16(
    spark: SparkSession, reader: Endpoint, source: Database
) -> None:
    with open_snapshot(spark, reader) as snapshot:
        assert snapshot.server_version.startswith("16.")
        run(source, "UPDATE invoice SET note = 'later'")
        assert snapshot.check([INVOICE]) == {"invoice": ()}
        read = snapshot.read(INVOICE, 2)
        assert_rows(spark, read, EXPECTED)
        ours = spark_fingerprints(read, INVOICE).collect()
        assert snapshot.fingerprints(INVOICE) == {
            r["range"]: Fingerprint(r["rows"], r["fingerprint"]) for r in ours
        }
        snapshot.verify_unrewritten([INVOICE])
    with pytest.raises(Exception, match="snapshot") as caught:
        snapshot.read(INVOICE, 1, KeyBounds(1, 1, 1)).collect()
    assert isinstance(explain(caught.value, reader), SnapshotInvalidated)
