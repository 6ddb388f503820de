"""A full disk of a worker, where Spark keeps what it sorts and caches, as one line."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager

from totesys_etl.errors import TotesysError, WorkerDiskFull

_FULL = re.compile(
    r"(?:java\.n?io\.[\w.]+|java\.lang\.ExceptionInInitializerError|DiskErrorException|OSError): "
    r"[^\n]*?(?:No space left on device|Disk quota exceeded|File too large|"
    r"No space available in any of the local directories)\)?"
)
"""What Java, Hadoop and Python say of a file that may not grow; a class that cannot be initialised
has its native library (zstd's, say) in a file. A database that says so means its own disk, and its
errors have other classes."""


@contextmanager
def worker_disk() -> Iterator[None]:
    """Around a run: raises WorkerDiskFull when Spark, or a Python worker, found a disk full."""
    try:
        yield
    except TotesysError:
        raise
    except Exception as error:
        said = _FULL.search(f"{type(error).__name__}: {error}")
        if said is None:
            raise
        raise WorkerDiskFull(
            "the disk of a worker is full with what Spark sorts and caches there; run again, and if"
            " that fails too, with a larger WorkerType or more NumberOfWorkers of the job"
            f" ({said.group()})"
        ) from error
