"""What the demonstration prints."""

from __future__ import annotations

import time
from collections.abc import Iterable, Sequence
from typing import Any

from totesys_demo.trace import Arrival
from totesys_etl.cli.table import show

_started = time.monotonic()
"""When the demonstration began; progress lines count from here."""


def step(text: str) -> None:
    """A progress line with the seconds since the start."""
    print(f"[{time.monotonic() - _started:6.1f} s] {text}", flush=True)


def headline(text: str) -> None:
    print(f"\n{text}\n{'=' * len(text)}")


def table(header: Sequence[str], rows: Iterable[Sequence[Any]]) -> None:
    show(header, rows)


def show_arrivals(found: list[Arrival]) -> None:
    """One line per change: table, key, column, old -> new, batch, warehouse record."""
    rows = []
    for arrival in found:
        change = arrival.change
        marks = [m for m in ("silent", "synthetic") if getattr(change, m)]
        if change.op == "update":
            what = f"{_brief(change.old)} -> {_brief(change.new)}"
        else:
            what = {"insert": "new row", "delete": "row deleted"}[change.op]
        rows.append(
            [
                change.table,
                change.key,
                change.column or "",
                what,
                " ".join(marks),
                arrival.batch if arrival.batch is not None else "MISSING",
                arrival.record or "MISSING",
            ]
        )
    table(["table", "key", "column", "old -> new", "", "batch", "warehouse record"], rows)


def _brief(value: Any) -> str:
    text = str(value)
    return text if len(text) <= 32 else text[:29] + "..."
