"""What a run of the platform can see of many changes: the net effect on every row."""

from collections.abc import Iterable
from dataclasses import replace
from typing import Any

from .change import Change


def net(changes: Iterable[Change]) -> list[Change]:
    """The difference that `changes`, in order, make between before and after.

    An update of a row that was inserted among them is part of the insert; updates of one cell
    become one, none if the value came back; a row inserted and deleted leaves nothing; a row that
    was there and is deleted is a delete of what it was before.
    """
    rows: dict[tuple[str, int], dict[str | None, Change]] = {}
    for change in changes:
        cells = rows.setdefault((change.table, change.key), {})
        whole = cells.get(None)
        if change.op == "insert":
            if whole is not None:
                _return(cells, whole, change)
            else:
                cells[None] = change
        elif change.op == "delete":
            _delete(cells, change)
        elif whole is not None and whole.op == "insert":
            new = {**_row(whole.new), str(change.column): change.new}
            cells[None] = replace(whole, new=new)
        else:
            earlier = cells.get(change.column)
            cells[change.column] = replace(change, old=earlier.old) if earlier else change
    return [c for cells in rows.values() for c in cells.values() if c.old != c.new]


def _delete(cells: dict[str | None, Change], change: Change) -> None:
    whole = cells.pop(None, None)
    before = {**_row(change.old), **{str(c.column): c.old for c in cells.values()}}
    cells.clear()
    if whole is None:
        cells[None] = replace(change, old=before)


def _return(cells: dict[str | None, Change], deleted: Change, change: Change) -> None:
    """A key that was deleted among the changes is back: only what differs has changed."""
    del cells[None]
    before, after = _row(deleted.old), _row(change.new)
    for column in before:
        cells[column] = replace(
            change, op="update", column=column, old=before[column], new=after[column]
        )


def _row(value: Any) -> dict[str, Any]:
    return dict(value)
