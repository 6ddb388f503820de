"""A database of its own beside the warehouse, on the same server, for a warehouse made anew."""

from __future__ import annotations

from contextlib import closing

import psycopg
from psycopg import sql

from totesys_etl.connection import Connection, Endpoint, connect
from totesys_etl.errors import WarehouseRightMissing
from totesys_etl.warehouse.failures import refused, translated

LONGEST_NAME = 63


def beside(endpoint: Endpoint) -> Endpoint:
    """Database <warehouse>_rebuilt of the same server; it need not exist."""
    ending = "_rebuilt"
    return endpoint.beside(endpoint.database[: LONGEST_NAME - len(ending)] + ending)


def make_aside(endpoint: Endpoint) -> Endpoint:
    """`beside(endpoint)`, new and empty; one that an earlier rebuild left is dropped.

    Raises WarehouseRightMissing, WarehouseUnreachable, WarehouseLoginRefused.
    """
    aside = beside(endpoint)
    drop_aside(endpoint)
    with closing(_connected(endpoint)) as conn, translated(conn, f"creating {aside.database}"):
        try:
            # template0 has no sessions that would be in the way.
            conn.execute(
                sql.SQL("CREATE DATABASE {} TEMPLATE template0").format(
                    sql.Identifier(aside.database)
                )
            )
        except psycopg.errors.InsufficientPrivilege as error:
            role = sql.Identifier(endpoint.user).as_string(conn)
            raise WarehouseRightMissing(
                f"role {endpoint.user} may not create database {aside.database}, in which the "
                f"warehouse is rebuilt; run as a superuser: ALTER ROLE {role} CREATEDB;"
            ) from error
    return aside


def drop_aside(endpoint: Endpoint) -> None:
    """Drops what `make_aside` made, if it is there, whoever looks at it."""
    name = sql.Identifier(beside(endpoint).database)
    with closing(_connected(endpoint)) as conn, translated(conn, "dropping a rebuilt warehouse"):
        conn.execute(sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(name))


def _connected(endpoint: Endpoint) -> Connection:
    try:
        return connect(endpoint, "rebuild_warehouse", autocommit=True)
    except psycopg.OperationalError as error:
        raise refused(error, endpoint.redacted, endpoint.credentials) from error
