"""The audit finds whatever was tampered with, says where, and is content when it is undone."""

import json
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from typing import Any

import boto3
import pytest

from fixtures.bench import Bench
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
def bench(shared_bench: Bench) -> Bench:
    """Three batches, two processed commits, all in the warehouse."""
    shared_bench.transform()
    for statement in CHANGES:
        shared_bench.source.execute(statement.encode())
    shared_bench.ingest()
    shared_bench.source.execute(
        "UPDATE sales_order SET units_sold = units_sold + 1 WHERE sales_order_id IN (2, 3)"
    )
    shared_bench.ingest()
    shared_bench.transform()
    assert shared_bench.load() == 2
    return shared_bench


@contextmanager
def tampered(bench: Bench, change: str, undo: str) -> Iterator[None]:
    """`change` in the warehouse, without triggers and foreign keys, undone afterwards."""
    bench.warehouse.execute("SET session_replication_role = replica")
    try:
        bench.warehouse.execute(change.encode())
        yield
    finally:
        bench.warehouse.execute(undo.encode())
        bench.warehouse.execute("RESET session_replication_role")


def found(bench: Bench) -> str:
    with pytest.raises(AuditFailed) as failed:
        bench.audit()
    assert "\n" not in str(failed.value)
    return str(failed.value)


def test_an_audit_says_what_is_there(bench: Bench) -> None:
    before = audits.newest(boto3.client("s3"), bench.arguments["processed_bucket"])
    done = bench.audit()
    assert before is None and done is not None
    assert (done.commit, done.batch) == (2, 3)
    assert audits.newest(boto3.client("s3"), bench.arguments["processed_bucket"]) == done
    assert tuple(done.tables) == tuple(STAR_TABLES)
    sales, purchases = done.tables["fact_sales_order"], done.tables["fact_purchase_orders"]
    payments = done.tables["fact_payment"]
    assert (sales.rows, sales.current, sales.deleted, sales.quarantined) == (8, 5, 0, 0)
    assert (purchases.rows, purchases.current, purchases.quarantined) == (5, 5, 1)
    assert (payments.rows, payments.current, payments.deleted) == (10, 9, 1)
    for name, table in done.tables.items():
        query = f"SELECT count(*) FROM {name}".encode()
        assert bench.warehouse.execute(query).fetchall() == [(table.rows,)], name


TAMPERED = {
    "a value": (
        "UPDATE fact_payment SET payment_amount = payment_amount + 1 WHERE payment_record_id = 4",
        "UPDATE fact_payment SET payment_amount = payment_amount - 1 WHERE payment_record_id = 4",
        "fact_payment with its events: the Parquet files and the warehouse differ in 1 key"
        " range(s), first 00000, payment_record_id 4 (other values): find who",
    ),
    "a moment": (
        "UPDATE etl.fact_payment_event SET valid_from = valid_from + interval '1 ms'"
        " WHERE record_id = 5",
        "UPDATE etl.fact_payment_event SET valid_from = valid_from - interval '1 ms'"
        " WHERE record_id = 5",
        "payment_record_id 5 (other values)",
    ),
    "which version ended which": (
        "UPDATE etl.fact_sales_order_event SET supersedes = 4 WHERE supersedes = 2",
        "UPDATE etl.fact_sales_order_event SET supersedes = 2 WHERE supersedes = 4",
        "fact_sales_order: the newest versions in the Parquet files and its current view differ",
    ),
    "a deletion": (
        "UPDATE etl.fact_deletion SET batch = 77",
        "UPDATE etl.fact_deletion SET batch = 2",
        "deletions of fact_payment: the Parquet files and etl.fact_deletion differ",
    ),
    "a dimension": (
        "UPDATE dim_staff SET first_name = 'Zoe|~' WHERE staff_id = 1",
        "UPDATE dim_staff SET first_name = 'Zoë|~' WHERE staff_id = 1",
        "dim_staff: the Parquet files and the warehouse differ in 1 key range(s), first 00000, "
        "staff_id 1 (other values)",
    ),
    "a day": (
        "UPDATE dim_date SET day_name = 'Funday' WHERE date_id = '2022-11-03'",
        "UPDATE dim_date SET day_name = 'Thursday' WHERE date_id = '2022-11-03'",
        "dim_date: the Parquet files and the warehouse differ in 1 key range(s), first 2022, "
        "date_id 2022-11-03 (other values)",
    ),
    "a foreign key": (
        "ALTER TABLE fact_payment DROP CONSTRAINT fact_payment_currency_id_fkey",
        "ALTER TABLE fact_payment ADD CONSTRAINT fact_payment_currency_id_fkey"
        " FOREIGN KEY (currency_id) REFERENCES dim_currency (currency_id)",
        "public.fact_payment lacks FOREIGN KEY (currency_id) REFERENCES dim_currency (currency_id)",
    ),
    "a foreign key that is not checked": (
        "ALTER TABLE fact_payment DROP CONSTRAINT fact_payment_currency_id_fkey,"
        " ADD CONSTRAINT fact_payment_currency_id_fkey FOREIGN KEY (currency_id)"
        " REFERENCES dim_currency (currency_id) NOT VALID",
        "ALTER TABLE fact_payment VALIDATE CONSTRAINT fact_payment_currency_id_fkey",
        "NOT VALID, must be validated",
    ),
}


@pytest.mark.parametrize("what", TAMPERED)
def test_what_was_changed_in_the_warehouse_is_named(bench: Bench, what: str) -> None:
    change, undo, told = TAMPERED[what]
    with tampered(bench, change, undo):
        message = found(bench)
    assert message.startswith("2 difference(s): " if what == "a value" else "1 difference(s): ")
    assert told in message


def test_a_row_that_is_missing_is_named_as_row_and_as_hole(bench: Bench) -> None:
    bench.warehouse.execute("CREATE TABLE kept AS SELECT * FROM dim_design WHERE design_id = 1")
    bench.warehouse.execute("CREATE TABLE lost AS SELECT * FROM fact_sales_order LIMIT 1")
    (lost,) = bench.warehouse.execute("SELECT sales_record_id FROM lost").fetchall()[0]
    with tampered(
        bench,
        f"DELETE FROM fact_sales_order WHERE sales_record_id = {lost}",
        "INSERT INTO fact_sales_order SELECT * FROM lost",
    ):
        message = found(bench)
    assert (
        f"fact_sales_order: sales_record_id {lost} missing without being in quarantine" in message
    )
    assert f"sales_record_id {lost} (other values)" in message  # its event still stands
    bench.warehouse.execute("DROP TABLE lost")
    with tampered(
        bench,
        "DELETE FROM dim_design WHERE design_id = 1",
        "INSERT INTO dim_design SELECT * FROM kept",
    ):
        message = found(bench)
    assert "design_id 1 (not in the warehouse)" in message
    assert "(design_id) REFERENCES dim_design (design_id) is broken, sales_record_id " in message
    bench.warehouse.execute("DROP TABLE kept")


def test_a_record_id_that_is_there_twice_is_named(bench: Bench) -> None:
    with tampered(
        bench,
        "ALTER TABLE fact_payment DROP CONSTRAINT fact_payment_pkey;"
        "INSERT INTO fact_payment SELECT * FROM fact_payment WHERE payment_record_id = 2",
        "DELETE FROM fact_payment AS a USING fact_payment AS b"
        " WHERE a.ctid > b.ctid AND a.payment_record_id = b.payment_record_id;"
        "ALTER TABLE fact_payment ADD CONSTRAINT fact_payment_pkey PRIMARY KEY (payment_record_id)",
    ):
        message = found(bench)
    assert "fact_payment: payment_record_id 2 more than once" in message
    assert "payment_record_id 2 (2 times, not 1)" in message
    assert "public.fact_payment's primary key is missing, must be (payment_record_id)" in message


@pytest.fixture
def replaced(bench: Bench) -> Iterator[Callable[[str, str, bytes], None]]:
    """Overwrites objects, as no role can; the old content comes back afterwards."""
    s3, before = boto3.client("s3"), dict[tuple[str, str], bytes]()

    def replace(bucket: str, key: str, body: bytes) -> None:
        before[(bucket, key)] = s3.get_object(Bucket=bucket, Key=key)["Body"].read()
        s3.put_object(Bucket=bucket, Key=key, Body=body, ChecksumAlgorithm="SHA256")

    yield replace
    for (bucket, key), body in before.items():
        s3.put_object(Bucket=bucket, Key=key, Body=body, ChecksumAlgorithm="SHA256")


def head(bench: Bench) -> StarCommit:
    commit = bench.star_head()
    assert commit is not None
    return commit


def test_a_damaged_file_is_named(bench: Bench, replaced: Callable[..., None]) -> None:
    bucket = bench.arguments["processed_bucket"]
    (partition,) = head(bench).tables["dim_staff"].partitions.values()
    key = partition.files[0].key
    replaced(bucket, key, b"x" * partition.files[0].bytes)
    assert f"s3://{bucket}/{key} is not what was written: its sha256 is not" in found(bench)
    replaced(bucket, key, b"x")
    assert f"s3://{bucket}/{key} has 1 bytes, {partition.files[0].bytes} were written" in found(
        bench
    )


def test_a_file_with_other_rows_that_a_commit_names_is_found(
    bench: Bench, replaced: Callable[..., None]
) -> None:
    """Both the file and the commit were exchanged, so that only the changes tell."""
    bucket, log = bench.arguments["processed_bucket"], star_log(boto3.client("s3"), "")
    first = star_log(boto3.client("s3"), bucket).read(1)
    document = json.loads(
        boto3.client("s3").get_object(Bucket=bucket, Key=log.key(2))["Body"].read()
    )
    older = json.loads(boto3.client("s3").get_object(Bucket=bucket, Key=log.key(1))["Body"].read())
    document["tables"]["dim_staff"]["partitions"] = older["tables"]["dim_staff"]["partitions"]
    replaced(bucket, log.key(2), json.dumps(document).encode())
    message = found(bench)
    assert first.tables["dim_staff"].partitions == head(bench).tables["dim_staff"].partitions
    assert (
        "dim_staff: the fold of all changes and the Parquet files differ in 1 key range(s), first"
        " 00000, staff_id 1 (other values)"
    ) in message
    assert "dim_staff: the Parquet files and the warehouse differ" in message


def test_counts_that_do_not_add_up_are_found(bench: Bench, replaced: Callable[..., None]) -> None:
    bucket, log = bench.arguments["raw_bucket"], star_log(boto3.client("s3"), "")
    document = json.loads(
        boto3.client("s3").get_object(Bucket=bucket, Key=log.key(2))["Body"].read()
    )
    document["tables"]["payment"]["deleted"] = 0
    replaced(bucket, log.key(2), json.dumps(document).encode())
    message = found(bench)
    assert "batch 2, payment: 10 rows before + 0 inserted - 0 deleted are not 9 live" in message
    assert "batch 2, payment: 1 rows in its files of changes, 0 counted" in message


def test_a_partition_that_points_elsewhere_is_named(bench: Bench) -> None:
    glue, database = boto3.client("glue"), bench.arguments["star_database"]
    pointing: dict[str, Any] = {"DatabaseName": database, "TableName": "dim_staff"}
    right = glue.get_partition(**pointing, PartitionValues=["00000"])["Partition"]
    given = {k: right[k] for k in ("Values", "StorageDescriptor", "Parameters")}  # type: ignore[literal-required]
    wrong = {
        **given,
        "StorageDescriptor": {**right["StorageDescriptor"], "Location": "s3://elsewhere/"},
    }
    glue.update_partition(**pointing, PartitionValueList=["00000"], PartitionInput=wrong)  # type: ignore[arg-type]
    message = found(bench)
    glue.update_partition(**pointing, PartitionValueList=["00000"], PartitionInput=given)  # type: ignore[arg-type]
    assert (
        f"Data Catalog table {database}.dim_staff: 1 partition(s) are not the commits', first"
        " 00000, which is s3://elsewhere/ and must be s3://"
    ) in message


def test_a_catalogue_that_lags_is_waited_for_and_then_named(bench: Bench) -> None:
    """Publishing ends before patience does, or does not."""
    glue, s3 = boto3.client("glue"), boto3.client("s3")
    database, bucket = bench.arguments["star_database"], bench.arguments["processed_bucket"]
    star = star_log(s3, bucket)
    assert star_differences(glue, star, database, bucket) == []
    lagging = glue.get_table(DatabaseName=database, Name="dim_staff")["Table"]
    given: Any = {k: lagging[k] for k in ("Name", "StorageDescriptor", "PartitionKeys")}  # type: ignore[literal-required]
    given["Parameters"] = lagging["Parameters"] | {"totesys.commit": "1"}
    glue.update_table(DatabaseName=database, TableInput=given)
    assert star_differences(glue, star, database, bucket, patience=0) == [
        f"Data Catalog table {database}.dim_staff shows commit 1, the newest is 2: run workflow"
        " totesys_publish"
    ]
    with ThreadPoolExecutor() as pool:
        waiting = pool.submit(star_differences, glue, star, database, bucket)
        publish_star(glue, star, database, bucket)
        assert waiting.result() == []

    database, bucket = bench.arguments["raw_database"], bench.arguments["raw_bucket"]
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


def test_a_warehouse_of_another_lake_is_refused(bench: Bench) -> None:
    change = "UPDATE etl.load_ledger SET raw_through = {} WHERE commit_number = 2"
    with tampered(bench, change.format(9), change.format(3)), pytest.raises(WarehouseAhead):
        bench.audit()


def test_everything_was_undone(bench: Bench) -> None:
    """Last in this file; and what waits for its load does not disturb an audit."""
    bench.source.execute("UPDATE staff SET first_name = 'Later' WHERE staff_id = 2")
    bench.ingest()
    bench.transform()
    done = bench.audit()
    assert done is not None
    assert (done.commit, done.batch) == (2, 3)
