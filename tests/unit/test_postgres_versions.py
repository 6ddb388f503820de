"""What newer versions of PostgreSQL brought is noticed in a statement, and nothing else is."""

from pathlib import Path

import pytest

from fixtures.postgres_versions import newer_than, statements


@pytest.mark.parametrize(
    ("version", "statement"),
    [
        (13, "SELECT date_bin('15 minutes', t, now()) FROM a"),
        (13, "MERGE INTO a USING b ON a.i = b.i WHEN MATCHED THEN DO NOTHING"),
        (13, "CREATE OR REPLACE TRIGGER t AFTER INSERT ON a EXECUTE FUNCTION f()"),
        (15, "SELECT any_value(a) FROM b"),
        (15, "SELECT * FROM (SELECT 1 AS a) WHERE a = 1"),
        (15, "SELECT count(*) FROM (VALUES (1))"),
        (15, "CREATE FUNCTION f() RETURNS int LANGUAGE sql AS $$ SELECT any_value(1) $$"),
        (15, "SELECT 1_000"),
        (15, "UPDATE a SET b = 1 RETURNING old.b"),
        (16, "SELECT uuidv7()"),
        (16, "COPY a FROM STDIN WITH (ON_ERROR ignore)"),
    ],
)
def test_what_is_newer_is_noticed(version: int, statement: str) -> None:
    assert newer_than(version, statement)


@pytest.mark.parametrize(
    ("version", "statement"),
    [
        (15, "MERGE INTO a USING b ON a.i = b.i WHEN MATCHED THEN DO NOTHING"),
        (13, "SELECT 'uuidv7()', \"any_value\" FROM (SELECT 1) AS a"),
        (13, "SELECT * FROM (SELECT f((1)) FROM b) snapshot WHERE x = 1"),
        (13, "SELECT pg_current_snapshot()"),
        (14, "SELECT date_bin('15 minutes', t, now()) FROM a"),
    ],
)
def test_what_is_old_enough_is_not(version: int, statement: str) -> None:
    assert newer_than(version, statement) == []


def test_statements_come_from_the_log_whole(tmp_path: Path) -> None:
    log = tmp_path / "server.log"
    log.write_text(
        "2026-11-25 10:00:00 UTC [1] LOG:  statement: SELECT a,\n\t  b FROM c\n"
        "2026-11-25 10:00:01 UTC [1] LOG:  execute <unnamed>: SELECT $1\n"
        "2026-11-25 10:00:01 UTC [1] DETAIL:  parameters: $1 = '7'\n"
        "2026-11-25 10:00:02 UTC [1] LOG:  checkpoint starting: time\n"
    )
    assert statements(log) == {"SELECT a, b FROM c", "SELECT $1"}
