"""How commands print."""

from collections.abc import Callable, Iterable, Sequence
from datetime import UTC, datetime

Print = Callable[[str], None]


def table(headings: Sequence[str], rows: Iterable[Sequence[str]], say: Print) -> None:
    """Columns as wide as their longest cell."""
    whole = [list(headings), *map(list, rows)]
    widths = [max(len(row[place]) for row in whole) for place in range(len(headings))]
    for row in whole:
        say("  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip())


def time_of(moment: datetime) -> str:
    """A moment in UTC, to the second."""
    return moment.astimezone(UTC).strftime("%Y-%m-%d %H:%M:%S")
