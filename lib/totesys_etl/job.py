"""What every Glue job needs around its work: settings from its arguments, a log, a clock, tables
side by side, and a worker's full disk as one sentence.
"""

from __future__ import annotations

import dataclasses
import json
import re
import sys
import time
import uuid
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Self, TypeVar

from totesys_etl.errors import SettingInvalid, TotesysError, WorkerDiskFull

Item = TypeVar("Item")
Result = TypeVar("Result")

TABLES_AT_ONCE = 4
_GLUES_OWN = {"job_name": "JOB_NAME", "run_id": "JOB_RUN_ID"}


@dataclass(frozen=True)
class JobSettings:
    """A job's arguments: a field for each, of its name; a field with a default is optional.

    `job_name` is Glue's JOB_NAME, `run_id` its JOB_RUN_ID, or outside Glue an id of this process.
    A field is text, a whole number from 1 on (int), or a comma separated list (frozenset[str]).
    """

    job_name: str
    run_id: str

    @classmethod
    def options(cls, argv: Sequence[str]) -> list[str]:
        """Return what getResolvedOptions is asked for: required names, optional ones if given."""
        return [
            _GLUES_OWN.get(field.name, field.name)
            for field in dataclasses.fields(cls)
            if field.name != "run_id"
            and (_is_required(field) or any(word == f"--{field.name}" for word in argv))
        ]

    @classmethod
    def required(cls) -> frozenset[str]:
        """Return the names of the arguments without which the job does not start."""
        return frozenset(f.name for f in dataclasses.fields(cls) if _is_required(f)) - set(
            _GLUES_OWN
        )

    @classmethod
    def optional(cls) -> frozenset[str]:
        """Return the names of the arguments that one run may be given."""
        return frozenset(f.name for f in dataclasses.fields(cls) if not _is_required(f))

    @classmethod
    def from_arguments(cls, args: Mapping[str, Any]) -> Self:
        """Return the settings in getResolvedOptions' result.

        Raises SettingInvalid for an argument that is missing or not of its type.
        """
        values: dict[str, Any] = {"run_id": str(args.get("JOB_RUN_ID") or f"jr_{uuid.uuid4().hex}")}
        for field in dataclasses.fields(cls):
            name = _GLUES_OWN.get(field.name, field.name)
            given = str(args.get(name) or "").strip()
            if given:
                values.setdefault(field.name, _value(name, str(field.type), given))
            elif _is_required(field) and field.name not in values:
                raise SettingInvalid(
                    f"job argument --{name} is empty: set it in the job's arguments"
                )
        return cls(**values)


def check_rebuild(value: str) -> None:
    """Raise SettingInvalid unless `value`, of argument --rebuild, is absent or 'swap'."""
    if value not in ("", "swap"):
        raise SettingInvalid(
            f"--rebuild {value!r}: use swap, or leave it out; totesys audit only compares"
        )


def _is_required(field: dataclasses.Field[Any]) -> bool:
    return field.default is dataclasses.MISSING and field.default_factory is dataclasses.MISSING


def _value(name: str, type: str, given: str) -> Any:
    if type == "int":
        if not given.isdecimal() or int(given) < 1:
            raise SettingInvalid(f"job argument --{name} {given!r}: use a whole number from 1 on")
        return int(given)
    if type == "frozenset[str]":
        return frozenset(part.strip() for part in given.split(",") if part.strip())
    return given


class Log:
    """Writes one JSON line per table and step, with counts and seconds; never a row's content.

    Every line carries `fields` (job, run id). On AWS Glue standard output goes to CloudWatch Logs.
    """

    def __init__(self, **fields: Any) -> None:
        self._fields = fields

    def __call__(self, event: str, **fields: Any) -> None:
        """Write one line: time, the common fields, `event`, then `fields`."""
        now = datetime.now(UTC).isoformat(timespec="milliseconds")
        line = {"time": now, **self._fields, "event": event, **fields}
        sys.stdout.write(json.dumps(line, default=str) + "\n")
        sys.stdout.flush()

    @contextmanager
    def step(self, event: str, **fields: Any) -> Iterator[dict[str, Any]]:
        """Time a block and log it when it succeeds; the block may add fields to the dict."""
        started = time.monotonic()
        result: dict[str, Any] = {}
        yield result
        self(event, **fields, **result, seconds=round(time.monotonic() - started, 3))


def now() -> datetime:
    """Return the moment as naive UTC in whole milliseconds."""
    moment = datetime.now(UTC).replace(tzinfo=None)
    return moment.replace(microsecond=moment.microsecond // 1000 * 1000)


def side_by_side(step: Callable[[Item], Result], items: Iterable[Item]) -> list[Result]:
    """Return `step` of every item, in order; a few run at a time.

    One table's Spark jobs are short and leave the session idle in between. Raises the first error,
    after the steps that had begun have ended.
    """
    with ThreadPoolExecutor(TABLES_AT_ONCE, thread_name_prefix="table") as pool:
        return list(pool.map(step, items))


_FULL = re.compile(
    r"(?:java\.n?io\.[\w.]+|java\.lang\.ExceptionInInitializerError|DiskErrorException|OSError): "
    r"[^\n]*?(?:No space left on device|Disk quota exceeded|File too large|"
    r"No space available in any of the local directories)\)?"
)
"""What Java, Hadoop and Python say of a file that may not grow; a class that cannot be initialised
has its native library (zstd's, say) in a file. A database that says so means its own disk, and its
errors have other classes."""


@contextmanager
def explain_full_disk() -> Iterator[None]:
    """Raise WorkerDiskFull when Spark, or a Python worker, found a disk full in the block."""
    try:
        yield
    except TotesysError:
        raise
    except Exception as error:
        found = _FULL.search(f"{type(error).__name__}: {error}")
        if found is None:
            raise
        raise WorkerDiskFull(
            "the disk of a worker is full with what Spark sorts and caches there; run again, and if"
            " that fails too, with a larger WorkerType or more NumberOfWorkers of the job"
            f" ({found.group()})"
        ) from error
