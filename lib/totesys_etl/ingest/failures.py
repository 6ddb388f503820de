"""What an error out of a read of the source means, in one line that holds no secret."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import psycopg

from totesys_etl.connection import Endpoint, classify, classify_state
from totesys_etl.errors import (
    SnapshotInvalidated,
    SourceColumnMissing,
    SourceLoginRefused,
    SourceRightMissing,
    SourceTableMissing,
    SourceUnreachable,
    TotesysError,
)

_LOST = {
    "25P03": "it ended the idle transaction",
    "25P04": "it ended the transaction (transaction_timeout)",
    "40001": "it is a standby and cancelled the read to go on with recovery",
    "57014": "it cancelled the read (statement_timeout, or an operator)",
    "55P03": "another session holds a lock on a table for longer than the read may wait",
}
"""SQLSTATE -> what happened, for the ones where another run is the cure."""
_SNAPSHOT_STATES = ("22023", "42704", "55000")
"""What SET TRANSACTION SNAPSHOT answers when the exporting session has gone (13 to 18)."""


def explain(error: BaseException, endpoint: Endpoint | None = None) -> TotesysError | None:
    """The class that fits `error` (psycopg, Py4J, pyspark), None if the source is not at fault.

    `endpoint` is named in the message. Looks through Python's and Java's chains of causes for the
    first PostgreSQL error.
    """
    place = f"source {endpoint.redacted}" if endpoint else "the source"
    credentials = endpoint.credentials if endpoint else "the secret of the Glue connection"
    for link in _chain(error):
        if isinstance(link, TotesysError):
            return link
        if isinstance(link, psycopg.Error):
            state, text = link.sqlstate, _first_line(link)
            if state is None:
                return _of_connection(link, text, place, credentials)
            return _of_state(state, text, place, credentials)
        found = _java_error(link)
        if found is not None:
            return _of_state(*found, place, credentials)
    return None


@contextmanager
def explaining(endpoint: Endpoint) -> Iterator[None]:
    """Raises what `explain` makes of a database error in the block; others pass as they are."""
    try:
        yield
    except psycopg.Error as error:
        explained = explain(error, endpoint)
        if explained is None:
            raise
        raise explained from error


def _of_connection(
    error: psycopg.Error, text: str, place: str, credentials: str
) -> TotesysError | None:
    match classify(error):
        case "login":
            return _refused(place, credentials, text)
        case "database":
            return _no_database(place, text)
        case "unreachable":
            return _unreachable(place, text)
        case _:
            return None


def _of_state(state: str, text: str, place: str, credentials: str) -> TotesysError | None:
    if state in _SNAPSHOT_STATES and "snapshot" in text:
        return SnapshotInvalidated(
            f"{place}: the session that holds the snapshot has ended; run again ({text})"
        )
    if state == "42501":
        return SourceRightMissing(
            f"{place}: {text}; grant SELECT on the table to the role, or BYPASSRLS where row-level"
            " security hides rows, then run again"
        )
    if state == "42P01":
        return SourceTableMissing(f"{place}: {text}; it was there when the snapshot was taken")
    if state == "42703":
        return SourceColumnMissing(f"{place}: {text}; it was there when the snapshot was taken")
    if state in _LOST:
        return SourceUnreachable(f"{place}: {_LOST[state]}; run again ({text})")
    match classify_state(state):
        case "login":
            return _refused(place, credentials, text)
        case "database":
            return _no_database(place, text)
        case "unreachable":
            return _unreachable(place, text)
        case _:
            return None


def _refused(place: str, credentials: str, text: str) -> TotesysError:
    return SourceLoginRefused(
        f"{place}: login refused; correct username and password in {credentials} ({text})"
    )


def _no_database(place: str, text: str) -> TotesysError:
    return SourceUnreachable(
        f"{place}: the server answers, the database does not; correct the connection's JDBC URL or"
        f" grant CONNECT ({text})"
    )


def _unreachable(place: str, text: str) -> TotesysError:
    return SourceUnreachable(
        f"{place}: no connection; check that the server runs and that its address and the"
        f" network of the Glue connection are right ({text})"
    )


def _chain(error: BaseException) -> Iterator[BaseException]:
    seen: set[int] = set()
    link: BaseException | None = error
    while link is not None and id(link) not in seen:
        seen.add(id(link))
        yield link
        link = link.__cause__ or link.__context__


def _java_error(error: BaseException) -> tuple[str, str] | None:
    """(SQLSTATE, first line) of the PSQLException that a Spark error was caused by.

    Py4J keeps the Java exception in `java_exception`, pyspark's own classes in `_origin`.
    """
    java: Any = getattr(error, "java_exception", None) or getattr(error, "_origin", None)
    while java is not None:
        if java.getClass().getName() == "org.postgresql.util.PSQLException":
            return str(java.getSQLState() or ""), _first_line(java.getMessage())
        java = java.getCause()
    return None


def _first_line(error: object) -> str:
    lines = str(error).strip().splitlines()
    return lines[0] if lines else type(error).__name__
