"""A source that is not what it was: refused with one clear message, nothing committed, and the next
run goes on. What is harmless (a further column) is reported and ignored."""

from contextlib import closing
from pathlib import Path

import psycopg
import pytest

from awsglue_local.databases.postgres import PostgresServer
from fixtures.failures import assert_clear, assert_goes_on
from fixtures.harness import PASSWORD, READER, Harness
from glue_fixtures.servers import Database
from totesys_etl import errors
from totesys_simulator import create_reader, create_totesys, seed

BROKEN_SOURCES = {
    "missing right": (
        f"REVOKE SELECT ON payment FROM {READER}",
        f"GRANT SELECT ON payment TO {READER}",
        errors.SourceRightMissing,
        f'GRANT SELECT ON "public"."payment" TO "{READER}"',
    ),
    "missing table": (
        "ALTER TABLE payment RENAME TO payments",
        "ALTER TABLE payments RENAME TO payment",
        errors.SourceTableMissing,
        "payment",
    ),
    "missing column": (
        "ALTER TABLE staff RENAME COLUMN email_address TO email",
        "ALTER TABLE staff RENAME COLUMN email TO email_address",
        errors.SourceColumnMissing,
        "staff.email_address",
    ),
    "retyped column": (
        "ALTER TABLE sales_order ALTER COLUMN unit_price TYPE numeric(12, 3)",
        "ALTER TABLE sales_order ALTER COLUMN unit_price TYPE numeric(10, 2)",
        errors.SourceColumnRetyped,
        "numeric(12,3)",
    ),
}


@pytest.fixture
def harness(shared_harness: Harness) -> Harness:
    return shared_harness


@pytest.mark.parametrize("case", BROKEN_SOURCES)
def test_a_broken_source_commits_nothing_and_a_mended_one_goes_on(
    case: str, harness: Harness
) -> None:
    break_it, mend_it, error, named = BROKEN_SOURCES[case]
    before = harness.raw_head()
    harness.source.execute(break_it.encode())

    try:
        with pytest.raises(error) as failure:
            harness.ingest()
    finally:
        harness.source.execute(mend_it.encode())

    assert_clear(failure.value, named)
    assert_goes_on(harness, before)


def test_an_extra_column_is_reported_and_ignored(
    harness: Harness, capsys: pytest.CaptureFixture[str]
) -> None:
    harness.source.execute("ALTER TABLE staff ADD COLUMN nickname text DEFAULT 'x'")

    assert harness.ingest() is None

    harness.source.execute("ALTER TABLE staff DROP COLUMN nickname")
    assert harness.certificate().tables["staff"].extra_columns == ("nickname",)
    assert '"event": "extra_columns_ignored", "table": "staff"' in capsys.readouterr().out


def test_an_unreachable_source(harness: Harness) -> None:
    before = harness.raw_head()
    nobody = harness.connection(Database("127.0.0.1", 9, "totesys", "", ""), READER, PASSWORD)

    with pytest.raises(errors.SourceUnreachable) as failure:
        harness.ingest(source_connection=nobody)

    assert_clear(failure.value, "127.0.0.1:9/totesys")
    assert_goes_on(harness, before)


def test_a_wrong_password(harness: Harness, postgres: PostgresServer) -> None:
    before = harness.raw_head()
    source = Database(postgres.host, postgres.port, f"{harness.name}_source", "", "")
    wrong = harness.connection(source, READER, "not-the-password")

    with pytest.raises(errors.SourceLoginRefused) as failure:
        harness.ingest(source_connection=wrong)

    assert_clear(failure.value, READER)
    assert "not-the-password" not in str(failure.value)
    assert_goes_on(harness, before)


def test_another_database_system_under_the_same_name(harness: Harness, tmp_path: Path) -> None:
    before = harness.raw_head()
    name = f"{harness.name}_source"
    with PostgresServer(tmp_path / "other", fsync=False) as other:
        other.create_database(name)
        database = Database(other.host, other.port, name, other.user, other.password)
        with closing(psycopg.connect(database.conninfo, autocommit=True)) as connection:
            create_totesys(connection)
            seed(connection)
            create_reader(connection, READER, PASSWORD)
        elsewhere = harness.connection(database, READER, PASSWORD)

        with pytest.raises(errors.SourceReplaced) as failure:
            harness.ingest(source_connection=elsewhere)

    assert_clear(failure.value, "a lake of its own")
    assert_goes_on(harness, before)
