"""What PostgreSQL's errors mean for whoever runs the load."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import psycopg

from totesys_etl.connection import Connection, classify
from totesys_etl.errors import (
    WarehouseContradictsContract,
    WarehouseLoginRefused,
    WarehouseRightMissing,
    WarehouseUnreachable,
)

_REFUSED_VALUES = (psycopg.errors.IntegrityError, psycopg.errors.DataError)
_CHANGED_OBJECTS = (
    psycopg.errors.UndefinedTable,
    psycopg.errors.UndefinedColumn,
    psycopg.errors.DependentObjectsStillExist,
    psycopg.errors.CardinalityViolation,
)


@contextmanager
def translated(conn: Connection, doing: str) -> Iterator[None]:
    """Raises our own class for psycopg errors that somebody can do something about.

    `doing` says what was tried ('commit 7'). Others are left as they are.
    """
    try:
        yield
    except psycopg.Error as error:
        meant = _meaning(error, conn, doing)
        if meant is None:
            raise
        raise meant from error


def refused(error: psycopg.OperationalError, where: str, credentials: str) -> Exception:
    """Why a connection to `where` ('host:port/db as user') could not be made."""
    reason = " ".join(str(error).split())
    if classify(error) in ("login", "database"):
        return WarehouseLoginRefused(
            f"warehouse {where} refuses the login, look at {credentials}: {reason}"
        )
    return WarehouseUnreachable(
        f"warehouse {where} does not answer: {reason}; check that it runs and that the network"
        " of the Glue connection reaches it"
    )


def _meaning(error: psycopg.Error, conn: Connection, doing: str) -> Exception | None:
    info = error.diag
    said = info.message_primary or " ".join(str(error).split())
    if conn.broken or conn.closed or classify(error) == "unreachable":
        return WarehouseUnreachable(
            f"the warehouse went away during {doing}: {said}; nothing of it was kept unless the"
            " ledger has it, run the load again"
        )
    if classify(error) == "login":
        return WarehouseLoginRefused(f"the warehouse refuses the login during {doing}: {said}")
    if isinstance(error, psycopg.errors.ReadOnlySqlTransaction):
        return WarehouseUnreachable(f"{doing}: {said}; connect to the primary, not to a standby")
    if isinstance(error, psycopg.errors.InsufficientPrivilege):
        return WarehouseRightMissing(f"{doing}: {said}; its owner must grant it")
    if isinstance(error, _REFUSED_VALUES):
        return WarehouseContradictsContract(
            f"{doing}: {_place(error)}{said}{_key(error)}; the lake's rows do not fit the table"
        )
    if isinstance(error, _CHANGED_OBJECTS):
        return WarehouseContradictsContract(f"{doing}: {said}{_key(error)}")
    return None


def _place(error: psycopg.Error) -> str:
    place = ".".join(p for p in (error.diag.table_name, error.diag.column_name) if p)
    context = error.diag.context or ""
    if not place and context.startswith("COPY "):
        # 'COPY dim_date, line 3, column year: "x"' without the value.
        place = context.removeprefix("COPY ").split(":")[0]
    return f"{place}: " if place else ""


def _key(error: psycopg.Error) -> str:
    """The key that broke a constraint; never the 'Failing row', which holds a row's content."""
    detail = error.diag.message_detail or ""
    return f" ({detail})" if detail and not detail.startswith("Failing row") else ""
