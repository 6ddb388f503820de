"""Executes job runs: a process each, watched by a thread each."""

import json
import os
import selectors
import shutil
import subprocess  # nosec B404
import sys
import threading
import time
import urllib.parse
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, cast

from awsglue_local import processes
from awsglue_local.control.runs import JobRun
from awsglue_local.errors import LocalGlueError
from awsglue_local.job.launch import Launch, prepare
from awsglue_local.job.process import end_session, error_message
from awsglue_local.server import metrics
from awsglue_local.server.clock import Clock
from awsglue_local.server.iam import credentials
from awsglue_local.server.job_logs import ERROR, OUTPUT, JobLog
from awsglue_local.server.orphans import VARIABLES_FILE, note_process

_POLL_SECONDS = 0.1

Running = Callable[[JobRun], None]
Finished = Callable[[JobRun, str, str | None], None]


@dataclass
class _Execution:
    run: JobRun
    arguments: Mapping[str, str]
    stopped: threading.Event = field(default_factory=threading.Event)
    process: "subprocess.Popen[bytes] | None" = None


@dataclass
class ProcessExecutor:
    """Runs jobs as processes of this machine. `running` and `finished` are told of each run."""

    state_dir: Path
    endpoint: str
    account: str
    region: str
    clock: Clock
    running: Running = field(init=False)
    finished: Finished = field(init=False)
    _executions: dict[str, _Execution] = field(default_factory=dict)

    def start(self, run: JobRun, arguments: Mapping[str, str]) -> None:
        """Begins a run; returns at once."""
        execution = _Execution(run, arguments)
        self._executions[run.id] = execution
        threading.Thread(target=self._execute, args=(execution,), daemon=True).start()

    def stop(self, run_id: str) -> None:
        """Ends a run's processes; the thread that watches it reports the end."""
        execution = self._executions.get(run_id)
        if execution is None:
            return  # it has ended by itself, and is about to be reported
        execution.stopped.set()
        if execution.process is not None:
            processes.terminate(execution.process.pid)

    def end_all(self) -> None:
        """Kills every process of every run, when the server ends."""
        for execution in list(self._executions.values()):
            execution.stopped.set()
            if execution.process is not None:
                end_session(execution.process.pid, 0)

    def _execute(self, execution: _Execution) -> None:
        run = execution.run
        root = self.state_dir / "work" / run.id
        try:
            with JobLog(self.account, self.region, run.id, log_file(self.state_dir, run)) as log:
                state, message = self._outcome(execution, root, log)
        except Exception as error:
            # A defect of this package must not leave the run in STARTING for ever.
            state, message = "FAILED", f"{type(error).__name__}: {error}"
            print(f"glue-local: run {run.id}: {message}", file=sys.stderr, flush=True)
        finally:
            shutil.rmtree(root, ignore_errors=True)
            del self._executions[run.id]
        self.finished(run, state, message)

    def _outcome(self, execution: _Execution, root: Path, log: JobLog) -> tuple[str, str | None]:
        run = execution.run
        workflow = run.workflow_run
        try:
            launch = prepare(
                root,
                endpoint=self.endpoint,
                region=self.region,
                state_dir=self.state_dir,
                job=run.job,
                run_id=run.id,
                arguments=execution.arguments,
                workflow=(workflow.name, workflow.id) if workflow else None,
                variables={**self._variables(), "AWS_ACCESS_KEY_ID": credentials(run.job["Role"])},
            )
        except LocalGlueError as error:
            message = f"{type(error).__name__}: {error}"
            log.write(ERROR, f"{message}\n".encode())
            return "FAILED", message
        if execution.stopped.is_set():
            return "STOPPED", None
        return self._run(execution, launch, root, log)

    def _run(
        self, execution: _Execution, launch: Launch, root: Path, log: JobLog
    ) -> tuple[str, str | None]:
        minutes = execution.run.timeout
        deadline = time.monotonic() + self.clock.real_seconds(60.0 * minutes)
        process = subprocess.Popen(  # nosec B603
            launch.command,
            env=launch.variables,
            cwd=launch.folder,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            start_new_session=True,
        )
        note_process(root, process.pid)
        execution.process = process
        if execution.stopped.is_set():
            processes.terminate(process.pid)  # stopped while the process was being made
        in_time = True
        try:
            self.running(execution.run)
            in_time = _follow(process, log, deadline, execution.stopped)
        finally:
            # What was asked to stop has had its time already.
            ignored = execution.stopped.is_set() and not in_time
            end_session(process.pid, 0 if ignored else processes.STOP_SECONDS)
            process.wait()
            for stream in (process.stdout, process.stderr):
                if stream is not None:
                    stream.close()
            if metrics.ARGUMENT in execution.arguments:
                metrics.publish(self.account, self.region, execution.run)
        if execution.stopped.is_set():
            return "STOPPED", None
        if not in_time:
            return "TIMEOUT", f"Job run exceeded its timeout of {minutes} minute(s)"
        if process.returncode == 0:
            return "SUCCEEDED", None
        return "FAILED", error_message(log.errors, process.returncode)

    def _variables(self) -> dict[str, str]:
        file = self.state_dir / VARIABLES_FILE
        variables: dict[str, str] = json.loads(file.read_text()) if file.exists() else {}
        return variables


def log_file(state_dir: Path, run: JobRun) -> Path:
    """<state>/logs/<job>/<run id>.log"""
    return state_dir / "logs" / urllib.parse.quote(run.job_name, safe="") / f"{run.id}.log"


def _follow(
    process: "subprocess.Popen[bytes]", log: JobLog, deadline: float, stopped: threading.Event
) -> bool:
    """Reads both streams until the process ends; False when the deadline came first.

    A child of the job may hold the streams open after the job, so their end is not waited for.
    """
    with selectors.DefaultSelector() as selector:
        for pipe, group in ((process.stdout, OUTPUT), (process.stderr, ERROR)):
            stream = cast(IO[bytes], pipe)
            os.set_blocking(stream.fileno(), False)
            selector.register(stream, selectors.EVENT_READ, group)
        while True:
            ended = process.poll() is not None
            # With both streams closed there is nothing to wake up for but the end itself.
            patience = _POLL_SECONDS if selector.get_map() else _POLL_SECONDS / 10
            for key, _ in selector.select(0 if ended else patience):
                if not _read(key.fileobj, log, key.data):  # type: ignore[arg-type]
                    selector.unregister(key.fileobj)
            if ended:
                for key in list(selector.get_map().values()):
                    _read(key.fileobj, log, key.data)  # type: ignore[arg-type]
                return True
            if stopped.is_set():
                deadline = min(deadline, time.monotonic() + processes.STOP_SECONDS)
            if time.monotonic() > deadline:
                return False


def _read(stream: IO[bytes], log: JobLog, group: str) -> bool:
    """Takes what is there; False at the stream's end."""
    while True:
        try:
            content = os.read(stream.fileno(), 65536)
        except BlockingIOError:
            return True
        if not content:
            return False
        log.write(group, content)
