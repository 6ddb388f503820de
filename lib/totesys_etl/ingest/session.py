"""The session every read of one run has in common: same snapshot, same settings."""

from __future__ import annotations

from dataclasses import dataclass

from psycopg import sql

from totesys_etl.connection import Connection, Endpoint, connect

APPLICATION_NAME = "totesys ingest"


@dataclass(frozen=True)
class Session:
    """What a session needs to see the snapshot `exported_id` of the exporting connection; no
    statement in it may take longer than `seconds`."""

    endpoint: Endpoint
    schema: str
    lock_timeout: str
    exported_id: str
    seconds: int

    def join(self) -> Connection:
        """A further connection that sees the snapshot; the caller closes it."""
        connection = connect(self.endpoint, APPLICATION_NAME, autocommit=True)
        try:
            connection.execute(
                begin(self.schema, self.lock_timeout, self.seconds, self.exported_id)
            )
        except BaseException:
            connection.close()
            raise
        return connection

    def init_statement(self) -> str:
        """What Spark runs first on each of its JDBC connections."""
        statements = begin(self.schema, self.lock_timeout, self.seconds, self.exported_id)
        return statements.as_string(None)

    def startup_options(self) -> str:
        """Settings a connection has from its first moment, in the server's command-line form."""
        return "-c lock_timeout=" + self.lock_timeout.replace(" ", "\\ ")


def begin(
    schema: str, lock_timeout: str, seconds: int, exported_id: str | None = None
) -> sql.Composed:
    """Opens a read-only transaction, on the snapshot `exported_id` or on a new one.

    The explicit BEGIN is vital: outside a transaction SET TRANSACTION SNAPSHOT is a mere warning
    and live rows are read. row_security = off makes a policy that would hide rows an error.
    """
    statements: list[sql.Composable] = [
        sql.SQL("BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY"),
    ]
    if exported_id is not None:
        statements.append(sql.SQL("SET TRANSACTION SNAPSHOT {}").format(sql.Literal(exported_id)))
    statements += [
        sql.SQL("SET LOCAL row_security = off"),
        sql.SQL("SET LOCAL lock_timeout = {}").format(sql.Literal(lock_timeout)),
        sql.SQL("SET LOCAL statement_timeout = {}").format(sql.Literal(f"{seconds}s")),
        # These sessions idle by design: while Spark reads, while a consumer digests a fetch.
        sql.SQL("SET LOCAL idle_in_transaction_session_timeout = 0"),
        # format_type prints a type of another schema with that schema's name.
        sql.SQL("SET LOCAL search_path = {}").format(sql.Identifier(schema)),
    ]
    return sql.SQL("; ").join(statements)
