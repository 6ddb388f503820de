"""Schema `etl`: everything the platform keeps in the warehouse beside the ERD's eleven tables.

- load_ledger: one row per loaded commit
- <fact>_event: one row per version or delete of a fact, append-only
- fact_deletion: a view of the deletes among the events
- dim_deletion: one row per dimension key that is deleted now
- schema_migration: one row per applied migration
"""

from __future__ import annotations

from psycopg import sql

from totesys_etl.contracts.model import StarTable

ETL = "etl"

LEDGER = sql.Identifier(ETL, "load_ledger")
FACT_DELETION = sql.Identifier(ETL, "fact_deletion")
DIM_DELETION = sql.Identifier(ETL, "dim_deletion")
SCHEMA_MIGRATION = sql.Identifier(ETL, "schema_migration")

DELETION_COLUMNS = ("business_id", "batch", "captured_at", "valid_from")
EVENT_COLUMNS = ("record_id", "business_id", "op", "batch", "valid_from", "captured_at")

_EVENT_RULE = (
    "CHECK (op IN ('insert', 'update', 'delete') AND (record_id IS NULL) = (op = 'delete'))"
)


def entity(fact: StarTable) -> str:
    """What users call the thing behind `fact`: sales_order, purchase_order, payment."""
    return fact.business_key.removesuffix("_id")


def event_table(fact: StarTable | str) -> sql.Identifier:
    """The append-only event table of a fact (or of a fact's name)."""
    name = fact if isinstance(fact, str) else fact.name
    return sql.Identifier(ETL, f"{name}_event")


def fixed_ddl() -> list[sql.Composed]:
    """The tables that do not depend on which facts there are."""
    return [
        sql.SQL(
            """CREATE TABLE {} (
    commit_number integer PRIMARY KEY,
    raw_from integer NOT NULL,
    raw_through integer NOT NULL,
    captured_at timestamp(3) NOT NULL,
    run_id text NOT NULL,
    loaded_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    counts jsonb NOT NULL
)"""
        ).format(LEDGER),
        sql.SQL(
            """CREATE TABLE {} (
    dim_table text NOT NULL,
    business_id integer NOT NULL,
    batch integer NOT NULL,
    captured_at timestamp(3) NOT NULL,
    valid_from timestamp(3) NOT NULL,
    PRIMARY KEY (dim_table, business_id)
)"""
        ).format(DIM_DELETION),
    ]


def event_ddl(fact: str) -> list[sql.Composed]:
    """The event table of the fact called `fact`, with its indexes.

    `record_id` is NULL for a delete. `supersedes` is the record id of the version that the event
    ended, NULL if there was none.
    """
    table = sql.SQL(
        """CREATE TABLE {} (
    record_id integer,
    business_id integer NOT NULL,
    op text NOT NULL,
    batch integer NOT NULL,
    valid_from timestamp(3) NOT NULL,
    captured_at timestamp(3) NOT NULL,
    supersedes integer,
    {}
)"""
    ).format(event_table(fact), sql.SQL(_EVENT_RULE))
    return [table, *event_index_ddl(fact)]


def event_index_ddl(fact: str) -> list[sql.Composed]:
    """Indexes of an event table: a key's events in order, and what is superseded."""
    return [
        sql.SQL("CREATE UNIQUE INDEX {} ON {} (business_id, batch)").format(
            sql.Identifier(f"{fact}_event_business_id_batch_key"), event_table(fact)
        ),
        sql.SQL("CREATE UNIQUE INDEX {} ON {} (supersedes) WHERE supersedes IS NOT NULL").format(
            sql.Identifier(f"{fact}_event_supersedes_key"), event_table(fact)
        ),
    ]


def drop_event_index_ddl(fact: str) -> list[sql.Composed]:
    """Drops what `event_index_ddl` makes."""
    return [
        sql.SQL("DROP INDEX {}").format(sql.Identifier(ETL, f"{fact}_event_{suffix}_key"))
        for suffix in ("business_id_batch", "supersedes")
    ]
