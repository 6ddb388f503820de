"""The law of the star: what batches become does not depend on how they were grouped into ranges.

Other histories every day; SOAK=1 tries 100 of them. Real batches: proof/test_backlog.
"""

from functools import reduce
from itertools import pairwise

from hypothesis import HealthCheck, Phase, given, seed, settings
from hypothesis import strategies as st
from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from fixtures.seeds import SEED, SOAK
from fixtures.star_rows import change, changes_frame, frame
from totesys_etl.contracts import STAR_TABLES, lake_tables
from totesys_etl.render.spark import struct_type
from totesys_etl.transform.dimensions import dim_deletions
from totesys_etl.transform.facts import fact_deletions, fact_versions

SALES = STAR_TABLES["fact_sales_order"]
DESIGN = STAR_TABLES["dim_design"]
KEYS = (-70_000, -1, 0, 1, 65_535, 65_536, 140_000)

edits = st.sampled_from(
    [
        {"changed": ["agreed_delivery_date"], "agreed_delivery_date": "2023-01-05"},
        {"changed": ["agreed_delivery_date"], "agreed_delivery_date": "soon"},
        {"changed": ["unit_price"], "unit_price": None, "non_finite": "unit_price=NaN"},
        {"changed": ["a_column_no_fact_has"]},
    ]
)


@st.composite
def histories(draw):
    """Changes of 6 batches: a key is inserted, updated, deleted and inserted again."""
    live, rows = set(), []
    for batch in range(1, 7):
        for key in sorted(draw(st.sets(st.sampled_from(KEYS), min_size=2))):
            op = draw(st.sampled_from(["update", "delete"])) if key in live else "insert"
            live ^= {key} if op != "update" else set()
            rows.append((op, key, batch, draw(edits) if op == "update" else {}))
    return rows


def in_ranges(changes, cuts):
    """The batches before the first cut, between the cuts, and after the last."""
    edges = [0, *sorted(cuts), 1_000]
    return [changes.where((F.col("batch") > a) & (F.col("batch") <= b)) for a, b in pairwise(edges)]


def all_frames(sales, design, none):
    """Versions, quarantine and deletions of range after range, then what is deleted at the end."""
    before, deleted, found = 0, none, []
    for changes in sales:
        facts = fact_versions(SALES, changes, before)
        before += facts.count
        found += [facts.versions, facts.quarantine, fact_deletions(SALES, changes)]
    for changes in design:
        deleted = dim_deletions(DESIGN, deleted, changes)
    return [*found, deleted]


def rows_of(frames):
    """Every row of `frames` as JSON, sorted: one Spark action for all of them."""
    texts = (one.select(F.to_json(F.struct("*")).alias("row")) for one in frames)
    return sorted(row["row"] for row in reduce(DataFrame.unionAll, texts).collect())


@seed(SEED)
@settings(
    max_examples=100 if SOAK else 2,
    deadline=None,
    database=None,
    phases=[Phase.generate],
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(rows=histories(), cuts=st.sets(st.integers(1, 5), min_size=2, max_size=2))
def test_ranges_of_batches_compose(spark, rows, cuts):
    sales = changes_frame(
        spark, "sales_order", *(change("sales_order", op, k, b, **more) for op, k, b, more in rows)
    )
    design = changes_frame(spark, "design", *(change("design", op, k, b) for op, k, b, _ in rows))
    none = frame(spark, struct_type(lake_tables.DIM_DELETION.columns))
    at_once = rows_of(all_frames([sales], [design], none))
    assert rows_of(all_frames(in_ranges(sales, cuts), in_ranges(design, cuts), none)) == at_once
