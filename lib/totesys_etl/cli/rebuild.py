"""`totesys rebuild`: what derives from the raw bucket, written again and put in use."""

from __future__ import annotations

import argparse
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import boto3

from totesys_etl.cli.deployment import Deployment
from totesys_etl.cli.job_run import followed, succeeded
from totesys_etl.cli.table import show
from totesys_etl.lake.commits import raw_log, star_log


@dataclass(frozen=True)
class Part:
    """What can be rebuilt, the Glue job that does it with `arguments`, and what is in use then."""

    name: str
    job: str
    arguments: dict[str, str]
    help: str
    show: Callable[[Deployment], None]


def register(commands: Any) -> None:
    parser = commands.add_parser(
        "rebuild",
        help="write current rows, star tables or warehouse again from the raw bucket",
        description="Writes current rows, star tables or the warehouse again from the raw bucket "
        "alone and puts them in use: one commit of the lake, one transaction of the warehouse. "
        "What was written is compared before it counts, by the audit's own comparison; when it "
        "differs, nothing changes. Glue jobs do the work. To compare only: totesys audit, and "
        "totesys scrub for the current rows.",
    )
    for part in PARTS:
        parser.add_argument(f"--{part.name}", action="store_true", help=part.help)
    parser.add_argument(
        "--swap", action="store_true", help="required: says that what is in use is replaced"
    )
    parser.set_defaults(run=run, check=lambda arguments: _check(parser, arguments))


def _check(parser: argparse.ArgumentParser, arguments: argparse.Namespace) -> None:
    """End with a usage error unless it is said what to replace, and that it is."""
    if not any(getattr(arguments, part.name) for part in PARTS):
        parser.error("say what to rebuild: --current, --star, --warehouse, or several of them")
    if not arguments.swap:
        parser.error("add --swap to replace what is in use; to compare only: totesys audit")


def run(arguments: argparse.Namespace) -> None:
    """Run the chosen parts in order, each to its end; JobRunFailed with the job's own error."""
    deployment = Deployment.find()
    for part in PARTS:
        if getattr(arguments, part.name):
            succeeded(followed(part.job, part.arguments))
            part.show(deployment)


def _show_current(deployment: Deployment) -> None:
    head = raw_log(boto3.client("s3"), deployment.raw_bucket).head()
    assert head is not None  # noqa: S101  # nosec B101
    print(f"current rows: every range is as batch {head.batch} certified it")
    rows = [[name, t.live, len(t.current)] for name, t in head.tables.items()]
    show(["table", "rows", "ranges"], rows)


def _show_star(deployment: Deployment) -> None:
    head = star_log(boto3.client("s3"), deployment.processed_bucket).head()
    assert head is not None  # noqa: S101  # nosec B101
    print(
        f"star tables: written again from batches 1 to {head.raw_through}, equal to their replay,"
        f" in use with processed commit {head.number}"
    )
    show(["table", "rows"], [[name, table.rows] for name, table in head.tables.items()])


def _show_warehouse(deployment: Deployment) -> None:
    head = star_log(boto3.client("s3"), deployment.processed_bucket).head()
    assert head is not None  # noqa: S101  # nosec B101
    print(f"warehouse: loaded again, equal to the files of processed commit {head.number}")


PARTS = (
    Part("current", "rebuild_current", {}, "current rows, from all changes", _show_current),
    Part(
        "star", "transform_star", {"--rebuild": "swap"}, "star tables, from all batches", _show_star
    ),
    Part(
        "warehouse",
        "load_warehouse",
        {"--rebuild": "swap"},
        "warehouse, from the star tables",
        _show_warehouse,
    ),
)
"""In the order in which they rest on each other."""
