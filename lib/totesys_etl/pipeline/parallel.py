"""Steps side by side: one table's Spark jobs are short and leave the session idle in between."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

Item = TypeVar("Item")
Result = TypeVar("Result")

TABLES_AT_ONCE = 4


def side_by_side(step: Callable[[Item], Result], items: Iterable[Item]) -> list[Result]:
    """`step` on every item, a few at a time; results in the items' order. Raises the first error,
    after the steps that had begun have ended."""
    with ThreadPoolExecutor(TABLES_AT_ONCE, thread_name_prefix="table") as pool:
        return list(pool.map(step, items))
