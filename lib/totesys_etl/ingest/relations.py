"""What the source's own catalogue says of its tables, against what the contract says."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from psycopg import sql

from totesys_etl.connection import Connection
from totesys_etl.contracts.model import SourceTable
from totesys_etl.contracts.types import physical_type
from totesys_etl.errors import (
    SourceColumnMissing,
    SourceColumnRetyped,
    SourceRightMissing,
    SourceTableMissing,
    TotesysError,
)


@dataclass(frozen=True)
class Relation:
    """One table as pg_catalog shows it to the reading transaction.

    `storage` is (oid, relfilenode): another pair means that the table was rewritten, truncated or
    made again. `columns` is name -> type as format_type prints it, `unreadable` the columns without
    SELECT, `unique` the columns that a unique index of one column covers.
    """

    name: str
    storage: tuple[int, int]
    ordinary: bool
    policies_apply: bool
    columns: Mapping[str, str]
    not_null: frozenset[str]
    unreadable: frozenset[str]
    unique: frozenset[str]


# relfilenode is read as a column: pg_relation_filenode() would answer from the live catalogue.
_RELATIONS = """
SELECT c.relname, c.oid::bigint, c.relfilenode::bigint, c.relkind = 'r', row_security_active(c.oid),
       a.attname, format_type(a.atttypid, a.atttypmod), a.attnotnull,
       has_column_privilege(c.oid, a.attnum, 'SELECT'),
       EXISTS (
         SELECT FROM pg_catalog.pg_index AS i
         WHERE i.indrelid = c.oid AND i.indisunique AND i.indisvalid AND i.indpred IS NULL
           AND i.indnkeyatts = 1 AND i.indkey[0] = a.attnum
       )
FROM pg_catalog.pg_class AS c
JOIN pg_catalog.pg_namespace AS n ON n.oid = c.relnamespace
JOIN pg_catalog.pg_attribute AS a ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped
WHERE n.nspname = %s AND c.relname = ANY(%s) AND c.relkind IN ('r', 'p', 'v', 'm', 'f')
ORDER BY c.relname, a.attnum
"""


def read_relations(
    connection: Connection, schema: str, names: Iterable[str]
) -> dict[str, Relation]:
    """The relations called `names` that exist, in the transaction `connection` is in."""
    rows = connection.execute(_RELATIONS, (schema, list(names))).fetchall()
    grouped: dict[str, list[tuple[object, ...]]] = {}
    for row in rows:
        grouped.setdefault(str(row[0]), []).append(row)
    return {name: _relation(name, columns) for name, columns in grouped.items()}


def _relation(name: str, rows: list[tuple[object, ...]]) -> Relation:
    _, oid, filenode, ordinary, policies_apply, *_ = rows[0]
    return Relation(
        name=name,
        storage=(int(str(oid)), int(str(filenode))),
        ordinary=bool(ordinary),
        policies_apply=bool(policies_apply),
        columns={str(r[5]): str(r[6]) for r in rows},
        not_null=frozenset(str(r[5]) for r in rows if r[7]),
        unreadable=frozenset(str(r[5]) for r in rows if not r[8]),
        unique=frozenset(str(r[5]) for r in rows if r[9]),
    )


def check_relations(
    relations: Mapping[str, Relation],
    tables: Iterable[SourceTable],
    schema: str,
    role: str,
    schema_usable: bool,
) -> dict[str, tuple[str, ...]]:
    """Per table the columns that the contract does not know.

    Raises one error that lists every violation; its class is that of the gravest one: table
    missing, right missing, column missing, column retyped.
    """
    violations: list[tuple[type[TotesysError], str]] = []
    if not schema_usable:
        grant = sql.SQL("GRANT USAGE ON SCHEMA {} TO {};").format(
            sql.Identifier(schema), sql.Identifier(role)
        )
        violations.append((SourceRightMissing, f"run as owner: {grant.as_string(None)}"))
    extra: dict[str, tuple[str, ...]] = {}
    for table in tables:
        relation = relations.get(table.name)
        if relation is None:
            violations.append((SourceTableMissing, f"table {schema}.{table.name} does not exist"))
        elif not relation.ordinary:
            violations.append(
                (SourceTableMissing, f"{schema}.{table.name} is not an ordinary table")
            )
        else:
            violations += _rights(relation, table, schema, role)
            # Types of a schema without USAGE are printed with its name, as if they were others.
            violations += _columns(relation, table, schema) if schema_usable else []
            known = set(table.column_names)
            extra[table.name] = tuple(c for c in relation.columns if c not in known)
    if violations:
        gravity = [SourceTableMissing, SourceRightMissing, SourceColumnMissing, SourceColumnRetyped]
        gravest = min((kind for kind, _ in violations), key=gravity.index)
        raise gravest("; ".join(text for _, text in violations))
    return extra


def _rights(
    relation: Relation, table: SourceTable, schema: str, role: str
) -> list[tuple[type[TotesysError], str]]:
    found: list[tuple[type[TotesysError], str]] = []
    if relation.unreadable & set(table.column_names):
        grant = sql.SQL("GRANT SELECT ON {} TO {};").format(
            sql.Identifier(schema, table.name), sql.Identifier(role)
        )
        found.append((SourceRightMissing, f"run as owner: {grant.as_string(None)}"))
    if relation.policies_apply:
        alter = sql.SQL("ALTER ROLE {} BYPASSRLS;").format(sql.Identifier(role))
        found.append(
            (
                SourceRightMissing,
                f"row-level security of {schema}.{table.name} hides rows; run as superuser:"
                f" {alter.as_string(None)}",
            )
        )
    return found


def _columns(
    relation: Relation, table: SourceTable, schema: str
) -> list[tuple[type[TotesysError], str]]:
    found: list[tuple[type[TotesysError], str]] = []
    for column in table.columns:
        place = f"column {schema}.{table.name}.{column.name}"
        expected, actual = physical_type(column.type), relation.columns.get(column.name)
        if actual is None:
            found.append((SourceColumnMissing, f"{place} ({expected}) does not exist"))
        elif actual != expected:
            found.append((SourceColumnRetyped, f"{place} is {actual}, the contract has {expected}"))
        elif not column.nullable and column.name not in relation.not_null:
            found.append((SourceColumnRetyped, f"{place} allows NULL, the contract does not"))
        elif column.name == table.primary_key and column.name not in relation.unique:
            found.append((SourceColumnRetyped, f"{place} is not unique, the contract's key is"))
    return found
