"""Job: the frame of a run, and where its bookmark is loaded and saved.

Source: https://docs.aws.amazon.com/glue/latest/dg/aws-glue-api-crawler-pyspark-extensions-job.html
"""

from collections.abc import Mapping
from typing import Any, NoReturn

from pyspark.sql import SparkSession

from awsglue import _bookmark_session
from awsglue._refusal import JOB_PAGE, missing_attribute
from awsglue.context import GlueContext


class Job:
    """Job(glue_context or spark_session). All of a process share one state, as on Glue."""

    def __init__(self, glue_context: GlueContext | SparkSession) -> None:
        self._glue_context = glue_context

    def init(self, job_name: str, args: Mapping[str, Any] | None = None) -> None:
        """Begins the run; `args` is getResolvedOptions' dict; without it bookmarks are off."""
        _bookmark_session.begin(job_name, dict(args or {}))

    def isInitialized(self) -> bool:
        """Whether init has been called in this process."""
        return _bookmark_session.begun()

    def commit(self) -> None:
        """Saves the bookmark of every source read; VersionMismatchException when a concurrent run
        has saved one.
        """
        _bookmark_session.commit()

    def __getattr__(self, name: str) -> NoReturn:
        raise missing_attribute("Job", name, JOB_PAGE)
