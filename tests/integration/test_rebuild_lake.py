"""Current rows and star tables made anew from the raw bucket: proven, and put in service.

The tests are one story on one lake and run in order; each leaves it whole.
"""

from collections.abc import Iterator

import boto3
import pytest

from fixtures.bench import Bench
from fixtures.damage import altered, empty, keys
from totesys_etl.errors import CertificateFailed, CommitMissing, RebuildDiffers, WarehouseAhead
from totesys_etl.lake.commits import CURRENT, RawCommit, StarCommit, raw_log
from totesys_etl.lake.rebuilds import FOLDER

BATCHES = (
    "CREATE TABLE kept AS SELECT * FROM payment WHERE payment_id = 7;"
    " DELETE FROM payment WHERE payment_id = 7;"
    " UPDATE payment SET paid = NOT paid WHERE payment_id = 3;"
    " UPDATE address SET district = 'Rutland' WHERE address_id = 15",
    "INSERT INTO payment SELECT * FROM kept; DROP TABLE kept;"
    " UPDATE sales_order SET units_sold = 1 WHERE sales_order_id IN (1, 2)",
    "UPDATE sales_order SET units_sold = 2 WHERE sales_order_id = 1;"
    " DELETE FROM payment WHERE payment_id = 9;"
    " UPDATE payment SET payment_amount = 'NaN' WHERE payment_id = 10",
)


@pytest.fixture(scope="module")
def bench(shared_bench: Bench) -> Iterator[Bench]:
    """Four batches, three processed commits, a loaded warehouse."""
    shared_bench.transform()
    shared_bench.load()
    for statement in BATCHES:
        shared_bench.source.execute(statement.encode())
        assert shared_bench.ingest() is not None
        if statement is not BATCHES[1]:
            shared_bench.transform()
    shared_bench.load()
    yield shared_bench


def raw_head(bench: Bench) -> RawCommit:
    head = raw_log(boto3.client("s3"), bench.arguments["raw_bucket"]).head()
    assert head is not None
    return head


def star_head(bench: Bench) -> StarCommit:
    head = bench.star_head()
    assert head is not None
    return head


def change(bench: Bench) -> None:
    bench.source.execute("UPDATE sales_order SET units_sold = units_sold + 1")


def loaded(bench: Bench) -> tuple[int, int]:
    query = "SELECT max(commit_number), max(raw_through) FROM etl.load_ledger"
    (row,) = bench.warehouse.execute(query.encode()).fetchall()
    return row


def locations(bench: Bench, table: str) -> set[str]:
    pages = boto3.client("glue").get_partitions(
        DatabaseName=bench.arguments["star_database"], TableName=table
    )
    return {p["StorageDescriptor"]["Location"] for p in pages["Partitions"]}


def position(bench: Bench, table: str) -> int:
    found = boto3.client("glue").get_table(
        DatabaseName=bench.arguments["star_database"], Name=table
    )["Table"]
    return int(found["Parameters"]["totesys.commit"])


def test_current_rows_are_the_fold_of_all_changes(bench: Bench) -> None:
    report = bench.rebuild("current", "compare")
    assert report.differences == {}
    assert {n: report.tables[n].rows for n in ("payment", "sales_order", "address")} == {
        "payment": 10,  # a deleted key keeps its row
        "sales_order": 5,
        "address": 30,
    }
    assert len(report.tables) == 11
    assert raw_head(bench).batch == report.through == 4


def test_star_tables_from_one_range_are_those_of_three_commits(bench: Bench) -> None:
    before = star_head(bench)
    files = keys(bench.arguments["processed_bucket"]) - keys(
        bench.arguments["processed_bucket"], FOLDER
    )
    report = bench.rebuild("star", "compare")
    assert (report.through, report.differences, len(report.tables)) == (4, {}, 14)
    assert {n: t.rows for n, t in report.tables.items()} == {
        n: t.rows for n, t in before.tables.items()
    }
    assert report.tables["fact_payment"].rows == 12
    assert report.tables["quarantine"].rows == 1
    # Nothing in service or beside it has changed.
    assert star_head(bench) == before
    assert files == keys(bench.arguments["processed_bucket"]) - keys(
        bench.arguments["processed_bucket"], FOLDER
    )


def test_a_damaged_current_file_is_named_and_healed(bench: Bench) -> None:
    head = raw_head(bench)
    (file,) = head.tables["sales_order"].current["00000"].files
    work = bench.arguments["work_bucket"]
    with altered(work, file, "units_sold", 4711):
        with pytest.raises(RebuildDiffers, match=r"sales_order: range 00000: sales_order_id 1\. "):
            bench.rebuild("current", "compare")
        assert raw_head(bench) == head
        assert bench.rebuild("current", "swap").swapped
    healed = raw_head(bench)
    assert (healed.batch, healed.kind) == (head.batch + 1, CURRENT)
    assert healed.tables["sales_order"].current["00000"].files != (file,)
    untouched = {n for n, t in healed.tables.items() if t.current == head.tables[n].current}
    assert untouched == set(head.tables) - {"sales_order"}
    assert bench.rebuild("current", "compare").differences == {}


def test_a_value_outside_fingerprints_counts_too(bench: Bench) -> None:
    """A deleted key's row, and when a row became so."""
    (file,) = raw_head(bench).tables["payment"].current["00000"].files
    with (
        altered(bench.arguments["work_bucket"], file, "valid_from", None),
        pytest.raises(RebuildDiffers, match=r"payment: range 00000: payment_id 1\. "),
    ):
        bench.rebuild("current", "compare")


def test_changes_that_contradict_the_commits_are_never_made_current(bench: Bench) -> None:
    first = raw_log(boto3.client("s3"), bench.arguments["raw_bucket"]).read(1)
    (file,) = first.tables["staff"].changes
    head = raw_head(bench)
    with (
        altered(bench.arguments["raw_bucket"], file, "first_name", "Nobody"),
        pytest.raises(CertificateFailed, match=r"staff: .* range 00000.* staff_id 1: .*restore"),
    ):
        bench.rebuild("current", "swap")
    assert raw_head(bench) == head


def test_a_lost_work_bucket(bench: Bench) -> None:
    """totesys rebuild --current --swap"""
    assert empty(bench.arguments["work_bucket"]) > 11
    change(bench)
    with pytest.raises(CommitMissing):
        bench.ingest()
    head = raw_head(bench)
    with pytest.raises(RebuildDiffers, match=r"payment: its files cannot be read.*--current"):
        bench.rebuild("current", "compare")

    bench.rebuild("current", "swap")

    healed = raw_head(bench)
    assert (healed.batch, healed.kind) == (head.batch + 1, CURRENT)
    assert healed.captured_at > head.captured_at
    commit = bench.ingest()
    assert commit is not None and commit.batch == healed.batch + 1
    assert commit.tables["sales_order"].updated == 5
    assert bench.rebuild("current", "compare").differences == {}
    # Downstream goes past the batches without changes.
    bench.transform()
    bench.load()
    assert loaded(bench)[1] == star_head(bench).raw_through == commit.batch
    assert bench.rebuild("star", "compare").differences == {}


def test_a_damaged_star_file_is_named_and_swapped(bench: Bench) -> None:
    head = star_head(bench)
    month, partition = sorted(head.tables["fact_payment"].partitions.items())[0]
    with altered(bench.arguments["processed_bucket"], partition.files[0], "payment_type_id", 77):
        told = rf"fact_payment: created_month {month}: payment_record_id \d+\. .*--star --swap"
        with pytest.raises(RebuildDiffers, match=told):
            bench.rebuild("star", "compare")
        assert star_head(bench) == head
        before = locations(bench, "fact_payment")
        bench.rebuild("star", "swap")
    swapped = star_head(bench)
    assert (swapped.number, swapped.raw_through) == (head.number + 1, head.raw_through)
    assert position(bench, "fact_payment") == swapped.number
    assert locations(bench, "fact_payment").isdisjoint(before)
    # The warehouse goes on: the commit brings nothing new.
    assert bench.load() == 1
    assert loaded(bench) == (swapped.number, swapped.raw_through)
    assert bench.rebuild("warehouse", "compare").differences == {}


def test_a_swap_brings_the_batches_that_wait(bench: Bench) -> None:
    head = star_head(bench)
    change(bench)
    bench.ingest()
    bench.rebuild("star", "swap")
    swapped = star_head(bench)
    assert (swapped.raw_from, swapped.raw_through) == (head.raw_through + 1, head.raw_through + 1)
    assert swapped.tables["fact_sales_order"].added == 5
    bench.load()
    assert bench.rebuild("warehouse", "compare").differences == {}
    assert bench.audit() is not None


def test_a_lost_processed_bucket(bench: Bench) -> None:
    """totesys rebuild --star --swap, then totesys rebuild --warehouse --swap"""
    assert empty(bench.arguments["processed_bucket"]) > 14
    lost = position(bench, "fact_payment")
    assert lost > 1

    bench.rebuild("star", "swap")

    head = star_head(bench)
    assert (head.number, head.raw_from, head.raw_through) == (1, 1, raw_head(bench).batch)
    assert position(bench, "fact_payment") == 1
    bucket = bench.arguments["processed_bucket"]
    for location in locations(bench, "fact_payment"):
        assert keys(bucket, location.removeprefix(f"s3://{bucket}/"))
    with pytest.raises(WarehouseAhead):
        bench.load()
    report = bench.rebuild("warehouse", "swap")
    assert report.swapped and set(report.differences) == {"load_ledger"}
    assert loaded(bench) == (1, head.raw_through)
    change(bench)
    bench.ingest()
    bench.transform()
    assert bench.load() == 1
    assert bench.rebuild("warehouse", "compare").differences == {}
    assert bench.audit() is not None
