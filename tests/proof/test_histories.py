"""Whatever happens at the source: every batch is the exact difference of two snapshots.

Another seed every day; `make soak` goes through SOAK_HISTORIES (2,000) histories, as many with each
seed as on a day.
"""

import hashlib
import os
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack
from pathlib import Path

import psycopg
import pytest
from pyspark.sql import SparkSession

from awsglue_local.databases.postgres import PostgresServer
from awsglue_local.server.aws import AwsServer
from fixtures.harness import PASSWORD, READER, new_harness
from fixtures.histories import SMALL, End, Reshape, Round, Write, histories, run_histories
from fixtures.history_environment import HistoryEnvironment
from fixtures.postgres_relay import relayed
from fixtures.reporting import Report
from fixtures.seeds import SEED, SOAK, Repeat, seeds_of_a_soak
from fixtures.soak import FOLDER, SoakState, code_digest
from glue_fixtures.servers import Database
from totesys_etl.contracts import SOURCE_TABLES
from totesys_etl.contracts.model import SourceTable

ON_SMALL, ON_ALL = 40, 5
"""Histories of a seed on two small tables and on all. The same number in a soak: what a seed stands
for depends on how many it has to make."""
SOAK_SEEDS = int(os.environ.get("SOAK_HISTORIES", "2000")) // ON_SMALL
IN_ONE_ENVIRONMENT = 100
"""Histories after which another one is made: the local AWS keeps every object in memory."""


class HistoryRunner:
    """Runs histories one after another in one environment; in a new one after a failure.

    `passed` counts them since `begin`.
    """

    def __init__(self, create: Callable[[ExitStack], HistoryEnvironment]) -> None:
        self._create, self._left = create, 0
        self._open = ExitStack()
        self.begin()

    def begin(self) -> None:
        """Count from 0."""
        self.passed, self._scripts = 0, hashlib.sha256()

    @property
    def digest(self) -> str:
        """Return a digest of the scripts since `begin`: the same when they are repeated."""
        return self._scripts.hexdigest()[:12]

    def run(self, history: list[Round]) -> None:
        """Run a history and check what becomes of it."""
        self._scripts.update(repr(history).encode())
        if not self._left:
            self.close()
            self._environment, self._left = self._create(self._open), IN_ONE_ENVIRONMENT
        left, self._left = self._left - 1, 0
        self._environment.run(history)
        self._left = left
        self.passed += 1

    def close(self) -> None:
        """Remove the environment."""
        self._open.close()


RunnerOf = Callable[[Mapping[str, SourceTable]], HistoryRunner]


@pytest.fixture
def runner_of(
    aws: AwsServer, postgres: PostgresServer, spark: SparkSession, tmp_path: Path
) -> Iterator[RunnerOf]:
    """Yield what makes a runner of histories on some tables."""
    runners: list[HistoryRunner] = []

    def runner_of_tables(tables: Mapping[str, SourceTable]) -> HistoryRunner:
        def create(stack: ExitStack) -> HistoryEnvironment:
            harness = stack.enter_context(new_harness(aws, postgres, spark, tmp_path))
            relay = stack.enter_context(relayed(postgres.host, postgres.port))
            name = f"{harness.name}_history"
            postgres.create_database(name)
            stack.callback(postgres.drop_database, name)
            database = Database(
                postgres.host, postgres.port, name, postgres.user, postgres.password
            )
            behind_relay = Database("127.0.0.1", relay.port, name, "", "")
            connection = harness.connection(behind_relay, READER, PASSWORD)
            harness.arguments["source_connection"] = connection
            environment = HistoryEnvironment(harness, relay, database.conninfo, tables)
            stack.callback(environment.close)
            return environment

        runners.append(HistoryRunner(create))
        return runners[-1]

    # No password asked: in a run of a dozen rows the JVM spends a quarter of its time on SCRAM.
    rules = postgres.data_dir / "pg_hba.conf"
    strict = rules.read_text()
    rules.write_text(f"host /_history$ {READER} {postgres.host}/32 trust\n{strict}")
    _reload(postgres)
    yield runner_of_tables
    for runner in runners:
        runner.close()
    rules.write_text(strict)
    _reload(postgres)


def _reload(postgres: PostgresServer) -> None:
    with psycopg.connect(postgres.conninfo()) as connection:
        connection.execute("SELECT pg_reload_conf()")


Prove = Callable[[Mapping[str, SourceTable], int, int], None]


@pytest.fixture
def prove(runner_of: RunnerOf, report: Report, repeat: Repeat) -> Prove:
    """Return what runs the seed's histories; in a soak, of all its seeds that have not passed."""

    def prove_histories(tables: Mapping[str, SourceTable], writes: int, wanted: int) -> None:
        runner, strategy = runner_of(tables), histories(dict(tables), rounds=2, writes=writes)
        title = f"histories of {len(tables)} tables"
        soak = SoakState(FOLDER, title, SEED, code_digest()) if SOAK else None
        seeds = seeds_of_a_soak(SEED, SOAK_SEEDS) if soak else [SEED]
        for number, seed in enumerate(seeds, 1):
            if soak and str(seed) in soak.done(title):
                continue
            runner.begin()
            result = "1 failed (its shortest script is below)"
            try:
                run_histories(strategy, wanted, seed, runner.run)
                result = f"0 failed (digest of their scripts {runner.digest})"
            except KeyboardInterrupt:
                result = "then interrupted"
                raise
            finally:
                where = f"seed {number} of {len(seeds)}, " if soak else ""
                report(f"{title}: {where}{runner.passed} passed, {result}; {repeat(seed)}")
            assert runner.passed == wanted
            if soak:
                soak.add(title, str(seed))
        if soak:
            soak.finish()

    return prove_histories


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
def test_a_written_history(runner_of: RunnerOf, title: str) -> None:
    runner_of(SMALL).run(WRITTEN[title])


def test_histories_of_two_small_tables(prove: Prove) -> None:
    prove(SMALL, 6, ON_SMALL)


def test_histories_of_all_tables(prove: Prove) -> None:
    prove(SOURCE_TABLES, 20, ON_ALL)
