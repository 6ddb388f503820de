"""The demonstration, step by step, in the order in which data flows."""

from __future__ import annotations

import time
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any

import psycopg
from psycopg import sql

from totesys_demo import screen
from totesys_demo.deployments import BUCKETS
from totesys_demo.errors import RowMissing
from totesys_demo.platform import SOURCE, WAREHOUSE, LocalPlatform
from totesys_demo.trace import arrivals
from totesys_etl.contracts import SOURCE_TABLES, STAR_TABLES
from totesys_etl.lake.commits import RawCommit, raw_log, star_log
from totesys_simulator import Change, Simulator, history, net

INGEST, PUBLISH = "totesys_ingest", "totesys_transform_load"


@dataclass(frozen=True)
class Story:
    """A demonstration on one local platform; `until`: the first day that is simulated live."""

    platform: LocalPlatform
    until: date
    seed: int

    def simulated(self) -> None:
        """History, first run, a working day, second run, every change followed; RowMissing if
        one did not arrive."""
        self._start()
        with self.platform.connect(SOURCE) as source:
            if _is_empty(source):
                screen.step(f"totesys: writing its history up to {self.until}")
                rows = history(source, self.until)
                screen.step(f"totesys: {sum(rows.values()):,} rows in {len(rows)} tables")
            self._run_both()
            self._counts(source)
            day = self.until
            changes = self._working_day(source)
            committed = time.monotonic()
            self._run_both()
            visible = time.monotonic() - committed
            screen.headline(f"What {day:%A} {day} changed in totesys, and where it is now")
            missing = self._follow(changes)
        self._queries(changes)
        self._farewell(visible)
        if missing:
            raise RowMissing(
                f"{missing} change(s) did not arrive, marked MISSING above: please report this "
                "with the output"
            )

    def existing(self) -> None:
        """The user's own databases: one run of both workflows, and what arrived."""
        self._start()
        self._run_both()
        with self.platform.connect(SOURCE) as source:
            self._counts(source)
        print(
            "\nChange something in the source, then: make demo with the same ARGS, again.\n"
            "Look around: " + _ENVIRONMENT
        )

    def _start(self) -> None:
        screen.step("starting the local AWS and PostgreSQL, building and uploading wheel and jobs")
        self.platform.up()

    def _run_both(self) -> None:
        for workflow in (INGEST, PUBLISH):
            screen.step(f"workflow {workflow}")
            run = self.platform.run(workflow)
            for job in run.job_runs:
                screen.step(f"  {job.job}: {job.state} in {job.seconds:.1f} s")

    def _commits(self) -> tuple[Any, list[RawCommit]]:
        s3 = self.platform.stack.client("s3")
        log = raw_log(s3, BUCKETS["raw_bucket"])
        return s3, list(log.range(1, log.head_number()))

    def _counts(self, source: psycopg.Connection[Any]) -> None:
        s3, commits = self._commits()
        head = star_log(s3, BUCKETS["processed_bucket"]).head()
        if not commits or head is None:
            print("the source is empty: nothing was captured")
            return
        screen.headline("From totesys to the warehouse")
        with self.platform.connect(WAREHOUSE) as warehouse:
            rows = []
            for name in SOURCE_TABLES:
                star = next((s for s in STAR_TABLES.values() if s.source == name), None)
                rows.append(
                    [
                        name,
                        _count(source, name),
                        sum(f.rows for c in commits for f in c.tables[name].changes),
                        star.name if star else "(in dim_staff)",
                        head.tables[star.name].rows if star else None,
                        _count(warehouse, star.name) if star else None,
                    ]
                )
            rows.append(
                [
                    "(calendar)",
                    None,
                    None,
                    "dim_date",
                    head.tables["dim_date"].rows,
                    _count(warehouse, "dim_date"),
                ]
            )
        header = ["source table", "rows", "changes in lake", "star table", "Parquet rows"]
        screen.table([*header, "warehouse rows"], rows)
        print()

    def _working_day(self, source: psycopg.Connection[Any]) -> list[Change]:
        simulator = Simulator(
            source, self.seed, clock=datetime.combine(self.until, datetime.min.time())
        )
        changes = simulator.workday(self.until)
        oldest_unpaid = source.execute(
            "SELECT min(payment_id) FROM payment WHERE NOT paid AND last_updated < %s",
            (self.until - timedelta(days=30),),
        ).fetchone()
        if oldest_unpaid and oldest_unpaid[0]:
            changes += simulator.delete("payment", oldest_unpaid[0])
        effect = net(changes)
        silent = sum(c.silent for c in effect)
        screen.step(
            f"totesys: simulated {self.until:%A} {self.until}: {len(effect)} changes, "
            f"{silent} of them silent (last_updated did not move), 1 delete (synthetic)"
        )
        return effect

    def _follow(self, changes: list[Change]) -> int:
        s3, commits = self._commits()
        with self.platform.connect(WAREHOUSE) as warehouse:
            found = arrivals(changes, commits[-1:], s3, BUCKETS["raw_bucket"], warehouse)
        screen.show_arrivals(found)
        return sum(not arrival.complete for arrival in found)

    def _queries(self, changes: list[Change]) -> None:
        settled = next((c for c in changes if c.table == "payment" and c.column == "paid"), None)
        with self.platform.connect(WAREHOUSE) as warehouse:
            warehouse.execute("SET search_path = public, etl")
            if settled is not None:
                at = settled.at - timedelta(minutes=1)
                screen.headline(f"The life of payment {settled.key}")
                _ask(
                    warehouse,
                    "SELECT payment_record_id, op, paid, last_updated_date, last_updated_time, "
                    "batch, valid_from, valid_to FROM payment_history WHERE payment_id = %s "
                    "ORDER BY valid_from",
                    settled.key,
                )
                screen.headline(f"As it was a minute before the settlement, at {at}")
                _ask(
                    warehouse,
                    "SELECT payment_record_id, paid FROM payment_as_of(%s) WHERE payment_id = %s",
                    at,
                    settled.key,
                )
            screen.headline("Sales by currency now")
            _ask(
                warehouse,
                "SELECT currency_code, count(*) AS orders, sum(units_sold * unit_price) AS value "
                "FROM current_sales_order JOIN dim_currency USING (currency_id) "
                "GROUP BY currency_code ORDER BY currency_code",
            )

    def _farewell(self, visible: float) -> None:
        print(
            f"\nFrom the COMMIT of the last change in totesys to its visibility in the warehouse: "
            f"{visible:.1f} s (both workflows run at once; on AWS the 15 minutes' schedule comes "
            "before).\n\nWhat to try next\n----------------\n" + _NEXT
        )


_ENVIRONMENT = 'eval "$(.venv/bin/glue-local env)"'
_NEXT = """\
eval "$(.venv/bin/glue-local env)"             # lets every AWS client talk to the local AWS
.venv/bin/totesys certificate                  # the proof: lake = source
.venv/bin/totesys batches
.venv/bin/totesys sql --source "UPDATE sales_order SET units_sold = units_sold + 1 \
WHERE sales_order_id = 42"
.venv/bin/glue-local run totesys_ingest && .venv/bin/glue-local run totesys_transform_load
.venv/bin/totesys sql "SELECT * FROM sales_order_history WHERE sales_order_id = 42"
.venv/bin/totesys sql --lake "SELECT op, count(*) FROM totesys_star.fact_payment GROUP BY op"
make down                                      # stops everything and forgets its data"""


def run_simulated(state: Path, until: date, seed: int) -> None:
    """`make demo`: a fresh platform in `state`."""
    platform = LocalPlatform(state)
    platform.down()
    Story(platform, until, seed).simulated()


def _is_empty(source: psycopg.Connection[Any]) -> bool:
    return _count(source, "address") == 0


def _count(connection: psycopg.Connection[Any], table: str) -> int:
    query = sql.SQL("SELECT count(*) FROM {}").format(sql.Identifier("public", table))
    row = connection.execute(query).fetchone()
    return int(row[0]) if row else 0


def _ask(connection: psycopg.Connection[Any], query: str, *parameters: Any) -> None:
    """Shows a query as it could be typed, and its rows."""
    cursor = psycopg.ClientCursor(connection)
    print(cursor.mogrify(query, parameters))
    cursor.execute(query, parameters)
    screen.table([c.name for c in cursor.description or []], cursor.fetchall())
