"""Workflows of trivial jobs: order, retries, timeouts, arguments, modules, settings."""

import json
import os
import signal
import subprocess
import sys
import textwrap
import zipfile
from collections.abc import Callable, Mapping
from io import BytesIO
from pathlib import Path
from typing import Any

import boto3
import pytest

from awsglue_local.definition.deploy import deploy
from awsglue_local.definition.document import Definition
from awsglue_local.errors import RunError
from awsglue_local.job.process import session_members
from awsglue_local.processes import alive
from awsglue_local.runner import run_workflow
from awsglue_local.runs import WorkflowRun
from awsglue_local.server.aws import AwsServer

Run = Callable[..., WorkflowRun]
SUCCEEDED, FAILED = "SUCCEEDED", "FAILED"


@pytest.fixture
def run(aws: AwsServer, bucket: str, tmp_path: Path) -> Run:
    """Runs scripts: the first by the start trigger, each other after the one before it."""

    def flow(
        scripts: Mapping[str, str],
        states: tuple[str, ...] = (),
        job: Mapping[str, Any] | None = None,
        **options: Any,
    ) -> WorkflowRun:
        deploy_chain(aws, bucket, scripts, states, job or {})
        return run_workflow(bucket, aws.endpoint, tmp_path / "state", **options)

    return flow


def deploy_chain(
    aws: AwsServer,
    bucket: str,
    scripts: Mapping[str, str],
    states: tuple[str, ...],
    job: Mapping[str, Any],
) -> None:
    for name, text in scripts.items():
        upload(bucket, f"{name}.py", textwrap.dedent(text).encode())
    names = [f"{bucket}-{name}" for name in scripts]
    jobs = [
        {
            "Name": full,
            "Role": "role",
            "Command": {"Name": "glueetl", "ScriptLocation": f"s3://{bucket}/{name}.py"},
            **job,
        }
        for full, name in zip(names, scripts, strict=True)
    ]
    triggers: list[dict[str, Any]] = [{"Type": "ON_DEMAND", "Actions": [{"JobName": names[0]}]}]
    for before, after, state in zip(names, names[1:], states or [SUCCEEDED] * 9, strict=False):
        condition = {"LogicalOperator": "EQUALS", "JobName": before, "State": state}
        triggers.append(
            {
                "Type": "CONDITIONAL",
                "StartOnCreation": True,
                "Predicate": {"Conditions": [condition]},
                "Actions": [{"JobName": after}],
            }
        )
    for number, trigger in enumerate(triggers):
        trigger |= {"Name": f"{bucket}-{number}", "WorkflowName": bucket}
    deploy(
        Definition(jobs=tuple(jobs), workflows=({"Name": bucket},), triggers=tuple(triggers)),
        aws.endpoint,
    )


def upload(bucket: str, key: str, body: bytes) -> None:
    boto3.client("s3").put_object(Bucket=bucket, Key=key, Body=body)


def wheel(**modules: str) -> bytes:
    buffer = BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        for name, text in modules.items():
            archive.writestr(f"{name}.py", text)
    return buffer.getvalue()


def outcomes(run: WorkflowRun) -> list[tuple[str, int, str]]:
    return [(r.job.rpartition("-")[2], r.attempt, r.state) for r in run.job_runs]


def test_jobs_run_in_trigger_order_and_are_recorded(run: Run, tmp_path: Path) -> None:
    lines: list[str] = []
    result = run({"a": "print('hello')", "b": "", "c": ""}, progress=lines.append)
    assert outcomes(result) == [("a", 0, SUCCEEDED), ("b", 0, SUCCEEDED), ("c", 0, SUCCEEDED)]
    assert result.succeeded
    assert result.job_runs[0].log.read_text() == "hello\n"
    assert len(lines) == 6
    record = json.loads((tmp_path / "state" / "runs" / f"{result.run_id}.json").read_text())
    assert [entry["state"] for entry in record["job_runs"]] == [SUCCEEDED] * 3
    assert list((tmp_path / "state" / "work").iterdir()) == []


def test_a_failed_job_stops_the_chain_after_its_retries(run: Run) -> None:
    result = run({"a": "raise ValueError('row 5\\nmore')", "b": ""}, job={"MaxRetries": 1})
    assert outcomes(result) == [("a", 0, FAILED), ("a", 1, FAILED)]
    assert [r.error_message for r in result.job_runs] == ["ValueError: row 5"] * 2
    first, second = (r.run_id for r in result.job_runs)
    assert second == f"{first}_attempt_1"
    assert not result.succeeded


def test_a_retry_that_succeeds_lets_the_chain_go_on(run: Run, tmp_path: Path) -> None:
    script = f"""
        from pathlib import Path
        marker = Path({str(tmp_path)!r}) / "marker"
        if not marker.exists():
            marker.touch()
            raise OSError("first time")
    """
    result = run({"a": script, "b": ""}, job={"MaxRetries": 1})
    assert outcomes(result) == [("a", 0, FAILED), ("a", 1, SUCCEEDED), ("b", 0, SUCCEEDED)]
    assert result.succeeded


def test_a_trigger_can_watch_for_failure(run: Run) -> None:
    result = run({"a": "raise SystemExit(3)", "b": ""}, states=(FAILED,))
    assert outcomes(result) == [("a", 0, FAILED), ("b", 0, SUCCEEDED)]
    assert result.job_runs[0].error_message == "SystemExit: 3"


def test_a_timeout_ends_the_whole_session_and_is_not_retried(
    run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from awsglue_local.job import process as job_process

    monkeypatch.setattr(job_process, "STOP_SECONDS", 2.0)
    run_process = job_process.run
    monkeypatch.setattr(job_process, "run", lambda *given: run_process(*given[:-1], 2.0))
    script = f"""
        import os, signal, subprocess, sys, time
        signal.signal(signal.SIGTERM, signal.SIG_IGN)
        child = "import os, time; os.setpgid(0, 0); time.sleep(300)"
        subprocess.Popen([sys.executable, "-c", child])
        open({str(tmp_path / "pid")!r}, "w").write(str(os.getpid()))
        time.sleep(300)
    """
    result = run({"a": script, "b": ""}, job={"MaxRetries": 1, "Timeout": 1})
    assert outcomes(result) == [("a", 0, "TIMEOUT")]
    assert "exceeded its timeout" in (result.job_runs[0].error_message or "")
    assert session_members(int((tmp_path / "pid").read_text())) == []


def test_arguments_reach_the_script_by_precedence(run: Run, tmp_path: Path) -> None:
    script = f"import json, sys; json.dump(sys.argv[1:], open({str(tmp_path / 'argv')!r}, 'w'))"
    result = run(
        {"a": script},
        job={
            "DefaultArguments": {"--day": "default", "--fixed": "default", "--only": "x"},
            "NonOverridableArguments": {"--fixed": "fixed"},
        },
        arguments={"--day": "run", "--fixed": "run"},
    )
    given = json.loads((tmp_path / "argv").read_text())
    assert dict(zip(given[::2], given[1::2], strict=True)) == {
        "--JOB_NAME": result.job_runs[0].job,
        "--WORKFLOW_NAME": result.workflow,
        "--WORKFLOW_RUN_ID": result.run_id,
        "--JOB_RUN_ID": result.job_runs[0].run_id,
        "--job-bookmark-option": "job-bookmark-disable",
        "--day": "run",
        "--fixed": "fixed",
        "--only": "x",
    }


def test_run_properties_can_be_read_by_the_job(run: Run) -> None:
    script = """
        import sys, boto3
        from awsglue.utils import getResolvedOptions
        args = getResolvedOptions(sys.argv, ["WORKFLOW_NAME", "WORKFLOW_RUN_ID"])
        glue = boto3.client("glue")
        print(glue.get_workflow_run_properties(
            Name=args["WORKFLOW_NAME"], RunId=args["WORKFLOW_RUN_ID"])["RunProperties"])
    """
    result = run({"a": script}, properties={"k": "v"})
    assert result.job_runs[0].log.read_text() == "{'k': 'v'}\n"


def test_modules_come_from_s3_and_the_projects_sources_stay_out(run: Run, bucket: str) -> None:
    upload(bucket, "m-1-py3-none-any.whl", wheel(mine="WHO = 'wheel'"))
    upload(bucket, "other.py", b"WHO = 'file'")
    script = """
        import importlib.util, os
        import mine, other
        print(mine.WHO, other.WHO, importlib.util.find_spec("totesys_etl"), os.environ["TZ"])
    """
    modules = f"s3://{bucket}/m-1-py3-none-any.whl,psutil"
    arguments = {
        "--additional-python-modules": modules,
        "--extra-py-files": f"s3://{bucket}/other.py",
    }
    result = run({"a": script}, job={"DefaultArguments": arguments})
    assert result.job_runs[0].log.read_text() == "wheel file None UTC\n"


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"--extra-py-files": "s3://nowhere/x.whl"}, "s3://nowhere/x.whl can not be read"),
        ({"--additional-python-modules": "no-such-package"}, "install no-such-package"),
        ({"--additional-python-modules": "psutil==0.1"}, "is installed here"),
        ({"--conf": "spark.x"}, "is not key=value"),
    ],
)
def test_what_can_not_be_had_fails_the_run(
    run: Run, arguments: dict[str, str], message: str
) -> None:
    result = run({"a": ""}, job={"DefaultArguments": arguments})
    assert result.job_runs[0].state == FAILED
    assert message in (result.job_runs[0].error_message or "")


def test_a_plain_spark_context_gets_the_local_settings(run: Run, bucket: str) -> None:
    script = f"""
        from pyspark.context import SparkContext
        from awsglue.context import GlueContext
        spark = GlueContext(SparkContext.getOrCreate()).spark_session
        spark.range(3).write.parquet("s3://{bucket}/out")
        rows = spark.read.parquet("s3a://{bucket}/out").count()
        zone = spark.conf.get("spark.sql.session.timeZone")
        print("RESULT", rows, zone, spark.conf.get("spark.mine"))
    """
    conf = {"--conf": "spark.mine=1 --conf spark.driver.memory=1g"}
    result = run({"a": script}, job={"DefaultArguments": conf})
    assert "RESULT 3 UTC 1\n" in result.job_runs[0].log.read_text()


def test_a_terminated_runner_takes_its_job_along(
    aws: AwsServer, bucket: str, tmp_path: Path
) -> None:
    pid_file = tmp_path / "pid"
    script = (
        f"import os, time; open({str(pid_file)!r}, 'w').write(str(os.getpid())); time.sleep(300)"
    )
    deploy_chain(aws, bucket, {"a": script}, (), {})
    code = f"""
import signal
from pathlib import Path
from awsglue_local.runner import run_workflow
signal.signal(signal.SIGTERM, signal.default_int_handler)
run_workflow({bucket!r}, {aws.endpoint!r}, Path({str(tmp_path)!r}))
"""
    environment = os.environ | {"PYTHONPATH": "lib/awsglue_local"}
    runner = subprocess.Popen([sys.executable, "-c", code], env=environment)
    while not (pid_file.exists() and pid_file.read_text()):
        assert runner.poll() is None
    runner.send_signal(signal.SIGTERM)
    assert runner.wait(30) != 0
    assert not alive(int(pid_file.read_text()))
    record = json.loads(next((tmp_path / "runs").iterdir()).read_text())
    assert [entry["state"] for entry in record["job_runs"]] == ["STOPPED"]


def test_an_unknown_workflow_is_named(aws: AwsServer, tmp_path: Path) -> None:
    with pytest.raises(RunError, match="there is no workflow nowhere"):
        run_workflow("nowhere", aws.endpoint, tmp_path)
