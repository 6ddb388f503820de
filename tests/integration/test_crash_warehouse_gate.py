"""The gate that crash tests put before the warehouse sees each commit, whoever makes it how."""

from collections.abc import Iterator

import psycopg
import pytest

from fixtures.crashes.effects import Disturbance, Effect, Effects
from fixtures.crashes.warehouse_gate import warehouse_gate
from glue_fixtures.servers import Database


@pytest.fixture
def effects() -> Effects:
    return Effects()


@pytest.fixture
def through(database: Database, effects: Effects) -> Iterator[str]:
    """How to reach the database through the gate; it has an empty table t (n)."""
    with psycopg.connect(database.conninfo) as direct:
        direct.execute("CREATE TABLE t (n integer)")
    with warehouse_gate(database.host, database.port, effects) as port:
        yield psycopg.conninfo.make_conninfo(database.conninfo, host="127.0.0.1", port=port)


def test_every_end_of_a_transaction_is_met_and_nothing_else(through: str, effects: Effects) -> None:
    with psycopg.connect(through, autocommit=True) as connection:
        with connection.transaction():
            connection.execute("INSERT INTO t VALUES (1)")
            connection.execute("INSERT INTO t VALUES (%s)", [2])
        with connection.transaction(force_rollback=True):
            connection.execute("INSERT INTO t VALUES (3)")
        for n in (4, 5):
            connection.execute("INSERT INTO t VALUES (%s)", [n], prepare=True)
        with connection.cursor().copy("COPY t FROM STDIN") as copy:
            copy.write("6\n")
        connection.autocommit = False
        connection.execute("DELETE FROM t WHERE n = 6")
        connection.commit()

    assert effects.met == [
        Effect("warehouse: COMMIT after INSERT INTO t VALUES ($1)", 1),
        Effect("warehouse: INSERT INTO t VALUES ($1)", 1),
        Effect("warehouse: INSERT INTO t VALUES ($1)", 2),
        Effect("warehouse: COPY t FROM STDIN", 1),
        Effect("warehouse: COMMIT after DELETE FROM t WHERE n = 6", 1),
    ]


@pytest.mark.parametrize(
    ("disturbance", "kept"),
    [
        (Disturbance.KILLED_BEFORE, 0),
        (Disturbance.RESET, 0),
        (Disturbance.KILLED_AFTER, 1),
        (Disturbance.ANSWER_LOST, 1),
    ],
)
def test_a_commit_is_disturbed_before_or_after_it_is_made(
    through: str,
    effects: Effects,
    database: Database,
    disturbance: Disturbance,
    kept: int,
) -> None:
    killed: list[bool] = []

    def plan(effect: Effect) -> Disturbance:
        return disturbance

    with (
        psycopg.connect(through, autocommit=True) as connection,
        effects.planned(plan, lambda: killed.append(True), lambda: True),
        pytest.raises(psycopg.OperationalError),
        connection.transaction(),
    ):
        connection.execute("INSERT INTO t VALUES (1)")

    assert bool(killed) == (disturbance in (Disturbance.KILLED_BEFORE, Disturbance.KILLED_AFTER))
    with psycopg.connect(database.conninfo) as direct:
        assert direct.execute("SELECT count(*) FROM t").fetchone() == (kept,)
