"""`totesys audit`: warehouse, star tables and catalogue compared with all changes, now."""

from __future__ import annotations

import argparse
from datetime import UTC, datetime
from typing import Any

import boto3

from totesys_etl.cli.deployment import Deployment
from totesys_etl.cli.job_run import followed, succeeded
from totesys_etl.cli.table import show
from totesys_etl.contracts import STAR_TABLES
from totesys_etl.lake import audits


def register(commands: Any) -> None:
    parser = commands.add_parser(
        "audit",
        help="compare warehouse, star tables and catalogue with all changes",
        description="Runs the job audit_warehouse once and shows what it proved: every star table "
        "replayed from all changes equals its Parquet files, and these equal the warehouse, row "
        "by row: history, current views, deletions, record ids, superseded versions, keys. The "
        "catalogue shows the newest commits. Exits with 1, naming tables and keys, when anything "
        "differs.",
    )
    parser.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> None:
    """Follow the run, then show its report; JobRunFailed with the job's own error."""
    deployment = Deployment.find()
    succeeded(followed("audit_warehouse", {}))
    show_newest(boto3.client("s3"), deployment.processed_bucket)


def show_newest(s3: Any, processed_bucket: str, only: str | None = None) -> None:
    """Print the newest audit, a row for each star table; of one table with `only`."""
    audit = audits.newest(s3, processed_bucket)
    if audit is None:
        print("the warehouse has not been audited yet: run totesys audit")
        return
    print(
        f"warehouse = lake at batch {audit.batch} ({audit.captured_at:%Y-%m-%d %H:%M:%S} UTC), "
        f"processed commit {audit.commit}, audited {age(audit.audited_at)} ago, "
        f"run {audit.run_id}"
    )
    rows = [
        [
            name,
            table.rows,
            f"{int(table.fingerprint):016x}",
            table.current,
            f"{int(table.current_fingerprint):016x}",
            table.deleted,
            table.quarantined,
        ]
        for name, table in audit.tables.items()
        if only in {None, name, *STAR_TABLES[name].source_tables}
    ]
    header = ["star table", "rows", "fingerprint", "current", "fingerprint of current"]
    if rows:
        show([*header, "deleted", "in quarantine"], rows)


def age(moment: datetime) -> str:
    """Return how long ago `moment` (naive UTC) was, in minutes or hours."""
    minutes = (datetime.now(UTC).replace(tzinfo=None) - moment).total_seconds() / 60
    return f"{minutes:.1f} minutes" if minutes < 120 else f"{minutes / 60:.1f} hours"
