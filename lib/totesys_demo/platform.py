"""The totesys platform on a local AWS stack: what Terraform does in an account, done here."""

from __future__ import annotations

import secrets
import shutil
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import psycopg
from psycopg import sql

from awsglue_local.client.runs import WorkflowRun
from awsglue_local.stack import Stack
from totesys_demo.databases import ExistingDatabase
from totesys_demo.deployments import Deployment, Login, Plan, YamlDeployment
from totesys_demo.errors import JobFailed
from totesys_deploy.artifacts import build_artifacts
from totesys_simulator import create_reader, create_totesys

SOURCE, WAREHOUSE = "totesys", "warehouse"
"""Names of the embedded PostgreSQL servers, and of the databases in them."""

Progress = Callable[[str], None]


class LocalPlatform:
    """One deployment in a state folder. `source`, `warehouse`: databases of the user's own;
    `spark_settings` go into --conf. With `live`, the schedule fires and a committed batch starts
    transform and load, `clock_speed` times as fast as on AWS."""

    def __init__(
        self,
        state: Path,
        *,
        source: ExistingDatabase | None = None,
        warehouse: ExistingDatabase | None = None,
        spark_settings: Mapping[str, str] | None = None,
        live: bool = False,
        clock_speed: float = 1.0,
        deployment: Deployment | None = None,
        postgres_version: int = 18,
    ) -> None:
        self._deployment = deployment or YamlDeployment()
        self.stack = Stack(state, clock_speed=clock_speed)
        self._live = live
        self._postgres_version = postgres_version
        self._existing = {SOURCE: source, WAREHOUSE: warehouse}
        self._spark_settings = dict(spark_settings or {})

    def up(self, artifacts: Path | None = None) -> None:
        """Starts the stack, creates an empty totesys and a warehouse, and deploys the jobs.

        `artifacts`: a folder that build_artifacts filled; None builds them.
        """
        embedded = {
            name: self._postgres_version for name, own in self._existing.items() if own is None
        }
        self.stack.up(None, {}, embedded, schedule=self._live)
        if artifacts is None:
            artifacts = self.stack.state_dir / "artifacts"
            build_artifacts(artifacts)
        plan = Plan(
            source=self._login(SOURCE, "totesys_ingest"),
            warehouse=self._login(WAREHOUSE, "totesys_load"),
            artifacts=artifacts,
            spark_settings=self._spark_settings,
            ingest_schedule=f"cron(0/{5 if self._live else 15} * * * ? *)",
            events=self._live,
        )
        self._deployment.deploy(self.stack, plan)
        if SOURCE in embedded:
            self._owner_connection(plan.source.jdbc_url)

    def down(self) -> None:
        """Stops every process and forgets all data."""
        for folder in ("artifacts", "terraform"):
            shutil.rmtree(self.stack.state_dir / folder, ignore_errors=True)
        self.stack.down()

    def run(
        self, workflow: str, progress: Progress = lambda line: None, **options: Any
    ) -> WorkflowRun:
        """Runs a workflow; JobFailed names the job, its error and the log."""
        run = self.stack.run(workflow, progress=progress, **options)
        for job in run.outcomes.values():
            if job.state != "SUCCEEDED":
                raise JobFailed(
                    f"{job.job} {job.state}: {job.error_message}\n  whole log: {job.log}"
                )
        return run

    @contextmanager
    def connect(self, name: str) -> Iterator[psycopg.Connection[Any]]:
        """An autocommit connection: to totesys as its owner, to the warehouse as its loader."""
        own = self._existing[name]
        if own is not None:
            url = own.jdbc_url.removeprefix("jdbc:")
            connection = psycopg.connect(url, user=own.user, password=own.password, autocommit=True)
        else:
            connection = self._as_superuser(name)
        with connection:
            yield connection

    def _as_superuser(self, name: str) -> psycopg.Connection[Any]:
        server = self.stack.postgres[name]
        return psycopg.connect(
            host=server.host,
            port=server.port,
            user=server.user,
            password=server.password,
            dbname=name,
            autocommit=True,
        )

    def _login(self, name: str, user: str) -> Login:
        """A job's own login: the user's, or a least role in the embedded database."""
        own = self._existing[name]
        if own is not None:
            return Login(own.jdbc_url, own.user, own.password)
        password = secrets.token_urlsafe(24)
        with self._as_superuser(name) as connection:
            (_create_source if name == SOURCE else _create_loader)(connection, user, password)
        return Login(self.stack.postgres[name].jdbc_url(name), user, password)

    def _owner_connection(self, jdbc_url: str) -> None:
        """For `totesys sql --source`: the demonstration's own source may be changed by hand."""
        glue = self.stack.client("glue")
        names = {c["Name"] for c in glue.get_connections()["ConnectionList"]}
        if "totesys_owner" not in names:
            glue.create_connection(
                ConnectionInput={
                    "Name": "totesys_owner",
                    "Description": "Owner of the simulated totesys; exists on this machine only",
                    "ConnectionType": "JDBC",
                    "ConnectionProperties": {
                        "JDBC_CONNECTION_URL": jdbc_url,
                        "SECRET_ID": f"local/postgres/{SOURCE}",
                    },
                }
            )


def _create_source(connection: psycopg.Connection[Any], user: str, password: str) -> None:
    """The eleven empty tables and the ingest's role, which may only read them."""
    exists = connection.execute("SELECT to_regclass('public.sales_order')").fetchone()
    if exists == (None,):
        create_totesys(connection)
    create_reader(connection, user, password)


def _create_loader(connection: psycopg.Connection[Any], user: str, password: str) -> None:
    """The load's role: owner of its database."""
    role = sql.Identifier(user)
    verifier = connection.pgconn.encrypt_password(
        password.encode(), user.encode(), b"scram-sha-256"
    ).decode()
    known = connection.execute("SELECT 1 FROM pg_roles WHERE rolname = %s", (user,)).fetchone()
    verb = sql.SQL("ALTER" if known else "CREATE")
    connection.execute(
        sql.SQL("{} ROLE {} LOGIN PASSWORD {}").format(verb, role, sql.Literal(verifier))
    )
    connection.execute(
        sql.SQL("ALTER DATABASE {} OWNER TO {}").format(sql.Identifier(WAREHOUSE), role)
    )
    connection.execute(sql.SQL("ALTER SCHEMA public OWNER TO {}").format(role))
