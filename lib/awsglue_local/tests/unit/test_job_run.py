"""What a job run is given and what is read from its log, without running one."""

import subprocess
import sys

import pytest

from awsglue_local.errors import RunError
from awsglue_local.job import arguments
from awsglue_local.job import process as job_process

CHAINED = """\
Traceback (most recent call last):
  File "a.py", line 1, in <module>
KeyError: 'x'

The above exception was the direct cause of the following exception:

Traceback (most recent call last):
  File "a.py", line 3, in <module>
    raise OrderError("no order 5
OrderError: no order 5
second line
"""
JAVA = """\
26/11/22 13:31:43 WARN Utils: something
Traceback (most recent call last):
  File "a.py", line 1, in <module>
py4j.protocol.Py4JJavaError: An error occurred while calling o51.load.
: org.postgresql.util.PSQLException: connection refused
\tat org.postgresql.Driver.connect(Driver.java:1)
"""


@pytest.mark.parametrize(
    ("log", "code", "message"),
    [
        (CHAINED, 1, "OrderError: no order 5"),
        (JAVA, 1, "Py4JJavaError: An error occurred while calling o51.load."),
        ("Traceback (most recent call last):\n  File\nKeyboardInterrupt\n", 1, "KeyboardInterrupt"),
        ("a line\n", 3, "SystemExit: 3"),
        ("", -9, "The job's process was ended by SIGKILL"),
    ],
)
def test_the_errors_first_line_comes_from_the_last_traceback(
    log: str, code: int, message: str
) -> None:
    assert job_process.error_message(log.splitlines(), code) == message


def test_arguments_by_precedence() -> None:
    resolved = arguments.resolve(
        {"--a": "default", "--b": "default", "--c": "default"},
        {"--b": "run", "--c": "run"},
        {"--c": "fixed"},
    )
    assert resolved == {
        "--job-bookmark-option": "job-bookmark-disable",
        "--a": "default",
        "--b": "run",
        "--c": "fixed",
    }


def test_what_glue_itself_reads_does_not_reach_the_script() -> None:
    line = arguments.command_line(
        {"--JOB_NAME": "j"}, {"--conf": "a=b", "--extra-py-files": "s3://b/x.whl", "--day": "1"}
    )
    assert line == ["--JOB_NAME", "j", "--day", "1"]


@pytest.mark.parametrize(
    ("conf", "settings"),
    [
        (None, {}),
        ("spark.a=1", {"spark.a": "1"}),
        ("spark.a=1 --conf spark.b=x=y", {"spark.a": "1", "spark.b": "x=y"}),
    ],
)
def test_spark_settings_of_a_conf_argument(conf: str | None, settings: dict[str, str]) -> None:
    assert arguments.spark_settings(conf) == settings


def test_a_conf_argument_without_value_is_refused() -> None:
    with pytest.raises(RunError, match=r"'spark\.a' is not key=value"):
        arguments.spark_settings("spark.a")


def test_lists_are_separated_by_commas() -> None:
    given = {"--extra-py-files": "s3://b/a.py, s3://b/b.zip,"}
    assert arguments.listed(given, "--extra-py-files") == ["s3://b/a.py", "s3://b/b.zip"]
    assert arguments.listed(given, "--extra-files") == []


def test_a_jobs_own_variables_begin_with_customer() -> None:
    name = "--customer-driver-env-vars"
    text = 'CUSTOMER_A=1,PATH=/,CUSTOMER_B="two, with a comma",CUSTOMER_C=\\"x\\"'
    assert arguments.variables({name: text}) == {
        "CUSTOMER_A": "1", "CUSTOMER_B": "two, with a comma", "CUSTOMER_C": "x",
    }  # fmt: skip
    with pytest.raises(RunError, match="'B' does not begin with CUSTOMER_NAME=value"):
        arguments.variables({name: "CUSTOMER_A=1,B"})


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("--datalake-formats", "iceberg"),
        ("--job-language", "scala"),
        ("--continuous-log-logGroup", "/mine"),
        ("--enable-lakeformation-fine-grained-access", "true"),
    ],
)
def test_an_argument_that_is_not_imitated_is_refused(name: str, value: str) -> None:
    with pytest.raises(RunError, match=rf"argument {name} is not imitated .*glue-arguments"):
        arguments.check({name: value})
    arguments.check({"--job-language": "python", "--enable-auto-scaling": "true"})


@pytest.mark.parametrize(("value", "expected"), [("true", True), ("", True), ("false", False)])
def test_the_catalogue_is_asked_for_by_value(value: str, expected: bool) -> None:
    assert arguments.with_catalog({"--enable-glue-datacatalog": value}) is expected
    assert not arguments.with_catalog({})


def test_every_process_of_a_session_is_asked_to_end_once() -> None:
    """A second signal would hit a process in the middle of what the first made it do."""
    script = """
import os, signal, sys, time
asked = []
signal.signal(signal.SIGTERM, lambda number, frame: asked.append(number))
if os.fork() == 0:
    os.setpgid(0, 0)
os.write(1, b"ready\\n")
while not asked:
    time.sleep(0.01)
time.sleep(0.3)
os.write(1, b"%d\\n" % len(asked))
"""
    command = [sys.executable, "-c", script]
    with subprocess.Popen(
        command, stdout=subprocess.PIPE, text=True, start_new_session=True
    ) as process:
        assert process.stdout is not None
        ready = [process.stdout.readline() for _ in range(2)]
        job_process.end_session(process.pid, 10)
        assert (ready, process.stdout.read()) == (["ready\n"] * 2, "1\n1\n")


def test_a_job_gets_few_of_the_callers_variables(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PYTHONPATH", "/elsewhere")
    monkeypatch.setenv("AWS_PROFILE", "real")
    monkeypatch.setenv("MY_SETTING", "1")
    variables = job_process.environment({"ADDED": "2"})
    assert not {"PYTHONPATH", "AWS_PROFILE", "MY_SETTING"} & set(variables)
    assert (variables["ADDED"], variables["TZ"]) == ("2", "UTC")
