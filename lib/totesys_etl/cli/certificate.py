"""`totesys certificate`: the newest proof that the lake equals the source."""

from __future__ import annotations

import argparse
from datetime import UTC, datetime
from typing import Any

import boto3

from totesys_etl.cli.deployment import Deployment
from totesys_etl.cli.table import show
from totesys_etl.errors import CommitMissing
from totesys_etl.lake import certificates


def register(commands: Any) -> None:
    parser = commands.add_parser(
        "certificate",
        help="the newest proof that the lake equals the source",
        description="Shows the newest run's certificate: every table's rows were compared with the "
        "source at one snapshot, by fingerprints recomputed from the written files.",
    )
    parser.add_argument("--table", metavar="TABLE", help="only this table")
    parser.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> None:
    """Prints the certificate's instant and batch, then a row per table."""
    deployment = Deployment.find()
    certificate = certificates.newest(boto3.client("s3"), deployment.raw_bucket)
    if certificate is None:
        raise CommitMissing(
            f"bucket {deployment.raw_bucket} holds no certificate yet: run workflow totesys_ingest"
        )
    age = datetime.now(UTC).replace(tzinfo=None) - certificate.captured_at
    outcome = "no change found" if certificate.idle else f"batch {certificate.batch} committed"
    minutes = age.total_seconds() / 60
    print(
        f"lake = source at {certificate.captured_at:%Y-%m-%d %H:%M:%S} UTC, {minutes:.1f} minutes "
        f"ago: {outcome}, newest batch {certificate.batch}, snapshot {certificate.pg_snapshot}, "
        f"run {certificate.run_id}"
    )
    rows = [
        [
            name,
            table.live,
            table.ranges,
            f"{int(table.fingerprint):016x}",
            table.inserted,
            table.updated,
            table.deleted,
            table.beyond_bookmark,
            ", ".join(table.extra_columns),
        ]
        for name, table in certificate.tables.items()
        if arguments.table in (None, name)
    ]
    header = ["table", "rows", "ranges", "fingerprint", "inserted", "updated", "deleted"]
    show([*header, "beyond bookmark", "extra columns"], rows)
