"""Which rights the loading role needs, and the exact GRANT for each one that it lacks."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from psycopg import Cursor, sql
from psycopg.rows import TupleRow

from totesys_etl.contracts.model import Kind, StarTable
from totesys_etl.errors import WarehouseRightMissing
from totesys_etl.warehouse.etl_schema import ETL

_ETL_TABLE_RIGHTS = {"dim_deletion": ("SELECT", "INSERT", "DELETE")}
_APPEND = ("SELECT", "INSERT")


def check_rights(
    cur: Cursor[TupleRow], tables: Iterable[StarTable], schema: str, *, pending: bool
) -> None:
    """Raises WarehouseRightMissing with a GRANT for everything that preparing and loading needs.

    `tables` are those of the contract that exist in `schema`; `pending`: something has to be
    created still.
    """
    tables = list(tables)
    missing = [
        *_database(cur, schema),
        *_schema(cur, schema, create=pending),
        *_schema(cur, ETL, create=pending),
        *_star_tables(cur, tables, schema, referenced=pending),
        *_etl_tables(cur),
    ]
    if missing:
        cur.execute("SELECT current_user, current_database()")
        role, database = cur.fetchall()[0]
        grants = " ".join(
            sql.SQL("GRANT {} TO {};").format(right, sql.Identifier(role)).as_string(cur)
            for right in missing
        )
        raise WarehouseRightMissing(
            f"role {role} lacks rights in database {database}; run as their owner: {grants}"
        )


def _database(cur: Cursor[TupleRow], schema: str) -> Iterator[sql.Composed]:
    cur.execute(
        """SELECT current_database(),
       has_database_privilege(current_database(), 'CREATE')
       OR (to_regnamespace(quote_ident(%s)) IS NOT NULL
           AND to_regnamespace(quote_ident(%s)) IS NOT NULL),
       has_database_privilege(current_database(), 'TEMPORARY')""",
        [schema, ETL],
    )
    database, create, temporary = cur.fetchall()[0]
    lacking = [r for r, has in (("CREATE", create), ("TEMPORARY", temporary)) if not has]
    if lacking:
        yield _on(lacking, sql.SQL("DATABASE {}").format(sql.Identifier(database)))


def _schema(cur: Cursor[TupleRow], schema: str, *, create: bool) -> Iterator[sql.Composed]:
    cur.execute(
        """SELECT right_name
  FROM unnest(%s::text[]) AS right_name
 WHERE NOT has_schema_privilege(to_regnamespace(quote_ident(%s))::oid, right_name)""",
        [["USAGE", *(["CREATE"] if create else [])], schema],
    )
    lacking = [row[0] for row in cur]
    if lacking:
        yield _on(lacking, sql.SQL("SCHEMA {}").format(sql.Identifier(schema)))


def _star_tables(
    cur: Cursor[TupleRow], tables: Iterable[StarTable], schema: str, *, referenced: bool
) -> Iterator[sql.Composed]:
    for table in tables:
        if table.kind is Kind.FACT:
            yield from _table(cur, schema, table.name, _APPEND)
            yield from _sequences(cur, schema, table.name)
        else:
            references = ("REFERENCES",) if referenced else ()
            yield from _table(cur, schema, table.name, (*_APPEND, "UPDATE", *references))


def _etl_tables(cur: Cursor[TupleRow]) -> Iterator[sql.Composed]:
    cur.execute(
        "SELECT relname FROM pg_class"
        " WHERE relnamespace = to_regnamespace(%s)::oid AND relkind = 'r' ORDER BY relname",
        [ETL],
    )
    for (name,) in cur.fetchall():
        rights = _ETL_TABLE_RIGHTS.get(name, _APPEND)
        yield from _table(cur, ETL, name, rights)


# Objects are looked up in pg_class: to_regclass and the like fail without USAGE on the schema.


def _table(
    cur: Cursor[TupleRow], schema: str, name: str, rights: Sequence[str]
) -> Iterator[sql.Composed]:
    cur.execute(
        """SELECT right_name
  FROM unnest(%s::text[]) AS right_name, pg_class AS c
 WHERE c.relnamespace = to_regnamespace(quote_ident(%s))::oid
   AND c.relname = %s
   AND NOT has_table_privilege(c.oid, right_name)""",
        [list(rights), schema, name],
    )
    lacking = [row[0] for row in cur]
    if lacking:
        yield _on(lacking, sql.SQL("TABLE {}").format(sql.Identifier(schema, name)))


def _sequences(cur: Cursor[TupleRow], schema: str, table: str) -> Iterator[sql.Composed]:
    """Of serial and identity columns (pg_depend: auto and internal); setval needs UPDATE.

    CASE, because has_sequence_privilege fails on anything else and AND has no order.
    """
    cur.execute(
        """SELECT n.nspname, s.relname
  FROM pg_class AS t
  JOIN pg_depend AS d ON d.refobjid = t.oid AND d.deptype IN ('a', 'i')
   AND d.classid = 'pg_class'::regclass AND d.refclassid = 'pg_class'::regclass
  JOIN pg_class AS s ON s.oid = d.objid
  JOIN pg_namespace AS n ON n.oid = s.relnamespace
 WHERE t.relnamespace = to_regnamespace(quote_ident(%s))::oid
   AND t.relname = %s
   AND CASE s.relkind WHEN 'S' THEN NOT has_sequence_privilege(s.oid, 'UPDATE') END""",
        [schema, table],
    )
    for path in cur.fetchall():
        yield _on(["UPDATE"], sql.SQL("SEQUENCE {}").format(sql.Identifier(*path)))


def _on(rights: Sequence[str], what: sql.Composed) -> sql.Composed:
    return sql.SQL("{} ON {}").format(sql.SQL(", ").join(map(sql.SQL, rights)), what)
