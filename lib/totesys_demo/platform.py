"""The totesys platform on a local AWS stack: what Terraform does in an account, done here."""

from __future__ import annotations

import json
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
from totesys_demo.errors import JobFailed
from totesys_demo.wheel import ROOT, build_wheel, bundle_modules
from totesys_simulator import create_reader, create_totesys

SOURCE, WAREHOUSE = "totesys", "warehouse"
"""Names of the embedded PostgreSQL servers, and of the databases in them."""

BUCKETS = {f"{name}_bucket": f"totesys-{name}" for name in ("raw", "work", "processed", "code")}
UTC = "-Duser.timezone=UTC"
Progress = Callable[[str], None]


class LocalPlatform:
    """One deployment in a state folder. `source`, `warehouse`: databases of the user's own;
    `spark_settings` go into --conf. With `live`, the schedule fires and a committed batch starts
    the publishing workflow, `clock_speed` times as fast as on AWS."""

    def __init__(
        self,
        state: Path,
        *,
        source: ExistingDatabase | None = None,
        warehouse: ExistingDatabase | None = None,
        spark_settings: Mapping[str, str] | None = None,
        live: bool = False,
        clock_speed: float = 1.0,
    ) -> None:
        self.stack = Stack(state, clock_speed=clock_speed)
        self._live = live
        self._existing = {SOURCE: source, WAREHOUSE: warehouse}
        self._spark_settings = dict(spark_settings or {})

    def up(self, wheel: Path | None = None) -> None:
        """Starts the stack, creates an empty totesys and a warehouse, and deploys the jobs."""
        embedded = {name: 18 for name, own in self._existing.items() if own is None}
        self.stack.up(None, BUCKETS, embedded, schedule=self._live)
        parameters = self._logins() | self._upload(wheel) | self._times()
        self.stack.deploy((ROOT / "glue_jobs" / "workflows.yaml").read_text(), parameters)
        if SOURCE in embedded:
            self._owner_connection()

    def down(self) -> None:
        """Stops every process and forgets all data."""
        shutil.rmtree(self.stack.state_dir / "wheel", ignore_errors=True)
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

    def _logins(self) -> dict[str, str]:
        """Each job's own login in Secrets Manager; the embedded databases get least roles."""
        parameters = {}
        for name, role, key in ((SOURCE, "ingest", "source"), (WAREHOUSE, "load", "warehouse")):
            own = self._existing[name]
            if own is not None:
                user, password, url = own.user, own.password, own.jdbc_url
            else:
                user, password = f"totesys_{role}", secrets.token_urlsafe(24)
                url = self.stack.postgres[name].jdbc_url(name)
                with self._as_superuser(name) as connection:
                    if name == SOURCE:
                        _create_source(connection, user, password)
                    else:
                        _create_loader(connection, user, password)
            self._put_secret(f"totesys/{role}", {"username": user, "password": password})
            parameters |= {f"{key}_jdbc_url": url, f"{key}_secret_id": f"totesys/{role}"}
        return parameters

    def _times(self) -> dict[str, str]:
        """When things start: by schedule and event where live, by hand elsewhere."""
        minutes = 5 if self._live else 15
        return {
            "ingest_schedule": f"cron(0/{minutes} * * * ? *)",
            "events_state": "ENABLED" if self._live else "DISABLED",
            "events_role": "arn:aws:iam::123456789012:role/totesys-events",
            "workflow_arn": f"arn:aws:glue:{self.stack.region}:123456789012:workflow",
        }

    def _put_secret(self, name: str, login: dict[str, str]) -> None:
        manager = self.stack.client("secretsmanager")
        try:
            manager.create_secret(Name=name, SecretString=json.dumps(login))
        except manager.exceptions.ResourceExistsException:
            manager.put_secret_value(SecretId=name, SecretString=json.dumps(login))

    def _upload(self, wheel: Path | None) -> dict[str, str]:
        """Scripts and wheel into the code bucket; the parameters that name them."""
        s3, bucket = self.stack.client("s3"), BUCKETS["code_bucket"]
        wheel = wheel or build_wheel(self.stack.state_dir / "wheel")
        bundle = bundle_modules(self.stack.state_dir / "wheel")
        for file in (wheel, bundle):
            s3.upload_file(str(file), bucket, f"wheels/{file.name}")
        for script in sorted((ROOT / "glue_jobs").glob("*.py")):
            s3.upload_file(str(script), bucket, f"scripts/{script.name}")
        settings = [
            f"spark.hadoop.fs.s3a.endpoint.region={self.stack.region}",
            "spark.sql.session.timeZone=UTC",
            f"spark.driver.extraJavaOptions={UTC}",
            f"spark.executor.extraJavaOptions={UTC}",
            *(f"{name}={value}" for name, value in self._spark_settings.items()),
        ]
        roles = {
            f"{job}_role": f"arn:aws:iam::123456789012:role/totesys-{job}"
            for job in ("ingest", "transform", "load")
        }
        return roles | {
            "python_modules": ",".join(f"s3://{bucket}/wheels/{f.name}" for f in (wheel, bundle)),
            "spark_conf": " --conf ".join(settings),
        }

    def _owner_connection(self) -> None:
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
                        "JDBC_CONNECTION_URL": self.stack.parameters[f"{SOURCE}_jdbc_url"],
                        "SECRET_ID": self.stack.parameters[f"{SOURCE}_secret_id"],
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
    """The load's role: owner of its database and of nothing else."""
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
