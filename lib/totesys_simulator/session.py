"""Transactions on the owner's connection that really commit."""

from collections.abc import Iterator
from contextlib import contextmanager

import psycopg
from psycopg.pq import TransactionStatus

from .errors import OpenTransaction


def refuse_open_transaction(conn: psycopg.Connection) -> None:
    """Raise OpenTransaction when the connection is inside a transaction.

    Ours would become a mere savepoint of it, and what the simulator reports as done would not be.
    """
    if conn.info.transaction_status != TransactionStatus.IDLE:
        raise OpenTransaction(
            f"the connection to database {conn.info.dbname} is inside a transaction: "
            "commit or roll back before calling the simulator"
        )


@contextmanager
def transaction(conn: psycopg.Connection) -> Iterator[None]:
    """One transaction that commits at its end. Raises OpenTransaction."""
    refuse_open_transaction(conn)
    with conn.transaction():
        yield
