"""Runs one job in a place, by the local Glue as ever, with a gate in each of its ways out."""

import os
import signal
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

import psutil

from awsglue_local.client.runs import JobRun, run_job
from awsglue_local.job.process import session_members
from e2e.crashes.aws_gate import aws_gate
from e2e.crashes.bookmark_gate import bookmark_gate
from e2e.crashes.effects import Disturbance, Effect, Effects, Plan, undisturbed
from e2e.crashes.place import INGEST, JOBS, Place
from e2e.crashes.warehouse_gate import warehouse_gate
from totesys_demo.platform import WAREHOUSE, LocalPlatform

MOST_ATTEMPTS = 10
"""Retries that AWS allows a job, and so kills in a row."""
END_SECONDS = 30


@dataclass(frozen=True)
class Outcome:
    """A run's attempts, oldest first, what it met, and the place with the bookmark it left."""

    place: Place
    attempts: tuple[JobRun, ...]
    met: tuple[Effect, ...]
    struck: tuple[tuple[Effect, Disturbance], ...]

    @property
    def states(self) -> list[str]:
        return [attempt.state for attempt in self.attempts]


@dataclass(frozen=True)
class Bench:
    """A platform whose jobs go through gates. `endpoint` is the local AWS's, `port` the
    warehouse's, both as jobs see them.
    """

    platform: LocalPlatform
    effects: Effects
    endpoint: str
    port: int

    def run(self, place: Place, job: str, plan: Plan = undisturbed) -> Outcome:
        """One run of `job` in `place`, with its retries."""
        stack = self.platform.stack
        self._point_to(place)
        bookmark = stack.state_dir / "bookmarks" / f"{INGEST}.json"
        _restore(bookmark, place.bookmark)
        with ExitStack() as gates:
            gates.enter_context(stack.job_environment({"AWS_ENDPOINT_URL": self.endpoint}))
            gates.enter_context(
                self.effects.planned(plan, lambda: self.kill(job), lambda: bool(self.sessions(job)))
            )
            gates.enter_context(bookmark_gate(stack.state_dir, job, self.effects))
            attempts = run_job(
                stack.client("glue"), job, place.arguments(job), state_dir=stack.state_dir
            )
        left = bookmark.read_text() if bookmark.exists() else None
        met, struck = tuple(self.effects.met), tuple(self.effects.struck)
        return Outcome(replace(place, bookmark=left), attempts, met, struck)

    def sessions(self, job: str) -> list[int]:
        """The process that runs `job`, which leads a session of its own; none or one."""
        server = psutil.Process(self.platform.stack.aws.pid)
        return [child.pid for child in server.children() if f"{job}.py" in _command(child)]

    def kill(self, job: str) -> None:
        """SIGKILL to every process of the running job: script, JVM, Python workers."""
        sessions = self.sessions(job)
        assert sessions, f"no process runs {job}"
        deadline = time.monotonic() + END_SECONDS
        while members := [pid for session in sessions for pid in session_members(session)]:
            assert time.monotonic() < deadline, f"{members} of {job} do not end"
            for pid in members:
                try:
                    os.kill(pid, signal.SIGKILL)
                except ProcessLookupError:
                    continue
            time.sleep(0.005)

    def _point_to(self, place: Place) -> None:
        """The Glue connection `warehouse` leads to the place's database, through the gate."""
        glue = self.platform.stack.client("glue")
        shown = glue.get_connection(Name=WAREHOUSE)["Connection"]
        kept = {key: shown[key] for key in ("Name", "Description", "ConnectionType")}
        url = f"jdbc:postgresql://127.0.0.1:{self.port}/{place.warehouse}"
        properties = {**shown["ConnectionProperties"], "JDBC_CONNECTION_URL": url}
        glue.update_connection(
            Name=WAREHOUSE, ConnectionInput={**kept, "ConnectionProperties": properties}
        )


@contextmanager
def gated(platform: LocalPlatform) -> Iterator[Bench]:
    """The bench of a platform that is up. Its jobs get as many retries as AWS allows."""
    glue = platform.stack.client("glue")
    for job in JOBS:
        shown = glue.get_job(JobName=job)["Job"]
        kept = {k: v for k, v in shown.items() if k not in ("Name", "CreatedOn", "LastModifiedOn")}
        glue.update_job(JobName=job, JobUpdate={**kept, "MaxRetries": MOST_ATTEMPTS})
    server = platform.stack.postgres[WAREHOUSE]
    effects = Effects()
    with (
        aws_gate(platform.stack.aws.port, effects) as endpoint,
        warehouse_gate(server.host, server.port, effects) as port,
    ):
        yield Bench(platform, effects, endpoint, port)


def _restore(file: Path, text: str | None) -> None:
    if text is None:
        file.unlink(missing_ok=True)
    else:
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text)


def _command(process: psutil.Process) -> str:
    try:
        return " ".join(process.cmdline())
    except psutil.Error:
        return ""
