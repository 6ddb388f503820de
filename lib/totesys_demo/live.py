"""`make live`: the schedule on, totesys written all the time, and what happens shown as it does."""

from __future__ import annotations

import argparse
import signal
import sys
import threading
import time
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from pathlib import Path
from types import FrameType
from typing import Any

import psycopg

from awsglue_local.client.find import Found, all_runs
from awsglue_local.errors import LocalGlueError
from totesys_demo import screen
from totesys_demo.deployments import BUCKETS
from totesys_demo.errors import DemoError
from totesys_demo.platform import SOURCE, WAREHOUSE, LocalPlatform
from totesys_etl.lake.commits import raw_log, star_log
from totesys_simulator import Simulator, history

DESCRIPTION = """\
Starts a local AWS with its schedule on, a totesys with a history, and a warehouse. A simulated
company then writes to totesys all the time; the ingest starts by its schedule, every five minutes
of a clock that runs faster; the commit of a batch starts the publication by an event. The screen
shows how far each stage is. Ctrl-C ends everything and leaves nothing.
"""
_SHOWN_RUNS = 8
_CLEAR = "\x1b[H\x1b[J"


@dataclass
class Writer:
    """Writes to totesys in a thread of its own, `pace` seconds between two working minutes."""

    platform: LocalPlatform
    first_day: date
    seed: int
    pace: float
    changes: int = 0
    clock: datetime | None = None
    last: datetime | None = None
    error: Exception | None = None
    _stopped: threading.Event = field(default_factory=threading.Event)

    def __post_init__(self) -> None:
        self._thread = threading.Thread(target=self._run, name="writer")

    def __enter__(self) -> Writer:
        self._thread.start()
        return self

    def __exit__(self, *problem: object) -> None:
        self._stopped.set()
        self._thread.join()

    def _run(self) -> None:
        try:
            with self.platform.connect(SOURCE) as source:
                start = datetime.combine(self.first_day, datetime.min.time())
                simulator = Simulator(source, self.seed, clock=start)
                while not self._stopped.wait(self.pace):
                    made = len(simulator.minutes(1))
                    self.clock = simulator.clock
                    if made:
                        self.changes, self.last = self.changes + made, _now()
        except Exception as error:
            self.error = error  # shown by the view, which ends then


@dataclass(frozen=True)
class Stages:
    """How far each stage is. `loaded_at` is the snapshot that the warehouse shows (naive UTC)."""

    batch: int
    captured_at: datetime | None
    star: int
    star_through: int
    loaded: int
    loaded_at: datetime | None

    @property
    def freshness(self) -> float | None:
        """Seconds since the moment that the warehouse shows; None before the first load."""
        return None if self.loaded_at is None else (_now() - self.loaded_at).total_seconds()


def stages(platform: LocalPlatform) -> Stages:
    """Read from the commit logs and the warehouse's ledger."""
    s3 = platform.stack.client("s3")
    raw = raw_log(s3, BUCKETS["raw_bucket"]).head()
    star = star_log(s3, BUCKETS["processed_bucket"]).head()
    with platform.connect(WAREHOUSE) as warehouse:
        ledger = _newest_load(warehouse)
    return Stages(
        raw.batch if raw else 0,
        raw.captured_at if raw else None,
        star.number if star else 0,
        star.raw_through if star else 0,
        *(ledger or (0, None)),
    )


def follow(
    platform: LocalPlatform, writer: Writer, seconds: float | None, loads: int | None
) -> None:
    """Shows the stages, on a terminal as a picture, elsewhere in lines, until `seconds` are over or
    the warehouse has `loads` commits.
    """
    end = None if seconds is None else time.monotonic() + seconds
    tell = _Picture() if sys.stdout.isatty() else _Lines()
    while end is None or time.monotonic() < end:
        if writer.error is not None:
            raise DemoError(f"the simulation has failed: {writer.error}") from writer.error
        now = stages(platform)
        tell.show(now, writer, all_runs(platform.stack.client("glue"))[:_SHOWN_RUNS])
        if loads is not None and now.loaded >= loads:
            return
        time.sleep(1)


class _Picture:
    def show(self, now: Stages, writer: Writer, runs: list[Found]) -> None:
        age = "-" if now.freshness is None else f"{now.freshness:.0f} s"
        simulated = f"{writer.clock:%a %Y-%m-%d %H:%M}" if writer.clock else "-"
        lines = [
            f"totesys, live    {datetime.now(UTC):%H:%M:%S} UTC    Ctrl-C ends",
            "",
            f"source     {writer.changes:>6} changes    in the company it is {simulated}",
            f"lake       {now.batch:>6} batches    newest of {_time(now.captured_at)}",
            f"star       {now.star:>6} commits    through batch {now.star_through}",
            f"warehouse  {now.loaded:>6} commits    shows {_time(now.loaded_at)}",
            "",
            f"freshness  {age:>6}    promised: 1800 s",
            "",
            *(f"{_time(run.shown['StartedOn'])}  {_run(run)}" for run in runs),
        ]
        print(_CLEAR + "\n".join(lines), flush=True)


class _Lines:
    def __init__(self) -> None:
        self._told: set[str] = set()

    def show(self, now: Stages, writer: Writer, runs: list[Found]) -> None:
        self._tell(f"lake: batch {now.batch}", now.batch > 0)
        self._tell(f"star: commit {now.star}, through batch {now.star_through}", now.star > 0)
        for run in reversed(runs):
            self._tell(_run(run, seconds=False), True)
        key = f"warehouse: commit {now.loaded}"
        if key not in self._told and now.freshness is not None:
            self._told.add(key)
            screen.step(
                f"{key}, freshness {now.freshness:.1f} s, {writer.changes} changes written so far"
            )

    def _tell(self, line: str, worth: bool) -> None:
        if worth and line not in self._told:
            self._told.add(line)
            screen.step(line)


def main() -> int:
    """Exit code: 0; 1 when the simulation failed; 2 when it could not start."""
    signal.signal(signal.SIGTERM, _interrupt)
    arguments = _parser().parse_args()
    platform = LocalPlatform(arguments.state, live=True, clock_speed=arguments.speed)
    platform.down()
    try:
        screen.step("starting the local AWS and PostgreSQL, deploying the jobs")
        platform.up()
        with platform.connect(SOURCE) as source:
            screen.step(f"totesys: writing its history up to {arguments.until}")
            history(source, arguments.until)
        with Writer(platform, arguments.until, arguments.seed, arguments.pace) as writer:
            follow(platform, writer, arguments.seconds, arguments.loads)
    except KeyboardInterrupt:
        print("\nlive: stopped")
    except DemoError as error:
        print(f"\nlive: {error}", file=sys.stderr)
        return 1
    except (LocalGlueError, psycopg.OperationalError) as error:
        print(f"\nlive: {error}", file=sys.stderr)
        return 2
    finally:
        platform.down()
    return 0


def _newest_load(warehouse: psycopg.Connection[Any]) -> tuple[int, datetime] | None:
    exists = warehouse.execute("SELECT to_regclass('etl.load_ledger')").fetchone()
    if exists == (None,):
        return None
    row = warehouse.execute(
        "SELECT commit_number, captured_at FROM etl.load_ledger ORDER BY commit_number DESC LIMIT 1"
    ).fetchone()
    return None if row is None else (int(row[0]), row[1])


def _run(found: Found, *, seconds: bool = True) -> str:
    shown = found.shown
    ended = shown.get("CompletedOn") or datetime.now(UTC)
    taken = f"{(ended - shown['StartedOn']).total_seconds():6.1f} s" if seconds else ""
    indent = "  " if found.kind == "job" else ""
    return f"{indent + found.name:<18} {found.run_id[:11]}  {found.state:<10} {taken}".rstrip()


def _time(moment: datetime | None) -> str:
    return "-" if moment is None else f"{moment:%H:%M:%S}"


def _now() -> datetime:
    return datetime.now(UTC).replace(tzinfo=None)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="make live ARGS=...",
        description=DESCRIPTION,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--state", type=Path, default=Path(".glue-local-live"))
    parser.add_argument("--until", type=date.fromisoformat, default=date(2024, 11, 15),
                        metavar="DAY", help="the first day that is written live")  # fmt: skip
    parser.add_argument("--seed", type=int, default=5, help="of the simulated days")
    parser.add_argument("--pace", type=float, default=2.0, metavar="SECONDS",
                        help="between two working minutes of the company (default 2)")  # fmt: skip
    parser.add_argument("--speed", type=float, default=5.0,
                        help="of the clock: 5 starts an ingest every minute (default)")  # fmt: skip
    parser.add_argument("--seconds", type=float, help="end after so long (default: Ctrl-C)")
    parser.add_argument("--loads", type=int, help="end when the warehouse has so many commits")
    return parser


def _interrupt(signum: int, frame: FrameType | None) -> None:
    raise KeyboardInterrupt


if __name__ == "__main__":
    sys.exit(main())
