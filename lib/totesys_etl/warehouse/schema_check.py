"""Star tables that exist already ("a prepared warehouse") must be the contract's."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

from psycopg import Cursor
from psycopg.rows import TupleRow

from totesys_etl.contracts.model import Kind, StarTable
from totesys_etl.contracts.types import physical_type
from totesys_etl.errors import WarehouseContradictsContract

_AS_GOOD = {
    ("character varying", "text"),
    ("numeric(10,2)", "numeric"),
    ("time without time zone", "time(3) without time zone"),
}
"""(contract's type, another that holds the same values)."""

_COLUMNS = """SELECT c.relname, c.relkind::text, a.attname, format_type(a.atttypid, a.atttypmod),
       a.attnotnull, a.attidentity = 'a' OR a.attgenerated <> ''
  FROM pg_class AS c
  LEFT JOIN pg_attribute AS a ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped
 WHERE c.relnamespace = to_regnamespace(quote_ident(%s))::oid
   AND c.relname = ANY (%s)
   AND c.relkind IN ('r', 'p', 'v', 'm', 'f')
 ORDER BY c.relname, a.attnum"""

_KEYS = """SELECT t.relname, k.contype::text, k.convalidated,
       ARRAY(SELECT a.attname::text
               FROM unnest(k.conkey) WITH ORDINALITY AS u (attnum, place)
               JOIN pg_attribute AS a ON a.attrelid = k.conrelid AND a.attnum = u.attnum
              ORDER BY u.place),
       r.relnamespace = t.relnamespace, r.relname,
       ARRAY(SELECT a.attname::text
               FROM unnest(k.confkey) WITH ORDINALITY AS u (attnum, place)
               JOIN pg_attribute AS a ON a.attrelid = k.confrelid AND a.attnum = u.attnum
              ORDER BY u.place)
  FROM pg_constraint AS k
  JOIN pg_class AS t ON t.oid = k.conrelid
  LEFT JOIN pg_class AS r ON r.oid = k.confrelid
 WHERE t.relnamespace = to_regnamespace(quote_ident(%s))::oid
   AND t.relname = ANY (%s)
   AND k.contype IN ('p', 'f')"""

_UNIQUE = """SELECT t.relname, i.relname
  FROM pg_index AS x
  JOIN pg_class AS t ON t.oid = x.indrelid
  JOIN pg_class AS i ON i.oid = x.indexrelid
 WHERE t.relnamespace = to_regnamespace(quote_ident(%s))::oid
   AND t.relname = ANY (%s)
   AND x.indisunique AND NOT x.indisprimary"""


@dataclass
class Found:
    """One relation as the server describes it."""

    kind: str
    columns: list[tuple[str, str, bool, bool]] = field(default_factory=list)
    primary_key: list[str] = field(default_factory=list)
    foreign_keys: set[str] = field(default_factory=set)
    not_valid: set[str] = field(default_factory=set)
    unique: list[str] = field(default_factory=list)


def existing(cur: Cursor[TupleRow], tables: Iterable[StarTable], schema: str) -> dict[str, Found]:
    """What `schema` has under the names of `tables`; tables that are missing are left out."""
    where = [schema, [table.name for table in tables]]
    found: dict[str, Found] = {}
    for name, kind, *column in cur.execute(_COLUMNS, where):
        relation = found.setdefault(name, Found(kind))
        if column[0] is not None:
            relation.columns.append((column[0], column[1], column[2], column[3]))
    for name, kind, valid, columns, same_schema, other, references in cur.execute(_KEYS, where):
        if kind == "p":
            found[name].primary_key = columns
            continue
        other = other if same_schema else f"another schema's {other}"
        key = _foreign_key(", ".join(columns), other, ", ".join(references))
        (found[name].foreign_keys if valid else found[name].not_valid).add(key)
    for name, index in cur.execute(_UNIQUE, where):
        found[name].unique.append(index)
    return found


def check_prepared(tables: Iterable[StarTable], found: dict[str, Found], schema: str) -> None:
    """Raises WarehouseContradictsContract that lists every difference at once."""
    differences = [
        f"{table.name}{difference}"
        for table in tables
        if table.name in found
        for difference in _differences(table, found[table.name])
    ]
    if differences:
        raise WarehouseContradictsContract(
            f"tables in schema {schema} are not the contract's: {'; '.join(differences)}. ALTER"
            " them accordingly, or drop empty ones: missing tables are created"
        )


def _differences(table: StarTable, found: Found) -> Iterator[str]:
    if found.kind not in ("r", "p"):
        yield " is not a table"
        return
    columns = {name: column for name, *column in found.columns}
    for column in table.columns:
        if column.name not in columns:
            yield f".{column.name} is missing"
            continue
        type_found, not_null, generated = columns[column.name]
        type_meant = physical_type(column.type)
        if type_found != type_meant and (type_meant, type_found) not in _AS_GOOD:
            yield f".{column.name} is {type_found}, must be {type_meant}"
        if not_null == column.nullable:
            yield f".{column.name} must be {'nullable' if column.nullable else 'NOT NULL'}"
        if generated:
            yield f".{column.name} is GENERATED ALWAYS, must accept the lake's values"
    extra = [name for name in columns if name not in table.column_names]
    if extra:
        yield f" has extra columns {', '.join(extra)}"
    elif set(columns) == set(table.column_names) and list(columns) != list(table.column_names):
        yield f" has its columns in another order, must be {', '.join(table.column_names)}"
    yield from key_differences(table, found)


def key_differences(table: StarTable, found: Found) -> Iterator[str]:
    """What is not the contract's about primary key, foreign keys and unique indexes."""
    if found.primary_key != [table.primary_key]:
        is_key = f"({', '.join(found.primary_key)})" if found.primary_key else "missing"
        yield f"'s primary key is {is_key}, must be ({table.primary_key})"
    meant = {_foreign_key(k.column, k.table, k.references) for k in table.foreign_keys}
    for key in sorted(meant - found.foreign_keys - found.not_valid):
        yield f" lacks FOREIGN KEY {key}"
    for key in sorted(meant & found.not_valid):
        yield f" has FOREIGN KEY {key} NOT VALID, must be validated"
    for key in sorted((found.foreign_keys | found.not_valid) - meant):
        yield f" has another FOREIGN KEY {key}"
    if table.kind is Kind.FACT:
        for index in sorted(found.unique):
            yield f" has unique index {index}, which forbids history"


def _foreign_key(columns: str, table: str, references: str) -> str:
    return f"({columns}) REFERENCES {table} ({references})"
