"""What counts as a full disk of a worker, and what does not."""

import errno

import psycopg
import pytest

from totesys_etl.errors import MassDelete, WorkerDiskFull
from totesys_etl.job import explain_full_disk

STAGE = "An error occurred while calling o93.collectToPython.\n: org.apache.spark.SparkException: "
LOST = "Lost task 0.3 in stage 4.0 (TID 9) (executor driver): "


@pytest.mark.parametrize(
    "said",
    [
        "java.io.IOException: No space left on device",
        "java.io.FileNotFoundException: blockmgr-1/0c/temp (No space left on device)",
        "java.nio.file.FileSystemException: spark-1: Disk quota exceeded",
        "java.io.IOException: File too large",
        "java.lang.ExceptionInInitializerError: Exception java.lang.ExceptionInInitializerError:"
        " Cannot unpack libzstd-jni-1.5.5-4: No space left on device",
        "OSError: [Errno 28] No space left on device",
        "org.apache.hadoop.util.DiskChecker$DiskErrorException: No space available in any of the"
        " local directories",
    ],
)
def test_a_full_disk_in_a_stack_trace_is_one_line_that_says_what_to_do(said: str) -> None:
    error = RuntimeError(f"{STAGE}{LOST}{said}\n\tat java.base/java.io.FileOutputStream.write\n")

    with pytest.raises(WorkerDiskFull) as caught, explain_full_disk():
        raise error

    message = str(caught.value)
    assert "\n" not in message
    assert "NumberOfWorkers" in message
    assert message.endswith(f"({said.removeprefix('org.apache.hadoop.util.DiskChecker$')})")
    assert caught.value.__cause__ is error


def test_the_script_itself_may_find_its_disk_full() -> None:
    with pytest.raises(WorkerDiskFull), explain_full_disk():
        raise OSError(errno.ENOSPC, "No space left on device")


@pytest.mark.parametrize(
    "error",
    [
        psycopg.errors.DiskFull("could not extend file: No space left on device"),
        RuntimeError(
            f"{STAGE}org.postgresql.util.PSQLException: ERROR: could not write to file"
            ' "base/pgsql_tmp/1": No space left on device\n\tat org.postgresql\n'
        ),
        ValueError("x"),
        MassDelete("payment lost 3 of 3 rows"),
    ],
)
def test_a_databases_disk_and_any_other_error_are_left_alone(error: Exception) -> None:
    with pytest.raises(type(error)) as caught, explain_full_disk():
        raise error

    assert caught.value is error
