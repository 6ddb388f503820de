"""A region knows nothing of another's jobs."""

import boto3
import pytest

from glue_fixtures.glue_api import GlueApi


def test_jobs_belong_to_their_region(api: GlueApi) -> None:
    job = api.job("a")
    elsewhere = boto3.client("glue", region_name="eu-west-1")
    assert job not in elsewhere.list_jobs()["JobNames"]
    with pytest.raises(elsewhere.exceptions.EntityNotFoundException, match=f"Job {job} not found"):
        elsewhere.start_job_run(JobName=job)
    assert api.wait(job, api.start(job))["JobRunState"] == "SUCCEEDED"
