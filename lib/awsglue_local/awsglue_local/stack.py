"""The local stack: one AWS server and embedded PostgreSQL servers, which live and die together.

Everything of it lies in one state folder. The AWS server keeps its data in memory, so when any part
is gone the rest is worthless: a bookmark without its lake would skip rows. Therefore parts are
never restarted alone.
"""

import fcntl
import json
import shutil
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Self

from awsglue_local import processes
from awsglue_local.access import DEFAULT_REGION, client
from awsglue_local.client.runs import Progress, WorkflowRun, run_workflow
from awsglue_local.databases.postgres import PostgresServer
from awsglue_local.definition.deploy import deploy
from awsglue_local.definition.document import parse
from awsglue_local.errors import LocalGlueError, StackError
from awsglue_local.server.aws import AwsServer
from awsglue_local.server.orphans import VARIABLES_FILE, end_orphans
from awsglue_local.stack_record import FILE, Part, Record
from awsglue_local.warm_start import ensure_class_archive

# All that a stack ever writes below its state folder, and so all that `down` removes.
_OWNED = (
    "postgres",
    "bookmarks",
    "logs",
    "work",
    "modules",
    "aws.log",
    FILE,
    VARIABLES_FILE,
)


@dataclass
class Stack:
    """Servers of one state folder. Attributes are filled by `up` and `attach`."""

    state_dir: Path
    region: str = DEFAULT_REGION
    fsync: bool = True
    clock_speed: float = 1.0
    aws: AwsServer = field(init=False)
    postgres: dict[str, PostgresServer] = field(init=False, default_factory=dict)
    parameters: dict[str, str] = field(init=False, default_factory=dict)

    def __post_init__(self) -> None:
        self.state_dir = self.state_dir.resolve()
        self.aws = self._aws_server()

    def up(
        self,
        definition: str | None = None,
        parameters: Mapping[str, str] | None = None,
        postgres: Mapping[str, int] | None = None,
        *,
        schedule: bool = False,
    ) -> Self:
        """Starts what does not run, then deploys `definition` (YAML text, its ${...} still open).

        `postgres` maps names to versions (18 or 16). Every server gets a database of its name, the
        secret local/postgres/<name>, and the parameters <name>_jdbc_url and <name>_secret_id; every
        parameter that ends in _bucket is made a bucket. Given parameters win. With `schedule`,
        SCHEDULED triggers fire by the clock. A stack found half dead is reset as a whole.
        """
        wanted = dict(postgres or {})
        self.state_dir.mkdir(parents=True, exist_ok=True)
        with self._locked():
            if self._whole():
                missing = sorted(set(wanted) - set(self.postgres))
                if missing:
                    raise StackError(
                        f"the stack in {self.state_dir} runs without PostgreSQL {missing}; "
                        "take it down first"
                    )
                if schedule:
                    self.aws.private("schedule", {"enabled": True})
            else:
                self._reset()
                self._start(wanted, schedule)
            self._take(parameters)
            if definition is not None:
                deploy(parse(definition, self.parameters), self.aws.endpoint, self.region)
        return self

    def deploy(self, definition: str, parameters: Mapping[str, str] | None = None) -> None:
        """Deploys a definition (YAML text, its ${...} still open) to the running stack."""
        with self._locked():
            self._take(parameters)
            deploy(parse(definition, self.parameters), self.aws.endpoint, self.region)

    def calls(self) -> list[dict[str, Any]]:
        """Every distinct call of AWS's API by jobs since `up`: role, action, resource, context,
        count, and whether the policies of the role (where IAM has it) allowed it.
        """
        found: list[dict[str, Any]] = self.aws.private("calls")["calls"]
        return found

    def attach(self) -> Self:
        """The running stack of this state folder; StackError if there is none or a part of it is
        gone.
        """
        if not self._whole():
            raise StackError(f"no whole stack runs in {self.state_dir}; run `glue-local up`")
        return self

    def running(self) -> bool:
        """Whether this state folder's stack runs in every part."""
        return self._whole()

    def down(self) -> None:
        """Stops every process and forgets all data. Nothing happens if there is no stack."""
        if self.state_dir.exists():
            with self._locked():
                self._reset()
            (self.state_dir / "stack.lock").unlink(missing_ok=True)
            if not any(self.state_dir.iterdir()):
                self.state_dir.rmdir()

    def environment(self) -> dict[str, str]:
        """The variables that make any AWS client talk to this stack."""
        return self.aws.environment()

    def client(self, service: str) -> Any:
        """A boto3 client of this stack's AWS server."""
        return client(service, self.aws.endpoint, self.region)

    def run(
        self,
        workflow: str,
        *,
        properties: Mapping[str, str] | None = None,
        progress: Progress = lambda line: None,
    ) -> WorkflowRun:
        """Runs a workflow to its end: run_workflow() on this stack."""
        glue = self.client("glue")
        return run_workflow(
            glue, workflow, properties=properties, progress=progress, state_dir=self.state_dir
        )

    @contextmanager
    def job_environment(self, variables: Mapping[str, str]) -> Iterator[None]:
        """More environment variables for the job runs that start meanwhile, to inject faults: a
        proxy's address as AWS_ENDPOINT_URL, for instance.
        """
        file = self.state_dir / VARIABLES_FILE
        before = file.read_text() if file.exists() else None
        file.write_text(json.dumps(dict(variables)))
        try:
            yield
        finally:
            if before is None:
                file.unlink()
            else:
                file.write_text(before)

    def _aws_server(self, port: int | None = None, *, schedule: bool = False) -> AwsServer:
        return AwsServer(
            port,
            self.state_dir / "aws.log",
            self.region,
            state=self.state_dir,
            schedule=schedule,
            clock_speed=self.clock_speed,
        )

    def _take(self, parameters: Mapping[str, str] | None) -> None:
        self.parameters |= parameters or {}
        self._record(complete=True)
        self._make_buckets()

    def _start(self, wanted: Mapping[str, int], schedule: bool) -> None:
        ensure_class_archive()
        try:
            self.aws = self._aws_server(schedule=schedule).start()
            self._record(complete=False)
            for name, version in wanted.items():
                server = PostgresServer(self._data_dir(name), version, fsync=self.fsync).start()
                server.create_database(name)
                self._keep_secret(name, server)
                self.postgres[name] = server
                self.parameters[f"{name}_jdbc_url"] = server.jdbc_url(name)
                self.parameters[f"{name}_secret_id"] = secret_id(name)
        except BaseException:
            self._reset()
            raise

    def _keep_secret(self, name: str, server: PostgresServer) -> None:
        content = {
            "username": server.user,
            "password": server.password,
            "host": server.host,
            "port": server.port,
            "dbname": name,
        }
        self.client("secretsmanager").create_secret(
            Name=secret_id(name), SecretString=json.dumps(content)
        )

    def _make_buckets(self) -> None:
        s3 = self.client("s3")
        existing = {bucket["Name"] for bucket in s3.list_buckets()["Buckets"]}
        for key, name in self.parameters.items():
            if key.endswith("_bucket") and name not in existing:
                existing.add(name)
                s3.create_bucket(
                    Bucket=name, CreateBucketConfiguration={"LocationConstraint": self.region}
                )

    def _record(self, *, complete: bool) -> None:
        postgres = {name: Part.of(each.port, each.pid) for name, each in self.postgres.items()}
        aws = Part.of(self.aws.port, self.aws.pid)
        Record(complete, self.region, aws, postgres, self.parameters).write(self.state_dir)

    def _whole(self) -> bool:
        """Whether the recorded stack runs in every part; fills this object from it if so."""
        record = Record.read(self.state_dir)
        if record is None or not record.lives():
            return False
        self.region = record.region
        self.aws = self._aws_server(record.aws.port)
        self.aws.pid = record.aws.pid
        if not self.aws.running():
            return False
        self.parameters = record.parameters
        try:
            self.postgres = {name: self._attach_postgres(name) for name in record.postgres}
        except (LocalGlueError, self.client("secretsmanager").exceptions.ClientError):
            return False
        return True

    def _attach_postgres(self, name: str) -> PostgresServer:
        secret = self.client("secretsmanager").get_secret_value(SecretId=secret_id(name))
        return PostgresServer.attach(
            self._data_dir(name), json.loads(secret["SecretString"])["password"]
        )

    def _reset(self) -> None:
        """Ends every process of the recorded stack that still runs, jobs of a server that was
        killed among them, and removes its data.
        """
        record = Record.read(self.state_dir)
        if record is not None and record.aws.lives():
            processes.end_process(record.aws.pid)
        end_orphans(self.state_dir)
        for marker in sorted((self.state_dir / "postgres").glob("*/PG_VERSION")):
            PostgresServer(marker.parent, int(marker.read_text())).stop()
        self.aws = self._aws_server()
        self.postgres, self.parameters = {}, {}
        for name in _OWNED:
            path = self.state_dir / name
            if path.is_dir():
                shutil.rmtree(path)
            else:
                path.unlink(missing_ok=True)

    def _data_dir(self, name: str) -> Path:
        return self.state_dir / "postgres" / name

    @contextmanager
    def _locked(self) -> Iterator[None]:
        with (self.state_dir / "stack.lock").open("w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            yield


def secret_id(name: str) -> str:
    """The Secrets Manager name of an embedded server's superuser."""
    return f"local/postgres/{name}"
