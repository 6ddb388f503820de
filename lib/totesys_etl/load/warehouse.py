"""The warehouse moves from commit to commit, one transaction each."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import closing, contextmanager
from dataclasses import asdict, dataclass, field
from datetime import datetime

import psycopg
import pyarrow as pa
from psycopg import Cursor, sql
from psycopg.rows import TupleRow

from totesys_etl.connection import Connection, Endpoint, connect
from totesys_etl.contracts import STAR_TABLES, load_order
from totesys_etl.contracts.model import Kind, StarTable
from totesys_etl.errors import ContractInvalid
from totesys_etl.load.dimension import (
    TableLoad,
    merge_dimension,
    replace_dimension_deletions,
)
from totesys_etl.load.events import append_events
from totesys_etl.load.fact import BULK_ROWS, advance_sequence, insert_versions
from totesys_etl.load.reload import forget_ledger, replace_all
from totesys_etl.load.verify import NO_CHECK, Proof, verify
from totesys_etl.warehouse import ledger
from totesys_etl.warehouse.copy import Batches
from totesys_etl.warehouse.etl_schema import event_table
from totesys_etl.warehouse.failures import refused, translated
from totesys_etl.warehouse.ledger import LedgerEntry
from totesys_etl.warehouse.locks import LockRetry, in_transaction
from totesys_etl.warehouse.migrations import prepare
from totesys_etl.warehouse.read import WarehouseReader


@dataclass(frozen=True)
class LoadBatch:
    """One processed commit. Keys of the mappings are star table names; what is not in is unchanged.

    dimensions: changed rows (columns of lake_tables.star). facts: new versions (the same, with op,
    batch, captured_at, valid_from). fact_deletions: business_id, batch, captured_at, valid_from of
    the commit's deletes. dim_deletions: the same columns, all keys that are deleted now.
    `captured_at` is naive UTC with milliseconds. `proof`: what the warehouse must have at COMMIT.
    """

    number: int
    raw_from: int
    raw_through: int
    captured_at: datetime
    run_id: str
    dimensions: Mapping[str, Batches] = field(default_factory=dict)
    facts: Mapping[str, Batches] = field(default_factory=dict)
    fact_deletions: Mapping[str, Batches] = field(default_factory=dict)
    dim_deletions: Mapping[str, Batches] = field(default_factory=dict)
    proof: Proof = NO_CHECK

    def __post_init__(self) -> None:
        for kind, tables in (
            (Kind.DIMENSION, [*self.dimensions, *self.dim_deletions]),
            (Kind.FACT, [*self.facts, *self.fact_deletions]),
        ):
            for name in tables:
                if name not in STAR_TABLES or STAR_TABLES[name].kind is not kind:
                    raise ContractInvalid(f"commit {self.number}: {name} is no {kind.value} table")

    @property
    def entry(self) -> LedgerEntry:
        return LedgerEntry(self.number, self.raw_from, self.raw_through, self.captured_at)


@dataclass(frozen=True)
class LoadReport:
    """What one commit did; `skipped`: the ledger had it already."""

    number: int
    tables: Mapping[str, TableLoad]
    seconds: float
    skipped: bool = False


class Warehouse:
    """The warehouse behind one connection, which must have no transaction open.

    Star tables are in `schema`, everything else in schema etl. Every method raises
    WarehouseUnreachable when the server goes away and WarehouseBusy when a lock cannot be acquired.
    """

    def __init__(
        self, conn: Connection, schema: str = "public", patience: LockRetry | None = None
    ) -> None:
        self._conn = conn
        self._conn.autocommit = True
        self._schema = schema
        self._patience = patience or LockRetry()

    def prepare(self) -> tuple[str, ...]:
        """Create or check everything; names of the migrations that were applied.

        Raises WarehouseRightMissing with the GRANTs to run, WarehouseContradictsContract.
        """
        with translated(self._conn, "preparing the warehouse"):
            return in_transaction(
                self._conn, self._patience, lambda cur: prepare(cur, self._schema)
            )

    def loaded_through(self) -> int:
        """Number of the newest commit in the warehouse, 0 if there is none."""
        with translated(self._conn, "reading etl.load_ledger"):
            return ledger.loaded_through(self._conn)

    def confirm(self, entry: LedgerEntry) -> None:
        """Raises WarehouseAhead unless the ledger's commit of that number is `entry`."""
        with translated(self._conn, "reading etl.load_ledger"):
            in_transaction(self._conn, self._patience, lambda cur: ledger.is_loaded(cur, entry))

    def replace(
        self,
        batch: LoadBatch,
        entries: Iterable[tuple[LedgerEntry, str]],
        check: Callable[[WarehouseReader], None],
    ) -> None:
        """Put `batch`, all rows of all tables, in place of everything, in one transaction.

        Readers see the old rows until the commit, which `check` comes before: what it raises
        leaves the warehouse as it was.

        Args:
            batch: all rows as of the newest commit.
            entries: the ledger, with each commit's run id.
            check: compares what the tables hold now with the lake.
        """
        ledger_rows = list(entries)

        def work(cur: Cursor[TupleRow]) -> None:
            replace_all(cur, self._schema, batch.dimensions)
            self._load(cur, batch)
            forget_ledger(cur)
            for entry, run_id in ledger_rows:
                ledger.record(cur, entry, run_id, {})
            check(WarehouseReader(cur, self._schema))

        with translated(self._conn, "loading everything again"):
            in_transaction(self._conn, self._patience, work)
            self._tidy({name: TableLoad() for name in STAR_TABLES}, first=True)

    def apply(self, batch: LoadBatch) -> LoadReport:
        """Load one commit wholly or not at all; a commit that is there already is skipped.

        Raises WarehouseAhead, CommitMissing, WarehouseContradictsContract, AuditFailed.
        """
        started = time.monotonic()
        with translated(self._conn, f"commit {batch.number}"):
            tables = in_transaction(self._conn, self._patience, lambda cur: self._load(cur, batch))
            if tables is not None:
                self._tidy(tables, first=batch.number == 1)
        return LoadReport(
            number=batch.number,
            tables=tables or {},
            seconds=round(time.monotonic() - started, 3),
            skipped=tables is None,
        )

    def _load(self, cur: Cursor[TupleRow], batch: LoadBatch) -> dict[str, TableLoad] | None:
        if ledger.is_loaded(cur, batch.entry):
            return None
        loads = {}
        for table in load_order(STAR_TABLES.values()):
            if table.kind is Kind.FACT:
                load = self._load_fact(cur, table, batch)
            else:
                load = self._load_dimension(cur, table, batch)
            if load != TableLoad():
                loads[table.name] = load
        verify(cur, self._schema, batch.number, (batch.raw_from, batch.raw_through), batch.proof)
        counts = {name: asdict(load) for name, load in loads.items()}
        ledger.record(cur, batch.entry, batch.run_id, counts)
        return loads

    def _load_dimension(
        self, cur: Cursor[TupleRow], table: StarTable, batch: LoadBatch
    ) -> TableLoad:
        rows = batch.dimensions.get(table.name, _no_rows)
        load = merge_dimension(cur, table, self._schema, rows)
        if table.name in batch.dim_deletions:
            replace_dimension_deletions(cur, table, batch.dim_deletions[table.name])
        return load

    def _load_fact(self, cur: Cursor[TupleRow], table: StarTable, batch: LoadBatch) -> TableLoad:
        versions = batch.facts.get(table.name, _no_rows)
        deletions = batch.fact_deletions.get(table.name, _no_rows)
        inserted = insert_versions(cur, table, self._schema, versions)
        one_batch = batch.raw_from == batch.raw_through
        events = append_events(cur, table, versions, deletions, one_batch=one_batch)
        if inserted:
            advance_sequence(cur, table, self._schema)
        return TableLoad(inserted=inserted, deleted=max(0, events - inserted))

    def _tidy(self, loads: Mapping[str, TableLoad], *, first: bool) -> None:
        """Statistics and visibility for what is new in bulk: the views rest on index-only scans.

        Outside the load's transaction, where VACUUM may not run; locks out neither readers nor
        writers. Autovacuum would do the same later.
        """
        for name, load in loads.items():
            if not first and load.inserted < BULK_ROWS:
                continue
            tables = [sql.Identifier(self._schema, name)]
            if STAR_TABLES[name].kind is Kind.FACT:
                tables.append(event_table(name))
            for table in tables:
                self._conn.execute(sql.SQL("VACUUM (ANALYZE, SKIP_LOCKED) {}").format(table))


@contextmanager
def open_warehouse(endpoint: Endpoint, schema: str = "public") -> Iterator[Warehouse]:
    """The warehouse at `endpoint`; closed afterwards.

    Raises WarehouseUnreachable, WarehouseLoginRefused.
    """
    try:
        conn = connect(endpoint, "load_warehouse", autocommit=True)
    except psycopg.OperationalError as error:
        raise refused(error, endpoint.redacted, endpoint.credentials) from error
    with closing(conn):
        yield Warehouse(conn, schema)


def _no_rows() -> tuple[pa.RecordBatch, ...]:
    return ()
