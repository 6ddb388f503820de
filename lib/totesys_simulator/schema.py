"""The empty totesys: the contracts' 11 source tables, and the table Prisma keeps beside them."""

import psycopg

from totesys_etl.contracts import SOURCE_TABLES
from totesys_etl.render.postgres import source_ddl

from .session import transaction

PRISMA_TABLE = """
CREATE TABLE public._prisma_migrations (
    id character varying(36) PRIMARY KEY,
    checksum character varying(64) NOT NULL,
    finished_at timestamp with time zone,
    migration_name character varying(255) NOT NULL,
    logs text,
    rolled_back_at timestamp with time zone,
    started_at timestamp with time zone NOT NULL DEFAULT now(),
    applied_steps_count integer NOT NULL DEFAULT 0
)
"""

PRISMA_ROWS = """
INSERT INTO public._prisma_migrations
    (id, checksum, finished_at, migration_name, started_at, applied_steps_count)
SELECT md5(name)::uuid::text, md5(name) || md5(name || '.sql'), at + interval '41 ms', name, at, 1
FROM (
    VALUES
        ('20221101101530_init', timestamptz '2022-11-03 14:20:47.201+00'),
        ('20221102161214_payment_accounts', timestamptz '2022-11-03 14:20:47.388+00')
) AS migration (name, at)
"""


def create_totesys(conn: psycopg.Connection) -> None:
    """Create enums, the 11 tables with keys and indexes, and `_prisma_migrations`, in `public`.

    One transaction. Raises psycopg.errors.DuplicateTable or DuplicateObject when they exist.
    """
    with transaction(conn):
        for statement in source_ddl(SOURCE_TABLES.values()):
            conn.execute(statement)
        conn.execute(PRISMA_TABLE)
        conn.execute(PRISMA_ROWS)
