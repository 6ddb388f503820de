"""The batch that a snapshot makes on top of the newest commit: its number, instant and source."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from totesys_etl.contracts import SOURCE_TABLES
from totesys_etl.contracts.evolution import check_tables
from totesys_etl.contracts.model import SourceTable
from totesys_etl.errors import SourceReplaced, SourceWentBack
from totesys_etl.ingest.snapshot import Snapshot
from totesys_etl.lake.commits import CHANGES, RawCommit, RawTable


@dataclass(frozen=True)
class Batch:
    """The batch after `head` (None: the first), taken at one snapshot of the source.

    `as_of` is the moment up to which the snapshot has every transaction: on a standby that of the
    newest one replayed, else `captured_at`.
    """

    head: RawCommit | None
    number: int
    captured_at: datetime
    as_of: datetime
    system_identifier: str
    database: str
    pg_snapshot: str

    @classmethod
    def after(
        cls, head: RawCommit | None, snapshot: Snapshot, tables: Collection[str] = SOURCE_TABLES
    ) -> Batch:
        """The batch of `tables` (contracts by name) that `snapshot` makes on top of `head`.

        Raises SourceReplaced when the snapshot is of another database system, SourceWentBack when
        it does not advance on the head's, ContractChanged when the head has a table that is not
        among the contracts. One that is new there is a table's first batch.
        """
        captured_at = snapshot.captured_at
        if head is not None:
            check_tables(f"batch {head.batch}", head.tables, tables, needed=())
            _check_same_source(head, snapshot)
            captured_at = max(captured_at, head.captured_at + timedelta(milliseconds=1))
        return cls(
            head=head,
            number=head.batch + 1 if head else 1,
            captured_at=captured_at,
            as_of=min(captured_at, snapshot.replayed_at or captured_at),
            system_identifier=snapshot.identity.system_identifier,
            database=snapshot.identity.database,
            pg_snapshot=snapshot.pg_snapshot,
        )

    @property
    def ingest_date(self) -> str:
        """Partition of the changes: the UTC day of `captured_at`."""
        return self.captured_at.date().isoformat()

    def previous(self, table: SourceTable) -> RawTable | None:
        """The table as the head has it; None for one that has no batch yet."""
        return self.head.tables.get(table.name) if self.head else None

    def commit(self, states: Mapping[str, RawTable], run_id: str, kind: str = CHANGES) -> RawCommit:
        """The commit object of this batch."""
        return RawCommit(
            batch=self.number,
            kind=kind,
            run_id=run_id,
            captured_at=self.captured_at,
            ingest_date=self.ingest_date,
            system_identifier=self.system_identifier,
            database=self.database,
            pg_snapshot=self.pg_snapshot,
            tables=dict(states),
        )


def _check_same_source(head: RawCommit, snapshot: Snapshot) -> None:
    identity = snapshot.identity
    if (identity.system_identifier, identity.database) != (head.system_identifier, head.database):
        raise SourceReplaced(
            f"connected to database {identity.database} of system {identity.system_identifier}, "
            f"but batch {head.batch} was read from {head.database} of {head.system_identifier}: "
            "correct the connection's URL, or give a new source a lake of its own"
        )
    if not _advances(head.pg_snapshot, snapshot.pg_snapshot):
        raise SourceWentBack(
            f"snapshot {snapshot.pg_snapshot} is older than {head.pg_snapshot} of batch "
            f"{head.batch}: the source was restored from a backup or is a lagging replica. Wait "
            "for the replica, or give the restored source a lake of its own"
        )


def _advances(before: str, now: str) -> bool:
    """True if snapshot `now` (xmin:xmax:xip) sees at least what `before` saw."""
    xmin_before, xmax_before = _horizon(before)
    xmin_now, xmax_now = _horizon(now)
    return xmin_now >= xmin_before and xmax_now >= xmax_before


def _horizon(snapshot: str) -> tuple[int, int]:
    xmin, xmax, _ = snapshot.split(":", 2)
    return int(xmin), int(xmax)
