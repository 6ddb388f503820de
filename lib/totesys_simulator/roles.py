"""The role the platform reads totesys with: SELECT on the 11 tables and nothing else."""

import psycopg
from psycopg import sql

from .change import TABLES
from .errors import UnsafeRole
from .session import transaction

EXTRA_RIGHTS = """
SELECT rolsuper OR rolcreaterole OR rolcreatedb OR rolreplication OR rolbypassrls
    OR EXISTS (SELECT FROM pg_auth_members WHERE member = pg_roles.oid)
FROM pg_roles
WHERE rolname = %s
"""


def create_reader(conn: psycopg.Connection, name: str, password: str) -> None:
    """Create the login role `name` (or renew its password) with CONNECT, USAGE and SELECT only.

    What every role holds through PUBLIC and could write with (TEMP tables, CREATE in the schema
    before PostgreSQL 15) is revoked from PUBLIC. The server receives a SCRAM verifier; the password
    itself appears in no statement. Raises UnsafeRole when the role exists with more rights.
    """
    verifier = conn.pgconn.encrypt_password(
        password.encode(), name.encode(), b"scram-sha-256"
    ).decode("ascii")
    role, database = sql.Identifier(name), sql.Identifier(conn.info.dbname)
    tables = sql.SQL(", ").join(sql.Identifier("public", table) for table in TABLES)
    with transaction(conn):
        found = conn.execute(EXTRA_RIGHTS, (name,)).fetchone()
        if found and found[0]:
            raise UnsafeRole(
                f"role {name} exists and is more than a reader (an attribute such as SUPERUSER, "
                "or membership in another role): choose another name or drop it"
            )
        if not found:
            conn.execute(sql.SQL("CREATE ROLE {} LOGIN").format(role))
        for statement, parts in (
            ("ALTER ROLE {role} LOGIN PASSWORD {verifier}", {"verifier": sql.Literal(verifier)}),
            ("REVOKE TEMPORARY ON DATABASE {database} FROM PUBLIC", {}),
            ("REVOKE CREATE ON SCHEMA public FROM PUBLIC", {}),
            ("GRANT CONNECT ON DATABASE {database} TO {role}", {}),
            ("GRANT USAGE ON SCHEMA public TO {role}", {}),
            ("GRANT SELECT ON {tables} TO {role}", {"tables": tables}),
        ):
            conn.execute(sql.SQL(statement).format(role=role, database=database, **parts))
