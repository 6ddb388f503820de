"""Every key and prefix of the platform's buckets, in one place.

    raw/        _commits/00000042.json                       a batch becomes real
                _verified/2026-11-22T10-15-00.000Z-<run>.json  certificate of a run
                changes/<table>/ingest_date=.../batch=.../<uuid>/00000.parquet
    work/       current/<table>/range=00003/<uuid>/00000.parquet
    processed/  _commits/00000017.json                       star tables become real
                _audited/<moment>-<run>.json                 proof of an audit
                _loaded/00000017.json                        the warehouse has that commit
                <star table>/<partition key>=.../<uuid>/00000.parquet
    code/       releases/<digest>/...                        scripts and wheels of a deployment

Terraform's policies name the same prefixes; a test compares them.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

COMMITS = "_commits/"
CERTIFICATES = "_verified/"
AUDITS = "_audited/"
LOADED = "_loaded/"
CHANGES = "changes/"
CURRENT = "current/"
RELEASES = "releases/"

PREFIXES: Mapping[str, frozenset[str]] = {
    "raw": frozenset({COMMITS, CERTIFICATES, CHANGES}),
    "work": frozenset({CURRENT}),
    "processed": frozenset({COMMITS, AUDITS, LOADED}),
    "code": frozenset({RELEASES}),
}
"""What lies at the top of each bucket, beside the star tables' own folders in processed."""

RANGE_KEY = "range"
"""Partition key of current rows: the key range."""
EMPTY = "empty"
"""A folder that nothing is ever written to: where a partition points that has no rows any more."""

_MOMENT = "%Y-%m-%dT%H-%M-%S.%fZ"


def numbered(folder: str, number: int) -> str:
    """Return the key of document `number` in a log: '_commits/00000042.json'."""
    return f"{folder}{number:08d}.json"


def changes(table: str) -> str:
    """Return the folder of all changes of a source table."""
    return f"{CHANGES}{table}"


def changes_of_batch(table: str, ingest_date: str, batch: int) -> str:
    """Return the folder of a batch's changes of one source table."""
    return f"{changes(table)}/ingest_date={ingest_date}/batch={batch:08d}"


def current(table: str) -> str:
    """Return the folder of a source table's current rows."""
    return f"{CURRENT}{table}"


def star(table: str) -> str:
    """Return the folder of a star table, of deletions or of the quarantine."""
    return table


def partition(folder: str, key: str, value: str) -> str:
    """Return the folder of one partition value."""
    return f"{folder}/{key}={value}"


def proof(folder: str, moment: datetime, run_id: str) -> str:
    """Return the key of a proof; keys sort by `moment` (naive UTC)."""
    shown = moment.isoformat(timespec="milliseconds").replace(":", "-")
    return f"{folder}{shown}Z-{run_id}.json"


def moment_of_proof(folder: str, key: str) -> datetime:
    """Return the moment in the key of a proof."""
    stamp = key.removeprefix(folder).partition("Z-")[0]
    return datetime.strptime(f"{stamp}Z", _MOMENT)
