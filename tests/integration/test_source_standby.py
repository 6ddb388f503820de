"""A source that is a standby: what it has replayed counts, not its clock."""

import time
from collections.abc import Iterator

import psycopg
import pytest
from pyspark.sql import SparkSession

from awsglue_local.databases.postgres import PostgresServer
from awsglue_local.databases.postgres_programs import Programs
from fixtures.source_invoice import EXPECTED, INSERT, INVOICE, ROWS, assert_rows
from totesys_etl.connection import Endpoint
from totesys_etl.ingest.snapshot import Snapshot, open_snapshot
from totesys_etl.render.postgres import source_ddl

READER, PASSWORD = "standby_reader", "let me in"


@pytest.fixture(scope="module")
def primary(tmp_path_factory: pytest.TempPathFactory) -> Iterator[PostgresServer]:
    with PostgresServer(tmp_path_factory.mktemp("primary") / "data", fsync=False) as server:
        with psycopg.connect(server.conninfo(), autocommit=True) as owner:
            for statement in source_ddl([INVOICE]):
                owner.execute(statement)
            owner.cursor().executemany(INSERT, ROWS)
            owner.execute(f"CREATE ROLE {READER} LOGIN PASSWORD '{PASSWORD}'")
            owner.execute(f"GRANT SELECT ON invoice TO {READER}")
        yield server


@pytest.fixture(scope="module")
def standby(
    primary: PostgresServer, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[PostgresServer]:
    """A streaming copy of `primary`."""
    folder = tmp_path_factory.mktemp("standby") / "data"
    folder.mkdir(mode=0o700)
    programs = Programs(18)
    programs.own(folder)
    made = programs.run(
        "pg_basebackup", "-D", str(folder), "-R", "-c", "fast", "-d", primary.conninfo()
    )
    assert made.returncode == 0, made.output
    with (folder / "postgresql.conf").open("a") as settings:
        settings.write(f"primary_conninfo = '{primary.conninfo()}'\n")
    with PostgresServer(folder, password=primary.password, fsync=False) as server:
        yield server


def _snapshot(spark: SparkSession, server: PostgresServer) -> Snapshot:
    url = f"jdbc:postgresql://{server.host}:{server.port}/postgres"
    return open_snapshot(spark, Endpoint(url, READER, PASSWORD, "totesys"))


def test_a_primary_has_replayed_nothing(spark: SparkSession, primary: PostgresServer) -> None:
    with _snapshot(spark, primary) as snapshot:
        assert (snapshot.in_recovery, snapshot.replayed_at) == (False, None)


def test_a_standby_is_read_at_one_snapshot_and_says_how_far_it_is(
    spark: SparkSession, primary: PostgresServer, standby: PostgresServer
) -> None:
    with psycopg.connect(primary.conninfo(), autocommit=True) as owner:
        owner.execute("CREATE TABLE followed AS SELECT 1")
        with psycopg.connect(standby.conninfo(), autocommit=True) as follower:
            deadline = time.monotonic() + 60
            while follower.execute("SELECT to_regclass('followed')").fetchone() == (None,):
                assert time.monotonic() < deadline, "the standby does not follow"
                time.sleep(0.01)

        with _snapshot(spark, standby) as snapshot:
            owner.execute("DELETE FROM invoice WHERE invoice_id = 70000")

            assert snapshot.in_recovery
            assert snapshot.replayed_at is not None
            assert snapshot.replayed_at <= snapshot.captured_at
            assert_rows(spark, snapshot.read(INVOICE, 2), EXPECTED)
            assert snapshot.fingerprints(INVOICE).keys() == {-1, 0, 1}
            snapshot.verify_unrewritten([INVOICE])
