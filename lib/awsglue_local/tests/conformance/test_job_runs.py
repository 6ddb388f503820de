"""Runs of jobs through AWS's API, with the fixtures of the pytest plugin."""

import json
import time

import pytest

from glue_fixtures.glue_api import GlueApi, alive
from glue_fixtures.glue_session import GlueJob

pytestmark = [pytest.mark.conformance, pytest.mark.aws_only]


def test_a_script_that_ends_has_succeeded(glue_job: GlueJob) -> None:
    run = glue_job("print('hello')")
    assert (run.state, run.attempts, run.log_text) == ("SUCCEEDED", 1, "hello")
    assert run.error_message is None


def test_the_error_message_is_the_jobs_own(glue_job: GlueJob) -> None:
    script = "import sys\nprint('out')\nraise ValueError('row 5\\nmore')"
    run = glue_job(script, MaxRetries=1)
    assert (run.state, run.attempts, run.error_message) == ("FAILED", 2, "ValueError: row 5")
    assert "Traceback (most recent call last):" in run.log_text


@pytest.mark.parametrize(
    ("script", "state", "message"),
    [
        ("import sys; sys.exit(0)", "SUCCEEDED", None),
        ("import sys; sys.exit(3)", "FAILED", "SystemExit: 3"),
        ("import os; os.kill(os.getpid(), 9)", "FAILED", "The job's process was ended by SIGKILL"),
    ],
)
def test_how_a_process_ends(
    glue_job: GlueJob, script: str, state: str, message: str | None
) -> None:
    run = glue_job(script)
    assert (run.state, run.error_message) == (state, message)


def test_arguments_reach_the_script_by_precedence(glue_job: GlueJob) -> None:
    script = "import json, sys\nprint(json.dumps(sys.argv[1:]))"
    run = glue_job(
        script,
        {"--day": "run", "--fixed": "run"},
        DefaultArguments={"--day": "default", "--only": "x", "--conf": "spark.a=1"},
        NonOverridableArguments={"--fixed": "fixed"},
    )
    words = json.loads(run.log_text)
    assert dict(zip(words[::2], words[1::2], strict=True)) == {
        "--JOB_NAME": run.name,
        "--JOB_RUN_ID": run.run_id,
        "--job-bookmark-option": "job-bookmark-disable",
        "--day": "run",
        "--fixed": "fixed",
        "--only": "x",
    }


def test_output_and_errors_go_to_their_log_groups(api: GlueApi) -> None:
    job = api.job("a", "import sys; print('one\\n\\ntwo'); print('bad', file=sys.stderr)")
    run = api.wait(job, api.start(job))
    assert run["LogGroupName"] == "/aws-glue/jobs"
    assert api.printed(run) == ["one", "two"]
    assert api.printed(run, "error") == ["bad"]


def test_what_a_job_says_can_be_read_while_it_runs(api: GlueApi) -> None:
    job = api.job("a", "import time; print('begun', flush=True); time.sleep(300)")
    run_id = api.start(job)
    assert api.wait_printed(job, run_id) == ["begun"]
    assert api.run(job, run_id)["JobRunState"] == "RUNNING"
    api.client.batch_stop_job_run(JobName=job, JobRunIds=[run_id])
    assert api.wait(job, run_id)["JobRunState"] == "STOPPED"


def test_a_job_that_ignores_the_request_to_stop_is_killed_with_its_children(
    api: GlueApi,
) -> None:
    script = """
        import os, signal, subprocess, sys, time
        signal.signal(signal.SIGTERM, signal.SIG_IGN)
        child = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(300)"])
        print(os.getpid(), child.pid, flush=True)
        time.sleep(300)
    """
    job = api.job("a", script)
    run_id = api.start(job)
    [line] = api.wait_printed(job, run_id)
    processes = [int(pid) for pid in line.split()]
    assert all(map(alive, processes))
    began = time.monotonic()
    api.client.batch_stop_job_run(JobName=job, JobRunIds=[run_id])
    assert api.wait(job, run_id)["JobRunState"] == "STOPPED"
    assert 9 < time.monotonic() - began < 18  # it is asked once, and killed after 10 seconds
    assert not any(map(alive, processes))


def test_a_full_job_refuses_and_with_queuing_the_run_waits(api: GlueApi) -> None:
    job = api.job("long", "import time; time.sleep(300)")
    first = api.start(job)
    with pytest.raises(api.client.exceptions.ConcurrentRunsExceededException):
        api.start(job)
    second = api.start(job, JobRunQueuingEnabled=True)
    assert api.run(job, second)["JobRunState"] == "WAITING"
    api.client.batch_stop_job_run(JobName=job, JobRunIds=[first])
    assert api.wait(job, second, "RUNNING")["JobRunState"] == "RUNNING"
    api.client.batch_stop_job_run(JobName=job, JobRunIds=[second])
    assert api.wait(job, second)["JobRunState"] == "STOPPED"


def test_metrics_of_jobs_and_of_their_scripts_are_kept(api: GlueApi) -> None:
    import boto3

    script = """
        import boto3, sys
        boto3.client("cloudwatch").put_metric_data(
            Namespace=sys.argv[2], MetricData=[{"MetricName": "Rows", "Value": 5}])
    """
    job = api.job("a", script, DefaultArguments={"--enable-metrics": "true"})
    run = api.wait(job, api.start(job))
    assert run["JobRunState"] == "SUCCEEDED", run
    cloudwatch = boto3.client("cloudwatch")
    [rows] = cloudwatch.list_metrics(Namespace=job)["Metrics"]
    assert rows["MetricName"] == "Rows"
    of_run = [{"Name": "JobRunId", "Value": run["Id"]}]
    [elapsed] = cloudwatch.list_metrics(Namespace="Glue", Dimensions=of_run)["Metrics"]
    assert elapsed["MetricName"] == "glue.driver.aggregate.elapsedTime"


def test_a_bookmark_can_be_read_and_reset_through_the_api(api: GlueApi) -> None:
    script = """
        import sys
        from awsglue.job import Job
        from awsglue.utils import getResolvedOptions
        args = getResolvedOptions(sys.argv, ["JOB_NAME"])
        job = Job(None)
        job.init(args["JOB_NAME"], args)
        job.commit()
    """
    enabled = {"--job-bookmark-option": "job-bookmark-enable"}
    job = api.job("a", script, DefaultArguments=enabled)
    errors = api.client.exceptions
    with pytest.raises(errors.EntityNotFoundException, match="has no bookmark"):
        api.client.get_job_bookmark(JobName=job)
    runs = [api.wait(job, api.start(job)) for _ in range(2)]
    assert [run["JobRunState"] for run in runs] == ["SUCCEEDED"] * 2, runs
    entry = api.client.get_job_bookmark(JobName=job)["JobBookmarkEntry"]
    assert (entry["Version"], entry["Run"], entry["RunId"]) == (2, 2, runs[1]["Id"])
    assert entry["PreviousRunId"] == runs[0]["Id"]
    reset = api.client.reset_job_bookmark(JobName=job)["JobBookmarkEntry"]
    assert (reset["Run"], json.loads(reset["JobBookmark"])) == (0, {})


def test_jobs_belong_to_their_region(api: GlueApi) -> None:
    import boto3

    job = api.job("a")
    elsewhere = boto3.client("glue", region_name="eu-west-1")
    assert job not in elsewhere.list_jobs()["JobNames"]
    with pytest.raises(elsewhere.exceptions.EntityNotFoundException, match=f"Job {job} not found"):
        elsewhere.start_job_run(JobName=job)
    assert api.wait(job, api.start(job))["JobRunState"] == "SUCCEEDED"
