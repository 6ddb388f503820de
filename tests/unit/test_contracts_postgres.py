"""PostgreSQL types and DDL as text; tests/integration runs them."""

from dataclasses import replace

import pytest

from totesys_etl.contracts import SOURCE_TABLES, STAR_TABLES
from totesys_etl.contracts.model import SourceColumn
from totesys_etl.contracts.types import (
    BigInteger,
    Boolean,
    ColumnType,
    Date,
    Enumeration,
    Integer,
    Numeric,
    Text,
    TextList,
    Time,
    Timestamp,
    Varchar,
    physical_type,
)
from totesys_etl.errors import ContractInvalid, TypeUnsupported
from totesys_etl.render.postgres import (
    column_type,
    drop_foreign_key_ddl,
    foreign_key_ddl,
    source_type_ddl,
    star_table_ddl,
    unique_index_ddl,
)


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        (Integer(), "integer"),
        (BigInteger(), "bigint"),
        (Boolean(), "boolean"),
        (Text(), "text"),
        (Varchar(), "character varying"),
        (Varchar(3), "character varying(3)"),
        (Numeric(10, 2), "numeric(10,2)"),
        (Timestamp(), "timestamp(3) without time zone"),
        (Date(), "date"),
        (Time(), "time without time zone"),
    ],
)
def test_plain_types(given: ColumnType, expected: str) -> None:
    assert physical_type(given) == expected
    assert column_type(given).as_string() == expected


def test_enum_is_quoted_as_an_identifier() -> None:
    mood = Enumeration("Mood", ("GOOD",))
    assert physical_type(mood) == '"Mood"'
    assert physical_type(replace(mood, name="mood")) == "mood"
    assert column_type(mood).as_string() == '"Mood"'
    assert column_type(mood, "public").as_string() == '"public"."Mood"'


def test_a_text_list_is_no_postgres_column() -> None:
    with pytest.raises(TypeUnsupported, match="text list"):
        physical_type(TextList())


def test_star_table() -> None:
    assert star_table_ddl(STAR_TABLES["dim_currency"], "public").as_string() == (
        'CREATE TABLE "public"."dim_currency" (\n'
        '    "currency_id" integer NOT NULL,\n'
        '    "currency_code" character varying NOT NULL,\n'
        '    "currency_name" character varying NOT NULL,\n'
        '    CONSTRAINT "dim_currency_pkey" PRIMARY KEY ("currency_id")\n'
        ")"
    )


def test_an_enum_that_two_tables_use_is_created_once() -> None:
    table = SOURCE_TABLES["transaction"]
    statements = [s.as_string() for s in source_type_ddl([table, replace(table, name="other")])]
    assert statements == ["""CREATE TYPE "public"."TransactionType" AS ENUM ('SALE', 'PURCHASE')"""]


def test_a_quote_in_a_label_is_no_injection() -> None:
    mood = Enumeration("Mood", ("SO'; DROP TABLE staff; --",))
    column = SourceColumn("mood", mood)
    table = SOURCE_TABLES["currency"]
    (statement,) = source_type_ddl([replace(table, columns=(*table.columns, column))])
    assert statement.as_string().endswith("('SO''; DROP TABLE staff; --')")


def test_a_table_without_foreign_keys_needs_no_statement() -> None:
    assert foreign_key_ddl(STAR_TABLES["dim_date"]) == []
    assert drop_foreign_key_ddl(STAR_TABLES["dim_date"]) == []


def test_all_foreign_keys_of_a_table_are_one_statement() -> None:
    (add,) = foreign_key_ddl(STAR_TABLES["fact_sales_order"], "mart")
    text = add.as_string()
    assert text.startswith('ALTER TABLE "mart"."fact_sales_order"\n')
    assert text.count("ADD CONSTRAINT") == 9
    assert text.count('REFERENCES "mart"."dim_date"') == 4


def test_a_name_that_postgres_would_cut_is_refused() -> None:
    table = replace(SOURCE_TABLES["payment"], name="p" * 50)
    with pytest.raises(ContractInvalid, match="longer than 63 bytes"):
        unique_index_ddl(table)
