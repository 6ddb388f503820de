"""Between two tasks a Python worker has no archive to read again, and can still import from it."""

import importlib
import sys
import zipfile
from collections.abc import Iterable, Iterator
from pathlib import Path
from zipimport import zipimporter

import pyarrow as pa
import pytest

from totesys_etl.lake.tasks import task

BATCH = pa.RecordBatch.from_pydict({"id": [1, 2]})


@pytest.fixture
def archive(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """A zip archive on the path with modules packed_one and packed_two."""
    path = tmp_path / "packed.zip"
    with zipfile.ZipFile(path, "w") as packed:
        packed.writestr("packed_one.py", "value = 1")
        packed.writestr("packed_two.py", "value = 2")
    monkeypatch.syspath_prepend(str(path))
    yield str(path)
    for name in ("packed_one", "packed_two"):
        sys.modules.pop(name, None)


def archives() -> list[str]:
    return [p for p, found in sys.path_importer_cache.items() if isinstance(found, zipimporter)]


def test_a_task_leaves_no_importer_of_an_archive(archive: str) -> None:
    @task
    def importing(batches: Iterable[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
        importlib.import_module("packed_one")
        assert archive in archives()
        yield from batches

    assert list(importing([BATCH])) == [BATCH]
    assert archives() == []
    assert importlib.import_module("packed_two").value == 2


def test_nor_does_one_that_fails(archive: str) -> None:
    @task
    def failing(batches: Iterable[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
        importlib.import_module("packed_one")
        yield from batches
        raise ValueError("a disk is full")

    results = failing([BATCH])
    assert next(results) == BATCH
    with pytest.raises(ValueError, match="a disk is full"):
        next(results)
    assert archives() == []
