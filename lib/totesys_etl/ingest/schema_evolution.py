"""A contract change: columns that the contracts have gained become a commit of their own, before
the batch of the run that finds them.

The commit holds nothing but the change: values of the new columns for the rows that the lake has.
What else the source has changed since is for the batch that follows, so no change and no version
is lost in it.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace

from pyspark.sql import DataFrame, SparkSession

from totesys_etl.connection import Endpoint
from totesys_etl.contracts.evolution import added_columns, previous_contract, shape
from totesys_etl.contracts.model import SourceTable
from totesys_etl.contracts.version import contract_version
from totesys_etl.errors import CertificateFailed, TotesysError
from totesys_etl.fingerprints.canonical import range_name
from totesys_etl.ingest import diff
from totesys_etl.ingest.batch import Batch
from totesys_etl.ingest.change_detection import versioned_columns
from totesys_etl.ingest.snapshot import Fingerprint, Snapshot, explain, open_snapshot
from totesys_etl.job import Log
from totesys_etl.lake.changes import write_changes
from totesys_etl.lake.commits import CONTRACT, CommitLog, DataFile, KeyRange, RawCommit, RawTable
from totesys_etl.lake.current import measure, read_current, write_current


@dataclass(frozen=True)
class EvolvedTable:
    """A table whose contract has other columns than its rows in the lake: `added` are new."""

    table: SourceTable
    state: RawTable
    added: tuple[str, ...]

    @property
    def before(self) -> SourceTable:
        """The contract that the rows in the lake were written by."""
        return previous_contract(self.table, self.state.columns)


@dataclass(frozen=True)
class Backfill:
    """The values of new columns at the snapshot: `changes` (cached; None: no column was added, or
    no row is there), and the source's fingerprints by the contract of now and of before."""

    grown: EvolvedTable
    changes: DataFrame | None
    summary: diff.Summary
    now: Mapping[int, Fingerprint]
    before: Mapping[int, Fingerprint]
    extra_columns: tuple[str, ...]


def evolved_tables(head: RawCommit, tables: Mapping[str, SourceTable]) -> tuple[EvolvedTable, ...]:
    """The tables of `head` to be written again before a batch can follow.

    Raises ContractChanged for a column that the contract has no more, or of another type.
    """
    written = f"written up to batch {head.batch}"
    return tuple(
        EvolvedTable(table, state, added_columns(table, state.columns, written))
        for name, table in tables.items()
        if (state := head.tables.get(name)) is not None and state.columns != shape(table)
    )


@dataclass(frozen=True)
class SchemaEvolution:
    """The commit that a run makes before its batch when its contracts have changed."""

    spark: SparkSession
    source: Endpoint
    raw_bucket: str
    work_bucket: str
    run_id: str
    log: Log

    def settle(
        self,
        commits: CommitLog[RawCommit],
        head: RawCommit | None,
        tables: Mapping[str, SourceTable],
    ) -> RawCommit | None:
        """The head whose rows have the contracts' columns: `head`, or the commit made of it."""
        grown = evolved_tables(head, tables) if head else ()
        if head is None or not grown:
            return head
        batch, backfills = self._spool(head, tables, grown)
        states = {
            name: replace(state, inserted=0, updated=0, deleted=0, changes=())
            for name, state in head.tables.items()
        }
        for each in backfills:
            name = each.grown.table.name
            with self.log.step("backfilled", table=name, batch=batch.number) as result:
                states[name] = self._write(batch, each)
                proven = self._verify(each, states[name])
                result |= {"columns": each.grown.added, "rows": each.summary.updated}
                result |= {"ranges": len(states[name].current), "proven": proven}
        commit = batch.commit(states, self.run_id, CONTRACT)
        commits.append(batch.number, commit)
        self.log("committed", batch=commit.batch, captured_at=commit.captured_at)
        for each in backfills:
            if each.changes is not None:
                each.changes.unpersist()
        return commit

    def _spool(
        self, head: RawCommit, tables: Mapping[str, SourceTable], grown: tuple[EvolvedTable, ...]
    ) -> tuple[Batch, list[Backfill]]:
        """Everything that needs the source; the snapshot is released at the end."""
        concerned = [each.table for each in grown]
        with open_snapshot(self.spark, self.source) as snapshot:
            batch = Batch.after(head, snapshot, tables)
            extra = snapshot.check(concerned)
            with _explaining(self.source):
                backfills = [
                    self._backfill(batch, snapshot, each, extra[each.table.name]) for each in grown
                ]
            snapshot.verify_unrewritten(concerned)
        return batch, backfills

    def _backfill(
        self, batch: Batch, snapshot: Snapshot, grown: EvolvedTable, extra_columns: tuple[str, ...]
    ) -> Backfill:
        table, state = grown.table, grown.state
        now, before = snapshot.fingerprints(table), snapshot.fingerprints(grown.before)
        if not grown.added or not state.current:
            return Backfill(grown, None, diff.UNCHANGED, now, before, extra_columns)
        current = read_current(self.spark, self.work_bucket, table, state.current)
        changes = diff.backfill(
            current, snapshot.read(table), table, grown.added, batch.captured_at
        ).persist()
        # The one action on the source; it fills the cache.
        summary = diff.summary(changes, table, versioned_columns(table))
        return Backfill(grown, changes, summary, now, before, extra_columns)

    def _write(self, batch: Batch, backfill: Backfill) -> RawTable:
        """Writes the changes, and all current rows again: the fingerprints cover every column."""
        table, state = backfill.grown.table, backfill.grown.state
        files: tuple[DataFile, ...] = ()
        ranges: dict[str, KeyRange] = {}
        if state.current:
            rows = read_current(self.spark, self.work_bucket, table, state.current)
            if backfill.changes is not None:
                files = write_changes(
                    backfill.changes,
                    bucket=self.raw_bucket,
                    table=table,
                    ingest_date=batch.ingest_date,
                    batch=batch.number,
                )
                rows = diff.apply(rows, backfill.changes, table, batch.number)
            ranges = write_current(rows, bucket=self.work_bucket, table=table)
        return RawTable(
            contract=contract_version(table),
            columns=shape(table),
            columns_seen=(*table.column_names, *backfill.extra_columns),
            inserted=0,
            updated=backfill.summary.updated,
            deleted=0,
            versions=state.versions + backfill.summary.versions,
            live=state.live,
            changes=files,
            current=ranges,
        )

    def _verify(self, backfill: Backfill, state: RawTable) -> int:
        """How many key ranges equal the source; CertificateFailed where one should and does not.

        In every range the columns of before are as they were. In those where the source has not
        changed otherwise, all columns are the source's; the others are proven by the run's batch.
        """
        table, before = backfill.grown.table, backfill.grown.state
        rows = read_current(self.spark, self.work_bucket, table, state.current)
        kept = diff.project_markers(rows, backfill.grown.before)
        found = measure(kept, backfill.grown.before)
        stored = {n: (r.rows, r.live, r.fingerprint) for n, r in before.current.items()}
        wrong = sorted(n for n in found.keys() | stored.keys() if found.get(n) != stored.get(n))
        source_before, source = _by_name(backfill.before), _by_name(backfill.now)
        proven = [n for n in stored if source_before.get(n, (0, 0)) == stored[n][1:]]
        lake = {n: (r.live, r.fingerprint) for n, r in state.current.items()}
        wrong += [n for n in proven if source.get(n, (0, 0)) != lake.get(n)]
        if wrong:
            raise CertificateFailed(
                f"{table.name}: key range(s) {', '.join(wrong[:3])} of {len(wrong)} are not what "
                f"they should be with the new columns {', '.join(backfill.grown.added)}: nothing "
                "was committed, run the job again; if it happens twice, the current rows in the "
                "work bucket are damaged"
            )
        return len(proven)


def _by_name(fingerprints: Mapping[int, Fingerprint]) -> dict[str, tuple[int, int]]:
    return {range_name(n): (f.rows, f.total) for n, f in fingerprints.items()}


@contextmanager
def _explaining(source: Endpoint) -> Iterator[None]:
    """Raises what `explain` makes of an error of a read by Spark."""
    try:
        yield
    except TotesysError:
        raise
    except Exception as error:
        explained = explain(error, source)
        if explained is None:
            raise
        raise explained from error
