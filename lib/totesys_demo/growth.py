"""`make growth`: what an ingest costs after 10, 100 and 300 batches, timed."""

from __future__ import annotations

import argparse
import contextlib
import sys
import time
from datetime import date, datetime
from pathlib import Path
from statistics import median

from awsglue_local.job.here import run_here
from totesys_demo import screen
from totesys_demo.errors import DemoError
from totesys_demo.platform import SOURCE, LocalPlatform
from totesys_etl.lake.commits import raw_log
from totesys_simulator import Simulator, history

FIRST_DAY = date(2024, 11, 15)
AT = (10, 100, 300)
"""After how many batches the ingest is timed, each by the median of so many runs:"""
RUNS = 9


def main() -> int:
    """Runs, prints; exit code 1 when a run made no batch."""
    parser = argparse.ArgumentParser(prog="make growth ARGS=...", description=__doc__)
    parser.add_argument("--batches", type=int, default=max(AT), help=f"default {max(AT)}")
    parser.add_argument("--state", type=Path, default=Path(".glue-local-growth"))
    arguments = parser.parse_args()
    platform = LocalPlatform(arguments.state)
    platform.down()
    try:
        _measure(platform, arguments.batches)
    except DemoError as error:
        print(f"growth: {error}", file=sys.stderr)
        return 1
    finally:
        platform.down()
    return 0


def _measure(platform: LocalPlatform, batches: int) -> None:
    platform.up()
    with platform.connect(SOURCE) as source:
        history(source, FIRST_DAY)
        simulator = Simulator(source, 11, clock=datetime.combine(FIRST_DAY, datetime.min.time()))
        seconds: list[float] = []
        while len(seconds) < batches + RUNS // 2:
            # A batch of the usual size: what a quarter of an hour brings, and a silent edit.
            simulator.minutes(15)
            source.execute(
                "UPDATE sales_order SET staff_id = staff_id %% 20 + 1 WHERE sales_order_id = %s",
                (1 + len(seconds) * 30,),
            )
            seconds.append(_ingest(platform))
            if len(seconds) % 25 == 0:
                screen.step(f"{len(seconds)} batches")
    made = raw_log(platform.stack.client("s3"), "totesys-raw").head_number()
    if made != len(seconds):
        raise DemoError(f"{len(seconds)} runs made {made} batches")
    rows = []
    for after in [n for n in AT if n <= batches]:
        around = seconds[after - 1 - RUNS // 2 : after + RUNS // 2]
        rows.append([str(after), f"{median(around):.2f}"])
    screen.table(["batches in the lake", f"seconds of an ingest (median of {RUNS})"], rows)


def _ingest(platform: LocalPlatform) -> float:
    """One run in this process, whose Spark session stays: what grows is not hidden by its start."""
    stack = platform.stack
    job = stack.client("glue").get_job(JobName="ingest_totesys")["Job"]
    logs = stack.state_dir / "logs"
    logs.mkdir(exist_ok=True)
    with (
        (logs / "ingest.log").open("a", encoding="utf-8") as log,
        contextlib.redirect_stdout(log),
    ):
        began = time.monotonic()
        run_here(
            job, {}, endpoint=stack.aws.endpoint, region=stack.region, state_dir=stack.state_dir
        )
        return time.monotonic() - began


if __name__ == "__main__":
    sys.exit(main())
