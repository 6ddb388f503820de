"""The audit finds whatever was tampered with, says where, and is content when it is undone."""

import json
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from typing import Any

import boto3
import pytest

from fixtures.harness import Harness
from totesys_etl.contracts import STAR_TABLES
from totesys_etl.errors import AuditFailed, WarehouseAhead
from totesys_etl.lake import audits
from totesys_etl.lake.catalog import publish_star
from totesys_etl.lake.catalog_check import raw_differences, star_differences
from totesys_etl.lake.commits import StarCommit, raw_log, star_log

CHANGES = (
    "UPDATE sales_order SET units_sold = units_sold + 1 WHERE sales_order_id = 2",
    "UPDATE staff SET first_name = 'Zoë|~' WHERE staff_id = 1",
    "UPDATE purchase_order SET agreed_delivery_date = 'soon', last_updated = now()::timestamp"
    " WHERE purchase_order_id = 3",
    "DELETE FROM payment WHERE payment_id = 1",
)
"""A new version, a dimension's new row, a version for the quarantine, a deletion."""


@pytest.fixture(scope="module")
def harness(shared_harness: Harness) -> Harness:
    """Three batches, two processed commits, all in the warehouse."""
    shared_harness.transform()
    for statement in CHANGES:
        shared_harness.source.execute(statement.encode())
    shared_harness.ingest()
    shared_harness.source.execute(
        "UPDATE sales_order SET units_sold = units_sold + 1 WHERE sales_order_id IN (2, 3)"
    )
    shared_harness.ingest()
    shared_harness.transform()
    assert shared_harness.load() == 2
    return shared_harness


@contextmanager
def tampered(harness: Harness, changes: Iterable[tuple[str, str]]) -> Iterator[None]:
    """Each change in the warehouse, past triggers and foreign keys; its undo afterwards."""
    done: list[str] = []
    harness.warehouse.execute("SET session_replication_role = replica")
    try:
        for change, undo in changes:
            harness.warehouse.execute(change.encode())
            done.insert(0, undo)
        yield
    finally:
        for undo in done:
            harness.warehouse.execute(undo.encode())
        harness.warehouse.execute("RESET session_replication_role")


def found(harness: Harness, capsys: pytest.CaptureFixture[str]) -> list[str]:
    """All differences, as the log has them; the error shows the first ones in one line."""
    capsys.readouterr()
    with pytest.raises(AuditFailed) as failed:
        harness.audit()
    lines = (json.loads(line) for line in capsys.readouterr().out.splitlines() if line[:1] == "{")
    differences = [line["found"] for line in lines if line["event"] == "difference"]
    told = str(failed.value)
    assert "\n" not in told
    assert told.startswith(f"{len(differences)} difference(s): {'; '.join(differences[:5])}")
    return differences


def test_an_audit_says_what_is_there(harness: Harness) -> None:
    before = audits.newest(boto3.client("s3"), harness.arguments["processed_bucket"])
    done = harness.audit()
    assert before is None and done is not None
    assert (done.commit, done.batch) == (2, 3)
    assert audits.newest(boto3.client("s3"), harness.arguments["processed_bucket"]) == done
    assert tuple(done.tables) == tuple(STAR_TABLES)
    sales, purchases = done.tables["fact_sales_order"], done.tables["fact_purchase_orders"]
    payments = done.tables["fact_payment"]
    assert (sales.rows, sales.current, sales.deleted, sales.quarantined) == (8, 5, 0, 0)
    assert (purchases.rows, purchases.current, purchases.quarantined) == (5, 5, 1)
    assert (payments.rows, payments.current, payments.deleted) == (10, 9, 1)
    for name, table in done.tables.items():
        query = f"SELECT count(*) FROM {name}".encode()
        assert harness.warehouse.execute(query).fetchall() == [(table.rows,)], name


PAIR = "the Parquet files and the warehouse differ in 1 key range(s), first"
NEWEST = "the newest versions in the Parquet files and its current view differ in 1 key range(s)"
BY_CURRENCY = "FOREIGN KEY (currency_id) REFERENCES dim_currency (currency_id)"
BY_TYPE = "FOREIGN KEY (payment_type_id) REFERENCES dim_payment_type (payment_type_id)"
TAMPERED = {
    "a value, and a moment of another version": (
        "UPDATE fact_payment SET payment_amount = payment_amount + 1 WHERE payment_record_id = 4;"
        "UPDATE etl.fact_payment_event SET valid_from = valid_from + interval '1 ms'"
        " WHERE record_id = 5",
        "UPDATE fact_payment SET payment_amount = payment_amount - 1 WHERE payment_record_id = 4;"
        "UPDATE etl.fact_payment_event SET valid_from = valid_from - interval '1 ms'"
        " WHERE record_id = 5",
        f"fact_payment with its events: {PAIR} 00000, payment_record_id 4 (other values), 5 (other"
        " values): find who",
        f"fact_payment: {NEWEST}, first 00000, payment_record_id 4 (other values): find who",
    ),
    "which version ended which": (
        "UPDATE etl.fact_sales_order_event SET supersedes = 4 WHERE supersedes = 2",
        "UPDATE etl.fact_sales_order_event SET supersedes = 2 WHERE supersedes = 4",
        f"fact_sales_order: {NEWEST}, first 00000, sales_record_id 2 (only in its current view),"
        " 4 (not in its current view): find who",
        "etl.fact_sales_order_event: supersedes of sales_order_id 2 is not the version before",
    ),
    "the ledger": (
        "UPDATE etl.load_ledger SET raw_through = 2, raw_from = 2 WHERE commit_number = 1",
        "UPDATE etl.load_ledger SET raw_through = 1, raw_from = 1 WHERE commit_number = 1",
        "etl.load_ledger: commit_number 1 not as the processed commits say",
    ),
    "a deletion": (
        "UPDATE etl.fact_payment_event SET batch = 77 WHERE op = 'delete'",
        "UPDATE etl.fact_payment_event SET batch = 2 WHERE op = 'delete'",
        "deletions of fact_payment: the Parquet files and etl.fact_deletion differ in 1 key",
    ),
    "a dimension": (
        "UPDATE dim_staff SET first_name = 'Zoe|~' WHERE staff_id = 1",
        "UPDATE dim_staff SET first_name = 'Zoë|~' WHERE staff_id = 1",
        f"dim_staff: {PAIR} 00000, staff_id 1 (other values): find who",
    ),
    "a day": (
        "UPDATE dim_date SET day_name = 'Funday' WHERE date_id = '2022-11-03'",
        "UPDATE dim_date SET day_name = 'Thursday' WHERE date_id = '2022-11-03'",
        f"dim_date: {PAIR} 2022, date_id 2022-11-03 (other values): find who",
    ),
    "a foreign key that is gone, and one that is not checked": (
        "ALTER TABLE fact_payment DROP CONSTRAINT fact_payment_currency_id_fkey;"
        "ALTER TABLE fact_payment DROP CONSTRAINT fact_payment_payment_type_id_fkey,"
        f" ADD CONSTRAINT fact_payment_payment_type_id_fkey {BY_TYPE} NOT VALID",
        "ALTER TABLE fact_payment VALIDATE CONSTRAINT fact_payment_payment_type_id_fkey;"
        f"ALTER TABLE fact_payment ADD CONSTRAINT fact_payment_currency_id_fkey {BY_CURRENCY}",
        f"public.fact_payment lacks {BY_CURRENCY}",
        f"public.fact_payment has {BY_TYPE} NOT VALID, must be validated",
    ),
    "a version that is missing": (
        "CREATE TABLE lost AS SELECT * FROM fact_purchase_orders WHERE purchase_record_id = 1;"
        "DELETE FROM fact_purchase_orders WHERE purchase_record_id = 1",
        "INSERT INTO fact_purchase_orders SELECT * FROM lost; DROP TABLE lost",
        "fact_purchase_orders: purchase_record_id 1 missing without being in quarantine",
        f"fact_purchase_orders with its events: {PAIR} 00000, purchase_record_id 1 (other values)",
        f"fact_purchase_orders: {NEWEST}, first 00000, purchase_record_id 1 (not in its",
    ),
    "a row that facts refer to": (
        "CREATE TABLE kept AS SELECT * FROM dim_design WHERE design_id = 1;"
        "DELETE FROM dim_design WHERE design_id = 1",
        "INSERT INTO dim_design SELECT * FROM kept; DROP TABLE kept",
        f"dim_design: {PAIR} 00000, design_id 1 (not in the warehouse): find who",
        "fact_sales_order: FOREIGN KEY (design_id) REFERENCES dim_design (design_id) is broken,"
        " sales_record_id 5 refer to nothing: find who",
    ),
    "a record id that is there twice": (
        "ALTER TABLE fact_sales_order DROP CONSTRAINT fact_sales_order_pkey;"
        "INSERT INTO fact_sales_order SELECT * FROM fact_sales_order WHERE sales_record_id = 1",
        "DELETE FROM fact_sales_order AS a USING fact_sales_order AS b"
        " WHERE a.ctid > b.ctid AND a.sales_record_id = b.sales_record_id;"
        "ALTER TABLE fact_sales_order"
        " ADD CONSTRAINT fact_sales_order_pkey PRIMARY KEY (sales_record_id)",
        "fact_sales_order: sales_record_id 1 more than once: find who",
        f"fact_sales_order with its events: {PAIR} 00000, sales_record_id 1 (2 times, not 1)",
        "public.fact_sales_order's primary key is missing, must be (sales_record_id)",
    ),
}
"""What was done, how it is undone, and the beginnings of all that the audit must say of it."""


def test_whatever_was_changed_in_the_warehouse_is_named(
    harness: Harness, capsys: pytest.CaptureFixture[str]
) -> None:
    with tampered(harness, ((change, undo) for change, undo, *_ in TAMPERED.values())):
        differences = found(harness, capsys)
    # The one difference of current sales orders names what two of the changes did.
    current = [d for d in differences if d.startswith(f"fact_sales_order: {NEWEST}")]
    assert len(current) == 1
    assert "sales_record_id 1 (2 times, not 1), 2 (only in its current view)" in current[0]
    for what, (_, _, *told) in TAMPERED.items():
        for beginning in told:
            if what != "which version ended which":
                assert [d for d in differences if d.startswith(beginning)], (what, differences)
    assert len(differences) == sum(len(told) for _, _, *told in TAMPERED.values())


@pytest.fixture
def replaced(harness: Harness) -> Iterator[Callable[[str, str, bytes], None]]:
    """Overwrites objects, as no role can; the old content comes back afterwards."""
    s3, before = boto3.client("s3"), dict[tuple[str, str], bytes]()

    def replace(bucket: str, key: str, body: bytes) -> None:
        stored = s3.get_object(Bucket=bucket, Key=key)["Body"].read()
        before.setdefault((bucket, key), stored)
        s3.put_object(Bucket=bucket, Key=key, Body=body, ChecksumAlgorithm="SHA256")

    yield replace
    for (bucket, key), body in before.items():
        s3.put_object(Bucket=bucket, Key=key, Body=body, ChecksumAlgorithm="SHA256")


def head(harness: Harness) -> StarCommit:
    commit = harness.star_head()
    assert commit is not None
    return commit


def test_a_damaged_file_is_named(
    harness: Harness, replaced: Callable[..., None], capsys: pytest.CaptureFixture[str]
) -> None:
    bucket = harness.arguments["processed_bucket"]
    (partition,) = head(harness).tables["dim_staff"].partitions.values()
    key = partition.files[0].key
    replaced(bucket, key, b"x" * partition.files[0].bytes)
    (told,) = found(harness, capsys)
    assert told.startswith(f"s3://{bucket}/{key} is not what was written: its sha256 is not")
    replaced(bucket, key, b"x")
    (told,) = found(harness, capsys)
    assert told.startswith(f"s3://{bucket}/{key} has 1 bytes, {partition.files[0].bytes} were")


def test_commits_and_catalogue_that_were_changed_are_found(
    harness: Harness, replaced: Callable[..., None], capsys: pytest.CaptureFixture[str]
) -> None:
    """A commit names older, intact files; another counts wrongly; a partition points elsewhere."""
    raw, processed = harness.arguments["raw_bucket"], harness.arguments["processed_bucket"]
    s3, key = boto3.client("s3"), star_log(boto3.client("s3"), processed).key

    def document(bucket: str, number: int) -> Any:
        return json.loads(s3.get_object(Bucket=bucket, Key=key(number))["Body"].read())

    star, counts = document(processed, 2), document(raw, 2)
    older = document(processed, 1)["tables"]["dim_staff"]["partitions"]
    star["tables"]["dim_staff"]["partitions"] = older
    counts["tables"]["payment"]["deleted"] = 0
    replaced(processed, key(2), json.dumps(star).encode())
    replaced(raw, key(2), json.dumps(counts).encode())
    differences = found(harness, capsys)
    database = harness.arguments["star_database"]
    for beginning in (
        "batch 2, payment: 10 rows before + 0 inserted - 0 deleted are not 9 live: a commit was",
        "batch 2, payment: 1 rows in its files of changes, 0 counted: a commit was changed",
        "dim_staff: the replay of all changes and the Parquet files differ in 1 key range(s), first"
        " 00000, staff_id 1 (other values): run `totesys rebuild --star --swap`",
        f"dim_staff: {PAIR} 00000, staff_id 1 (other values): find who",
        f"Data Catalog table {database}.dim_staff: 1 partition(s) are not the commits', first"
        " 00000, which is s3://",
    ):
        assert [d for d in differences if d.startswith(beginning)], (beginning, differences)
    assert len(differences) == 5


def test_a_catalogue_that_lags_is_waited_for_and_then_named(harness: Harness) -> None:
    """Publishing ends before patience does, or does not."""
    glue, s3 = boto3.client("glue"), boto3.client("s3")
    database, bucket = harness.arguments["star_database"], harness.arguments["processed_bucket"]
    star = star_log(s3, bucket)
    assert star_differences(glue, star, database, bucket) == []
    lagging = glue.get_table(DatabaseName=database, Name="dim_staff")["Table"]
    given: Any = {k: lagging[k] for k in ("Name", "StorageDescriptor", "PartitionKeys")}  # type: ignore[literal-required]
    given["Parameters"] = lagging["Parameters"] | {"totesys.commit": "1"}
    glue.update_table(DatabaseName=database, TableInput=given)
    assert star_differences(glue, star, database, bucket, patience=0) == [
        f"Data Catalog table {database}.dim_staff shows commit 1, the newest is 2: run workflow"
        " totesys_transform_load"
    ]
    with ThreadPoolExecutor() as pool:
        waiting = pool.submit(star_differences, glue, star, database, bucket)
        publish_star(glue, star, database, bucket)
        assert waiting.result() == []

    database, bucket = harness.arguments["raw_database"], harness.arguments["raw_bucket"]
    raw = raw_log(s3, bucket)
    assert raw_differences(glue, raw, database, bucket) == []
    day = raw.read(2).ingest_date
    gone: Any = {"DatabaseName": database, "TableName": "payment", "PartitionValues": [day, "2"]}
    kept = glue.get_partition(**gone)["Partition"]
    glue.delete_partition(**gone)
    (told,) = raw_differences(glue, raw, database, bucket)
    assert f"{database}.payment: 1 partition(s) are not the commits', first {day}/2" in told
    back: Any = {k: kept[k] for k in ("Values", "StorageDescriptor")}  # type: ignore[literal-required]
    glue.create_partition(DatabaseName=database, TableName="payment", PartitionInput=back)
    assert raw_differences(glue, raw, database, bucket) == []


def test_a_warehouse_of_another_lake_is_refused(harness: Harness) -> None:
    change = "UPDATE etl.load_ledger SET raw_through = {} WHERE commit_number = 2"
    with tampered(harness, [(change.format(9), change.format(3))]), pytest.raises(WarehouseAhead):
        harness.audit()


def test_everything_was_undone(harness: Harness) -> None:
    """Last in this file; and what waits for its load does not disturb an audit."""
    harness.source.execute("UPDATE staff SET first_name = 'Later' WHERE staff_id = 2")
    harness.ingest()
    harness.transform()
    done = harness.audit()
    assert done is not None
    assert (done.commit, done.batch) == (2, 3)
