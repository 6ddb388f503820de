"""A source that is not what the contract says: refused, with all of it in one message."""

from dataclasses import replace

import pytest
from psycopg import sql
from pyspark.sql import SparkSession

from fixtures.source_invoice import (
    EXPECTED,
    INVOICE,
    assert_rows,
    reader,
    run,
    snapshot,
    source,
)
from glue_fixtures.servers import Database
from totesys_etl.connection import Endpoint
from totesys_etl.errors import (
    SourceColumnMissing,
    SourceColumnRetyped,
    SourceRightMissing,
    SourceTableMissing,
    TotesysError,
)
from totesys_etl.ingest.snapshot import open_snapshot

__all__ = ["reader", "snapshot", "source"]  # fixtures


def test_extra_columns_are_reported_and_ignored(
    spark: SparkSession, source: Database, reader: Endpoint
) -> None:
    run(source, "ALTER TABLE invoice ADD COLUMN discount numeric(4,1)")
    with open_snapshot(spark, reader) as snapshot:
        assert snapshot.check([INVOICE]) == {"invoice": ("discount",)}
        assert snapshot.columns([INVOICE])["invoice"]["discount"] == "numeric(4,1)"
        assert_rows(spark, snapshot.read(INVOICE), EXPECTED)


CONTRADICTIONS: list[tuple[str, type[TotesysError], str]] = [
    (
        "ALTER TABLE invoice RENAME TO bill",
        SourceTableMissing,
        "table public.invoice does not exist",
    ),
    (
        "ALTER TABLE invoice RENAME TO bill; CREATE VIEW invoice AS SELECT * FROM bill",
        SourceTableMissing,
        "public.invoice is not an ordinary table",
    ),
    (
        "ALTER TABLE invoice DROP COLUMN note",
        SourceColumnMissing,
        "column public.invoice.note (text) does not exist",
    ),
    (
        "ALTER TABLE invoice ALTER amount TYPE numeric(12,3)",
        SourceColumnRetyped,
        "column public.invoice.amount is numeric(12,3), the contract has numeric(10,2)",
    ),
    (
        "ALTER TABLE invoice ALTER paid DROP NOT NULL",
        SourceColumnRetyped,
        "column public.invoice.paid allows NULL, the contract does not",
    ),
    (
        "ALTER TABLE invoice DROP CONSTRAINT invoice_pkey",
        SourceColumnRetyped,
        "column public.invoice.invoice_id is not unique, the contract's key is",
    ),
    (
        "REVOKE SELECT ON invoice FROM invoice_reader",
        SourceRightMissing,
        'run as owner: GRANT SELECT ON "public"."invoice" TO "invoice_reader";',
    ),
    (
        "REVOKE USAGE ON SCHEMA public FROM PUBLIC",
        SourceRightMissing,
        'run as owner: GRANT USAGE ON SCHEMA "public" TO "invoice_reader";',
    ),
    (
        "ALTER TABLE invoice ENABLE ROW LEVEL SECURITY",
        SourceRightMissing,
        "row-level security of public.invoice hides rows; run as superuser:"
        ' ALTER ROLE "invoice_reader" BYPASSRLS;',
    ),
]


@pytest.mark.parametrize(("change", "kind", "message"), CONTRADICTIONS)
def test_a_source_that_contradicts_the_contract_is_refused(
    spark: SparkSession,
    source: Database,
    reader: Endpoint,
    change: str,
    kind: type[TotesysError],
    message: str,
) -> None:
    run(source, change)
    with open_snapshot(spark, reader) as snapshot, pytest.raises(kind) as caught:
        snapshot.check([INVOICE])
    assert str(caught.value) == message


def test_all_violations_are_in_one_message(
    spark: SparkSession, source: Database, reader: Endpoint
) -> None:
    run(source, "ALTER TABLE invoice DROP COLUMN note")
    run(source, "ALTER TABLE invoice ALTER paid TYPE text")
    run(source, "REVOKE SELECT ON invoice FROM invoice_reader")
    missing = replace(INVOICE, name="bill")
    with open_snapshot(spark, reader) as snapshot, pytest.raises(SourceTableMissing) as caught:
        snapshot.check([INVOICE, missing])
    assert str(caught.value) == (
        'run as owner: GRANT SELECT ON "public"."invoice" TO "invoice_reader";'
        "; column public.invoice.note (text) does not exist"
        "; column public.invoice.paid is text, the contract has boolean"
        "; table public.bill does not exist"
    )


def test_a_role_with_the_columns_of_the_contract_only_may_read(
    spark: SparkSession, source: Database, reader: Endpoint
) -> None:
    run(source, "ALTER TABLE invoice ADD COLUMN secret text")
    run(source, "REVOKE SELECT ON invoice FROM invoice_reader")
    columns = sql.SQL(", ").join(map(sql.Identifier, INVOICE.column_names))
    run(source, sql.SQL("GRANT SELECT ({}) ON invoice TO invoice_reader").format(columns))
    with open_snapshot(spark, reader) as snapshot:
        assert snapshot.check([INVOICE]) == {"invoice": ("secret",)}
        assert_rows(spark, snapshot.read(INVOICE), EXPECTED)
