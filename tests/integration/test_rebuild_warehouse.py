"""A warehouse loaded again: changed by hand, restored from an older backup, or lost.

The tests are one story on one lake and run in order; each leaves it whole.
"""

from collections.abc import Iterator
from typing import Any

import psycopg
import pytest

from awsglue_local.databases.postgres import PostgresServer
from fixtures.harness import Harness
from glue_fixtures.servers import Database
from totesys_etl.errors import AuditFailed, CertificateFailed, WarehouseAhead

Connection = psycopg.Connection[Any]
KEPT = "SELECT count(*), sum(units_sold) FROM reports.sales"


@pytest.fixture(scope="module")
def harness(shared_harness: Harness, postgres: PostgresServer) -> Iterator[Harness]:
    """Three commits in the warehouse, and somebody's own view on it."""
    for statement in (
        "SELECT 1",
        "UPDATE payment SET paid = NOT paid; DELETE FROM payment WHERE payment_id = 7;"
        "INSERT INTO design (design_id, created_at, last_updated, design_name, file_location,"
        " file_name) VALUES (901, now(), now(), 'x', '/x', 'x.json')",
        "UPDATE sales_order SET units_sold = 1; DELETE FROM design WHERE design_id = 901",
    ):
        shared_harness.source.execute(statement.encode())
        shared_harness.ingest()
        shared_harness.transform()
        shared_harness.load()
    reader = f"{shared_harness.name}_reader"
    shared_harness.warehouse.execute(
        "CREATE SCHEMA reports; CREATE VIEW reports.sales AS SELECT * FROM etl.current_sales_order;"
        f" CREATE ROLE {reader}; GRANT USAGE ON SCHEMA reports, etl TO {reader};"
        f" GRANT SELECT ON fact_payment TO {reader}"
    )
    yield shared_harness
    shared_harness.warehouse.execute(f"DROP OWNED BY {shared_harness.name}_reader")
    shared_harness.warehouse.execute(f"DROP ROLE {shared_harness.name}_reader")


def rows(connection: Connection, query: str) -> list[tuple[Any, ...]]:
    return connection.execute(query.encode()).fetchall()


def second(harness: Harness) -> Connection:
    """Another session of the warehouse."""
    info = harness.warehouse.info
    return psycopg.connect(
        host=info.host, port=info.port, user=info.user, password=info.password, dbname=info.dbname
    )


@pytest.fixture
def another(harness: Harness, postgres: PostgresServer) -> Iterator[tuple[str, Connection]]:
    """A Glue connection to an empty database, and a session there."""
    database = Database(
        postgres.host, postgres.port, f"{harness.name}_other", postgres.user, postgres.password
    )
    postgres.create_database(database.name)
    name = harness.connection(database, postgres.user, postgres.password)
    with psycopg.connect(database.conninfo, autocommit=True) as session:
        yield name, session
    postgres.drop_database(database.name)


BY_HAND = (
    "UPDATE fact_payment SET payment_amount = 0 WHERE payment_record_id = 12",
    "DELETE FROM fact_sales_order WHERE sales_record_id IN (3, 7)",
    "UPDATE dim_staff SET first_name = 'X' WHERE staff_id = 2",
    "INSERT INTO dim_staff SELECT 99, first_name, last_name, department_name, location,"
    " email_address FROM dim_staff WHERE staff_id = 2",
    "DELETE FROM etl.fact_payment_event WHERE op = 'delete'",
    "UPDATE etl.fact_payment_event SET supersedes = NULL",
    "DELETE FROM dim_date WHERE date_id = '2022-02-03'",
    "UPDATE etl.load_ledger SET raw_through = 1, raw_from = 1 WHERE commit_number = 2",
)
"""What somebody changes; that the audit names each: test_audit_finds_tampering."""


def test_all_of_it_is_replaced_at_once_for_every_reader(harness: Harness) -> None:
    """totesys rebuild --warehouse --swap"""
    harness.warehouse.execute("SET session_replication_role = replica")  # past the foreign keys
    for change in BY_HAND:
        harness.warehouse.execute(change.encode())
    harness.warehouse.execute("SET session_replication_role = origin")
    with pytest.raises(AuditFailed):
        harness.audit()
    wrong = rows(harness.warehouse, KEPT)
    with second(harness) as reader:
        reader.isolation_level = psycopg.IsolationLevel.REPEATABLE_READ
        assert rows(reader, KEPT) == wrong

        assert harness.rebuild("warehouse").number == 3

        assert rows(reader, KEPT) == wrong  # its snapshot is whole
        reader.rollback()
        assert rows(reader, KEPT) == [(5, 5)]
    assert harness.audit() is not None
    assert rows(
        harness.warehouse,
        f"SELECT has_table_privilege('{harness.name}_reader', 'fact_payment', 'SELECT')",
    ) == [(True,)]
    assert rows(harness.warehouse, "SELECT nextval('fact_payment_payment_record_id_seq')") == [
        (20,)
    ]
    constraints = "SELECT count(*) FROM pg_constraint WHERE contype = 'f' AND convalidated"
    assert rows(harness.warehouse, constraints) == [(24,)]


def test_a_replacement_that_comes_out_otherwise_changes_nothing(harness: Harness) -> None:
    """The proof inside the transaction: somebody's trigger alters what is loaded."""
    harness.warehouse.execute(
        "CREATE FUNCTION free() RETURNS trigger LANGUAGE plpgsql AS"
        " 'BEGIN NEW.payment_amount := 0; RETURN NEW; END';"
        "CREATE TRIGGER free BEFORE INSERT ON fact_payment FOR EACH ROW EXECUTE FUNCTION free();"
        "UPDATE fact_payment SET payment_amount = 1 WHERE payment_record_id = 5"
    )
    before = rows(harness.warehouse, "SELECT loaded_at FROM etl.load_ledger")
    with pytest.raises(CertificateFailed, match=r"nothing was changed\. fact_payment"):
        harness.rebuild("warehouse")
    assert rows(harness.warehouse, "SELECT loaded_at FROM etl.load_ledger") == before
    assert rows(
        harness.warehouse, "SELECT count(*) FROM fact_payment WHERE payment_amount <> 0"
    ) == [(19,)]
    harness.warehouse.execute("DROP FUNCTION free CASCADE")
    harness.rebuild("warehouse")
    assert harness.audit() is not None


def test_a_warehouse_restored_from_an_older_backup_goes_on_from_its_ledger(
    harness: Harness, another: tuple[str, Connection], capsys: pytest.CaptureFixture[str]
) -> None:
    """The ordinary load; marks in the processed bucket are ahead until then."""
    connection, backup = another
    harness.load(warehouse_connection=connection)
    harness.source.execute("UPDATE sales_order SET units_sold = 3 WHERE sales_order_id = 5")
    harness.ingest()
    harness.transform()
    assert harness.load() == 1
    assert rows(backup, "SELECT max(commit_number) FROM etl.load_ledger") == [(3,)]

    assert harness.load(warehouse_connection=connection) == 1

    assert '"event": "warehouse_went_back"' in capsys.readouterr().out
    assert rows(backup, "SELECT max(commit_number) FROM etl.load_ledger") == [(4,)]
    assert harness.audit(warehouse_connection=connection) is not None


def test_a_backup_of_a_warehouse_of_another_lake_is_refused_and_replaced(
    harness: Harness, another: tuple[str, Connection]
) -> None:
    """Its ledger has fewer commits, but others: going on would mix two lakes."""
    connection, backup = another
    harness.load(warehouse_connection=connection)
    backup.execute("DELETE FROM etl.load_ledger WHERE commit_number = 4")
    backup.execute("UPDATE etl.load_ledger SET raw_from = 2 WHERE commit_number = 3")
    with pytest.raises(WarehouseAhead, match="loaded from another lake"):
        harness.load(warehouse_connection=connection)
    harness.rebuild("warehouse", warehouse_connection=connection)
    assert harness.load(warehouse_connection=connection) == 0


def test_a_lost_warehouse(harness: Harness, another: tuple[str, Connection]) -> None:
    """An empty database, and totesys rebuild --warehouse --swap: the newest commit, whole."""
    connection, empty = another
    harness.rebuild("warehouse", warehouse_connection=connection)
    assert rows(empty, "SELECT max(commit_number), count(*) FROM etl.load_ledger") == [(4, 4)]
    query = "SELECT * FROM etl.payment_history ORDER BY payment_id, batch"
    assert rows(empty, query) == rows(harness.warehouse, query)
    assert harness.audit(warehouse_connection=connection) is not None
