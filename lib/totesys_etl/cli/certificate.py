"""`totesys certificate`: the proof that the lake equals the source, and the warehouse the lake."""

from __future__ import annotations

import argparse
from typing import Any

import boto3

from totesys_etl.cli.audit import age, show_newest
from totesys_etl.cli.deployment import Deployment
from totesys_etl.cli.table import show
from totesys_etl.contracts import STAR_TABLES
from totesys_etl.errors import CommitMissing, SettingInvalid
from totesys_etl.lake import certificates
from totesys_etl.lake.certificates import Certificate
from totesys_etl.lake.commits import raw_log


def register(commands: Any) -> None:
    parser = commands.add_parser(
        "certificate",
        help="the newest proof that lake = source, and warehouse = lake",
        description="Shows a run's certificate: every table's rows were compared with the source "
        "at one snapshot, by fingerprints recomputed from the written files. Then the newest "
        "audit of the warehouse: history and current rows of every star table, compared with "
        "the Parquet files and with all changes.",
    )
    parser.add_argument(
        "--batch", type=int, metavar="N", help="of the run that committed batch N, not the newest"
    )
    parser.add_argument("--table", metavar="TABLE", help="only this table, of source or star")
    parser.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> None:
    """Prints the certificate's instant and batch, then a row per table; then the audit's."""
    deployment = Deployment.find()
    s3 = boto3.client("s3")
    certificate = _certificate(s3, deployment, arguments.batch)
    known = {*certificate.tables, *STAR_TABLES}
    if arguments.table not in {None, *known}:
        raise SettingInvalid(
            f"--table {arguments.table}: there is no such table, use one of "
            f"{', '.join(sorted(known))}"
        )
    _show_certificate(certificate, arguments.table)
    print()
    show_newest(s3, deployment.processed_bucket, arguments.table)


def _certificate(s3: Any, deployment: Deployment, batch: int | None) -> Certificate:
    bucket = deployment.raw_bucket
    if batch is None:
        newest = certificates.newest(s3, bucket)
        if newest is None:
            raise CommitMissing(
                f"bucket {bucket} holds no certificate yet: run workflow totesys_ingest"
            )
        return newest
    commit = raw_log(s3, bucket).read(batch)
    found = certificates.of_run(s3, bucket, commit.run_id, commit.captured_at)
    if found is None:
        raise CommitMissing(
            f"batch {batch} has no certificate of its own: run {commit.run_id} ended between its"
            " commit and its certificate; the next run's certificate covers it"
        )
    return found


def _show_certificate(certificate: Certificate, only: str | None) -> None:
    outcome = "no change found" if certificate.idle else f"batch {certificate.batch} committed"
    print(
        f"lake = source at {certificate.captured_at:%Y-%m-%d %H:%M:%S} UTC, "
        f"{age(certificate.captured_at)} ago: {outcome}, newest batch {certificate.batch}, "
        f"snapshot {certificate.pg_snapshot}, run {certificate.run_id}"
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
        if only in {None, name, *_fed_by(name)}
    ]
    header = ["table", "rows", "ranges", "fingerprint", "inserted", "updated", "deleted"]
    if rows:
        show([*header, "beyond bookmark", "extra columns"], rows)


def _fed_by(source: str) -> set[str]:
    """Star tables that a source table feeds: asked for one, both sides are shown."""
    return {name for name, table in STAR_TABLES.items() if source in table.source_tables}
