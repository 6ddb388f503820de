"""`totesys rebuild`: everything that derives from the raw bucket made anew, and compared."""

from __future__ import annotations

import argparse
from dataclasses import dataclass
from typing import Any

import boto3

from totesys_etl.cli.deployment import Deployment
from totesys_etl.cli.job_run import followed, succeeded
from totesys_etl.cli.table import show
from totesys_etl.lake import rebuilds


@dataclass(frozen=True)
class Part:
    """What can be rebuilt, the Glue job that does it, and where that job leaves its report."""

    name: str
    job: str
    bucket: str
    help: str


PARTS = (
    Part("current", "rebuild_current", "work_bucket", "current rows from all changes"),
    Part("star", "transform_star", "processed_bucket", "star tables from all batches"),
    Part("warehouse", "load_warehouse", "processed_bucket", "warehouse from the star tables"),
)
"""In the order in which they rest on each other."""


def register(commands: Any) -> None:
    parser = commands.add_parser(
        "rebuild",
        help="make everything anew from the raw bucket, compare, put it in service",
        description="Makes current rows, star tables and warehouse anew from the raw bucket alone, "
        "beside those in service, and compares them: counts and fingerprints of every table, "
        "record ids included. Glue jobs do the work. Exits with 1 when anything differs. Nothing "
        "in service changes unless --swap says so.",
    )
    for part in PARTS:
        parser.add_argument(f"--{part.name}", action="store_true", help=f"only {part.help}")
    parser.add_argument(
        "--swap",
        action="store_true",
        help="put the rebuilt in service, each part at once: one commit of the lake, one "
        "transaction of the warehouse; current rows and warehouse only where they differ",
    )
    parser.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> None:
    """Runs the parts in order, each to its end; JobRunFailed with the job's own error."""
    deployment = Deployment.find()
    chosen = [part for part in PARTS if getattr(arguments, part.name)] or list(PARTS)
    way = rebuilds.SWAP if arguments.swap else rebuilds.COMPARE
    for part in chosen:
        _rebuild(part, getattr(deployment, part.bucket), way)


def _rebuild(part: Part, bucket: str, way: str) -> None:
    ended = followed(part.job, {"--rebuild": way})
    report = rebuilds.read(boto3.client("s3"), bucket, ended["Id"])
    if report is not None:
        _tell(report)
    succeeded(ended)


def _tell(report: rebuilds.Rebuilt) -> None:
    outcome = "as rebuilt" if not report.differences else "NOT as rebuilt"
    service = "the rebuilt is in service now" if report.swapped else f"in service is {outcome}"
    print(f"{report.part} rebuilt from raw batches 1 to {report.through}: {service}")
    rows = [[n, t.rows, t.fingerprint, t.difference or "-"] for n, t in report.tables.items()]
    show(["table", "rows", "fingerprint", "difference to what was in service"], rows)
