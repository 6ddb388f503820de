"""`totesys scrub`: every current row read again, and compared with its commit and the source."""

from __future__ import annotations

import argparse
from typing import Any

import boto3

from totesys_etl.cli.deployment import Deployment
from totesys_etl.cli.job_run import followed, succeeded
from totesys_etl.lake import certificates


def register(commands: Any) -> None:
    parser = commands.add_parser(
        "scrub",
        help="read every current row again, compare it with its commit and with the source",
        description="Runs the ingest once so that it rests on no fingerprint: all files of "
        "current rows are read and compared with what the newest commit says of them, then every "
        "row of the source with every row of the lake, at one snapshot. What has changed at the "
        "source since the last run is committed as in any run. Exits with 1, naming table and key "
        "range, when a file is not what was written.",
    )
    parser.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> None:
    """Follows the run, then says what it proved; JobRunFailed with the job's own error."""
    deployment = Deployment.find()
    succeeded(followed("ingest_totesys", {"--compare": "scrub"}))
    proof = certificates.newest(boto3.client("s3"), deployment.raw_bucket)
    assert proof is not None  # noqa: S101  # nosec B101
    rows = sum(table.live for table in proof.tables.values())
    changed = [n for n, t in proof.tables.items() if t.inserted + t.updated + t.deleted]
    what = "nothing had changed"
    if not proof.idle:
        what = f"changes in {', '.join(sorted(changed))} found and committed"
    print(
        f"{rows} rows of {len(proof.tables)} tables read and compared, source = lake at batch "
        f"{proof.batch} as of {proof.as_of}: {what}"
    )
