"""A load proves what it wrote before it commits: a trigger that changes rows is found out."""

from collections.abc import Iterator
from contextlib import contextmanager

import boto3
import pytest

from fixtures.harness import Harness
from totesys_etl.errors import AuditFailed


@contextmanager
def trigger(harness: Harness, table: str, statement: str) -> Iterator[None]:
    """Rows on their way into `table` go through `statement` of a trigger."""
    harness.warehouse.execute(
        f"CREATE FUNCTION meddle() RETURNS trigger LANGUAGE plpgsql AS"
        f" $$ BEGIN {statement}; RETURN NEW; END $$;"
        f"CREATE TRIGGER meddle BEFORE INSERT OR UPDATE ON {table}"
        " FOR EACH ROW EXECUTE FUNCTION meddle()".encode()
    )
    yield
    harness.warehouse.execute(f"DROP TRIGGER meddle ON {table}; DROP FUNCTION meddle()".encode())


def loaded(harness: Harness) -> int:
    (row,) = harness.warehouse.execute("SELECT count(*) FROM etl.load_ledger").fetchall()
    return int(row[0])


def test_what_a_trigger_changed_is_named_and_rolled_back(shared_harness: Harness) -> None:
    """One story: the first load and a later one, each meddled with before it may pass."""
    harness = shared_harness
    harness.transform()
    harness.load(processed_bucket=_empty_bucket(harness))  # creates the tables
    for table, statement, told in (
        (
            "fact_payment",
            "IF NEW.payment_record_id IN (2, 3, 4, 5) THEN NEW.paid = NOT NEW.paid; END IF",
            "commit 1, fact_payment: 1 key range(s) in the warehouse are not what the lake brings,"
            " first 00000 (10 rows in the lake, 10 in the warehouse), payment_record_id 2, 3, 4,"
            " ...: nothing of this commit was kept",
        ),
        (
            "fact_payment",
            "IF NEW.payment_record_id = 7 THEN RETURN NULL; END IF",
            "(10 rows in the lake, 9 in the warehouse), payment_record_id 7:",
        ),
        (
            "etl.fact_sales_order_event",
            "NEW.valid_from = NEW.valid_from + interval '1 ms'",
            "commit 1, fact_sales_order: ",
        ),
        ("dim_date", "IF NEW.date_id = '2022-12-25' THEN NEW.day = 28; END IF", "2022-12-25"),
    ):
        with trigger(harness, table, statement), pytest.raises(AuditFailed) as failed:
            harness.load()
        assert told in str(failed.value), table
        assert "\n" not in str(failed.value)
        assert loaded(harness) == 0
    assert harness.load() == 1

    harness.source.execute("DELETE FROM payment WHERE payment_id = 1")
    harness.source.execute("UPDATE staff SET first_name = 'Ada' WHERE staff_id = 2")
    harness.source.execute("DELETE FROM payment_type WHERE payment_type_id = 4")
    harness.source.execute(
        "UPDATE sales_order SET units_sold = units_sold + 1 WHERE sales_order_id = 2"
    )
    harness.ingest()
    harness.transform()
    for table, statement, told in (
        ("dim_staff", "NEW.first_name = NEW.first_name || ' '", "commit 2, dim_staff: "),
        (
            "etl.fact_payment_event",
            "IF NEW.op = 'delete' THEN RETURN NULL; END IF",
            "commit 2, deletions of fact_payment: 1 key range(s) in the warehouse are not what the"
            " lake brings, first 00000 (1 rows in the lake, 0 in the warehouse), business_id 1:",
        ),
        ("etl.dim_deletion", "RETURN NULL", "commit 2, deletions of dim_payment_type: "),
        ("fact_sales_order", "NEW.units_sold = 0", "sales_record_id 6:"),
    ):
        with trigger(harness, table, statement), pytest.raises(AuditFailed) as failed:
            harness.load()
        assert told in str(failed.value), (table, str(failed.value))
        assert loaded(harness) == 1
    assert harness.load() == 1
    assert harness.audit() is not None


def test_a_load_whose_ledger_is_lost_proves_itself_again(shared_harness: Harness) -> None:
    """After the story above; rows that are there already, newer ones too, are no difference."""
    shared_harness.warehouse.execute("DELETE FROM etl.load_ledger")
    assert shared_harness.load() == 2
    assert shared_harness.audit() is not None


def _empty_bucket(harness: Harness) -> str:
    """A lake without commits: a load from it only prepares the warehouse."""
    name = f"{harness.name}-nothing"
    s3 = boto3.client("s3")
    s3.create_bucket(
        Bucket=name,
        CreateBucketConfiguration={"LocationConstraint": s3.meta.region_name},  # type: ignore[typeddict-item]
    )
    return name
