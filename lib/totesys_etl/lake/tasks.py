"""What Spark's Python workers run for the lake: functions for mapInArrow."""

from __future__ import annotations

import functools
import sys
from collections.abc import Callable, Iterable, Iterator
from zipimport import zipimporter

import pyarrow as pa

Task = Callable[[Iterable[pa.RecordBatch]], Iterator[pa.RecordBatch]]
"""A function for mapInArrow."""


def task(function: Task) -> Task:
    """`function`, after which its worker is as quick to begin the next task as it can be.

    Before each task pyspark calls importlib.invalidate_caches, for which Python reads the directory
    of every zip archive that modules were looked for in again: 41 ms, as Spark's own jar of 5,000
    files is on the workers' path. Without the archives' importers there is nothing to read; the
    next import makes them again from the directories that are known.
    """

    @functools.wraps(function)
    def run(batches: Iterable[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
        try:
            yield from function(batches)
        finally:
            for path, importer in list(sys.path_importer_cache.items()):
                if isinstance(importer, zipimporter):
                    del sys.path_importer_cache[path]

    return run
