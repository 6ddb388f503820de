"""The sweep (fingerprints of key ranges, then of slices, then rows) finds what comparing every row
finds, whatever was changed where.

Other random changes every day; SOAK=1 tries 50 sets of them instead of 2.
"""

import random
import uuid

import boto3
import psycopg
import pytest
from hypothesis import HealthCheck, Phase, given, seed, settings
from hypothesis import strategies as st
from psycopg import sql
from pyspark.sql import SparkSession
from pyspark.sql import functions as F

from fixtures.harness import Harness
from fixtures.seeds import SEED, SOAK
from totesys_etl.contracts import SOURCE_TABLES
from totesys_etl.ingest import bookmark as candidates
from totesys_etl.ingest import change_detection as spool
from totesys_etl.lake.changes import read_changes
from totesys_etl.lake.commits import CommitLog, RawCommit, raw_log
from totesys_simulator import scale

DRILL_ROWS = 800
"""Tables with more rows than this are looked at slice by slice; jobs do so from 10,000 rows on."""
ORDERS = 3_000
"""2,124 sales and 876 purchases."""
EXAMPLES = 50 if SOAK else 2
SILENT = "UPDATE {} SET {column} = {column} || '~' WHERE {key} = ANY(%s)"
EDITED = {"sales_order": "agreed_delivery_date", "purchase_order": "item_code"}


@pytest.fixture
def large(harness: Harness, monkeypatch: pytest.MonkeyPatch) -> Harness:
    """In place of the founding rows: so many orders that no difference is looked for in all."""
    monkeypatch.setattr(spool, "DRILL_ROWS", DRILL_ROWS)
    tables = sql.SQL(", ").join(map(sql.Identifier, SOURCE_TABLES))
    harness.source.execute(sql.SQL("TRUNCATE {} CASCADE").format(tables))
    counts = scale(harness.source, ORDERS)
    assert min(counts["sales_order"], counts["purchase_order"]) > DRILL_ROWS
    assert harness.ingest() is not None
    return harness


def test_sweep_and_whole_comparison_find_the_same_changes(
    large: Harness, spark: SparkSession
) -> None:
    harness = large
    other = _another_lake()
    log, whole = (raw_log(boto3.client("s3"), b["raw_bucket"]) for b in (harness.arguments, other))
    assert harness.ingest(**other) is not None

    @seed(SEED)
    @settings(
        max_examples=EXAMPLES,
        deadline=None,
        database=None,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    @given(number=st.integers(0, 2**32))
    def changes_are_the_same(number: int) -> None:
        touched = _change(harness.source, random.Random(number))
        first, second = harness.ingest(), harness.ingest(**other)
        assert first is not None
        assert second is not None
        for name in SOURCE_TABLES:
            _assert_same(spark, name, log, whole, first.batch)
            # Some thousand rows at the most, of the tens of thousands, were looked at.
        assert sum(t.inserted + t.updated + t.deleted for t in first.tables.values()) == touched

    changes_are_the_same()
    assert log.head_number() == whole.head_number() == 1 + EXAMPLES


def test_a_drill_down_fetches_the_slices_that_differ(
    large: Harness, capsys: pytest.CaptureFixture[str]
) -> None:
    harness = large
    capsys.readouterr()
    # Two rows of one slice, one far from them, and one whose range is new.
    harness.source.execute(
        "UPDATE sales_order SET units_sold = 7 WHERE sales_order_id IN (300, 301)"
    )
    harness.source.execute("UPDATE sales_order SET units_sold = 7 WHERE sales_order_id = 1900")

    assert harness.ingest() is not None

    lines = [line for line in capsys.readouterr().out.splitlines() if '"compared"' in line]
    (told,) = [line for line in lines if '"sales_order"' in line]
    assert '"updated": 3' in told
    assert '"fetched": 512' in told


def test_a_bookmark_of_many_keys_is_counted_in_spark(
    harness: Harness, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As with a few: the certificate tells what the bookmark named and what it knew nothing of."""
    assert harness.ingest() is not None
    stamped = "UPDATE payment SET paid = NOT paid, last_updated = now() WHERE payment_id IN (2, 3)"
    silent = "UPDATE payment SET paid = NOT paid WHERE payment_id = 5"
    counts = []
    for few in (candidates.FEW, 1):
        monkeypatch.setattr(candidates, "FEW", few)
        harness.source.execute(stamped.encode())
        harness.source.execute(silent.encode())
        commit = harness.ingest()
        assert commit is not None
        assert commit.tables["payment"].updated == 3
        told = harness.certificate().tables["payment"]
        counts.append((told.candidates, told.beyond_bookmark))
    assert counts == [(2, 1), (2, 1)]


def _another_lake() -> dict[str, str]:
    """Arguments of an ingest that compares every row, into a lake of its own."""
    other = {name: f"w{uuid.uuid4().hex[:10]}" for name in ("raw_bucket", "work_bucket")}
    for bucket in other.values():
        boto3.client("s3").create_bucket(
            Bucket=bucket, CreateBucketConfiguration={"LocationConstraint": "eu-west-2"}
        )
    boto3.client("glue").create_database(DatabaseInput={"Name": other["raw_bucket"]})
    return other | {"raw_database": other["raw_bucket"], "compare": "whole"}


def _change(source: psycopg.Connection, rng: random.Random) -> int:
    """Silent edits, deletes, new keys and keys used again, here and there; how many rows."""
    touched = 0
    for table, column in EDITED.items():
        key = SOURCE_TABLES[table].primary_key
        names = {"column": sql.Identifier(column), "key": sql.Identifier(key)}
        keys = [k for (k,) in source.execute(
            sql.SQL("SELECT {key} FROM {} ORDER BY 1").format(sql.Identifier(table), **names)
        )]  # fmt: skip
        chosen = rng.sample(keys, rng.randint(1, 60))
        start = rng.choice(keys)
        chosen += [k for k in range(start, start + rng.randint(0, 600)) if k in set(keys)]
        chosen = sorted(set(chosen))
        source.execute(sql.SQL(SILENT).format(sql.Identifier(table), **names), (chosen,))
        touched += len(chosen)
    free = "payment_id NOT IN (SELECT max(payment_id) FROM payment)"
    gone = source.execute(
        "DELETE FROM payment WHERE payment_id %% 1000 = %s AND " + free, (rng.randrange(1000),)
    ).rowcount
    added = source.execute(
        "INSERT INTO design SELECT g, now()::timestamp(3), 'new', '/x', 'f', now()::timestamp(3)"
        " FROM generate_series(%s::int, %s::int, 70000) AS g ON CONFLICT DO NOTHING",
        (rng.randint(-300_000, -200_000), 400_000),
    ).rowcount
    return touched + gone + added


def _assert_same(
    spark: SparkSession, name: str, log: CommitLog[RawCommit], whole: CommitLog[RawCommit], n: int
) -> None:
    table = SOURCE_TABLES[name]
    first, second = (each.read(n).tables[name] for each in (log, whole))
    counts = [(t.inserted, t.updated, t.deleted, t.versions, t.live) for t in (first, second)]
    assert counts[0] == counts[1], name
    ranges = [{n: (r.live, r.fingerprint) for n, r in t.current.items()} for t in (first, second)]
    assert ranges[0] == ranges[1], name
    rows = [
        read_changes(spark, each.bucket, table, [each.read(n)])
        .drop("captured_at", "valid_from")
        .orderBy(F.col(table.primary_key))
        .collect()
        for each in (log, whole)
    ]
    assert rows[0] == rows[1], name
