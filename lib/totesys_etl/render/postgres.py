"""Contracts as PostgreSQL DDL (13 and newer): totesys itself, and the warehouse.

Constraint and index names are PostgreSQL's own defaults (`<table>_pkey`, `<table>_<column>_key`,
`<table>_<column>_fkey`), so that a prepared database and ours look the same.
"""

from __future__ import annotations

from collections.abc import Iterable

from psycopg import sql

from totesys_etl.contracts.model import (
    ForeignKey,
    SourceColumn,
    SourceTable,
    StarColumn,
    StarTable,
)
from totesys_etl.contracts.types import (
    ColumnType,
    Enumeration,
    physical_type,
)
from totesys_etl.errors import ContractInvalid

LONGEST_IDENTIFIER = 63
"""Bytes; PostgreSQL silently cuts a longer name (manual, 4.1.1)."""


def column_type(column_type: ColumnType, schema: str | None = None) -> sql.Composable:
    """The type as DDL writes it; an enum belongs to `schema`, None: the search path's.

    Raises TypeUnsupported.
    """
    if isinstance(column_type, Enumeration):
        path = (column_type.name,) if schema is None else (schema, column_type.name)
        return sql.Identifier(*path)
    return sql.SQL(physical_type(column_type))


def source_ddl(tables: Iterable[SourceTable], schema: str = "public") -> list[sql.Composed]:
    """All statements that create `tables` in an empty `schema`.

    Enums, tables and unique indexes first; foreign keys last, so that any order of tables will do.
    """
    tables = list(tables)
    statements = source_type_ddl(tables, schema)
    statements += [source_table_ddl(table, schema) for table in tables]
    statements += [s for table in tables for s in unique_index_ddl(table, schema)]
    statements += [s for table in tables for s in foreign_key_ddl(table, schema)]
    return statements


def star_ddl(tables: Iterable[StarTable], schema: str = "public") -> list[sql.Composed]:
    """All statements that create `tables` in `schema`; record ids are serial, foreign keys last."""
    tables = list(tables)
    statements = [star_table_ddl(table, schema) for table in tables]
    statements += [s for table in tables for s in foreign_key_ddl(table, schema)]
    return statements


def source_type_ddl(tables: Iterable[SourceTable], schema: str = "public") -> list[sql.Composed]:
    """CREATE TYPE for every enum that `tables` use, once."""
    types = (c.type for table in tables for c in table.columns)
    enums = dict.fromkeys(t for t in types if isinstance(t, Enumeration))
    return [
        sql.SQL("CREATE TYPE {} AS ENUM ({})").format(
            sql.Identifier(schema, enum.name), sql.SQL(", ").join(map(sql.Literal, enum.labels))
        )
        for enum in enums
    ]


def source_table_ddl(table: SourceTable, schema: str = "public") -> sql.Composed:
    """CREATE TABLE with a serial primary key and the columns' defaults; no foreign keys."""
    definitions = [_source_column(c, c.name == table.primary_key, schema) for c in table.columns]
    return _create_table(schema, table, definitions)


def star_table_ddl(table: StarTable, schema: str = "public") -> sql.Composed:
    """CREATE TABLE with its primary key; a fact's record id is serial; no foreign keys."""
    is_fact = table.primary_key != table.business_key
    definitions = [
        _column(c, is_fact and c.name == table.primary_key, schema) for c in table.columns
    ]
    return _create_table(schema, table, definitions)


def unique_index_ddl(table: SourceTable, schema: str = "public") -> list[sql.Composed]:
    """CREATE UNIQUE INDEX for every unique column."""
    return [
        sql.SQL("CREATE UNIQUE INDEX {} ON {} ({})").format(
            _name(table, c.name, "key"), sql.Identifier(schema, table.name), sql.Identifier(c.name)
        )
        for c in table.columns
        if c.unique
    ]


def foreign_key_ddl(table: SourceTable | StarTable, schema: str = "public") -> list[sql.Composed]:
    """One ALTER TABLE that adds all foreign keys of `table`; nothing for a table without any.

    One statement, so that PostgreSQL checks them with one lock on the table.
    """
    return _alter(
        table, schema, [_add_foreign_key(table, key, schema) for key in table.foreign_keys]
    )


def drop_foreign_key_ddl(
    table: SourceTable | StarTable, schema: str = "public"
) -> list[sql.Composed]:
    """One ALTER TABLE that drops what `foreign_key_ddl` adds, as far as it is there."""
    drops = [
        sql.SQL("DROP CONSTRAINT IF EXISTS {}").format(_name(table, key.column, "fkey"))
        for key in table.foreign_keys
    ]
    return _alter(table, schema, drops)


def _create_table(
    schema: str, table: SourceTable | StarTable, definitions: list[sql.Composed]
) -> sql.Composed:
    key = sql.SQL("CONSTRAINT {} PRIMARY KEY ({})").format(
        sql.Identifier(f"{table.name}_pkey"), sql.Identifier(table.primary_key)
    )
    return sql.SQL("CREATE TABLE {} (\n    {}\n)").format(
        sql.Identifier(schema, table.name), sql.SQL(",\n    ").join([*definitions, key])
    )


def _source_column(column: SourceColumn, serial: bool, schema: str) -> sql.Composed:
    definition = _column(column, serial, schema)
    if column.default is None:
        return definition
    return sql.SQL("{} DEFAULT {}").format(definition, sql.SQL(column.default))


def _column(column: SourceColumn | StarColumn, serial: bool, schema: str) -> sql.Composed:
    return sql.SQL("{} {}{}").format(
        sql.Identifier(column.name),
        sql.SQL("serial") if serial else column_type(column.type, schema),
        sql.SQL("") if column.nullable else sql.SQL(" NOT NULL"),
    )


def _add_foreign_key(table: SourceTable | StarTable, key: ForeignKey, schema: str) -> sql.Composed:
    return sql.SQL(
        "ADD CONSTRAINT {} FOREIGN KEY ({}) REFERENCES {} ({}) ON DELETE {} ON UPDATE {}"
    ).format(
        _name(table, key.column, "fkey"),
        sql.Identifier(key.column),
        sql.Identifier(schema, key.table),
        sql.Identifier(key.references),
        sql.SQL(key.on_delete),
        sql.SQL(key.on_update),
    )


def _alter(
    table: SourceTable | StarTable, schema: str, actions: list[sql.Composed]
) -> list[sql.Composed]:
    if not actions:
        return []
    name = sql.Identifier(schema, table.name)
    return [sql.SQL("ALTER TABLE {}\n    {}").format(name, sql.SQL(",\n    ").join(actions))]


def _name(table: SourceTable | StarTable, column: str, suffix: str) -> sql.Identifier:
    name = f"{table.name}_{column}_{suffix}"
    if len(name.encode()) > LONGEST_IDENTIFIER:
        raise ContractInvalid(f"{table.name}.{column}: name {name} is longer than 63 bytes")
    return sql.Identifier(name)
