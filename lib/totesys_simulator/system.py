"""totesys at work, over any store: what happens in a minute, and in the morning's settlement.

The same code writes the history (into memory, then COPY) and runs the live system (into
PostgreSQL), so both follow one recipe and one seed gives the same events in either.
"""

from collections.abc import Sequence
from datetime import date, datetime, timedelta
from random import Random
from typing import Protocol

from . import values
from .change import Change, Row, Value, inserted
from .errors import NoSuchRow
from .rates import (
    DESIGN,
    MINUTES_A_DAY,
    SILENT_EDITS_A_DAY,
    SWAPPED_PAYMENT_IDS,
    arrival,
    rates,
    settlement,
)
from .values import ORDER_TABLE, SILENT, Kind


class Store(Protocol):
    """Where the rows are kept. Keys are the integer primary keys."""

    def next_key(self, table: str) -> int:
        """Take the next key of the table's sequence."""

    def highest(self, table: str) -> int:
        """The highest key of an existing row, 0 for an empty table."""

    def existing(self, table: str, at_least: int) -> int:
        """The lowest key of an existing row that is not below `at_least`."""

    def value(self, table: str, key: int, column: str) -> Value:
        """One value of one row."""

    def insert(self, rows: Sequence[tuple[str, Row]]) -> None:
        """Insert rows, all in one transaction."""

    def update(self, table: str, key: int, column: str, value: Value) -> None:
        """Set one column of one row and nothing else, in one transaction."""

    def settle(self, payment_date: str, at: datetime) -> list[tuple[int, datetime]]:
        """Mark the unpaid payments of a date as paid, last_updated = `at`, in one statement.

        Returns (payment_id, last_updated before) in the order of the keys.
        """


class RunningSystem:
    """The business's own activity; every event is one transaction."""

    def __init__(self, store: Store, rng: Random) -> None:
        self.store = store
        self.rng = rng

    def settle(self, day: date) -> list[Change]:
        """The morning's settlement: payments dated `day` become paid and share one last_updated.

        It never catches up: what was dated at a weekend or on its own day of creation stays unpaid.
        """
        at = settlement(self.rng, day)
        changes = []
        for key, before in self.store.settle(day.isoformat(), at):
            for column, old, new in (("paid", False, True), ("last_updated", before, at)):
                changes.append(Change("payment", key, "update", column, old, new, False, False, at))
        return changes

    def minute(self, minute: datetime) -> list[Change]:
        """What happens in one working minute: orders, designs, silent edits, each by its chance."""
        chances = rates(minute.date())
        kinds: list[Kind] = []
        if self.rng.random() < chances.sale:
            kinds.append("sale")
        if self.rng.random() < chances.purchase:
            kinds.append("purchase")
        new_design = self.rng.random() < DESIGN
        edited = [
            table
            for table, a_day in SILENT_EDITS_A_DAY.items()
            if self.rng.random() < a_day / MINUTES_A_DAY
        ]
        changes: list[Change] = []
        if kinds:
            changes += self.orders(kinds, arrival(self.rng, minute))
        if new_design:
            changes += self._design(arrival(self.rng, minute))
        for table in edited:
            changes.append(self._silent_edit(table, arrival(self.rng, minute)))
        return changes

    def orders(self, kinds: Sequence[Kind], at: datetime) -> list[Change]:
        """One order of each kind at about the same instant; their payment ids may be swapped."""
        transactions = [self.store.next_key("transaction") for _ in kinds]
        payments = [self.store.next_key("payment") for _ in kinds]
        if len(kinds) > 1 and self.rng.random() < SWAPPED_PAYMENT_IDS:
            payments.reverse()
        changes: list[Change] = []
        for kind, transaction, payment in zip(kinds, transactions, payments, strict=True):
            rows = self._order(kind, at, transaction, payment)
            self.store.insert(rows)
            changes += [inserted(table, row) for table, row in rows]
            at += timedelta(milliseconds=self.rng.randint(-4, 4))
        return changes

    def pick(self, table: str) -> int:
        """The key of an existing row, uniform over the keys in use."""
        highest = self.store.highest(table)
        if not highest:
            raise NoSuchRow(f"table {table} has no rows to refer to: seed totesys first")
        return self.store.existing(table, self.rng.randint(1, highest))

    def _order(
        self, kind: Kind, at: datetime, transaction_key: int, payment_key: int
    ) -> list[tuple[str, Row]]:
        key = self.store.next_key(ORDER_TABLE[kind])
        parents = ["staff", "counterparty", "currency", "address"]
        foreign = {table: self.pick(table) for table in parents}
        if kind == "sale":
            order = values.sale(self.rng, at, key, foreign | {"design": self.pick("design")})
        else:
            order = values.purchase(self.rng, at, key, foreign)
        payment = values.payment(self.rng, kind, order, transaction_key, payment_key)
        return [
            (ORDER_TABLE[kind], order),
            ("transaction", values.transaction(kind, order, transaction_key)),
            ("payment", payment),
        ]

    def _design(self, at: datetime) -> list[Change]:
        row = values.design(self.rng, at, self.store.next_key("design"))
        self.store.insert([("design", row)])
        return [inserted("design", row)]

    def _silent_edit(self, table: str, at: datetime) -> Change:
        key = self.pick(table)
        column, parent = self.rng.choice(list(SILENT[table].items()))
        old = self.store.value(table, key, column)
        new = self._other_than(old, column, parent, at)
        self.store.update(table, key, column, new)
        return Change(table, key, "update", column, old, new, True, False, at)

    def _other_than(self, old: Value, column: str, parent: str | None, at: datetime) -> Value:
        for _ in range(1000):
            new = self.pick(parent) if parent else values.edited(self.rng, column, at)
            if new != old:
                return new
        raise NoSuchRow(f"{column} has no value to change to but {old!r}: add rows to {parent}")
