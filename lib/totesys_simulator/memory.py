"""A totesys in memory: the store that the history is written into before it is copied out."""

from collections import defaultdict
from collections.abc import Sequence
from datetime import datetime

from .change import Row, Value, key_column


class MemoryStore:
    """Tables as dicts by primary key, without gaps; implements system.Store."""

    def __init__(self, rows: dict[str, list[Row]]) -> None:
        self.tables: dict[str, dict[int, Row]] = {table: {} for table in rows}
        self._highest = dict.fromkeys(rows, 0)
        self._unpaid: defaultdict[str, set[int]] = defaultdict(set)
        for table, group in rows.items():
            self.insert([(table, row) for row in group])
        self._taken = dict(self._highest)

    def next_key(self, table: str) -> int:
        """Take the next key of the table's sequence."""
        self._taken[table] += 1
        return self._taken[table]

    def highest(self, table: str) -> int:
        """The highest key, 0 for an empty table."""
        return self._highest[table]

    def existing(self, table: str, at_least: int) -> int:
        """`at_least` itself: nothing is ever deleted here."""
        return at_least

    def value(self, table: str, key: int, column: str) -> Value:
        """One value of one row."""
        value: Value = self.tables[table][key][column]
        return value

    def insert(self, rows: Sequence[tuple[str, Row]]) -> None:
        """Add rows; unpaid payments are remembered by their date."""
        for table, row in rows:
            key = row[key_column(table)]
            self.tables[table][key] = row
            self._highest[table] = max(key, self._highest[table])
            if table == "payment" and not row["paid"]:
                self._unpaid[row["payment_date"]].add(key)

    def update(self, table: str, key: int, column: str, value: Value) -> None:
        """Set one column of one row and nothing else."""
        self.tables[table][key][column] = value

    def settle(self, payment_date: str, at: datetime) -> list[tuple[int, datetime]]:
        """Mark the unpaid payments of a date as paid; (payment_id, last_updated before)."""
        settled = []
        for key in sorted(self._unpaid.pop(payment_date, ())):
            row = self.tables["payment"][key]
            settled.append((key, row["last_updated"]))
            row |= {"paid": True, "last_updated": at}
        return settled
