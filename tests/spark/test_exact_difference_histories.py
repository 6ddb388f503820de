"""The law of capture: applying the difference gives the snapshot, and time moves on per key.

Other histories every day; SOAK=1 tries 100 times as many. At a real source: proof/test_histories.
"""

from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

from hypothesis import HealthCheck, given, seed, settings
from hypothesis import strategies as st
from pyspark.sql import SparkSession
from pyspark.sql.types import IntegerType, StructField, StructType

from fixtures.seeds import SEED, SOAK
from totesys_etl.contracts import lake_tables
from totesys_etl.contracts.model import SourceColumn, SourceTable
from totesys_etl.contracts.types import Integer, Numeric, Text, Timestamp
from totesys_etl.ingest.diff import apply, difference, fold
from totesys_etl.render.spark import struct_type

ORDER = SourceTable(
    name="order",
    grain="one order",
    columns=(
        SourceColumn("order_id", Integer()),
        SourceColumn("note", Text(), nullable=True),
        SourceColumn("price", Numeric(10, 2)),
        SourceColumn("created_at", Timestamp()),
        SourceColumn("last_updated", Timestamp()),
    ),
    primary_key="order_id",
)
COLUMNS = (*ORDER.columns, lake_tables.NON_FINITE)
SCHEMA = StructType([StructField(f.name, f.dataType, True) for f in struct_type(COLUMNS).fields])
BATCH = StructField("batch", IntegerType())
START = datetime(2024, 5, 1)

moments = st.integers(0, 4).map(lambda hours: START + timedelta(hours=hours))
notes = st.sampled_from([None, "", "a", "b"])
prices = st.sampled_from([(Decimal("1.00"), None), (None, "price=NaN"), (None, "price=Infinity")])
values = st.builds(
    lambda note, price, created, updated: (note, price[0], created, updated, price[1]),
    notes,
    prices,
    moments,
    moments,
)
# Every snapshot holds many keys at once, so that one Spark run tries many small histories.
snapshots = st.dictionaries(st.integers(-20, 40), values, min_size=8, max_size=40)


@seed(SEED)
@settings(
    max_examples=300 if SOAK else 3,
    deadline=None,
    database=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(history=st.lists(snapshots, min_size=3, max_size=3))
def test_applied_differences_are_the_snapshot_and_valid_from_rises(
    spark: SparkSession, history: list[dict[int, Any]]
) -> None:
    current, every = None, []
    valid_from: dict[int, datetime] = {}
    for batch, rows in enumerate(history, start=1):
        captured_at = START + timedelta(hours=2, milliseconds=batch)
        snapshot = spark.createDataFrame([(key, *row) for key, row in rows.items()], SCHEMA)

        changes = difference(current, snapshot, ORDER, captured_at).collect()
        frame = spark.createDataFrame(changes, _nullable(lake_tables.changes(ORDER)))
        after = apply(current, frame, ORDER, batch).collect()

        live = {r["order_id"]: _values(r) for r in after if r["deleted_in_batch"] is None}
        assert live == rows
        for change in changes:
            assert valid_from.get(change["order_id"], datetime.min) < change["valid_from"]
            assert change["valid_from"] <= captured_at
            valid_from[change["order_id"]] = change["valid_from"]
        assert {r["order_id"]: r["valid_from"] for r in after} == valid_from
        current = spark.createDataFrame(after, _nullable(lake_tables.current(ORDER)))
        every += [(*change, batch) for change in changes]
    # All changes at once come to the same current rows, deleted keys included.
    assert current is not None
    stored = StructType([*_nullable(lake_tables.changes(ORDER)).fields, BATCH])
    assert set(fold(spark.createDataFrame(every, stored), ORDER).collect()) == set(after)


def _values(row: Any) -> tuple[Any, ...]:
    return tuple(row[c.name] for c in COLUMNS[1:])


def _nullable(table: lake_tables.LakeTable) -> StructType:
    fields = struct_type(table.columns).fields
    return StructType([StructField(f.name, f.dataType, True) for f in fields])
