"""A snapshot that is lost while it is read: the run starts over with a new one, and misses nothing.

Each loss happens at the same moment of the run, which waits for it.
"""

import json
from typing import Any

import pytest

from fixtures.harness import Harness
from fixtures.snapshot_moments import while_the_snapshot_is_open
from totesys_etl.ingest.session import APPLICATION_NAME

REWRITES = {
    "truncate and refill": "CREATE TABLE kept AS TABLE payment; TRUNCATE payment;"
    " INSERT INTO payment SELECT * FROM kept; DROP TABLE kept",
    "rewriting alter": "ALTER TABLE payment ALTER COLUMN payment_date TYPE varchar(99);"
    " ALTER TABLE payment ALTER COLUMN payment_date TYPE text USING payment_date || ''",
}


@pytest.fixture
def harness(shared_harness: Harness) -> Harness:
    return shared_harness


@pytest.mark.parametrize("case", REWRITES)
def test_a_table_rewritten_while_the_snapshot_is_read(
    case: str, harness: Harness, capsys: pytest.CaptureFixture[str]
) -> None:
    """PostgreSQL shows such a table as empty to a snapshot from before."""
    before = harness.raw_head()

    with while_the_snapshot_is_open(
        harness, lambda: harness.source.execute(REWRITES[case].encode())
    ) as connection:
        commit = harness.ingest(source_connection=connection)

    (lost,) = lost_attempts(capsys)
    assert (lost["attempt"], lost["reason"].split(":")[0]) == (1, "SnapshotInvalidated")
    assert "payment" in lost["reason"]
    # The second snapshot sees the table as it is now, not empty: all its rows are what they were.
    assert commit is None and harness.raw_head() == before
    assert (harness.certificate().idle, harness.certificate().tables["payment"].live) == (True, 10)


def test_a_snapshot_whose_sessions_are_ended(
    harness: Harness, capsys: pytest.CaptureFixture[str]
) -> None:
    """As a failover or an operator does it."""
    before = harness.raw_head()
    harness.source.execute("UPDATE payment SET paid = NOT paid WHERE payment_id = 2")
    end = (
        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
        f" WHERE application_name = '{APPLICATION_NAME}' AND datname = current_database()"
    )

    with while_the_snapshot_is_open(
        harness, lambda: harness.source.execute(end.encode()), "reading"
    ) as connection:
        commit = harness.ingest(source_connection=connection)

    assert [lost["attempt"] for lost in lost_attempts(capsys)] == [1]
    assert commit is not None
    assert (commit.batch, commit.tables["payment"].updated) == (before + 1, 1)


def lost_attempts(capsys: pytest.CaptureFixture[str]) -> list[dict[str, Any]]:
    lines = capsys.readouterr().out.splitlines()
    return [json.loads(line) for line in lines if "attempt_lost" in line]
