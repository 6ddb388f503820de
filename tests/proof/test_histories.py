"""Whatever happens at the source: every batch is the exact difference of two snapshots.

SOAK=1 lives through SOAK_HISTORIES (2,000) histories, new ones in every run.
"""

import os
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack
from pathlib import Path

import psycopg
import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from pyspark.sql import SparkSession

from awsglue_local.databases.postgres import PostgresServer
from awsglue_local.server.aws import AwsServer
from fixtures.harness import PASSWORD, READER, new_harness
from fixtures.histories import SMALL, End, Reshape, Round, Write, histories
from fixtures.history_place import Place
from fixtures.postgres_relay import relayed
from fixtures.reporting import Report
from glue_fixtures.servers import Database
from totesys_etl.contracts import SOURCE_TABLES
from totesys_etl.contracts.model import SourceTable

SOAK = bool(os.environ.get("SOAK"))
ON_SMALL = int(os.environ.get("SOAK_HISTORIES", "2000")) if SOAK else 200
ON_ALL = ON_SMALL // 10
# A place is left after this many histories: the local AWS keeps every object in memory.
STAY = 100


class Lab:
    """The place of the next history: the same as before, a new one after a failure."""

    def __init__(self, make: Callable[[ExitStack], Place]) -> None:
        self._make, self._left = make, 0
        self._open = ExitStack()
        self.passed = 0

    def live_through(self, history: list[Round]) -> None:
        if not self._left:
            self.close()
            self._place, self._left = self._make(self._open), STAY
        left, self._left = self._left - 1, 0
        self._place.live_through(history)
        self._left = left
        self.passed += 1

    def close(self) -> None:
        self._open.close()


@pytest.fixture
def lab(
    aws: AwsServer, postgres: PostgresServer, few_rows: SparkSession, tmp_path: Path
) -> Iterator[Callable[[Mapping[str, SourceTable]], Lab]]:
    """Makes the lab of some contracts."""
    labs: list[Lab] = []

    def of(tables: Mapping[str, SourceTable]) -> Lab:
        def make(stack: ExitStack) -> Place:
            harness = stack.enter_context(new_harness(aws, postgres, few_rows, tmp_path))
            relay = stack.enter_context(relayed(postgres.host, postgres.port))
            name = f"{harness.name}_history"
            postgres.create_database(name)
            stack.callback(postgres.drop_database, name)
            database = Database(
                postgres.host, postgres.port, name, postgres.user, postgres.password
            )
            behind = Database("127.0.0.1", relay.port, name, "", "")
            harness.arguments["source_connection"] = harness.connection(behind, READER, PASSWORD)
            place = Place(harness, relay, database.conninfo, tables)
            stack.callback(place.close)
            return place

        labs.append(Lab(make))
        return labs[-1]

    # No password asked: in a run of a dozen rows the JVM spends a quarter of its time on SCRAM.
    rules = postgres.data_dir / "pg_hba.conf"
    strict = rules.read_text()
    rules.write_text(f"host /_history$ {READER} {postgres.host}/32 trust\n{strict}")
    _reload(postgres)
    yield of
    for each in labs:
        each.close()
    rules.write_text(strict)
    _reload(postgres)


def _reload(postgres: PostgresServer) -> None:
    with psycopg.connect(postgres.conninfo()) as connection:
        connection.execute("SELECT pg_reload_conf()")


def _prove(
    lab: Lab, strategy: st.SearchStrategy[list[Round]], wanted: int, where: str, report: Report
) -> None:
    @settings(
        max_examples=wanted,
        deadline=None,
        database=None,
        derandomize=not SOAK,
        print_blob=True,
        phases=[Phase.generate, Phase.shrink],
        suppress_health_check=list(HealthCheck),
    )
    @given(history=strategy)
    def every_history_passes(history: list[Round]) -> None:
        lab.live_through(history)

    try:
        every_history_passes()
    except BaseException:
        report(f"histories: {lab.passed} passed, 1 failed, {where} (its shortest script is below)")
        raise
    report(f"histories: {lab.passed} passed, 0 failed, {where}")
    assert lab.passed == wanted


WRITTEN = {
    "a transaction begun before two runs commits between them, with an old stamp": [
        Round(
            before=(
                Write(0, "insert", "item", 1, minutes=-90),
                Write(1, "insert", "item", 2, minutes=90),
                End(1),
            ),
            opened=(End(0),),
        ),
    ],
    "silent edits and a key that comes back": [
        Round(before=(Write(0, "insert", "visit", 256), Write(0, "insert", "item", -1), End(0))),
        Round(before=(Write(0, "delete", "visit", 256), End(0))),
        Round(
            before=(
                Write(0, "insert", "visit", 256, value=1),
                Write(1, "update", "item", -1, value=2, touch=False),
                End(0),
                End(1, "rollback"),
            ),
            reading=(Write(2, "update", "item", -1, value=3, touch=False), End(2)),
        ),
    ],
    "a table emptied and filled behind the snapshot, another one rewritten": [
        Round(before=(Write(0, "insert", "item", 65536), Write(0, "insert", "visit", 1), End(0))),
        Round(
            before=(Write(0, "update", "item", 65536, value=1), End(0)),
            first_look=(Reshape("visit", "add rewriting column"),),
            opened=(Reshape("item", "truncate and refill"), Reshape("visit", "rewrite")),
        ),
    ],
}
"""Here goes the script of a history that failed."""


@pytest.mark.parametrize("title", WRITTEN)
def test_a_written_history(lab: Callable[[Mapping[str, SourceTable]], Lab], title: str) -> None:
    lab(SMALL).live_through(WRITTEN[title])


def test_histories_of_two_small_tables(
    lab: Callable[[Mapping[str, SourceTable]], Lab], report: Report
) -> None:
    _prove(lab(SMALL), histories(SMALL, rounds=2, writes=6), ON_SMALL, "two small tables", report)


def test_histories_of_all_tables(
    lab: Callable[[Mapping[str, SourceTable]], Lab], report: Report
) -> None:
    every = histories(SOURCE_TABLES, rounds=2, writes=20)
    _prove(lab(SOURCE_TABLES), every, ON_ALL, f"all {len(SOURCE_TABLES)} tables", report)
