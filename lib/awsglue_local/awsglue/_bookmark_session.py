"""The bookmark of this process: one per process, as the Job of Glue's JVM is."""

from dataclasses import dataclass, field
from typing import Any

from awsglue_local.job import bookmarks


@dataclass(frozen=True)
class Position:
    """How far one source has been read: key columns and the texts PostgreSQL gives for their
    values.
    """

    columns: tuple[str, ...]
    values: tuple[str, ...]

    def state(self) -> dict[str, Any]:
        """As kept in the bookmark."""
        return {
            "jsonClass": "JdbcSourceJobBookmarkState",
            "columns": list(self.columns),
            "values": list(self.values),
        }


@dataclass
class _Session:
    job_name: str
    run_id: str
    option: str
    version: int
    lower: dict[str, Any]
    upper: dict[str, Any] | None
    reached: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Source:
    """One transformation_ctx of a run with a bookmark. `upper` is fixed by job-bookmark-to, else
    None.
    """

    ctx: str
    last: Position | None
    upper: Position | None
    _session: _Session

    def reached(self, position: Position) -> None:
        """Notes what has been read; Job.commit() saves it."""
        self._session.reached[self.ctx] = position.state()


@dataclass(frozen=True)
class Files:
    """One transformation_ctx over files of S3. `upper` is fixed by job-bookmark-to, else None."""

    ctx: str
    seen: dict[str, str]
    upper: dict[str, str] | None
    _session: _Session

    def new(self, objects: dict[str, str]) -> dict[str, str]:
        """The objects (path -> ETag) that no run before has read, or not as they are now."""
        return {
            path: tag
            for path, tag in objects.items()
            if self.seen.get(path) != tag and (self.upper is None or self.upper.get(path) == tag)
        }

    def reached(self, objects: dict[str, str]) -> None:
        """Notes objects that are read; Job.commit() saves them."""
        before = self._session.reached.get(self.ctx, {}).get("objects", self.seen)
        self._session.reached[self.ctx] = _files_state({**before, **objects})


_session: _Session | None = None


def begin(job_name: str, args: dict[str, Any]) -> None:
    """Job.init: loads the newest bookmark, or for a pause between two runs those of the two."""
    global _session
    option = (args.get("job_bookmark_option") or "job-bookmark-disable").removeprefix(
        "job-bookmark-"
    )
    run_id = args.get("JOB_RUN_ID") or ""
    session = _Session(job_name, run_id, option, 0, {}, None)
    if option == "enable":
        session.version, session.lower = bookmarks.begin(job_name, run_id)
    elif option == "pause":
        first, last = args.get("job_bookmark_from"), args.get("job_bookmark_to")
        session.lower = bookmarks.states(job_name, first)
        session.upper = bookmarks.states(job_name, last) if last else None
    _session = session


def begun() -> bool:
    """Whether Job.init has been called."""
    return _session is not None


def source(ctx: str) -> Source | None:
    """The bookmark of a source, None when none applies: no Job.init, no transformation_ctx, or
    disabled.
    """
    if _session is None or not ctx or _session.option == "disable":
        return None
    last = _position(_session.lower.get(ctx))
    if _session.upper is None:
        return Source(ctx, last, None, _session)
    upper = _position(_session.upper.get(ctx))
    if upper is None:
        raise ValueError(
            f"the run of --job-bookmark-to has no bookmark for transformation_ctx {ctx} of job "
            f"{_session.job_name}; name a run that has read this source"
        )
    return Source(ctx, last, upper, _session)


def files(ctx: str) -> Files | None:
    """The bookmark of a source of files; None where none applies, as for source()."""
    if _session is None or not ctx or _session.option == "disable":
        return None
    seen = _session.lower.get(ctx, {}).get("objects", {})
    upper = None if _session.upper is None else _session.upper.get(ctx, {}).get("objects", {})
    return Files(ctx, seen, upper, _session)


def commit() -> None:
    """Job.commit: saves all sources of the run at once; raises VersionMismatchException if another
    run was faster.
    """
    if _session is None:
        raise RuntimeError("Job.commit() before Job.init()")
    if _session.option != "enable":
        return
    _session.lower = _session.lower | _session.reached
    _session.version = bookmarks.commit(
        _session.job_name, _session.run_id, _session.version, _session.lower
    )


def _files_state(objects: dict[str, str]) -> dict[str, Any]:
    return {"jsonClass": "HadoopDataSourceJobBookmarkState", "objects": objects}


def _position(state: dict[str, Any] | None) -> Position | None:
    return Position(tuple(state["columns"]), tuple(state["values"])) if state else None
