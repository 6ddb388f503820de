"""Conservation laws: what commits count must add up, whatever the rows say."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import pairwise

from totesys_etl.contracts import STAR_TABLES
from totesys_etl.contracts.model import Kind
from totesys_etl.lake.certificates import Certificate
from totesys_etl.lake.commits import CHANGES, RawCommit, RawTable, StarCommit, StarTableState

ADVICE = "a commit was changed: restore the version that was written"


def raw_invariants(commits: Sequence[RawCommit]) -> Iterator[str]:
    """read = inserted + updated + deleted + unchanged, per table and batch.

    Read are the rows of source and lake together: live before + inserted. Live now = live before
    + inserted - deleted, so unchanged = live before - updated - deleted, which must not be below 0.
    """
    before: dict[str, RawTable] = {}
    for commit in commits:
        for name, table in commit.tables.items():
            where = f"batch {commit.batch}, {name}"
            live = before[name].live if name in before else 0
            if table.live != live + table.inserted - table.deleted:
                yield (
                    f"{where}: {live} rows before + {table.inserted} inserted - {table.deleted}"
                    f" deleted are not {table.live} live: {ADVICE}"
                )
            if commit.kind == CHANGES:
                yield from _change_invariants(where, table, live)
            ranges = sum(part.live for part in table.current.values())
            if ranges != table.live:
                yield f"{where}: {ranges} live rows in its key ranges, not {table.live}: {ADVICE}"
        before = dict(commit.tables)


def _change_invariants(where: str, table: RawTable, live: int) -> Iterator[str]:
    changed = table.inserted + table.updated + table.deleted
    stored = sum(file.rows for file in table.changes)
    if stored != changed:
        yield f"{where}: {stored} rows in its files of changes, {changed} counted: {ADVICE}"
    if live - table.updated - table.deleted < 0:
        yield f"{where}: more rows updated and deleted than the {live} there were: {ADVICE}"


def certificate_invariants(certificate: Certificate, commit: RawCommit) -> Iterator[str]:
    """The newest certificate states what the commit of its batch holds."""
    for name, table in commit.tables.items():
        told = certificate.tables.get(name)
        total = str(sum(part.fingerprint for part in table.current.values()) % 2**64)
        if told is None or (told.live, told.fingerprint) != (table.live, total):
            yield f"certificate of run {certificate.run_id}: {name} is not batch {commit.batch}'s"


def star_invariants(stars: Sequence[StarCommit], raws: Sequence[RawCommit]) -> Iterator[str]:
    """Every batch is in one processed commit, and versions = loaded + quarantined.

    A commit that a rebuild put in service may bring no batch: it ends where it begins.
    """
    through, versions = 0, dict[str, int]()
    for commit in stars:
        where = f"processed commit {commit.number}"
        if commit.raw_from != through + 1 or commit.raw_through < through:
            yield (
                f"{where}: batches {commit.raw_from} to {commit.raw_through} do not follow"
                f" batch {through}: {ADVICE}"
            )
        through = commit.raw_through
        for name, number in commit.versions.items():
            state = commit.tables[name]
            made = number - versions.get(name, 0)
            if made != state.added + state.quarantined:
                yield (
                    f"{where}, {name}: {made} versions are not {state.added} loaded +"
                    f" {state.quarantined} quarantined: {ADVICE}"
                )
            source = str(STAR_TABLES[name].source)
            counted = raws[through - 1].tables[source].versions if through <= len(raws) else number
            if counted != number:
                yield f"{where}, {name}: {number} versions, batch {through} has {counted}: {ADVICE}"
        versions = dict(commit.versions)
    for older, newer in pairwise(stars):
        for table in STAR_TABLES.values():
            if table.kind is Kind.FACT:
                yield from _grown(newer, table.name, older.tables[table.name])


def _grown(commit: StarCommit, name: str, before: StarTableState) -> Iterator[str]:
    state = commit.tables[name]
    if state.rows != before.rows + state.added:
        yield (
            f"processed commit {commit.number}, {name}: {before.rows} rows before +"
            f" {state.added} are not {state.rows}: {ADVICE}"
        )


def quarantined(stars: Sequence[StarCommit], fact: str) -> int:
    """Versions of a fact in quarantine after the last of `stars`."""
    return sum(commit.tables[fact].quarantined for commit in stars)
