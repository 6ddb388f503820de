"""What can be wrong around a run: one clear message, nothing committed, the next goes on."""

import json
import threading
import time
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Any

import psycopg
import pytest

from awsglue_local.databases.postgres import PostgresServer
from fixtures.harness import PASSWORD, READER, Harness
from glue_fixtures.servers import Database
from totesys_etl import errors
from totesys_etl.source.session import APPLICATION_NAME
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
    "table gone empty": (
        "CREATE TABLE kept AS TABLE payment; DELETE FROM payment",
        "INSERT INTO payment SELECT * FROM kept; DROP TABLE kept",
        errors.MassDelete,
        "--allow_mass_delete=payment",
    ),
}


@pytest.fixture
def harness(shared_harness: Harness) -> Harness:
    return shared_harness


@pytest.mark.parametrize("case", BROKEN_SOURCES)
def test_a_broken_source_commits_nothing_and_a_mended_one_goes_on(
    case: str, harness: Harness
) -> None:
    break_it, mend_it, error, told = BROKEN_SOURCES[case]
    before = harness.raw_head()
    harness.source.execute(break_it.encode())

    try:
        with pytest.raises(error) as failure:
            harness.ingest()
    finally:
        harness.source.execute(mend_it.encode())

    _assert_clear(failure.value, told)
    _assert_goes_on(harness, before)


def test_a_mass_delete_is_taken_when_it_is_allowed_by_name(harness: Harness) -> None:
    harness.source.execute("CREATE TABLE kept AS TABLE payment; DELETE FROM payment")

    commit = harness.ingest(allow_mass_delete="payment")

    assert commit is not None
    assert (commit.tables["payment"].deleted, commit.tables["payment"].live) == (10, 0)
    harness.source.execute("INSERT INTO payment SELECT * FROM kept; DROP TABLE kept")
    returned = harness.ingest()
    assert returned is not None
    assert (returned.tables["payment"].inserted, returned.tables["payment"].versions) == (10, 20)


def test_an_unknown_name_in_allow_mass_delete_is_refused(harness: Harness) -> None:
    with pytest.raises(errors.SettingInvalid, match=r"paymant.*use names of"):
        harness.ingest(allow_mass_delete="paymant")


def test_an_unreachable_source(harness: Harness) -> None:
    before = harness.raw_head()
    nobody = harness.connection(Database("127.0.0.1", 9, "totesys", "", ""), READER, PASSWORD)

    with pytest.raises(errors.SourceUnreachable) as failure:
        harness.ingest(source_connection=nobody)

    _assert_clear(failure.value, "127.0.0.1:9/totesys")
    _assert_goes_on(harness, before)


def test_a_wrong_password(harness: Harness, postgres: PostgresServer) -> None:
    before = harness.raw_head()
    source = Database(postgres.host, postgres.port, f"{harness.name}_source", "", "")
    wrong = harness.connection(source, READER, "not-the-password")

    with pytest.raises(errors.SourceLoginRefused) as failure:
        harness.ingest(source_connection=wrong)

    _assert_clear(failure.value, READER)
    assert "not-the-password" not in str(failure.value)
    _assert_goes_on(harness, before)


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

    _assert_clear(failure.value, "a lake of its own")
    _assert_goes_on(harness, before)


REWRITES = {
    "truncate and refill": "CREATE TABLE kept AS TABLE payment; TRUNCATE payment;"
    " INSERT INTO payment SELECT * FROM kept; DROP TABLE kept",
    "rewriting alter": "ALTER TABLE payment ALTER COLUMN payment_date TYPE varchar(99);"
    " ALTER TABLE payment ALTER COLUMN payment_date TYPE text USING payment_date || ''",
}


@pytest.mark.parametrize("case", REWRITES)
def test_a_table_rewritten_while_the_snapshot_is_read(
    case: str, harness: Harness, capsys: pytest.CaptureFixture[str]
) -> None:
    before = harness.raw_head()
    # The last table to be read; a DDL transaction of somebody else's during the run.
    with _once_a_snapshot_is_open(harness, lambda: harness.source.execute(REWRITES[case].encode())):
        # Reading every row takes seconds, and payment comes last.
        commit = harness.ingest(compare="whole")

    lost = _lost_attempts(capsys)
    assert [(each["attempt"], each["reason"].split(":")[0]) for each in lost] == [
        (1, "SnapshotInvalidated")
    ]
    assert "payment" in lost[0]["reason"]
    # The second snapshot sees the table as it is now, not empty: all its rows are what they were.
    assert commit is None and harness.raw_head() == before
    assert (harness.certificate().idle, harness.certificate().tables["payment"].live) == (True, 10)


def test_a_snapshot_whose_sessions_are_ended(
    harness: Harness, capsys: pytest.CaptureFixture[str]
) -> None:
    """As a failover or an operator does it: the run begins anew, and misses nothing."""
    before = harness.raw_head()
    harness.source.execute("UPDATE payment SET paid = NOT paid WHERE payment_id = 2")
    end = (
        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
        f" WHERE application_name = '{APPLICATION_NAME}' AND datname = current_database()"
    )
    with _once_a_snapshot_is_open(harness, lambda: harness.source.execute(end.encode())):
        commit = harness.ingest(compare="whole")

    assert [each["attempt"] for each in _lost_attempts(capsys)] == [1]
    assert commit is not None
    assert (commit.batch, commit.tables["payment"].updated) == (before + 1, 1)


def _lost_attempts(capsys: pytest.CaptureFixture[str]) -> list[dict[str, Any]]:
    lines = capsys.readouterr().out.splitlines()
    return [json.loads(line) for line in lines if "attempt_lost" in line]


class _once_a_snapshot_is_open:  # noqa: N801
    """Runs `action` in a thread while the ingest's snapshot is open (the first look is shorter)."""

    def __init__(self, harness: Harness, action: Callable[[], Any]) -> None:
        self._bench, self._action = harness, action
        self._thread = threading.Thread(target=self._run)
        self._failure: Exception | None = None

    def __enter__(self) -> None:
        self._thread.start()

    def __exit__(self, *_: object) -> None:
        self._thread.join()
        assert self._failure is None

    def _run(self) -> None:
        query = (
            "SELECT count(*) FROM pg_stat_activity WHERE application_name = %s"
            " AND datname = current_database()"
            " AND xact_start < clock_timestamp() - interval '300 milliseconds'"
        )
        try:
            deadline = time.monotonic() + 120
            while self._bench.source.execute(query, (APPLICATION_NAME,)).fetchone() == (0,):
                assert time.monotonic() < deadline, "no snapshot was opened"
                time.sleep(0.002)
            self._action()
        except Exception as error:
            self._failure = error


@pytest.mark.parametrize("bucket", ["raw_bucket", "work_bucket"])
def test_a_missing_bucket(bucket: str, harness: Harness) -> None:
    before = harness.raw_head()
    harness.source.execute(
        "UPDATE design SET file_location = file_location || '/' WHERE design_id = 2"
    )

    with pytest.raises(errors.BucketMissing) as failure:
        harness.ingest(**{bucket: "no-such-bucket-here"})

    _assert_clear(failure.value, "no-such-bucket-here")
    _assert_goes_on(harness, before)


def test_an_extra_column_is_reported_and_ignored(
    harness: Harness, capsys: pytest.CaptureFixture[str]
) -> None:
    harness.source.execute("ALTER TABLE staff ADD COLUMN nickname text DEFAULT 'x'")

    assert harness.ingest() is None

    harness.source.execute("ALTER TABLE staff DROP COLUMN nickname")
    assert harness.certificate().tables["staff"].extra_columns == ("nickname",)
    assert '"event": "extra_columns_ignored", "table": "staff"' in capsys.readouterr().out


def test_a_warehouse_table_that_contradicts_the_contract(harness: Harness) -> None:
    harness.transform()
    harness.warehouse.execute("CREATE TABLE dim_staff (staff_id text PRIMARY KEY, nonsense int)")

    with pytest.raises(errors.WarehouseContradictsContract) as failure:
        harness.load()

    _assert_clear(failure.value, "dim_staff")
    harness.warehouse.execute("DROP TABLE dim_staff")
    assert harness.load() == 1


def test_no_secret_and_no_row_content_in_the_log(
    harness: Harness, capsys: pytest.CaptureFixture[str]
) -> None:
    harness.source.execute("UPDATE address SET city = 'New Patienceburgh ' WHERE address_id = 1")
    harness.source.execute(
        "UPDATE purchase_order SET item_code = 'QQQQQQQ' WHERE purchase_order_id = 1"
    )
    harness.source.execute("UPDATE staff SET last_name = 'O''Keefe' WHERE staff_id = 1")
    assert harness.ingest() is not None
    harness.transform()
    harness.load()

    printed = capsys.readouterr()
    for text in (PASSWORD, "New Patienceburgh", "O'Keefe", "QQQQQQQ"):
        assert text not in printed.out + printed.err


def _assert_goes_on(harness: Harness, head: int) -> None:
    """Nothing was committed; a change made now is the next batch, and it is proven."""
    assert harness.raw_head() == head
    harness.source.execute(
        "UPDATE design SET file_location = file_location || 'x' WHERE design_id = 1"
    )
    commit = harness.ingest()
    assert commit is not None
    assert commit.batch == head + 1
    assert harness.certificate().tables["design"].updated >= 1


def _assert_clear(error: Exception, told: str) -> None:
    """One line, no Java, no secret, and it names what it is about."""
    message = str(error)
    assert told in message
    assert "\n" not in message
    assert "java." not in message
    assert PASSWORD not in message
