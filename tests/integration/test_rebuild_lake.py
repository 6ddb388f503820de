"""Current rows and star tables written again from the raw bucket: compared, and put in use.

The tests are one story on one lake and run in order; each leaves it whole.
"""

from collections.abc import Iterator

import boto3
import pytest

from fixtures.damage import altered, empty, keys
from fixtures.harness import Harness
from totesys_etl.errors import AuditFailed, CertificateFailed, CommitMissing, WarehouseAhead
from totesys_etl.lake.commits import CURRENT, RawCommit, StarCommit, raw_log

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
def harness(shared_harness: Harness) -> Iterator[Harness]:
    """Four batches, three processed commits, a loaded warehouse."""
    shared_harness.transform()
    shared_harness.load()
    for statement in BATCHES:
        shared_harness.source.execute(statement.encode())
        assert shared_harness.ingest() is not None
        if statement is not BATCHES[1]:
            shared_harness.transform()
    shared_harness.load()
    yield shared_harness


def raw_head(harness: Harness) -> RawCommit:
    head = raw_log(boto3.client("s3"), harness.arguments["raw_bucket"]).head()
    assert head is not None
    return head


def star_head(harness: Harness) -> StarCommit:
    head = harness.star_head()
    assert head is not None
    return head


def change(harness: Harness) -> None:
    harness.source.execute("UPDATE sales_order SET units_sold = units_sold + 1")


def loaded(harness: Harness) -> tuple[int, int]:
    query = "SELECT max(commit_number), max(raw_through) FROM etl.load_ledger"
    (row,) = harness.warehouse.execute(query.encode()).fetchall()
    return row


def locations(harness: Harness, table: str) -> set[str]:
    pages = boto3.client("glue").get_partitions(
        DatabaseName=harness.arguments["star_database"], TableName=table
    )
    return {p["StorageDescriptor"]["Location"] for p in pages["Partitions"]}


def position(harness: Harness, table: str) -> int:
    found = boto3.client("glue").get_table(
        DatabaseName=harness.arguments["star_database"], Name=table
    )["Table"]
    return int(found["Parameters"]["totesys.commit"])


def test_whole_current_rows_stay_as_they_are(harness: Harness) -> None:
    head = raw_head(harness)
    assert harness.rebuild("current") is None
    assert raw_head(harness) == head


def test_star_tables_from_one_range_are_those_of_three_commits(harness: Harness) -> None:
    before = star_head(harness)
    assert harness.rebuild("star").number == before.number + 1
    rebuilt = star_head(harness)
    assert {name: table.rows for name, table in rebuilt.tables.items()} == {
        name: table.rows for name, table in before.tables.items()
    }
    assert (rebuilt.tables["fact_payment"].rows, rebuilt.tables["quarantine"].rows) == (12, 1)
    assert rebuilt.versions == before.versions
    # The warehouse, loaded commit by commit, is what one range gives: record ids and history too.
    assert harness.load() == 1
    assert harness.audit() is not None


def test_a_damaged_current_file_is_named_and_healed(harness: Harness) -> None:
    head = raw_head(harness)
    (file,) = head.tables["sales_order"].current["00000"].files
    work = harness.arguments["work_bucket"]
    with altered(work, file, "units_sold", 4711):
        with pytest.raises(CertificateFailed, match=r"sales_order"):
            harness.ingest(compare="scrub")
        assert raw_head(harness) == head
        assert harness.rebuild("current") is not None
    healed = raw_head(harness)
    assert (healed.batch, healed.kind) == (head.batch + 1, CURRENT)
    assert healed.tables["sales_order"].current["00000"].files != (file,)
    untouched = {n for n, t in healed.tables.items() if t.current == head.tables[n].current}
    assert untouched == set(head.tables) - {"sales_order"}
    assert harness.ingest(compare="scrub") is None


def test_a_value_outside_fingerprints_counts_too(harness: Harness) -> None:
    """A deleted key's row, and when a row became so."""
    (file,) = raw_head(harness).tables["payment"].current["00000"].files
    with altered(harness.arguments["work_bucket"], file, "valid_from", None):
        with pytest.raises(
            CertificateFailed, match=r"payment range 00000: .*/current/payment/.* written"
        ):
            harness.ingest(compare="scrub")
        assert harness.rebuild("current") is not None
    assert harness.ingest(compare="scrub") is None


def test_changes_that_contradict_the_commits_are_never_made_current(harness: Harness) -> None:
    first = raw_log(boto3.client("s3"), harness.arguments["raw_bucket"]).read(1)
    (file,) = first.tables["staff"].changes
    head = raw_head(harness)
    with (
        altered(harness.arguments["raw_bucket"], file, "first_name", "Nobody"),
        pytest.raises(CertificateFailed, match=r"is not what was written"),
    ):
        harness.rebuild("current")
    assert raw_head(harness) == head


def test_a_lost_work_bucket(harness: Harness) -> None:
    """totesys rebuild --current --swap"""
    assert empty(harness.arguments["work_bucket"]) > 11
    change(harness)
    with pytest.raises(CommitMissing):
        harness.ingest()
    head = raw_head(harness)

    harness.rebuild("current")

    healed = raw_head(harness)
    assert (healed.batch, healed.kind) == (head.batch + 1, CURRENT)
    assert healed.captured_at > head.captured_at
    commit = harness.ingest()
    assert commit is not None and commit.batch == healed.batch + 1
    assert commit.tables["sales_order"].updated == 5
    assert harness.ingest(compare="scrub") is None
    # Downstream goes past the batches without changes.
    harness.transform()
    harness.load()
    assert loaded(harness)[1] == star_head(harness).raw_through == commit.batch
    assert harness.audit() is not None


def test_a_damaged_star_file_is_named_and_swapped(harness: Harness) -> None:
    head = star_head(harness)
    _, partition = sorted(head.tables["fact_payment"].partitions.items())[0]
    file = partition.files[0]
    with altered(harness.arguments["processed_bucket"], file, "payment_type_id", 77):
        with pytest.raises(AuditFailed, match=rf"{file.key} .* is not|{file.key} has \d+ bytes"):
            harness.audit()
        assert star_head(harness) == head
        before = locations(harness, "fact_payment")
        harness.rebuild("star")
    swapped = star_head(harness)
    assert (swapped.number, swapped.raw_through) == (head.number + 1, head.raw_through)
    assert position(harness, "fact_payment") == swapped.number
    assert locations(harness, "fact_payment").isdisjoint(before)
    # The warehouse goes on: the commit brings nothing new.
    assert harness.load() == 1
    assert loaded(harness) == (swapped.number, swapped.raw_through)
    assert harness.audit() is not None


def test_a_swap_brings_the_batches_that_wait(harness: Harness) -> None:
    head = star_head(harness)
    change(harness)
    harness.ingest()
    harness.rebuild("star")
    swapped = star_head(harness)
    assert (swapped.raw_from, swapped.raw_through) == (head.raw_through + 1, head.raw_through + 1)
    assert swapped.tables["fact_sales_order"].added == 5
    harness.load()
    assert harness.audit() is not None


def test_a_lost_processed_bucket(harness: Harness) -> None:
    """totesys rebuild --star --swap, then totesys rebuild --warehouse --swap"""
    assert empty(harness.arguments["processed_bucket"]) > 14
    lost = position(harness, "fact_payment")
    assert lost > 1

    harness.rebuild("star")

    head = star_head(harness)
    assert (head.number, head.raw_from, head.raw_through) == (1, 1, raw_head(harness).batch)
    assert position(harness, "fact_payment") == 1
    bucket = harness.arguments["processed_bucket"]
    for location in locations(harness, "fact_payment"):
        assert keys(bucket, location.removeprefix(f"s3://{bucket}/"))
    with pytest.raises(WarehouseAhead):
        harness.load()
    harness.rebuild("warehouse")
    assert loaded(harness) == (1, head.raw_through)
    change(harness)
    harness.ingest()
    harness.transform()
    assert harness.load() == 1
    assert harness.audit() is not None
