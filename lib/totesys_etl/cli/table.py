"""Rows as a table that a person reads, or as CSV for a program."""

from __future__ import annotations

import csv
import sys
from collections.abc import Iterable, Sequence
from decimal import Decimal
from typing import Any


def show(header: Sequence[str], rows: Iterable[Sequence[Any]]) -> None:
    """Prints an aligned table: numbers to the right, NULL as an empty cell."""
    values = [list(row) for row in rows]
    body = [[_text(value) for value in row] for row in values]
    numeric = _numeric_columns(len(header), values)
    widths = [max([len(header[i]), *(len(row[i]) for row in body)]) for i in range(len(header))]
    for line in [list(header), ["-" * width for width in widths], *body]:
        cells = [
            cell.rjust(width) if i in numeric else cell.ljust(width)
            for i, (cell, width) in enumerate(zip(line, widths, strict=True))
        ]
        print("  ".join(cells).rstrip())


def write_csv(header: Sequence[str], rows: Iterable[Sequence[Any]]) -> None:
    """Writes CSV with a header line to standard output."""
    writer = csv.writer(sys.stdout, lineterminator="\n")
    writer.writerow(header)
    writer.writerows(rows)


def _text(value: Any) -> str:
    if value is None:
        return ""
    return str(value)


def _numeric_columns(width: int, rows: Sequence[Sequence[Any]]) -> set[int]:
    return {
        i
        for i in range(width)
        if rows
        and all(
            isinstance(row[i], int | float | Decimal | None) and not isinstance(row[i], bool)
            for row in rows
        )
    }
