"""A wheel whose contracts have gained something meets a lake that was written without it."""

import json
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from typing import Any

import boto3
import pytest
from pyspark.sql import SparkSession

from fixtures.harness import READER, Harness
from totesys_etl import errors
from totesys_etl.contracts import SOURCE_TABLES, STAR_TABLES
from totesys_etl.contracts.model import SourceColumn, SourceTable, StarColumn
from totesys_etl.contracts.origins import Copy
from totesys_etl.contracts.types import Integer, Numeric, Text, Timestamp, Varchar
from totesys_etl.lake.changes import read_changes
from totesys_etl.lake.commits import RawCommit, raw_log
from totesys_etl.lake.current import read_current

ADDED = (
    SourceColumn("method", Text(), nullable=True),
    SourceColumn("fee", Numeric(10, 2), nullable=True),
)
ADD_COLUMNS = "ALTER TABLE payment ADD COLUMN method text, ADD COLUMN fee numeric(10,2)"
PAYMENT = replace(SOURCE_TABLES["payment"], columns=(*SOURCE_TABLES["payment"].columns, *ADDED))
GROWN = SOURCE_TABLES | {"payment": PAYMENT}
STOCK = SourceTable(
    name="stock",
    grain="one shelf",
    columns=(
        SourceColumn("stock_id", Integer()),
        SourceColumn("created_at", Timestamp(), default="CURRENT_TIMESTAMP"),
        SourceColumn("last_updated", Timestamp()),
    ),
    primary_key="stock_id",
)


def _commit(harness: Harness, number: int) -> RawCommit:
    return raw_log(boto3.client("s3"), harness.arguments["raw_bucket"]).read(number)


def _payments(harness: Harness) -> list[tuple[Any, ...]]:
    """Key, paid, method, fee of the source's payments; NaN is NULL, as in the lake."""
    return harness.source.execute(
        "SELECT payment_id, paid, method, NULLIF(fee, 'NaN') FROM payment ORDER BY 1"
    ).fetchall()


@pytest.fixture
def before(harness: Harness) -> Harness:
    """Two batches: payments in two key ranges, number 6 deleted, the amount of 7 not finite."""
    harness.source.execute("UPDATE payment SET payment_id = 70000 WHERE payment_id = 10")
    harness.source.execute("UPDATE payment SET payment_amount = 'NaN' WHERE payment_id = 7")
    harness.ingest()
    harness.source.execute("DELETE FROM payment WHERE payment_id = 6")
    harness.ingest()
    harness.transform()
    harness.load()
    harness.source.execute(ADD_COLUMNS)
    harness.source.execute("UPDATE payment SET method = 'card' WHERE payment_id IN (1, 2, 70000)")
    harness.source.execute("UPDATE payment SET fee = 'NaN' WHERE payment_id IN (4, 7)")
    return harness


def _live_at_once(harness: Harness) -> None:
    """What totesys does between the last batch and the run that finds the new columns."""
    harness.source.execute(
        "UPDATE payment SET paid = NOT paid, last_updated = now(), fee = 1.5 WHERE payment_id = 1"
    )
    harness.source.execute(
        "UPDATE payment SET payment_id = 11, method = 'cash', fee = 2 WHERE payment_id = 3"
    )


def test_new_columns_are_a_commit_of_their_own_and_lose_nothing(
    before: Harness, spark: SparkSession, capsys: pytest.CaptureFixture[str]
) -> None:
    harness = before
    first = _commit(harness, 2).tables["payment"]
    known = {row["payment_id"]: row for row in _current(harness, spark, 2).collect()}
    history = "SELECT * FROM etl.payment_history ORDER BY payment_id, batch, op"
    versions = harness.warehouse.execute(history).fetchall()
    _live_at_once(harness)

    batch = harness.ingest(GROWN)

    # The change alone: values of the new columns for rows the lake has and the source still has.
    contract = _commit(harness, 3)
    state = contract.tables["payment"]
    assert contract.kind == "contract"
    assert (state.inserted, state.updated, state.deleted) == (0, 5, 0)
    assert (state.versions, state.live) == (first.versions, first.live)
    assert {n for n, table in contract.tables.items() if table.changes} == {"payment"}
    rows = {
        row["payment_id"]: row
        for row in read_changes(
            spark, harness.arguments["raw_bucket"], PAYMENT, [contract]
        ).collect()
    }
    assert {
        key: (row["op"], row["changed"], row["method"], row["fee"], row["non_finite"])
        for key, row in rows.items()
    } == {
        1: ("update", ["method", "fee"], "card", Decimal("1.50"), None),
        2: ("update", ["method"], "card", None, None),
        4: ("update", ["fee"], None, None, "fee=NaN"),
        7: ("update", ["fee"], None, None, "payment_amount=NaN,fee=NaN"),
        70000: ("update", ["method"], "card", None, None),
    }
    for key, row in rows.items():
        assert row["valid_from"] == known[key]["valid_from"] + timedelta(milliseconds=1)
        for name in SOURCE_TABLES["payment"].column_names:
            assert row[name] == known[key][name], (key, name)

    # Then the run's batch, as if nothing had happened: it holds what the source has changed.
    assert batch is not None
    assert (batch.batch, batch.kind) == (4, "changes")
    state = batch.tables["payment"]
    assert (state.inserted, state.updated, state.deleted) == (1, 1, 1)
    assert state.versions == first.versions + 2
    changed = read_changes(spark, harness.arguments["raw_bucket"], PAYMENT, [batch])
    assert {row["payment_id"]: row["changed"] for row in changed.collect()} == {
        1: ["last_updated", "paid"],
        3: [],
        11: [],
    }
    assert batch.captured_at > contract.captured_at
    assert harness.certificate().batch == 4

    # Values are complete for old rows too; a deleted row has none that anybody could know.
    current = _current(harness, spark, 4)
    live = current.where("deleted_in_batch IS NULL").orderBy("payment_id")
    assert [
        tuple(row) for row in live.select("payment_id", "paid", "method", "fee").collect()
    ] == _payments(harness)
    (gone,) = current.where("payment_id = 6").collect()
    assert (gone["method"], gone["fee"], gone["deleted_in_batch"]) == (None, None, 2)

    # Key range 1 had not changed otherwise: proven against the source before the commit.
    (told,) = [
        line for line in map(json.loads, _lines(capsys)) if line.get("event") == "backfilled"
    ]
    assert (told["table"], told["columns"]) == ("payment", ["method", "fee"])
    assert (told["rows"], told["ranges"], told["proven"]) == (5, 2, 1)

    # The catalogue has the columns, and the warehouse the three real changes only.
    table = boto3.client("glue").get_table(
        DatabaseName=harness.arguments["raw_database"], Name="payment"
    )["Table"]
    columns = [(c["Name"], c["Type"]) for c in table["StorageDescriptor"]["Columns"]]
    assert columns[-2:] == [("method", "string"), ("fee", "decimal(10,2)")]
    harness.transform()
    assert harness.load() == 1
    now = harness.warehouse.execute(history).fetchall()
    assert len(now) == len(versions) + 3
    assert {row[1] for row in set(now) - set(versions)} == {1, 3, 11}

    # From here on everything is as always: a change of the new column is no version.
    assert harness.ingest(GROWN) is None
    harness.source.execute("UPDATE payment SET method = 'cash' WHERE payment_id = 2")
    batch = harness.ingest(GROWN)
    assert batch is not None
    assert (batch.kind, batch.tables["payment"].updated) == ("changes", 1)
    assert batch.tables["payment"].versions == state.versions

    # The wheel of before cannot go on: it would drop the columns.
    with pytest.raises(errors.ContractChanged) as refused:
        harness.ingest()
    assert "payment: fee numeric(10,2) there is no column here; method text" in str(refused.value)
    retyped = replace(PAYMENT, columns=(*PAYMENT.columns[:-1], replace(ADDED[1], type=Text())))
    harness.source.execute("ALTER TABLE payment ALTER COLUMN fee TYPE text")
    with pytest.raises(errors.ContractChanged, match=r"fee numeric\(10,2\) there is fee text here"):
        harness.ingest(SOURCE_TABLES | {"payment": retyped})


def test_a_mapped_column_makes_versions_and_the_star_asks_to_be_rebuilt(
    harness: Harness, monkeypatch: pytest.MonkeyPatch
) -> None:
    harness.ingest()
    harness.transform()
    harness.source.execute(ADD_COLUMNS)
    harness.source.execute("UPDATE payment SET method = 'card' WHERE payment_id < 4")
    harness.source.execute("UPDATE payment SET fee = 1 WHERE payment_id = 9")
    fact = STAR_TABLES["fact_payment"]
    column = StarColumn("method", Varchar(), Copy("payment", "method"), nullable=True)
    mapped = replace(fact, columns=(*fact.columns, column))
    monkeypatch.setitem(SOURCE_TABLES, "payment", PAYMENT)
    monkeypatch.setitem(STAR_TABLES, "fact_payment", mapped)

    assert harness.ingest(GROWN) is None

    assert _commit(harness, 2).tables["payment"].versions == 10 + 3
    with pytest.raises(errors.ContractChanged) as refused:
        harness.transform()
    assert "star commit 1 was made by other contracts of fact_payment" in str(refused.value)


def test_a_run_that_fails_after_its_contract_commit_goes_on_from_it(harness: Harness) -> None:
    harness.ingest()
    harness.source.execute(ADD_COLUMNS)
    harness.source.execute("DELETE FROM payment")
    with pytest.raises(errors.MassDelete):
        harness.ingest(GROWN)
    assert harness.raw_head() == 2
    assert _commit(harness, 2).kind == "contract"

    batch = harness.ingest(GROWN, allow_mass_delete="payment")

    assert batch is not None
    assert (batch.batch, batch.kind, batch.tables["payment"].deleted) == (3, "changes", 10)
    # An empty table's contract may grow too.
    more = replace(PAYMENT, columns=(*PAYMENT.columns, replace(ADDED[0], name="note")))
    harness.source.execute("ALTER TABLE payment ADD COLUMN note text")
    assert harness.ingest(SOURCE_TABLES | {"payment": more}) is None
    assert _commit(harness, 4).tables["payment"].columns[-1] == "note text"


def test_columns_that_move_are_written_anew_and_other_rules_are_no_change(harness: Harness) -> None:
    harness.ingest()
    currency = SOURCE_TABLES["currency"]
    moved = replace(currency, columns=tuple(reversed(currency.columns)))

    assert harness.ingest(SOURCE_TABLES | {"currency": moved}) is None

    contract = _commit(harness, 2)
    assert (contract.kind, contract.tables["currency"].changes) == ("contract", ())
    assert contract.tables["currency"].current != _commit(harness, 1).tables["currency"].current
    nullable = tuple(replace(c, nullable=c.name == "currency_code") for c in moved.columns)
    relaxed = SOURCE_TABLES | {"currency": replace(moved, columns=nullable)}
    harness.source.execute("ALTER TABLE currency ALTER COLUMN currency_code DROP NOT NULL")
    assert harness.ingest(relaxed) is None
    assert harness.raw_head() == 2


def test_a_table_that_is_new_in_the_contracts_begins_with_its_first_batch(
    harness: Harness, monkeypatch: pytest.MonkeyPatch
) -> None:
    harness.ingest()
    harness.source.execute(
        "CREATE TABLE stock (stock_id serial PRIMARY KEY,"
        " created_at timestamp(3) NOT NULL DEFAULT now(), last_updated timestamp(3) NOT NULL)"
    )
    harness.source.execute("INSERT INTO stock (last_updated) VALUES (now()), (now())")
    harness.source.execute(f"GRANT SELECT ON stock TO {READER}".encode())
    harness.source.execute("UPDATE payment SET paid = NOT paid WHERE payment_id = 1")

    batch = harness.ingest(SOURCE_TABLES | {"stock": STOCK})

    assert batch is not None
    assert (batch.batch, batch.kind, batch.tables["stock"].inserted) == (2, "changes", 2)
    assert batch.tables["payment"].updated == 1
    with pytest.raises(errors.ContractChanged, match="stock only in batch 2"):
        harness.ingest()
    with pytest.raises(errors.ContractChanged, match="stock only in batch 2"):
        harness.transform()
    # Batch 1 does not have the table, batch 2 does: one range of both.
    monkeypatch.setitem(SOURCE_TABLES, "stock", STOCK)
    commit = harness.transform()
    assert commit is not None
    assert (commit.raw_from, commit.raw_through) == (1, 2)


def _current(harness: Harness, spark: SparkSession, number: int) -> Any:
    """Current payments as of a commit; read by the contract of now."""
    ranges = _commit(harness, number).tables["payment"].current
    return read_current(spark, harness.arguments["work_bucket"], PAYMENT, ranges)


def _lines(capsys: pytest.CaptureFixture[str]) -> Iterator[str]:
    return (line for line in capsys.readouterr().out.splitlines() if line.startswith("{"))
