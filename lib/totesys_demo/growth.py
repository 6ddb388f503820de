"""`make growth`: what an ingest costs in lakes of 10, 100 and 300 batches, timed side by side."""

from __future__ import annotations

import argparse
import contextlib
import sys
import time
from collections.abc import Mapping
from datetime import date, datetime
from pathlib import Path
from statistics import median
from typing import Any

from awsglue_local.job.here import run_here
from totesys_demo import screen
from totesys_demo.errors import DemoError
from totesys_demo.platform import SOURCE, LocalPlatform
from totesys_etl.lake.commits import raw_log
from totesys_simulator import Simulator, history

FIRST_DAY = date(2024, 11, 15)
AT = (10, 100, 300)
"""How many batches the lakes hold that are compared, each by the median of so many runs:"""
RUNS = 9
TIMED = RUNS + 2
"""So many of the last batches are of the usual size: those that are timed, and some before."""
_OF_A_JOB = ("Name", "Role", "Command", "DefaultArguments", "Connections", "GlueVersion")


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
    """Several lakes of one source: the fewer batches one shall have, the later it begins, so that
    all are timed at the same moments, by turns, with the same changes."""
    platform.up()
    made = {n: _lake(platform, n) for n in sorted({*(n for n in AT if n < batches), batches})}
    last = batches + RUNS // 2
    seconds: dict[int, list[float]] = {n: [] for n in made}
    with platform.connect(SOURCE) as source:
        history(source, FIRST_DAY)
        simulator = Simulator(source, 11, clock=datetime.combine(FIRST_DAY, datetime.min.time()))
        for number in range(1, last + 1):
            if number > last - TIMED:
                # A batch of the usual size: what a quarter of an hour brings.
                simulator.minutes(15)
            # And a silent edit, which is all that the many batches before have.
            source.execute(
                "UPDATE sales_order SET staff_id = staff_id %% 20 + 1 WHERE sales_order_id = %s",
                (number * 30,),
            )
            begun = [n for n in made if number > batches - n]
            for n in begun[number % len(begun) :] + begun[: number % len(begun)]:
                seconds[n].append(_ingest(platform, made[n]))
            if number % 25 == 0:
                screen.step(f"{number} batches")
    s3 = platform.stack.client("s3")
    for n, job in made.items():
        head = raw_log(s3, job["DefaultArguments"]["--raw_bucket"]).head_number()
        if head != len(seconds[n]):
            raise DemoError(f"{len(seconds[n])} runs made {head} batches")
    medians = {n: median(each[-RUNS:]) for n, each in seconds.items()}
    first = medians[min(medians)]
    screen.table(
        ["batches in the lake", f"seconds of an ingest (median of {RUNS})", f"against {min(made)}"],
        [[str(n), f"{m:.2f}", f"{m / first:.2f} x"] for n, m in medians.items()],
    )


def _lake(platform: LocalPlatform, batches: int) -> dict[str, Any]:
    """A job like ingest_totesys with a lake of its own."""
    s3, glue = platform.stack.client("s3"), platform.stack.client("glue")
    job: dict[str, Any] = dict(glue.get_job(JobName="ingest_totesys")["Job"])
    own = {}
    for argument in ("--raw_bucket", "--work_bucket", "--processed_bucket"):
        own[argument] = f"{job['DefaultArguments'][argument]}-{batches}"
        s3.create_bucket(
            Bucket=own[argument],
            CreateBucketConfiguration={"LocationConstraint": platform.stack.region},
        )
    own["--raw_database"] = f"{job['DefaultArguments']['--raw_database']}_{batches}"
    glue.create_database(DatabaseInput={"Name": own["--raw_database"]})
    job |= {"Name": f"{job['Name']}_{batches}"}
    job["DefaultArguments"] = job["DefaultArguments"] | own
    glue.create_job(**{name: job[name] for name in _OF_A_JOB if name in job})
    return job


def _ingest(platform: LocalPlatform, job: Mapping[str, Any]) -> float:
    """One run in this process, whose Spark session stays: what grows is not hidden by its start."""
    stack = platform.stack
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
