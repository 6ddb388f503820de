"""The local AWS server: moto in a process of its own, so that it outlives the command that started
it.
"""

import contextlib
import http.client
import json
import os
import shutil
import socket
import subprocess  # nosec B404
import sys
import tempfile
import time
from collections.abc import Mapping
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from awsglue_local.access import ACCESS_KEY, DEFAULT_REGION, HOST, aws_environment
from awsglue_local.errors import AwsServerError
from awsglue_local.processes import alive, end_process

START_SECONDS = 60.0


class AwsServer:
    """One server process on 127.0.0.1. `port=None` lets the system choose; `log` takes its output.

    `state` is the folder for bookmarks, logs and working folders of jobs (None: a temporary one,
    gone with the server). `schedule` makes SCHEDULED triggers fire. `clock_speed` is how many
    seconds of schedules, timeouts and event windows pass in one real second.
    """

    def __init__(
        self,
        port: int | None = None,
        log: Path | None = None,
        region: str = DEFAULT_REGION,
        *,
        state: Path | None = None,
        schedule: bool = False,
        clock_speed: float = 1.0,
    ) -> None:
        self.port = port or 0
        self.pid: int | None = None
        self.region = region
        self.state = state
        self._log = log
        self._options = ["--clock-speed", str(clock_speed), *(["--schedule"] if schedule else [])]
        self._own_state: Path | None = None
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def endpoint(self) -> str:
        return f"http://{HOST}:{self.port}"

    def environment(self) -> dict[str, str]:
        """The variables that make any AWS client talk to this server."""
        return aws_environment(self.endpoint, self.region)

    def private(self, name: str, request: Mapping[str, Any] | None = None) -> dict[str, Any]:
        """The answer of a route that AWS does not have; `request` is sent by POST."""
        connection = http.client.HTTPConnection(HOST, self.port)
        try:
            method, body = ("POST", json.dumps(dict(request))) if request else ("GET", None)
            connection.request(method, f"/_glue_local/{name}", body)
            answer: dict[str, Any] = json.load(connection.getresponse())
            return answer
        finally:
            connection.close()

    def start(self) -> Self:
        """Returns once the server accepts connections; AwsServerError with its last words if it
        does not.
        """
        if self.running():
            return self
        with contextlib.ExitStack() as stack:
            # The child writes the port it got: choosing one here first would be a race.
            folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="awsglue-local-")))
            log = self._log or folder / "aws.log"
            log.parent.mkdir(parents=True, exist_ok=True)
            port_file = folder / "port"
            process = subprocess.Popen(  # nosec B603
                self._command(port_file),
                stdin=subprocess.DEVNULL,
                stdout=stack.enter_context(log.open("ab")),
                stderr=subprocess.STDOUT,
                env=_server_environment(self.region),
                start_new_session=True,
            )
            self.pid, self._process = process.pid, process
            try:
                self.port = _wait_for_port(process, port_file, log)
            except BaseException:
                self.stop()
                raise
        return self

    def stop(self) -> None:
        """Ends the process; nothing happens if it is gone already."""
        if self.pid is not None:
            end_process(self.pid)
        if self._process is not None:
            self._process.wait()
        self.pid = self._process = None
        if self._own_state is not None:
            shutil.rmtree(self._own_state, ignore_errors=True)
            self.state = self._own_state = None

    def _command(self, port_file: Path) -> list[str]:
        if self.state is None:
            self.state = self._own_state = Path(tempfile.mkdtemp(prefix="awsglue-local-state-"))
        options = {"port": self.port, "port-file": port_file, "state": self.state.resolve()}
        pairs = [text for name, value in options.items() for text in (f"--{name}", str(value))]
        program = [sys.executable, "-m", "awsglue_local.server.process", *pairs]
        return [*program, *self._options]

    def running(self) -> bool:
        """Whether the process lives and accepts connections."""
        return self.pid is not None and alive(self.pid) and _accepts(self.port)

    def __enter__(self) -> Self:
        return self.start()

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.stop()


def _server_environment(region: str) -> dict[str, str]:
    kept = {key: value for key, value in os.environ.items() if not key.startswith("AWS_")}
    package_root = str(Path(__file__).resolve().parents[2])
    search_path = os.pathsep.join(filter(None, (package_root, kept.get("PYTHONPATH"))))
    return kept | {
        "PYTHONPATH": search_path,
        "AWS_ACCESS_KEY_ID": ACCESS_KEY,
        "AWS_SECRET_ACCESS_KEY": ACCESS_KEY,
        "AWS_DEFAULT_REGION": region,
        "TZ": "UTC",
    }


def _wait_for_port(process: subprocess.Popen[bytes], port_file: Path, log: Path) -> int:
    deadline = time.monotonic() + START_SECONDS
    while time.monotonic() < deadline:
        if process.poll() is not None:
            break
        if port_file.exists():
            port = int(port_file.read_text())
            if _accepts(port):
                return port
        time.sleep(0.02)
    tail = "\n".join(log.read_text(errors="replace").splitlines()[-10:])
    raise AwsServerError(
        f"the local AWS server did not start within {START_SECONDS:.0f} s; its last words:\n{tail}"
    )


def _accepts(port: int) -> bool:
    with socket.socket() as probe:
        probe.settimeout(1)
        return port != 0 and probe.connect_ex((HOST, port)) == 0
